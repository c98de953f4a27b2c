//! What a fitted model says of one customer, as single numbers.

use crate::clv::customer::check;
use crate::clv::family::{Family, Kind, Visitor};
use crate::clv::model::Model;
use crate::clv::question::{ScoreQuestion, beyond, check_amount};
use crate::clv::score::expected_spend;
use crate::clv::summary::DAYS_IN_YEAR;
use crate::clv::{Customer, Purchases};
use crate::error::Error;

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Alive { ahead: f64 },
    Expected { horizon: f64 },
    Exactly { n: usize, horizon: f64 },
    Discounted { horizon: f64, rate: f64 },
}

struct Answer<'m> {
    model: &'m Model,
    c: Customer,
    ask: Ask,
}

impl Visitor for Answer<'_> {
    type Output = f64;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> f64 {
        let mut parameters = [1.0; N];
        parameters.copy_from_slice(&self.model.parameters);
        let (model, c) = (family.with(&parameters), self.c);
        let alive = model.p_alive(c);
        match self.ask {
            Ask::Alive { ahead } => (alive * model.stays(c, ahead)).clamp(0.0, 1.0),
            Ask::Expected { horizon } => alive * model.expected(c, horizon),
            Ask::Discounted { horizon, rate } => alive * model.discounted(c, horizon, rate),
            Ask::Exactly { n, horizon } => {
                let none = if n == 0 { 1.0 - alive } else { 0.0 };
                let p = if alive > 0.0 { alive * model.exactly(c, horizon, n) } else { 0.0 };
                (p + none).clamp(0.0, 1.0)
            }
        }
    }
}

fn answer(model: &Model, c: Customer, ask: Ask) -> Result<f64, Error> {
    let c = check(c)?;
    model.kind.check_customer(c)?;
    let model = &*model.of_customer(None)?;
    let answer = model.kind.visit(Answer { model, c, ask });
    if answer.is_finite() { Ok(answer) } else { Err(beyond(model, c)) }
}

/// A time in units of the model.
fn units(model: &Model, days: f64) -> Result<f64, Error> {
    let question =
        ScoreQuestion { horizon: Some(days), discount: 0.0, margin: 1.0, confidence: None };
    question.check()?;
    Ok(days / model.unit.days())
}

/// P(alive), now or so many days later.
pub fn p_alive(model: &Model, c: Customer, days_ahead: f64) -> Result<f64, Error> {
    answer(model, c, Ask::Alive { ahead: units(model, days_ahead)? })
}

/// Expected purchases within so many days; of a new member, those after the first one.
pub fn expected_purchases(model: &Model, c: Customer, days: f64) -> Result<f64, Error> {
    answer(model, c, Ask::Expected { horizon: units(model, days)? })
}

/// P(exactly n purchases within so many days).
pub fn purchases_distribution(model: &Model, c: Customer, days: f64, n: i64) -> Result<f64, Error> {
    let n = match usize::try_from(n) {
        Ok(n) if n < 1 << 20 => n,
        _ => {
            return Err(Error::bad(
                format!("n = {n} is not a number of purchases that is looked at"),
                "Take 0 to 1048575.",
            ));
        }
    };
    answer(model, c, Ask::Exactly { n, horizon: units(model, days)? })
}

/// What to do where a model has no model of spend.
pub fn without_spend(kind: Kind) -> &'static str {
    if kind.is_contract() {
        "With a contract it is known what is paid: clv_value takes the payment of a period as spend."
    } else {
        "Fit it to a history with amounts, or with the spend column of clv_fit_agg. Where there were \
         amounts, clv_diagnostics says why they have no model."
    }
}

/// The expected value of a purchase by a customer whose `x` repeat purchases had this mean value.
/// None where it is infinite.
pub fn mean_spend(model: &Model, x: f64, mean: Option<f64>) -> Result<Option<f64>, Error> {
    check(Customer { x, t_x: 0.0, age: 0.0 })?;
    check_amount(mean)?;
    let Some(spend) = &model.spend else {
        return Err(Error::bad("the model has no model of spend", without_spend(model.kind)));
    };
    match expected_spend(spend, x, mean) {
        Some((value, _)) if !value.is_finite() => {
            Err(Error::AmountOutOfRange { given: "the expected value of a purchase".to_string() })
        }
        expected => Ok(expected.map(|(value, _)| value)),
    }
}

