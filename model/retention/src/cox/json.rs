//! The text form of a model: JSON.
//!
//! Numbers round-trip exactly. What can be computed from others (standard errors, tests) is not in
//! it, so that nothing can contradict itself. Covariates with names have `covariates`; a model with
//! strata has `strata` in place of `times` and `cumulative_hazard`.

use super::bytes::malformed;
use super::json_fields::{Numbers, get, set};
use super::json_names::{Baselines, BaselinesForm, TermsForm, TermsSeed};
use super::model::Model;
use super::terms::Terms;
use crate::error::{Error, Malformed};
use crate::host::{Host, Vec};
use crate::numeric::Symmetric;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io;

/// The version of the form that is written; a text without one is of the first.
const VERSION: u32 = 1;

/// How ties are treated: the only way that there is.
const TIES: &str = "efron";

#[derive(Serialize)]
#[serde(bound = "H: Host")]
struct Form<'m, H: Host> {
    version: u32,
    members: u64,
    events: u64,
    ties: &'static str,
    log_likelihood_null: f64,
    log_likelihood: f64,
    score_test: f64,
    concordance: Option<f64>,
    longest_duration: f64,
    coefficients: &'m [f64],
    means: &'m [f64],
    #[serde(serialize_with = "rows")]
    covariance: &'m Symmetric<H>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<&'m [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cumulative_hazard: Option<&'m [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    covariates: Option<TermsForm<'m, H>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strata: Option<BaselinesForm<'m, H>>,
}

/// The lower half, row by row.
fn rows<S: Serializer, H: Host>(matrix: &&Symmetric<H>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut rows = serializer.serialize_seq(Some(matrix.size()))?;
    let mut cells = matrix.cells();
    for i in 0..matrix.size() {
        let (row, rest) = cells.split_at(i + 1);
        rows.serialize_element(row)?;
        cells = rest;
    }
    rows.end()
}

/// Text that grows in the memory of a host.
struct Text<'t, H: Host>(&'t mut Vec<u8, H>);

impl<H: Host> io::Write for Text<'_, H> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<H: Host> Model<H> {
    /// Appends its text form.
    pub fn to_json(&self, out: &mut Vec<u8, H>) -> Result<(), Error> {
        let is_stratified = self.is_stratified();
        let form = Form {
            version: VERSION,
            members: self.members,
            events: self.events,
            ties: TIES,
            log_likelihood_null: self.log_likelihood_null,
            log_likelihood: self.log_likelihood,
            score_test: self.score_test,
            concordance: self.concordance,
            longest_duration: self.longest,
            coefficients: &self.coefficients,
            means: &self.means,
            covariance: &self.covariance,
            times: (!is_stratified).then_some(&self.times),
            cumulative_hazard: (!is_stratified).then_some(&self.hazards),
            covariates: self.terms.as_ref().map(TermsForm),
            strata: is_stratified.then_some(BaselinesForm(self)),
        };
        serde_json::to_writer(Text(out), &form)
            .map_err(|_| malformed(Malformed("it can not be written")))
    }

    /// Reads a text form, and checks that it can be a model.
    pub fn from_json(text: &[u8], host: H) -> Result<Self, Error> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let model = ModelSeed(host).deserialize(&mut reader).and_then(|model| {
            reader.end()?;
            Ok(model)
        });
        let model = model
            .map_err(|error| Error::MalformedValue { of: "cox_model", why: error.to_string() })?;
        model.check().map_err(malformed)?;
        Ok(model)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Version,
    Members,
    Events,
    Ties,
    LogLikelihoodNull,
    LogLikelihood,
    ScoreTest,
    Concordance,
    LongestDuration,
    Coefficients,
    Means,
    Covariance,
    Times,
    CumulativeHazard,
    Covariates,
    Strata,
}

/// Reads a model into the memory of a host.
struct ModelSeed<H>(H);

