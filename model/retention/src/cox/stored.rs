//! A fitted model in its bytes: written, read, and asked without being read.

use super::bytes::{SHORT, malformed, name_of, put_name};
use super::model::Model;
use super::row::Value;
use super::terms::{Terms, encode, quoted, skip};
use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::names::Names;
use crate::numeric::Symmetric;
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

/// Without names and strata, and with them.
const PLAIN: u8 = 1;
const NAMED: u8 = 2;

impl<H: Host> Model<H> {
    /// Appends the stored form: the version, the numbers of members, of those that left, of
    /// covariates and of times as varints, 1 or 0 for a concordance; then 8-byte numbers; then, in
    /// version 2, the covariates by name (none if they have no names), and the strata (none if there
    /// is one without a name); then XXH3-64 of it all.
    ///
    /// Of strata: their number; then of each 1 and length and bytes of its name, or 0, the number of
    /// its times, and its longest duration.
    pub fn to_bytes(&self, out: &mut Vec<u8, H>) {
        let begin = out.len();
        let is_plain = self.terms.is_none() && !self.is_stratified();
        out.push(if is_plain { PLAIN } else { NAMED });
        let sizes = [self.width() as u64, self.times.len() as u64];
        for number in [self.members, self.events].into_iter().chain(sizes) {
            varint::put(out, number);
        }
        out.push(u8::from(self.concordance.is_some()));
        for value in self.single_numbers() {
            out.extend_from_slice(&value.to_le_bytes());
        }
        let parts = [&self.coefficients, &self.means].map(|part| &part[..]);
        for part in parts.into_iter().chain([self.covariance.cells(), &self.times, &self.hazards]) {
            for value in part {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        if !is_plain {
            match &self.terms {
                Some(terms) => terms.put(out),
                None => varint::put(out, 0),
            }
            self.put_strata(out);
        }
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    fn put_strata(&self, out: &mut Vec<u8, H>) {
        if !self.is_stratified() {
            return varint::put(out, 0);
        }
        varint::put(out, self.strata.len() as u64);
        for (name, times, longest) in self.baselines() {
            out.push(u8::from(name.is_some()));
            if let Some(name) = name {
                put_name(name, out);
            }
            varint::put(out, times.len() as u64);
            out.extend_from_slice(&longest.to_le_bytes());
        }
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8], host: H) -> Result<Self, Error> {
        Self::read(bytes, host, &mut |_| Ok(()))
    }

    fn read(
        bytes: &[u8],
        host: H,
        check_name: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let stored = Stored::parse(bytes)?;
        let mut pace = Pace::new(&host);
        let mut numbers = |part: &[[u8; 8]]| {
            let mut values = Vec::with_capacity_in(part.len(), host.clone());
            for &bytes in part {
                pace.step(1);
                values.push(f64::from_le_bytes(bytes));
            }
            values
        };
        let [log_likelihood_null, log_likelihood, score_test, longest, _] = stored.single;
        let mut model = Model {
            members: stored.members,
            events: stored.events,
            log_likelihood_null,
            log_likelihood,
            score_test,
            concordance: stored.concordance,
            longest,
            coefficients: numbers(stored.coefficients),
            means: numbers(stored.means),
            covariance: Symmetric::from_cells(
                stored.coefficients.len(),
                numbers(stored.covariance),
            ),
            times: numbers(stored.times),
            hazards: numbers(stored.hazards),
            terms: None,
            strata: Vec::new_in(host.clone()),
            names: Names::new(&host),
        };
        if let Some(mut terms) = stored.terms {
            model.terms = Terms::read(&mut terms, &host, check_name)?;
        }
        for baseline in stored.baselines() {
            let (name, times, longest) = baseline.map_err(malformed)?;
            name.map_or(Ok(()), &mut *check_name)?;
            model.push_stratum(name, times.end, longest).map_err(malformed)?;
        }
        Ok(model)
    }

    /// Reads a stored form that anybody may have written, and checks that it can be a model.
    /// `check_name` may object to a name, such as text that is not in the encoding of the database.
    pub fn from_foreign_bytes(
        bytes: &[u8],
        host: H,
        mut check_name: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let model = Self::read(bytes, host.clone(), &mut check_name)?;
        model.check().map_err(malformed)?;
        let mut again = Vec::with_capacity_in(bytes.len(), host);
        model.to_bytes(&mut again);
        if again[..] != *bytes {
            return Err(malformed(Malformed("its bytes are not the canonical ones")));
        }
        Ok(model)
    }
}

/// A model in its bytes: to ask it one thing, row after row, without copying it.
#[derive(Debug)]
pub struct Stored<'a> {
    members: u64,
    events: u64,
    concordance: Option<f64>,
    single: [f64; 5],
    coefficients: &'a [[u8; 8]],
    means: &'a [[u8; 8]],
    covariance: &'a [[u8; 8]],
    times: &'a [[u8; 8]],
    hazards: &'a [[u8; 8]],
    /// Covariates with names; none if they have no names.
    terms: Option<Bytes<'a>>,
    /// The strata; none if there is one without a name.
    strata: Option<Bytes<'a>>,
}

/// What a model says of somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prediction {
    /// The share that stays longer.
    Survival(f64),
    /// Nothing is known so late: this is the longest duration of the fit, or of the stratum.
    Beyond(f64),
    /// A covariate is not known.
    Unknown,
}