/// The value of the purchases of a horizon, or of the rest of the lifetime, discounted.
pub fn value(
    model: &Model,
    c: Customer,
    mean: Option<f64>,
    question: &ScoreQuestion,
) -> Result<Option<f64>, Error> {
    question.check()?;
    check_amount(mean)?;
    // A contract's spend is what is paid a period.
    let spend = if model.kind.is_contract() { mean } else { mean_spend(model, c.x, mean)? };
    let Some(spend) = spend else {
        return Ok(None);
    };
    let unit = model.unit.days();
    let horizon = question.horizon.map_or(f64::INFINITY, |days| days / unit);
    let rate = question.discount.ln_1p() * unit / DAYS_IN_YEAR;
    let purchases = answer(model, c, Ask::Discounted { horizon, rate })?;
    Ok(Some(purchases * spend * question.margin).filter(|value| value.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::family::Kind;
    use crate::clv::summary::TimeUnit;
    use crate::numeric::Jet;

    /// ln L by the generic path that fits take.
    struct LogLikelihood<'m>(&'m Model, Customer);

    impl Visitor for LogLikelihood<'_> {
        type Output = f64;

        fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> f64 {
            let mut logs = [0.0; N];
            logs.copy_from_slice(&self.0.parameters);
            let model = family.with(&Jet::exp_of(&logs.map(f64::ln)));
            let jet = model.ln_likelihood(&model.per_count(self.1.x), self.1);
            assert!(
                jet.g.iter().all(|g| g.is_finite())
                    && jet.h.iter().flatten().all(|h| h.is_finite())
            );
            jet.v
        }
    }

    fn model(kind: Kind, parameters: &[f64]) -> Model {
        let (parameters, unit) = (parameters.to_vec(), TimeUnit::parse("day").unwrap());
        Model { kind, parameters, coefficients: Vec::new(), covariance: None, unit, spend: None }
    }

    /// (β)ₙ / (α + β)ₙ, n = t^c, computed with mpmath to fifty digits.
    #[test]
    fn long_contracts_keep_their_digits() {
        let of = model(Kind::Bdw, &[0.668, 3.8, 1.9]);
        for (t, digits) in [
            (3.0, 0.458_459_121_032_494_26),
            (1000.0, 0.000_369_178_730_462_367_85),
            (1e5, 1.068_658_083_526_707_8e-6),
        ] {
            let stays = p_alive(&of, Customer::NEW, t).unwrap();
            assert!((stays / digits - 1.0).abs() < 1e-12, "{t}: {stays} {digits}");
        }
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        let late = model(Kind::Bdw, &[0.5, 2.0, 1e50]);
        assert!(p_alive(&late, Customer::NEW, 10.0).is_err());
        assert!(expected_purchases(&late, Customer::NEW, 10.0).is_err());
        let bg_bb = model(Kind::BgBb, &[1.0; 4]);
        for (x, t_x, age) in
            [(3.0, 2.0, 6.0), (1.0, 0.0, 3.0), (1.0, 1.5, 3.0), (1.0, 2.0, 3.5), (1.0, 2.0, 1e12)]
        {
            assert!(p_alive(&bg_bb, Customer { x, t_x, age }, 0.0).is_err(), "{x} {t_x} {age}");
        }
        assert!(p_alive(&bg_bb, Customer { x: 2.0, t_x: 2.0, age: 6.0 }, 0.0).is_ok());
    }

    /// Values to 17 of 50 digits, computed with mpmath by the papers' forms (Gauss's function) for
    /// BG/NBD, MBG/NBD and Pareto/NBD, and by quadrature for Gamma-Gompertz/NBD: for parameters of
    /// many sizes, 5000 purchases, ages of one unit and of 3000, and horizons up to 365250.
    #[test]
    fn agrees_with_fifty_digits() {
        let text = include_str!("../../../tests/data/clv_50_digits.csv");
        let mut lines = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |i: usize| fields[i].parse::<f64>().unwrap();
            let model = Model {
                kind: Kind::parse(fields[0]).unwrap(),
                parameters: fields[1].split(' ').map(|v| v.parse().unwrap()).collect(),
                coefficients: Vec::new(),
                covariance: None,
                unit: TimeUnit::parse("day").unwrap(),
                spend: None,
            };
            let c = Customer { x: number(2), t_x: number(3), age: number(4) };
            let close = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-10 * theirs.abs();
            let ll = model.kind.visit(LogLikelihood(&model, c));
            assert!(close(ll, number(6)), "{line}: {ll}");
            let alive = p_alive(&model, c, 0.0).unwrap();
            assert!(close(alive, number(7)), "{line}: {alive}");
            let expected = expected_purchases(&model, c, number(5)).unwrap();
            assert!(close(expected, number(8)), "{line}: {expected}");
            lines += 1;
        }
        assert_eq!(lines, 214);
    }

    fn of(name: &str, parameters: &[f64]) -> Model {
        Model {
            kind: Kind::parse(name).unwrap(),
            parameters: parameters.to_vec(),
            coefficients: Vec::new(),
            covariance: None,
            unit: TimeUnit::parse("day").unwrap(),
            spend: None,
        }
    }

    /// P(n) of frequent buyers and of rare ones, within hours and within fifty years, for lifetimes of many
    /// shapes: from mpmath, see purchases_distribution.py there.
    #[test]
    fn distributions_agree_with_thirty_digits() {
        let text = include_str!("../../../tests/data/purchases_distribution.csv");
        let mut lines = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |i: usize| fields[i].parse::<f64>().unwrap();
            let parameters: Vec<f64> = fields[1].split(' ').map(|v| v.parse().unwrap()).collect();
            let model = of(fields[0], &parameters);
            let c = Customer { x: number(2), t_x: number(3), age: number(4) };
            let (t, n, theirs) = (number(5), number(6), number(7));
            // Of P(not alive) no more digits are known than 1 has.
            let close = |ours: f64| (ours - theirs).abs() <= 1e-11 * theirs + 2e-16;
            let one = purchases_distribution(&model, c, t, n as i64).unwrap();
            assert!(close(one), "{line}: {one}");
            lines += 1;
        }
        assert_eq!(lines, 213);
    }

    /// Sums that are given no host poll too, and so do many short ones.
    #[test]
    fn long_sums_can_be_cancelled() {
        use crate::host::testing::stops;
        let c = Customer { x: 3.0, t_x: 12.0, age: 30.0 };
        let pareto = of("pareto/nbd", &[1e6, 10.0, 0.6, 11.0]);
        assert!(stops(|| purchases_distribution(&pareto, Customer::NEW, 365e3, 1000)));
        let gompertz = of("ggompertz/nbd", &[1e6, 10.0, 0.01, 0.6, 11.0]);
        assert!(stops(|| purchases_distribution(&gompertz, Customer::NEW, 365e3, 1000)));
        let bg = of("bg/nbd", &[0.5, 10.0, 0.6, 11.0]);
        let question =
            ScoreQuestion { horizon: None, discount: 1e-4, margin: 1.0, confidence: None };
        let mut model = of("mbg/cnbd-k", &[0.9, 4.0, 0.6, 2.0]);
        model.kind = Kind::MbgCnbd(Some(900));
        model.spend =
            Some(crate::clv::model::Spend { parameters: [6.0, 4.0, 15.0], covariance: None });
        assert!(stops(|| value(&model, c, Some(30.0), &question)));
        assert!(stops(|| (0..10_000)
            .map(|_| expected_purchases(&bg, c, 9.0))
            .sum::<Result<f64, _>>()));
        let donors = of("bg/bb", &[1.2, 0.75, 0.66, 2.8]);
        let c = Customer { x: 0.0, t_x: 0.0, age: 1e6 };
        assert!(stops(|| p_alive(&donors, c, 0.0)));
        assert!(stops(|| purchases_distribution(&donors, Customer::NEW, 365e3, 7)));
        assert!(stops(|| expected_purchases(&donors, Customer::NEW, 365e3)));
        let contract = of("bdw", &[0.7, 1.2, 1.1]);
        assert!(stops(|| expected_purchases(&contract, Customer::NEW, 365e3)));
    }

    /// Beta-binomial purchases until one leaves, by plain sums of products.
    #[test]
    fn purchases_at_opportunities_add_up() {
        let model = of("bg/bb", &[1.2, 0.75, 0.66, 2.8]);
        let c = Customer { x: 4.0, t_x: 5.0, age: 6.0 };
        for horizon in [0.0, 1.0, 7.0, 300.0] {
            let p = |n| purchases_distribution(&model, c, horizon, n).unwrap();
            let n = horizon as i64;
            let (total, mean): (f64, f64) = (0..=n + 1)
                .map(|n| (p(n), n as f64 * p(n)))
                .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let expected = expected_purchases(&model, c, horizon).unwrap();
            assert!((total - 1.0).abs() < 1e-12 && (mean - expected).abs() < 1e-11, "{horizon}");
            assert_eq!(p(n + 1), 0.0);
        }
        let all = Purchases::<f64>::distribution(
            &crate::clv::bg_bb::BgBb { alpha: 1.2, beta: 0.75, gamma: 0.66, delta: 2.8 },
            c,
            40.0,
            90,
        );
        let alive = p_alive(&model, c, 0.0).unwrap();
        for n in 1..=40 {
            let one = purchases_distribution(&model, c, 40.0, n).unwrap();
            assert!((alive * all[n as usize] / one - 1.0).abs() < 1e-12, "{n}");
        }
    }

    /// What cannot be computed is an error, not a number that looks fine.
    #[test]
    fn answers_beyond_numbers_are_errors() {
        let question =
            ScoreQuestion { horizon: None, discount: 1e-9, margin: 1.0, confidence: None };
        let contract = of("sbg", &[0.7, 1.2]);
        assert!(value(&contract, Customer::NEW, Some(1.0), &question).is_err());
        assert!(value(&contract, Customer::NEW, Some(f64::INFINITY), &question).is_err());
        assert!(p_alive(&contract, Customer { x: 2.0, t_x: 1.0, age: 3.0 }, 0.0).is_err());
        assert_eq!(p_alive(&contract, Customer { x: 1.0, t_x: 3.0, age: 3.0 }, 0.0), Ok(0.0));
        let c = Customer { x: 1e9 - 1.0, t_x: 1e6, age: 1e6 };
        let bg = of("bg/nbd", &[0.25, 4.0, 0.8, 2.4]);
        assert!(p_alive(&bg, c, 1e-9).is_ok_and(|p| (0.0..=1.0).contains(&p)));
        assert!(purchases_distribution(&bg, c, 1.0, i64::MAX).is_err());
    }
}
