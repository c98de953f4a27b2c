//! A fitted model: its bytes, and what is read from it.

use super::columns::Value;
use super::terms::{Label, Terms, encode, name_of, put_name, skip};
use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::names::Names;
use crate::numeric::{Symmetric, normal};
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

/// Without names and strata, and with them.
const PLAIN: u8 = 1;
const NAMED: u8 = 2;

/// A fitted proportional-hazards model.
#[derive(Debug)]
pub struct Model<H: Host> {
    /// Members that it was fitted to.
    pub members: u64,
    /// Those of them that left.
    pub events: u64,
    /// Of the model without covariates.
    pub log_likelihood_null: f64,
    /// Of the model.
    pub log_likelihood: f64,
    /// The score test's chi-square.
    pub score_test: f64,
    /// How well it orders the members; none if there is nothing to order.
    pub concordance: Option<f64>,
    /// The longest duration of all.
    pub longest: f64,
    pub(super) coefficients: Vec<f64, H>,
    /// Of the covariates: the baseline is that of a member that has these.
    pub(super) means: Vec<f64, H>,
    pub(super) covariance: Symmetric<H>,
    /// When members left, and the baseline's cumulative hazard then, stratum by stratum.
    pub(super) times: Vec<f64, H>,
    pub(super) hazards: Vec<f64, H>,
    /// None if the covariates have no names.
    pub(super) terms: Option<Terms<H>>,
    /// One at least.
    pub(super) strata: Vec<Baseline, H>,
    /// Of the strata.
    pub(super) names: Names<H>,
}

/// The baseline of a stratum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Baseline {
    /// The number of its name; none of those without a stratum.
    pub(super) name: Option<u32>,
    /// Its times are up to this one, from those of the stratum before on.
    pub(super) times: usize,
    /// The longest duration of its members.
    pub(super) longest: f64,
}

/// A covariate of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// The logarithm of its hazard ratio.
    pub coefficient: f64,
    /// Its standard error.
    pub std_error: f64,
    /// What one more of the covariate multiplies the hazard by. None if that is beyond all numbers.
    pub hazard_ratio: Option<f64>,
    /// The interval of the hazard ratio.
    pub interval: (Option<f64>, Option<f64>),
    /// Coefficient / standard error.
    pub z: f64,
    /// The probability of such a z if the covariate does not matter.
    pub p_value: f64,
}

/// A test of the whole model against none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Its name.
    pub name: &'static str,
    /// Its chi-square.
    pub statistic: f64,
    /// The number of covariates.
    pub df: usize,
    /// The probability of such a statistic if no covariate matters.
    pub p_value: Option<f64>,
}

impl<H: Host> Model<H> {
    /// How many covariates it has.
    pub fn width(&self) -> usize {
        self.coefficients.len()
    }

    /// How many baselines it has.
    pub fn strata(&self) -> usize {
        self.strata.len()
    }

