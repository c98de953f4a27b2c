//! The text form of what has names: covariates and strata.

use super::json_fields::{Numbers, get, set};
use super::model::{Baseline, Model};
use super::terms::{Term, Terms};
use crate::host::{Host, Vec};
use crate::names::Names;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Covariates: `name`; of categories `base` and the other `values`.
pub(super) struct TermsForm<'m, H: Host>(pub(super) &'m Terms<H>);

impl<H: Host> Serialize for TermsForm<'_, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (name, term) in self.0.iter() {
            list.serialize_element(&TermForm(name, term))?;
        }
        list.end()
    }
}

struct TermForm<'m, H: Host>(&'m [u8], &'m Term<H>);

impl<H: Host> Serialize for TermForm<'_, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", text(self.0)?)?;
        match self.1 {
            Term::Number => {}
            Term::Flag { base } => {
                map.serialize_entry("base", base)?;
                map.serialize_entry("values", &[!base])?;
            }
            Term::Text(values) => {
                map.serialize_entry("base", text(values.get(0))?)?;
                map.serialize_entry("values", &ValuesForm(values))?;
            }
        }
        map.end()
    }
}

/// All values but the first, which is the base.
struct ValuesForm<'m, H: Host>(&'m Names<H>);

impl<H: Host> Serialize for ValuesForm<'_, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for number in 1..self.0.len() {
            list.serialize_element(text(self.0.get(number))?)?;
        }
        list.end()
    }
}

fn text<E: serde::ser::Error>(name: &[u8]) -> Result<&str, E> {
    std::str::from_utf8(name).map_err(|_| E::custom("a name is not in UTF-8"))
}

/// Strata: `stratum`, `longest_duration`, `times`, `cumulative_hazard`.
pub(super) struct BaselinesForm<'m, H: Host>(pub(super) &'m Model<H>);

#[derive(Serialize)]
struct BaselineForm<'m> {
    stratum: Option<&'m str>,
    longest_duration: f64,
    times: &'m [f64],
    cumulative_hazard: &'m [f64],
}

impl<H: Host> Serialize for BaselinesForm<'_, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let model = self.0;
        let mut list = serializer.serialize_seq(None)?;
        for (name, range, longest_duration) in model.baselines() {
            let steps = model.times.get(range.clone()).zip(model.hazards.get(range));
            let (times, cumulative_hazard) =
                steps.ok_or_else(|| S::Error::custom("a stratum has more times than there are"))?;
            let stratum = name.map(text).transpose()?;
            let form = BaselineForm { stratum, longest_duration, times, cumulative_hazard };
            list.serialize_element(&form)?;
        }
        list.end()
    }
}

/// A text or a truth value, in the memory of a host.
enum Scalar<H: Host> {
    Text(Vec<u8, H>),
    Flag(bool),
}

struct ScalarSeed<'h, H>(&'h H);

impl<'de, H: Host> DeserializeSeed<'de> for ScalarSeed<'_, H> {
    type Value = Scalar<H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar<H>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<H: Host> Visitor<'_> for ScalarSeed<'_, H> {
    type Value = Scalar<H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a truth value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar<H>, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Scalar<H>, E> {
        // No text of PostgreSQL has one.
        if text.contains('\0') {
            return Err(E::custom("a name has a zero"));
        }
        let mut bytes = Vec::with_capacity_in(text.len(), self.0.clone());
        bytes.extend_from_slice(text.as_bytes());
        Ok(Scalar::Text(bytes))
    }
}

/// A text, or null.
struct NameSeed<'h, H>(&'h H);

impl<'de, H: Host> DeserializeSeed<'de> for NameSeed<'_, H> {
    type Value = Option<Vec<u8, H>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, H: Host> Visitor<'de> for NameSeed<'_, H> {
    type Value = Option<Vec<u8, H>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match ScalarSeed(self.0).deserialize(deserializer)? {
            Scalar::Text(name) => Ok(Some(name)),
            Scalar::Flag(_) => Err(D::Error::custom("a name is a text")),
        }
    }
}

/// Reads covariates.
pub(super) struct TermsSeed<'h, H>(pub(super) &'h H);

