//! A fitted model, and what is read from it.

use super::terms::{Label, Terms};
use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::names::Names;
use crate::numeric::{Symmetric, normal};

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

    /// Those that are there once, in the order of the stored form.
    pub(super) fn single_numbers(&self) -> [f64; 5] {
        [
            self.log_likelihood_null,
            self.log_likelihood,
            self.score_test,
            self.longest,
            self.concordance.unwrap_or(0.0),
        ]
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
                if !(time > before.0 && hazard >= before.1 && time >= 0.0 && hazard.is_finite()) {
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
