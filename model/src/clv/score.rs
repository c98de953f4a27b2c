//! What a fitted model expects of a customer, and how sure it is.
//!
//! Intervals of probabilities and expectations come from the covariance of the parameters' logarithms
//! (delta method, on the scale of the logit or of the logarithm). The interval of the purchases
//! themselves is one of the discrete distribution of what will be observed, averaged over parameters
//! that have this covariance (the points of the third-degree spherical rule).

use super::family::{Family, Visitor};
use super::model::{Model, Spend};
use super::spend;
use super::summary::DAYS_IN_YEAR;
use super::{Customer, Purchases};
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::numeric::{Dual, Real, Wilson, cholesky};
use std::vec::Vec as StdVec;

/// What is asked of every customer.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// How far to look, in days; none for the rest of the lifetime.
    pub horizon: Option<f64>,
    /// The effective discount per year.
    pub discount: f64,
    /// Profit per unit of revenue.
    pub margin: f64,
    /// Probability of the intervals; none for no intervals.
    pub confidence: Option<f64>,
}

impl Question {
    /// Is it one that can be answered?
    pub fn check(&self) -> Result<(), Error> {
        self.confidence.map_or(Ok(()), |confidence| Wilson::new(confidence).map(|_| ()))?;
        if !(self.discount >= 0.0 && self.discount < 1e6) {
            return Err(Error::bad(
                format!("discount {} is not a rate per year", self.discount),
                "Take 0 or more, such as 0.1 for ten percent a year.",
            ));
        }
        if !self.margin.is_finite() {
            return Err(Error::bad(
                format!("margin {} is not a number", self.margin),
                "Take the profit per unit of revenue, such as 0.3.",
            ));
        }
        match self.horizon {
            Some(days) if !(0.0..=MOST_DAYS).contains(&days) => Err(Error::bad(
                "the horizon is negative or longer than 1000 years",
                "Take an interval such as '1 year', or NULL for the rest of the lifetime.",
            )),
            None if self.discount == 0.0 => Err(Error::bad(
                "the rest of a lifetime has no end without a discount",
                "Give a horizon such as '1 year', or a discount per year such as 0.1.",
            )),
            _ => Ok(()),
        }
    }
}

const MOST_DAYS: f64 = 1000.0 * DAYS_IN_YEAR;

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
    /// An interval of the purchases themselves.
    pub purchases: Option<(u64, u64)>,
    /// The expected value of a purchase, if there is a model of spend.
    pub expected_spend: Option<f64>,
    /// The value of the purchases, discounted, times the margin.
    pub value: Option<Estimate>,
}

/// Answers a question about one customer after the other.
pub trait Scorer {
    /// What is expected of a customer whose repeat purchases had this mean value.
    fn score(&mut self, c: Customer, spend: Option<f64>) -> Score;
}

/// A scorer of a model.
pub fn scorer<'h, H: Host + 'h>(
    model: &Model,
    question: &Question,
    host: H,
) -> Result<Box<dyn Scorer + 'h>, Error> {
    question.check()?;
    let model = &*model.of_customer(None)?;
    Ok(model.kind.visit(Build { model, question, host, marker: std::marker::PhantomData }))
}

struct Build<'m, 'h, H> {
    model: &'m Model,
    question: &'m Question,
    host: H,
    marker: std::marker::PhantomData<&'h ()>,
}

impl<'h, H: Host + 'h> Visitor for Build<'_, 'h, H> {
    type Output = Box<dyn Scorer + 'h>;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Self::Output {
        let mut parameters = [1.0; N];
        parameters.copy_from_slice(&self.model.parameters);
        let logs = parameters.map(f64::ln);
        let question = self.question;
        let wilson = question.confidence.and_then(|confidence| Wilson::new(confidence).ok());
        let covariance = self.model.covariance.clone().filter(|_| wilson.is_some());
        let draws = match (&covariance, wilson) {
            (Some(covariance), Some(_)) => draws(&family, &logs, covariance),
            (None, Some(_)) => None,
            (_, None) => Some(StdVec::new()),
        };
        let draws = draws.unwrap_or_else(|| vec![family.with(&parameters)]);
        match covariance {
            Some(_) => self.reader(family.with(&Dual::exp_of(&logs)), draws, covariance),
            // Without intervals there is nothing to derive by.
            None => self.reader(family.with(&parameters.map(Dual::<0>::of)), draws, None),
        }
    }
}

