//! What a fitted model expects of a customer, and how sure it is.
//!
//! | room | what it holds |
//! | --- | --- |
//! | this one | the answer, and who gives it |
//! | `uncertainty` | intervals of probabilities and expectations: the delta method |
//! | `prediction` | intervals of the purchases themselves: their distribution, averaged over parameters |

mod prediction;
#[cfg(test)]
mod tests;
mod uncertainty;

use crate::clv::family::{Family, Visitor};
use crate::clv::model::{Model, Spend};
use crate::clv::question::{ScoreQuestion, beyond, check_amount};
use crate::clv::spend;
use crate::clv::summary::DAYS_IN_YEAR;
use crate::clv::{Customer, Purchases};
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::numeric::{Dual, Real, Wilson};
pub use prediction::PredictedPurchases;
use prediction::{Spread, distribution};
use std::vec::Vec as StdVec;
use uncertainty::{Uncertainty, quadratic};

/// An estimate with its interval, if there is a covariance to make one of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// The ends of its interval.
    pub interval: Option<(f64, f64)>,
}

/// What is expected of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// P(alive).
    pub p_alive: Estimate,
    /// Expected purchases within the horizon; none without one.
    pub expected: Option<Estimate>,
    /// The purchases themselves.
    pub purchases: Option<PredictedPurchases>,
    /// The expected value of a purchase, if there is a model of spend.
    pub expected_spend: Option<f64>,
    /// The value of the purchases, discounted, times the margin.
    pub value: Option<Estimate>,
}

/// Answers a question about one customer after the other.
pub trait Scorer {
    /// What is expected of a customer whose repeat purchases had this mean value; with a contract, of a
    /// member who pays so much a period.
    fn score(&mut self, c: Customer, spend: Option<f64>) -> Result<Score, Error>;
}

/// A scorer of a model, for many customers.
pub fn scorer<'h, H: Host + 'h>(
    model: &Model,
    question: &ScoreQuestion,
    host: H,
) -> Result<Box<dyn Scorer + 'h>, Error> {
    build(model, question, CACHED, host)
}

/// The score of one customer, with the covariates of whom the model knows.
pub fn score_one<H: Host>(
    model: &Model,
    question: &ScoreQuestion,
    c: Customer,
    spend: Option<f64>,
    host: H,
) -> Result<Score, Error> {
    let c = crate::clv::customer::check(c)?;
    model.kind.check_customer(c)?;
    check_amount(spend)?;
    build(model, question, 1, host)?.score(c, spend)
}

fn build<'h, H: Host + 'h>(
    model: &Model,
    question: &ScoreQuestion,
    places: usize,
    host: H,
) -> Result<Box<dyn Scorer + 'h>, Error> {
    question.check()?;
    let model = &*model.of_customer(None)?;
    let marker = std::marker::PhantomData;
    Ok(model.kind.visit(Build { model, question, places, host, marker }))
}

struct Build<'m, 'h, H> {
    model: &'m Model,
    question: &'m ScoreQuestion,
    places: usize,
    host: H,
    marker: std::marker::PhantomData<&'h ()>,
}

impl<'h, H: Host + 'h> Visitor for Build<'_, 'h, H> {
    type Output = Box<dyn Scorer + 'h>;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Self::Output {
        let mut parameters = [1.0; N];
        parameters.copy_from_slice(&self.model.parameters);
        let logs = parameters.map(f64::ln);
        let wilson = self.question.confidence.and_then(|confidence| Wilson::new(confidence).ok());
        let covariance = self.model.covariance.as_deref();
        let uncertainty =
            wilson.zip(covariance).and_then(|(w, covariance)| Uncertainty::new(covariance, w.z()));
        if wilson.is_none() {
            // Without intervals there is nothing to derive by.
            let (here, draws) = (parameters.map(Dual::<0>::of), StdVec::<F::Model<f64>>::new());
            return self.reader(family.with(&here), draws, None);
        }
        let draws = match &uncertainty {
            Some(uncertainty) => {
                uncertainty.draws(&logs).iter().map(|at| family.with(at)).collect()
            }
            None => vec![family.with(&parameters)],
        };
        self.reader(family.with(&Dual::exp_of(&logs)), draws, uncertainty)
    }
}

impl<'h, H: Host + 'h> Build<'_, 'h, H> {
    fn reader<const N: usize, D, M>(
        self,
        dual: D,
        draws: StdVec<M>,
        uncertainty: Option<Uncertainty<N>>,
    ) -> Box<dyn Scorer + 'h>
    where
        D: Purchases<Dual<N>> + 'static,
        M: Purchases<f64> + 'static,
    {
        let (unit, question) = (self.model.unit.days(), self.question);
        let mut futures = Vec::with_capacity_in(self.places, self.host.clone());
        futures.extend((0..self.places).map(|_| None));
        Box::new(Reader {
            model: self.model.clone(),
            dual,
            draws,
            by_recency: self.model.kind.stages().is_some_and(|k| k > 1),
            uncertainty,
            horizon: question.horizon.map(|days| days / unit),
            rate: question.discount.ln_1p() * unit / DAYS_IN_YEAR,
            margin: question.margin,
            tail: question.confidence.map_or(0.5, |confidence| (1.0 - confidence) / 2.0),
            futures,
            host: self.host,
        })
    }
}