impl<'de, H: Host> DeserializeSeed<'de> for TermsSeed<'_, H> {
    type Value = Terms<H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Terms<H>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, H: Host> Visitor<'de> for TermsSeed<'_, H> {
    type Value = Terms<H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of covariates")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Terms<H>, A::Error> {
        let mut terms = Terms::new(self.0);
        while seq.next_element_seed(TermSeed(&mut terms, self.0))?.is_some() {}
        Ok(terms)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum TermField {
    Name,
    Base,
    Values,
}

/// Reads a covariate, to be added to others.
struct TermSeed<'h, H: Host>(&'h mut Terms<H>, &'h H);

impl<'de, H: Host> DeserializeSeed<'de> for TermSeed<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, H: Host> Visitor<'de> for TermSeed<'_, H> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a covariate")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut base, mut values) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                TermField::Name => set(&mut name, map.next_value_seed(NameSeed(self.1))?)?,
                TermField::Base => set(&mut base, map.next_value_seed(ScalarSeed(self.1))?)?,
                TermField::Values => set(&mut values, map.next_value_seed(ValuesSeed(self.1))?)?,
            }
        }
        let name = get(name.flatten(), "name")?;
        let is_next = match (base, values) {
            (None, None) => self.0.push_number(&name),
            (Some(Scalar::Flag(base)), Some(values)) => {
                let is_other = matches!(&values[..], [Scalar::Flag(value)] if *value != base);
                is_other && self.0.push_flag(&name, base)
            }
            (Some(Scalar::Text(base)), Some(values)) => {
                let texts = values.iter().filter_map(|value| match value {
                    Scalar::Text(text) => Some(&text[..]),
                    Scalar::Flag(_) => None,
                });
                texts.clone().count() == values.len()
                    && self.0.push_text(&name, std::iter::once(&base[..]).chain(texts))
            }
            _ => return Err(A::Error::custom("a category has a base and other values")),
        };
        if is_next { Ok(()) } else { Err(A::Error::custom("its covariates are not in order")) }
    }
}

/// Reads the values of a category.
struct ValuesSeed<'h, H>(&'h H);

impl<'de, H: Host> DeserializeSeed<'de> for ValuesSeed<'_, H> {
    type Value = Vec<Scalar<H>, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, H: Host> Visitor<'de> for ValuesSeed<'_, H> {
    type Value = Vec<Scalar<H>, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new_in(self.0.clone());
        while let Some(value) = seq.next_element_seed(ScalarSeed(self.0))? {
            values.push(value);
        }
        Ok(values)
    }
}

/// Strata as they are read.
pub(super) struct Baselines<H: Host> {
    pub(super) strata: Vec<Baseline, H>,
    pub(super) names: Names<H>,
    pub(super) times: Vec<f64, H>,
    pub(super) hazards: Vec<f64, H>,
}

impl<H: Host> Baselines<H> {
    pub(super) fn new(host: &H) -> Self {
        Baselines {
            strata: Vec::new_in(host.clone()),
            names: Names::new(host),
            times: Vec::new_in(host.clone()),
            hazards: Vec::new_in(host.clone()),
        }
    }
}

impl<'de, H: Host> DeserializeSeed<'de> for &mut Baselines<H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, H: Host> Visitor<'de> for &mut Baselines<H> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strata")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(BaselineSeed(&mut *self))?.is_some() {}
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum BaselineField {
    Stratum,
    LongestDuration,
    Times,
    CumulativeHazard,
}

/// Reads a stratum, to be added to others.
struct BaselineSeed<'b, H: Host>(&'b mut Baselines<H>);

impl<'de, H: Host> DeserializeSeed<'de> for BaselineSeed<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, H: Host> Visitor<'de> for BaselineSeed<'_, H> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stratum")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let host = self.0.names.host().clone();
        let (mut name, mut longest, mut times, mut hazards) = (None, None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                BaselineField::Stratum => set(&mut name, map.next_value_seed(NameSeed(&host))?)?,
                BaselineField::LongestDuration => set(&mut longest, map.next_value()?)?,
                BaselineField::Times => {
                    set(&mut times, map.next_value_seed(Numbers(&mut self.0.times))?)?;
                }
                BaselineField::CumulativeHazard => {
                    set(&mut hazards, map.next_value_seed(Numbers(&mut self.0.hazards))?)?;
                }
            }
        }
        let name = get(name, "stratum")?;
        get(times, "times")?;
        get(hazards, "cumulative_hazard")?;
        let longest = get(longest, "longest_duration")?;
        let names = &mut self.0.names;
        let known = names.len();
        let is_next = match &name {
            None => self.0.strata.is_empty(),
            Some(name) => known == 0 || names.get(known - 1) < &name[..],
        };
        if !is_next || self.0.times.len() != self.0.hazards.len() {
            return Err(A::Error::custom("its strata are not in order, or lack a time"));
        }
        let name = name.and_then(|name| names.number(&name));
        self.0.strata.push(Baseline { name, times: self.0.times.len(), longest });
        Ok(())
    }
}