    /// The name of a coefficient; none if covariates have no names.
    pub fn label(&self, coefficient: usize) -> Option<Label<'_>> {
        self.terms.as_ref().and_then(|terms| terms.label(coefficient))
    }

    /// Has it strata that have names?
    pub(super) fn is_stratified(&self) -> bool {
        self.strata.len() > 1 || self.strata.iter().any(|stratum| stratum.name.is_some())
    }

    /// The strata: the name of each, its times, and its longest duration.
    pub(super) fn baselines(
        &self,
    ) -> impl Iterator<Item = (Option<&[u8]>, std::ops::Range<usize>, f64)> {
        self.strata.iter().scan(0, |before, stratum| {
            let name = stratum.name.map(|number| self.names.get(number as usize));
            let times = *before..stratum.times;
            *before = stratum.times;
            Some((name, times, stratum.longest))
        })
    }

    /// Its covariates, with intervals of this confidence.
    pub fn coefficients(
        &self,
        confidence: f64,
    ) -> Result<impl Iterator<Item = Coefficient>, Error> {
        let reach = normal::two_sided(confidence)?;
        let ratio = |log: f64| Some(log.exp()).filter(|ratio| ratio.is_finite());
        Ok(self.coefficients.iter().enumerate().map(move |(i, &coefficient)| {
            let std_error = self.covariance.get(i, i).sqrt();
            let z = coefficient / std_error;
            let interval =
                (ratio(coefficient - reach * std_error), ratio(coefficient + reach * std_error));
            let (hazard_ratio, p_value) = (ratio(coefficient), normal::beyond(z));
            Coefficient { coefficient, std_error, hazard_ratio, interval, z, p_value }
        }))
    }

    /// Coefficients by their standard errors.
    fn z_scores(&self) -> impl Iterator<Item = f64> {
        let coefficients = self.coefficients.iter().enumerate();
        coefficients.map(|(i, coefficient)| coefficient / self.covariance.get(i, i).sqrt())
    }

    /// Akaike's information criterion.
    pub fn aic(&self) -> f64 {
        2.0 * (self.width() as f64 - self.log_likelihood)
    }

    /// The likelihood-ratio test, Wald's and the score test.
    pub fn tests(&self) -> [Test; 3] {
        let df = self.width();
        let mut solution = self.coefficients.clone();
        self.covariance.factor(0.0).solve(&mut solution);
        let wald: f64 = solution.iter().zip(&self.coefficients).map(|(a, b)| a * b).sum();
        let ratio = 2.0 * (self.log_likelihood - self.log_likelihood_null);
        [("likelihood ratio", ratio), ("wald", wald), ("score", self.score_test)].map(
            |(name, statistic)| {
                let statistic = statistic.max(0.0);
                Test { name, statistic, df, p_value: normal::chi_square_tail(statistic, df) }
            },
        )
    }

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

    fn single_numbers(&self) -> [f64; 5] {
        [
            self.log_likelihood_null,
            self.log_likelihood,
            self.score_test,
            self.longest,
            self.concordance.unwrap_or(0.0),
        ]
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

    /// Adds a stratum. The one without a name is first, the others are in order.
    pub(super) fn push_stratum(
        &mut self,
        name: Option<&[u8]>,
        times: usize,
        longest: f64,
    ) -> Result<(), Malformed> {
        let number = self.names.len();
        let is_next = match name {
            None => self.strata.is_empty(),
            Some(name) => number == 0 || self.names.get(number - 1) < name,
        };
        if !is_next {
            return Err(Malformed("its strata are not in order"));
        }
        let name = name.and_then(|name| self.names.number(name));
        self.strata.push(Baseline { name, times, longest });
        Ok(())
    }

    /// Reads a stored form that anybody may have written, and checks that it can be a model.
    /// `check_name` may object to a name, such as text that is not in the encoding of the database.
    pub fn from_foreign_bytes(
        bytes: &[u8],
        host: H,
        mut check_name: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let model = Self::read(bytes, host, &mut check_name)?;
        model.check().map_err(malformed)?;
        Ok(model)
    }

    /// Can it be a fitted model?
    pub(super) fn check(&self) -> Result<(), Malformed> {
        let host = self.times.allocator();
        let mut pace = Pace::new(host);
        let width = self.width();
        if width == 0 || self.means.len() != width || self.covariance.size() != width {
            return Err(Malformed("coefficients, means and covariance are not of one size"));
        }
        if self.times.is_empty() || self.times.len() != self.hazards.len() {
            return Err(Malformed("times and cumulative hazards are not of one size"));
        }
        if self.events > self.members || self.events < self.times.len() as u64 {
            return Err(Malformed("its numbers of members and events do not go together"));
        }
        if self.terms.as_ref().is_some_and(|terms| terms.width() != width) {
            return Err(Malformed("the names of its covariates are not those of its coefficients"));
        }
        if self.strata.last().map(|stratum| stratum.times) != Some(self.times.len()) {
            return Err(Malformed("its strata have not the times that there are"));
        }
        if self.covariance.factor(1e-14).rank() < width {
            return Err(Malformed("its covariance is not that of its coefficients"));
        }
        let mut longest: f64 = 0.0;
        for (_, range, last) in self.baselines() {
            let mut before = (-1.0, 0.0);
            let steps = self.times.get(range.clone()).zip(self.hazards.get(range));
            let (times, hazards) =
                steps.ok_or(Malformed("a stratum has more times than there are"))?;
            for (&time, &hazard) in times.iter().zip(hazards) {
                pace.step(1);
                // A hazard may be too small to be seen beside the sum of those before it.
                if !(time > before.0 && hazard >= before.1 && time >= 0.0) {
                    return Err(Malformed("its times and cumulative hazards do not grow"));
                }
                before = (time, hazard);
            }
            if !(last >= before.0.max(0.0) && last.is_finite()) {
                return Err(Malformed("a member that left stayed longer than all"));
            }
            longest = longest.max(last);
        }
        let in_range = self.concordance.is_none_or(|share| (0.0..=1.0).contains(&share))
            && self.score_test >= 0.0
            && self.longest == longest
            && self.single_numbers().iter().chain(&self.means).all(|value| value.is_finite())
            && self.aic().is_finite()
            && self.tests().iter().all(|test| test.statistic.is_finite())
            && self.z_scores().all(f64::is_finite);
        if in_range { Ok(()) } else { Err(Malformed("a number is out of range")) }
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
        let quoted = |name: &[u8]| super::terms::quoted(name);
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

const SHORT: Malformed = Malformed("it ends too early");

pub(super) fn malformed(why: Malformed) -> Error {
    Error::MalformedValue { of: "cox_model", why: why.0.to_string() }
}