/// Futures that are remembered: they depend on purchases and age alone, which many have in common.
const CACHED: usize = 1 << 15;
/// Places that a future may take.
const WAYS: usize = 4;

/// What is expected of those who are alive with so many purchases at such an age.
struct Future<const N: usize, H: Host> {
    key: Customer,
    expected: Option<Dual<N>>,
    discounted: Dual<N>,
    purchases: Vec<Spread<N>, H>,
}

struct Reader<const N: usize, D, M, H: Host> {
    model: Model,
    dual: D,
    draws: StdVec<M>,
    by_recency: bool,
    uncertainty: Option<Uncertainty<N>>,
    horizon: Option<f64>,
    rate: f64,
    margin: f64,
    tail: f64,
    futures: Vec<Option<Future<N, H>>, H>,
    host: H,
}

impl<const N: usize, D, M, H: Host> Reader<N, D, M, H>
where
    D: Purchases<Dual<N>>,
    M: Purchases<f64>,
{
    /// Where the future of such customers is remembered.
    fn future(&mut self, c: Customer) -> usize {
        let key = if self.by_recency { c } else { Customer { t_x: 0.0, ..c } };
        let mix = |hash: u64, number: f64| {
            (hash ^ number.to_bits()).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
        };
        let hash = mix(mix(mix(0, key.x), key.t_x), key.age).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let ways = self.futures.len().min(WAYS);
        let first = (hash >> 40) as usize % (self.futures.len() / ways) * ways;
        let set = &self.futures[first..first + ways];
        let of = |future: &Option<Future<N, H>>| future.as_ref().map(|future| future.key);
        if let Some(way) = set.iter().position(|future| of(future) == Some(key)) {
            return first + way;
        }
        // The first that is free, or any.
        let free = set.iter().position(|future| of(future).is_none());
        let place = first + free.unwrap_or((hash >> 32) as usize % ways);
        let expected = self.horizon.map(|t| self.dual.expected(c, t));
        let discounted = match expected {
            Some(expected) if self.rate == 0.0 => expected,
            _ => self.dual.discounted(c, self.horizon.unwrap_or(f64::INFINITY), self.rate),
        };
        let purchases = match self.horizon {
            Some(t) => distribution(&self.draws, c, t, self.tail, &self.host),
            None => Vec::new_in(self.host.clone()),
        };
        self.host.poll();
        self.futures[place] = Some(Future { key, expected, discounted, purchases });
        place
    }

    /// A positive number with its interval, on the scale of the logarithm; `more` is the variance of
    /// a factor's logarithm.
    fn positive(&self, number: Dual<N>, factor: f64, more: Option<f64>) -> Estimate {
        let interval = self.uncertainty.as_ref().zip(more);
        let interval = interval.and_then(|(u, more)| u.positive(number, factor, more));
        Estimate { value: number.v * factor, interval }
    }

    /// The expected value of a purchase, and the variance of its logarithm.
    fn spend(&self, c: Customer, mean: Option<f64>) -> Option<(f64, Option<f64>)> {
        if self.model.kind.is_contract() {
            // It is known what is paid.
            return mean.map(|mean| (mean, Some(0.0)));
        }
        self.model.spend.as_ref().and_then(|s| expected_spend(s, c.x, mean))
    }
}

/// The expected value of a purchase, and the variance of its logarithm.
pub fn expected_spend(spend: &Spend, x: f64, mean: Option<f64>) -> Option<(f64, Option<f64>)> {
    let x = if mean.is_some() { x } else { 0.0 };
    let logs = spend.parameters.map(f64::ln);
    let dual = spend::expected(&Dual::exp_of(&logs), x, mean.unwrap_or(0.0))?;
    let variance = spend.covariance.as_ref().map(|c| quadratic(&dual.g, c) / (dual.v * dual.v));
    Some((dual.v, variance))
}

impl<const N: usize, D, M, H: Host> Scorer for Reader<N, D, M, H>
where
    D: Purchases<Dual<N>>,
    M: Purchases<f64>,
{
    fn score(&mut self, c: Customer, spend: Option<f64>) -> Result<Score, Error> {
        let p_alive = self.dual.p_alive(c);
        let place = self.future(c);
        let spend = self.spend(c, spend).filter(|(spend, _)| spend.is_finite());
        let Some(future) = &self.futures[place] else { return Err(beyond(&self.model, c)) };
        let expected = future.expected.map(|expected| p_alive * expected);
        let discounted = p_alive * future.discounted;
        if !p_alive.v.is_finite() || !expected.unwrap_or(discounted).v.is_finite() {
            return Err(beyond(&self.model, c));
        }
        let value = spend.map(|(spend, more)| self.positive(discounted, spend * self.margin, more));
        let uncertainty = self.uncertainty.as_ref();
        let interval = uncertainty.and_then(|u| u.probability(p_alive));
        // Where the one is not known, neither is the other.
        let uncertainty = uncertainty.filter(|_| interval.is_some());
        Ok(Score {
            p_alive: Estimate { value: p_alive.v, interval },
            expected: expected.map(|expected| self.positive(expected, 1.0, Some(0.0))),
            purchases: prediction::predict(&future.purchases, p_alive, uncertainty, self.tail),
            expected_spend: spend.map(|(spend, _)| spend),
            value: value.filter(|value| value.value.is_finite()),
        })
    }
}