impl<'h, H: Host + 'h> Build<'_, 'h, H> {
    fn reader<const N: usize, D, M>(
        self,
        dual: D,
        draws: StdVec<M>,
        covariance: Option<StdVec<StdVec<f64>>>,
    ) -> Box<dyn Scorer + 'h>
    where
        D: Purchases<Dual<N>> + 'static,
        M: Purchases<f64> + 'static,
    {
        let (unit, question) = (self.model.unit.days(), self.question);
        let wilson = question.confidence.and_then(|confidence| Wilson::new(confidence).ok());
        let mut futures = Vec::with_capacity_in(CACHED, self.host.clone());
        futures.extend((0..CACHED).map(|_| None));
        Box::new(Reader {
            dual,
            draws,
            by_recency: self.model.kind.stages().is_some_and(|k| k > 1),
            covariance,
            spend: self.model.spend.clone(),
            horizon: question.horizon.map(|days| days / unit),
            rate: question.discount.ln_1p() * unit / DAYS_IN_YEAR,
            margin: question.margin,
            z: wilson.map_or(0.0, |wilson| wilson.z()),
            tail: question.confidence.map_or(0.5, |confidence| (1.0 - confidence) / 2.0),
            futures,
            host: self.host,
        })
    }
}

/// The model at parameters whose mean and covariance are the estimated ones: θ ± √N Lᵢ for the
/// columns of the covariance's root (the spherical rule of the third degree).
fn draws<const N: usize, F: Family<N>>(
    family: &F,
    logs: &[f64; N],
    covariance: &[StdVec<f64>],
) -> Option<StdVec<F::Model<f64>>> {
    let factor = cholesky(covariance, |c| c, 0.0)?;
    let mut models = StdVec::new();
    for column in 0..N {
        for sign in [1.0, -1.0] {
            let at = std::array::from_fn(|row| {
                let step = if row >= column { factor.lower().get(row, column) } else { 0.0 };
                (logs[row] + sign * (N as f64).sqrt() * step).clamp(-200.0, 200.0).exp()
            });
            models.push(family.with(&at));
        }
    }
    Some(models)
}

/// Futures that are remembered: they depend on purchases and age alone, which many have in common.
const CACHED: usize = 1 << 14;
/// Purchases beyond which a distribution is not followed.
const MOST_PURCHASES: usize = 1 << 20;

/// What is expected of those who are alive with so many purchases at such an age.
struct Future<const N: usize, H: Host> {
    key: Customer,
    expected: Option<Dual<N>>,
    discounted: Dual<N>,
    /// P(0), P(1) … purchases, as far as the upper end of the interval.
    distribution: Vec<f64, H>,
}

struct Reader<const N: usize, D, M, H: Host> {
    dual: D,
    draws: StdVec<M>,
    by_recency: bool,
    covariance: Option<StdVec<StdVec<f64>>>,
    spend: Option<Spend>,
    horizon: Option<f64>,
    rate: f64,
    margin: f64,
    z: f64,
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
        let place = (hash >> 40) as usize % CACHED;
        if self.futures[place].as_ref().is_none_or(|future| future.key != key) {
            let expected = self.horizon.map(|t| self.dual.expected(c, t));
            let discounted = match expected {
                Some(expected) if self.rate == 0.0 => expected,
                _ => self.dual.discounted(c, self.horizon.unwrap_or(f64::INFINITY), self.rate),
            };
            let mut distribution = Vec::new_in(self.host.clone());
            if let Some(t) = self.horizon.filter(|_| !self.draws.is_empty()) {
                let weight = 1.0 / self.draws.len() as f64;
                for draw in &self.draws {
                    let one = draw.distribution(c, t, MOST_PURCHASES);
                    if distribution.len() < one.len() {
                        distribution.resize(one.len(), 0.0);
                    }
                    distribution.iter_mut().zip(one).for_each(|(sum, p)| *sum += weight * p);
                }
                let mut below = 0.0;
                let enough = distribution.iter().position(|p| {
                    below += p;
                    below >= 1.0 - self.tail
                });
                distribution.truncate(enough.map_or(usize::MAX, |last| last + 1));
                distribution.shrink_to_fit();
            }
            self.host.poll();
            self.futures[place] = Some(Future { key, expected, discounted, distribution });
        }
        place
    }

    /// The standard error of a number.
    fn error(&self, number: Dual<N>) -> Option<f64> {
        let covariance = self.covariance.as_ref()?;
        Some(quadratic(&number.g, covariance).sqrt())
    }

    /// A probability with its interval, on the scale of the logit.
    fn probability(&self, p: Dual<N>) -> Estimate {
        let interval = self.error(p).map(|error| {
            let spread = p.v * (1.0 - p.v);
            if spread <= 0.0 || error == 0.0 {
                return (p.v, p.v);
            }
            let (logit, by) = ((p.v / (1.0 - p.v)).ln(), self.z * error / spread);
            let at = |logit: f64| 1.0 / (1.0 + (-logit).exp());
            (at(logit - by), at(logit + by))
        });
        Estimate { value: p.v, interval }
    }

    /// A positive number with its interval, on the scale of the logarithm; `more` is the variance of
    /// a factor's logarithm.
    fn positive(&self, number: Dual<N>, factor: f64, more: Option<f64>) -> Estimate {
        let value = number.v * factor;
        let interval = self.error(number).zip(more).map(|(error, more)| {
            if number.v <= 0.0 {
                return (value, value);
            }
            let by = (self.z * ((error / number.v).powi(2) + more).sqrt()).min(600.0).exp();
            let (low, high) = (value / by, value * by);
            (low.min(high), low.max(high))
        });
        Estimate { value, interval: interval.filter(|(_, high)| high.is_finite()) }
    }

    /// An interval of purchases that holds what will be observed with at least the confidence.
    fn prediction(&self, p_alive: f64, distribution: &[f64]) -> (u64, u64) {
        let mut below = 0.0;
        let (mut low, mut high) = (None, distribution.len().saturating_sub(1));
        for (y, p) in distribution.iter().enumerate() {
            below += p_alive * p;
            if y == 0 {
                below += 1.0 - p_alive;
            }
            if low.is_none() && below > self.tail {
                low = Some(y);
            }
            if below >= 1.0 - self.tail {
                high = y;
                break;
            }
        }
        (low.unwrap_or(0) as u64, high as u64)
    }
}