/// A stratum as it is stored: its name, its times, its longest duration.
type StoredBaseline<'a> = (Option<&'a [u8]>, std::ops::Range<usize>, f64);

impl<'a> Stored<'a> {
    /// Finds its parts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (body, checksum) = bytes.split_last_chunk::<8>().ok_or(SHORT).map_err(malformed)?;
        if xxh3_64(body).to_le_bytes() != *checksum {
            return Err(malformed(Malformed("its checksum is wrong")));
        }
        Self::read(Bytes(body)).map_err(malformed)
    }

    fn read(mut reader: Bytes<'a>) -> Result<Self, Malformed> {
        let version = reader.byte()?;
        if version != PLAIN && version != NAMED {
            return Err(Malformed("its version is not known"));
        }
        let (members, events) = (reader.varint()?, reader.varint()?);
        let size = |number: u64| usize::try_from(number).map_err(|_| SHORT);
        let (width, len) = (size(reader.varint()?)?, size(reader.varint()?)?);
        let has_concordance = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return Err(Malformed("a model has a concordance or none")),
        };
        let mut numbers = |count: usize| -> Result<&'a [[u8; 8]], Malformed> {
            Ok(reader.take(count.checked_mul(8).ok_or(SHORT)?)?.as_chunks::<8>().0)
        };
        let mut single = [0.0; 5];
        for (value, bytes) in single.iter_mut().zip(numbers(5)?) {
            *value = f64::from_le_bytes(*bytes);
        }
        if !has_concordance && single[4].to_bits() != 0 {
            return Err(Malformed("it has no concordance, and a number for it"));
        }
        let (coefficients, means) = (numbers(width)?, numbers(width)?);
        let covariance = numbers(width.checked_mul(width + 1).ok_or(SHORT)? / 2)?;
        let (times, hazards) = (numbers(len)?, numbers(len)?);
        let mut parts = Stored {
            members,
            events,
            concordance: has_concordance.then_some(single[4]),
            single,
            coefficients,
            means,
            covariance,
            times,
            hazards,
            terms: None,
            strata: None,
        };
        if version == NAMED {
            let terms = reader;
            skip(&mut reader)?;
            parts.terms = Some(terms).filter(|terms| terms.0.first() != Some(&0));
            let strata = reader;
            let count = reader.varint()?;
            for _ in 0..count {
                stratum(&mut reader)?;
            }
            parts.strata = (count > 0).then_some(strata);
            if parts.terms.is_none() && parts.strata.is_none() {
                return Err(Malformed("its version is another"));
            }
        }
        if !reader.0.is_empty() {
            return Err(Malformed("there is something after its end"));
        }
        Ok(parts)
    }

    /// Its strata: the one without a name alone if there are no others.
    fn baselines(&self) -> impl Iterator<Item = Result<StoredBaseline<'a>, Malformed>> {
        let mut reader = self.strata;
        let whole = (None, 0..self.times.len(), self.single[3]);
        let only = reader.is_none().then_some(Ok(whole));
        let mut left = reader.as_mut().and_then(|reader| reader.varint().ok()).unwrap_or(0);
        let mut before = 0usize;
        only.into_iter().chain(std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let (name, times, longest) = match stratum(reader.as_mut()?) {
                Ok(stratum) => stratum,
                Err(why) => return Some(Err(why)),
            };
            let range = before..before.saturating_add(times);
            before = range.end;
            Some(Ok((name, range, longest)))
        }))
    }

    /// Have its covariates names?
    pub fn is_named(&self) -> bool {
        self.terms.is_some()
    }

    /// What it says of somebody with these covariates, of a stratum if there are some: the share that
    /// stays longer than `time`.
    pub fn survival_of<H: Host>(
        &self,
        covariates: &[(&[u8], Value<'_>)],
        time: f64,
        stratum: Option<&[u8]>,
        host: &H,
    ) -> Result<Prediction, Error> {
        let Some(terms) = self.terms else {
            return Err(Error::bad(
                "the covariates of this model have no names",
                "Give them as float8[], in the order of the fit; fit the model with jsonb to give \
                 them by name.",
            ));
        };
        match encode(terms, covariates, host)? {
            Some(numbers) => self.survival(&numbers, time, stratum),
            None => Ok(Prediction::Unknown),
        }
    }

    /// The same of a model whose covariates have no names.
    pub fn survival_at(&self, covariates: &[f64], time: f64) -> Result<Prediction, Error> {
        if self.is_named() {
            return Err(Error::bad(
                "the covariates of this model have names",
                "Give them as jsonb, such as jsonb_build_object('age', age, 'plan', plan).",
            ));
        }
        self.survival(covariates, time, None)
    }

    pub(super) fn survival(
        &self,
        covariates: &[f64],
        time: f64,
        stratum: Option<&[u8]>,
    ) -> Result<Prediction, Error> {
        let width = self.coefficients.len();
        if covariates.len() != width {
            return Err(Error::bad(
                format!("{} covariates for a model of {width}", covariates.len()),
                "Give the covariates of the fit, in the same order.",
            ));
        }
        let (range, longest) = self.baseline_of(stratum)?;
        if time.is_nan() {
            return Ok(Prediction::Unknown);
        }
        if time > longest {
            return Ok(Prediction::Beyond(longest));
        }
        let number = |bytes: &[u8; 8]| f64::from_le_bytes(*bytes);
        let steps = self.times.get(range.clone()).zip(self.hazards.get(range));
        let (times, hazards) = steps.ok_or_else(|| malformed(SHORT))?;
        let passed = times.partition_point(|moment| number(moment) <= time);
        let Some(hazard) = passed.checked_sub(1).map(|last| number(&hazards[last])) else {
            return Ok(Prediction::Survival(1.0));
        };
        let effects = self.means.iter().zip(self.coefficients);
        let score: f64 = covariates
            .iter()
            .zip(effects)
            .map(|(x, (mean, coefficient))| (x - number(mean)) * number(coefficient))
            .sum();
        // A score that is no number is of covariates that are none, or beyond all.
        let survival = (-hazard * score.exp()).exp();
        if survival.is_finite() {
            Ok(Prediction::Survival(survival))
        } else {
            Ok(Prediction::Unknown)
        }
    }

    /// The times of a stratum, and its longest duration.
    fn baseline_of(&self, stratum: Option<&[u8]>) -> Result<(std::ops::Range<usize>, f64), Error> {
        for baseline in self.baselines() {
            let (name, times, longest) = baseline.map_err(malformed)?;
            if name == stratum {
                return Ok((times, longest));
            }
        }
        let quoted = |name: &[u8]| quoted(name);
        Err(match stratum {
            Some(name) if self.strata.is_none() => Error::bad(
                format!("stratum {} of a model without strata", quoted(name)),
                "Leave the stratum out.",
            ),
            Some(name) => Error::bad(
                format!("the model has no stratum {}", quoted(name)),
                "Each stratum has a baseline of its own: take one of the fit.",
            ),
            None => Error::bad(
                "the model has strata, and none is given",
                "Give the stratum, whose baseline it is: survival_at(fitted, covariates, tenure, \
                 stratum).",
            ),
        })
    }
}

fn stratum<'a>(reader: &mut Bytes<'a>) -> Result<(Option<&'a [u8]>, usize, f64), Malformed> {
    let name = match reader.byte()? {
        0 => None,
        1 => Some(name_of(reader)?),
        _ => return Err(Malformed("a stratum has a name or none")),
    };
    let times = usize::try_from(reader.varint()?).map_err(|_| SHORT)?;
    let longest = reader.take(8)?.as_chunks::<8>().0.first().ok_or(SHORT)?;
    Ok((name, times, f64::from_le_bytes(*longest)))
}
