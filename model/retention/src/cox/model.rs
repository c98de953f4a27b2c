//! A fitted model: its bytes, and what is read from it.

use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Symmetric, normal};
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

const VERSION: u8 = 1;

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
    /// The longest duration.
    pub longest: f64,
    pub(super) coefficients: Vec<f64, H>,
    /// Of the covariates: the baseline is that of a member that has these.
    pub(super) means: Vec<f64, H>,
    pub(super) covariance: Symmetric<H>,
    /// When members left, and the baseline's cumulative hazard then.
    pub(super) times: Vec<f64, H>,
    pub(super) hazards: Vec<f64, H>,
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
    /// covariates and of times as varints, 1 or 0 for a concordance; then 8-byte numbers; then XXH3-64
    /// of it all.
    pub fn to_bytes(&self, out: &mut Vec<u8, H>) {
        let begin = out.len();
        out.push(VERSION);
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
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
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
        Ok(Model {
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
        })
    }

    /// Reads a stored form that anybody may have written, and checks that it can be a model.
    pub fn from_foreign_bytes(bytes: &[u8], host: H) -> Result<Self, Error> {
        let model = Self::from_bytes(bytes, host)?;
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
        if self.covariance.factor(1e-14).rank() < width {
            return Err(Malformed("its covariance is not that of its coefficients"));
        }
        let mut before = (-1.0, 0.0);
        for (&time, &hazard) in self.times.iter().zip(&self.hazards) {
            pace.step(1);
            // A hazard may be too small to be seen beside the sum of those before it.
            if !(time > before.0 && hazard >= before.1 && time >= 0.0) {
                return Err(Malformed("its times and cumulative hazards do not grow"));
            }
            before = (time, hazard);
        }
        let in_range = self.concordance.is_none_or(|share| (0.0..=1.0).contains(&share))
            && self.score_test >= 0.0
            && self.longest >= before.0
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
}

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
        if reader.byte()? != VERSION {
            return Err(Malformed("its version is not known"));
        }
        let (members, events) = (reader.varint()?, reader.varint()?);
        let size = |number: u64| usize::try_from(number).map_err(|_| SHORT);
        let (width, len) = (size(reader.varint()?)?, size(reader.varint()?)?);
        let has_concordance = reader.byte()? == 1;
        let mut numbers = |count: usize| -> Result<&'a [[u8; 8]], Malformed> {
            Ok(reader.take(count.checked_mul(8).ok_or(SHORT)?)?.as_chunks::<8>().0)
        };
        let mut single = [0.0; 5];
        for (value, bytes) in single.iter_mut().zip(numbers(5)?) {
            *value = f64::from_le_bytes(*bytes);
        }
        let (coefficients, means) = (numbers(width)?, numbers(width)?);
        let covariance = numbers(width.checked_mul(width + 1).ok_or(SHORT)? / 2)?;
        let (times, hazards) = (numbers(len)?, numbers(len)?);
        if !reader.0.is_empty() {
            return Err(Malformed("there is something after its end"));
        }
        let concordance = has_concordance.then_some(single[4]);
        let parts = Stored {
            members,
            events,
            concordance,
            single,
            coefficients,
            means,
            covariance,
            times,
            hazards,
        };
        Ok(parts)
    }

    /// The share of members with these covariates that stays longer than `time`. None after the
    /// longest duration.
    pub fn survival_at(&self, covariates: &[f64], time: f64) -> Result<Option<f64>, Error> {
        let width = self.coefficients.len();
        if covariates.len() != width {
            return Err(Error::bad(
                format!("{} covariates for a model of {width}", covariates.len()),
                "Give the covariates of the fit, in the same order.",
            ));
        }
        let [_, _, _, longest, _] = self.single;
        if time.is_nan() || time > longest {
            return Ok(None);
        }
        let number = |bytes: &[u8; 8]| f64::from_le_bytes(*bytes);
        let passed = self.times.partition_point(|moment| number(moment) <= time);
        let Some(hazard) = passed.checked_sub(1).map(|last| number(&self.hazards[last])) else {
            return Ok(Some(1.0));
        };
        let effects = self.means.iter().zip(self.coefficients);
        let score: f64 = covariates
            .iter()
            .zip(effects)
            .map(|(x, (mean, coefficient))| (x - number(mean)) * number(coefficient))
            .sum();
        // A score that is no number is of covariates that are none, or beyond all.
        let survival = (-hazard * score.exp()).exp();
        Ok(Some(survival).filter(|survival| survival.is_finite()))
    }
}

const SHORT: Malformed = Malformed("it ends too early");

pub(super) fn malformed(why: Malformed) -> Error {
    Error::MalformedValue { of: "cox_model", why: why.0.to_string() }
}