impl<'de, H: Host> DeserializeSeed<'de> for ModelSeed<H> {
    type Value = Model<H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Model<H>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, H: Host> Visitor<'de> for ModelSeed<H> {
    type Value = Model<H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Model<H>, A::Error> {
        let host = self.0;
        let (mut members, mut events, mut ties) = (None, None, None);
        let [mut null, mut fitted, mut score, mut longest] = [None; 4];
        let mut version: Option<u32> = None;
        let mut concordance: Option<Option<f64>> = None;
        let (mut coefficients, mut means, mut covariance) = (None, None, None);
        let (mut times, mut hazards) = (None, None);
        let mut terms: Option<Terms<H>> = None;
        let mut strata: Option<Baselines<H>> = None;
        let array = |map: &mut A| {
            let mut values = Vec::new_in(host.clone());
            map.next_value_seed(Numbers(&mut values)).map(|()| values)
        };
        while let Some(field) = map.next_key()? {
            match field {
                Field::Version => set(&mut version, map.next_value()?)?,
                Field::Members => set(&mut members, map.next_value()?)?,
                Field::Events => set(&mut events, map.next_value()?)?,
                Field::Ties => set(&mut ties, map.next_value::<Ties>()?)?,
                Field::LogLikelihoodNull => set(&mut null, map.next_value()?)?,
                Field::LogLikelihood => set(&mut fitted, map.next_value()?)?,
                Field::ScoreTest => set(&mut score, map.next_value()?)?,
                Field::Concordance => set(&mut concordance, map.next_value()?)?,
                Field::LongestDuration => set(&mut longest, map.next_value()?)?,
                Field::Coefficients => set(&mut coefficients, array(&mut map)?)?,
                Field::Means => set(&mut means, array(&mut map)?)?,
                Field::Covariance => {
                    set(&mut covariance, map.next_value_seed(Rows(&host))?)?;
                }
                Field::Times => set(&mut times, array(&mut map)?)?,
                Field::CumulativeHazard => set(&mut hazards, array(&mut map)?)?,
                Field::Covariates => set(&mut terms, map.next_value_seed(TermsSeed(&host))?)?,
                Field::Strata => {
                    let mut baselines = Baselines::new(&host);
                    map.next_value_seed(&mut baselines)?;
                    set(&mut strata, baselines)?;
                }
            }
        }
        if let Some(version) = version.filter(|version| *version != VERSION) {
            return Err(A::Error::custom(format!("version {version} is not known here")));
        }
        get(ties, "ties")?;
        let is_stratified = strata.is_some();
        let mut baselines = strata.unwrap_or_else(|| Baselines::new(&host));
        if is_stratified && (times.is_some() || hazards.is_some()) {
            return Err(A::Error::custom("times belong to the strata, or to the model"));
        }
        if is_stratified {
            times = Some(std::mem::replace(&mut baselines.times, Vec::new_in(host.clone())));
            hazards = Some(std::mem::replace(&mut baselines.hazards, Vec::new_in(host.clone())));
        }
        let mut model = Model {
            members: get(members, "members")?,
            events: get(events, "events")?,
            log_likelihood_null: get(null, "log_likelihood_null")?,
            log_likelihood: get(fitted, "log_likelihood")?,
            score_test: get(score, "score_test")?,
            concordance: get(concordance, "concordance")?,
            longest: get(longest, "longest_duration")?,
            coefficients: get(coefficients, "coefficients")?,
            means: get(means, "means")?,
            covariance: get(covariance, "covariance")?,
            times: get(times, "times")?,
            hazards: get(hazards, "cumulative_hazard")?,
            terms,
            strata: baselines.strata,
            names: baselines.names,
        };
        if !is_stratified {
            let (times, longest) = (model.times.len(), model.longest);
            model.push_stratum(None, times, longest).map_err(|why| A::Error::custom(why.0))?;
        } else if !model.is_stratified() {
            return Err(A::Error::custom("a single stratum has a name"));
        }
        Ok(model)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ties {
    Efron,
}

/// The rows of a lower half.
struct Rows<'h, H>(&'h H);

impl<'de, H: Host> DeserializeSeed<'de> for Rows<'_, H> {
    type Value = Symmetric<H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, H: Host> Visitor<'de> for Rows<'_, H> {
    type Value = Symmetric<H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rows of a lower half: one number, two numbers and so on")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut cells = Vec::new_in(self.0.clone());
        let (mut size, mut before) = (0, 0);
        while seq.next_element_seed(Numbers(&mut cells))?.is_some() {
            size += 1;
            if cells.len() - before != size {
                return Err(A::Error::invalid_length(cells.len() - before, &self));
            }
            before = cells.len();
        }
        Ok(Symmetric::from_cells(size, cells))
    }
}