/// gᵀ C g.
fn quadratic<const N: usize>(gradient: &[f64; N], covariance: &[StdVec<f64>]) -> f64 {
    let mut sum = 0.0;
    for (a, row) in gradient.iter().zip(covariance) {
        for (b, c) in gradient.iter().zip(row) {
            sum += a * b * c;
        }
    }
    sum.max(0.0)
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
    fn score(&mut self, c: Customer, spend: Option<f64>) -> Score {
        let p_alive = self.dual.p_alive(c);
        let place = self.future(c);
        let future = self.futures[place].as_ref();
        let spend = self.spend.as_ref().and_then(|s| expected_spend(s, c.x, spend));
        let expected = future.and_then(|f| f.expected);
        let value = future.zip(spend).map(|(future, (spend, more))| {
            self.positive(p_alive * future.discounted, spend * self.margin, more)
        });
        Score {
            p_alive: self.probability(p_alive),
            expected: expected.map(|e| self.positive(p_alive * e, 1.0, Some(0.0))),
            purchases: future
                .filter(|f| !f.distribution.is_empty())
                .map(|future| self.prediction(p_alive.v, &future.distribution)),
            expected_spend: spend.map(|(spend, _)| spend),
            value: value.filter(|value| value.value.is_finite()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::family::Kind;
    use crate::clv::fit::cdnow;
    use crate::clv::model::{self, fit_json};
    use crate::clv::summary::Unit;
    use crate::host::Global;
    use crate::host::testing::stops;

    const NINE_MONTHS: Question =
        Question { horizon: Some(273.0), discount: 0.0, margin: 1.0, confidence: Some(0.95) };

    fn fitted(kind: Kind) -> Model {
        let question = model::Question { kind: Some(kind), unit: Unit::WEEK, as_of: None };
        model::parse(&fit_json(&mut cdnow(), &question).unwrap()).unwrap()
    }

    /// P(alive) and expected purchases in 39 weeks of 400 members of CDNOW, from the R packages BTYD
    /// and BTYDplus: at the parameters that these found, which are not quite the maximum.
    #[test]
    fn agrees_with_the_reference_member_by_member() {
        let text = include_str!("../../tests/data/cdnow_sample_per_customer.csv");
        let theirs = [
            (
                Kind::Bg,
                4,
                [0.24259815230439222, 4.4136841631907595, 0.7929898736040539, 2.4261666961672117],
            ),
            (
                Kind::Mbg,
                6,
                [0.5248435585650897, 6.183092844602335, 0.8913877803102905, 1.6140483347001773],
            ),
            (
                Kind::Pareto,
                8,
                [0.553397143253418, 10.580198543935195, 0.6060624971592765, 11.656223671580367],
            ),
        ];
        for (kind, column, parameters) in theirs {
            let model = Model { parameters: parameters.to_vec(), ..fitted(kind) };
            let mut scorer = scorer(&model, &NINE_MONTHS, Global).unwrap();
            let mut members = 0;
            for line in text.lines().skip(1) {
                let v: StdVec<f64> =
                    line.split(',').map(|v| v.parse().unwrap_or(f64::NAN)).collect();
                // Their times are rounded to ten digits.
                let days = |weeks: f64| (weeks * 7.0).round() / 7.0;
                let c = Customer { x: v[1], t_x: days(v[2]), age: days(v[3]) };
                let score = scorer.score(c, None);
                let close = |ours: f64, theirs: f64| (ours / theirs - 1.0).abs() < 1e-8;
                assert!(close(score.p_alive.value, v[column]), "{kind:?} {line} {score:?}");
                let expected = score.expected.unwrap().value;
                assert!(close(expected, v[column + 1]), "{kind:?} {line} {score:?}");
                members += 1;
            }
            assert_eq!(members, 400);
        }
    }

    #[test]
    fn the_distribution_has_the_expectation_as_its_mean() {
        for kind in [
            Kind::Bg,
            Kind::Mbg,
            Kind::Pareto,
            Kind::Nbd,
            Kind::BgCnbd(Some(3)),
            Kind::MbgCnbd(Some(2)),
        ] {
            struct Compare(StdVec<f64>);
            impl Visitor for Compare {
                type Output = ();
                fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) {
                    let mut parameters = [0.0; N];
                    parameters.copy_from_slice(&self.0);
                    let model = family.with(&parameters);
                    for (x, t_x, age) in
                        [(0.0, 0.0, 0.0), (0.0, 0.0, 30.0), (3.0, 9.0, 30.0), (60.0, 25.0, 30.0)]
                    {
                        let c = Customer { x, t_x, age };
                        for t in [0.1, 5.0, 52.0, 400.0] {
                            let p = model.distribution(c, t, MOST_PURCHASES);
                            let total: f64 = p.iter().sum();
                            let mean: f64 = p.iter().zip(0..).map(|(p, y)| p * f64::from(y)).sum();
                            let expected = model.expected(c, t);
                            assert!((total - 1.0).abs() < 1e-10, "{c:?} {t}: {total}");
                            assert!(
                                (mean / expected - 1.0).abs() < 1e-9,
                                "{c:?} {t}: {mean} {expected}"
                            );
                        }
                    }
                }
            }
            let mut parameters = match kind {
                Kind::BgCnbd(_) | Kind::MbgCnbd(_) => fitted(Kind::Mbg).parameters,
                kind => fitted(kind).parameters,
            };
            parameters[0] *= 1.2;
            kind.visit(Compare(parameters));
        }
    }

    #[test]
    fn intervals_surround_and_widen() {
        let model = fitted(Kind::Bg);
        let c = Customer { x: 2.0, t_x: 20.0, age: 35.0 };
        let at = |confidence| {
            let question = Question { confidence: Some(confidence), ..NINE_MONTHS };
            scorer(&model, &question, Global).unwrap().score(c, Some(30.0))
        };
        let (narrow, wide) = (at(0.5), at(0.99));
        for (n, w) in [
            (narrow.p_alive, wide.p_alive),
            (narrow.expected.unwrap(), wide.expected.unwrap()),
            (narrow.value.unwrap(), wide.value.unwrap()),
        ] {
            let ((nl, nh), (wl, wh)) = (n.interval.unwrap(), w.interval.unwrap());
            assert!(wl < nl && nl < n.value && n.value < nh && nh < wh, "{n:?} {w:?}");
        }
        assert!(narrow.purchases.unwrap().1 < wide.purchases.unwrap().1);
    }

    #[test]
    fn discounts_shorten_the_future() {
        for kind in [Kind::Bg, Kind::Pareto, Kind::Nbd] {
            let model = fitted(kind);
            let c = Customer { x: 4.0, t_x: 30.0, age: 35.0 };
            let value = |horizon, discount| {
                let question = Question { horizon, discount, ..NINE_MONTHS };
                scorer(&model, &question, Global).unwrap().score(c, Some(30.0)).value.unwrap().value
            };
            let year = Some(DAYS_IN_YEAR);
            let full = value(year, 0.0);
            assert!(value(year, 0.1) < full && value(year, 0.1) > full / 1.1, "{kind:?}");
            assert!((value(year, 1e-9) / full - 1.0).abs() < 1e-8, "{kind:?}");
            // At such a discount, all that counts happens in the first year.
            assert!((value(None, 1e14_f64.min(9e5)) / value(year, 9e5) - 1.0).abs() < 1e-4);
            assert!(value(None, 0.1) > value(year, 0.1));
        }
    }

    #[test]
    fn scoring_can_be_cancelled() {
        let model = fitted(Kind::Bg);
        assert!(stops(|| {
            let mut scorer = scorer(&model, &NINE_MONTHS, Global).unwrap();
            scorer.score(Customer::NEW, None)
        }));
    }

    #[test]
    fn questions_without_an_answer_are_errors() {
        for question in [
            Question { horizon: Some(-1.0), ..NINE_MONTHS },
            Question { horizon: Some(f64::NAN), ..NINE_MONTHS },
            Question { horizon: None, ..NINE_MONTHS },
            Question { discount: -0.1, ..NINE_MONTHS },
            Question { discount: f64::INFINITY, ..NINE_MONTHS },
            Question { margin: f64::NAN, ..NINE_MONTHS },
            Question { confidence: Some(1.0), ..NINE_MONTHS },
        ] {
            assert!(question.check().is_err(), "{question:?}");
        }
    }
}
