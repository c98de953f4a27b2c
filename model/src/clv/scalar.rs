//! What a fitted model says of one customer, as single numbers.

use super::family::{Family, Kind, Visitor};
use super::model::Model;
use super::sample::check;
use super::score::{Question, expected_spend};
use super::summary::DAYS_IN_YEAR;
use super::{Customer, Purchases, bg_bb};
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
            Ask::Alive { ahead } => alive * model.stays(c, ahead),
            Ask::Expected { horizon } => alive * model.expected(c, horizon),
            Ask::Discounted { horizon, rate } => alive * model.discounted(c, horizon, rate),
            Ask::Exactly { n, horizon } => {
                let p = model.distribution(c, horizon, n).get(n).copied().unwrap_or(0.0);
                alive * p + if n == 0 { 1.0 - alive } else { 0.0 }
            }
        }
    }
}

fn answer(model: &Model, c: Customer, ask: Ask) -> Result<f64, Error> {
    let c = check(c)?;
    if model.kind == Kind::BgBb && !bg_bb::is_possible(&c) {
        return Err(Error::bad(bg_bb::IMPOSSIBLE, bg_bb::COUNT));
    }
    let model = &*model.of_customer(None)?;
    let answer = model.kind.visit(Answer { model, c, ask });
    if !answer.is_finite() {
        return Err(Error::bad(
            "with such parameters, times or purchases this is no number",
            "Look at them: are they in the unit of the model, and of plausible size?",
        ));
    }
    Ok(answer)
}

/// A time in units of the model.
fn units(model: &Model, days: f64) -> Result<f64, Error> {
    let question = Question { horizon: Some(days), discount: 0.0, margin: 1.0, confidence: None };
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
        Ok(_) => return Ok(0.0),
        Err(_) => {
            return Err(Error::bad(
                format!("n = {n} is not a number of purchases"),
                "Take 0 or more.",
            ));
        }
    };
    answer(model, c, Ask::Exactly { n, horizon: units(model, days)? })
}

/// The expected value of a purchase by a customer whose `x` repeat purchases had this mean value.
/// None where it is infinite.
pub fn mean_spend(model: &Model, x: f64, mean: Option<f64>) -> Result<Option<f64>, Error> {
    check(Customer { x, t_x: 0.0, age: 0.0 })?;
    if let Some(mean) = mean.filter(|mean| !mean.is_finite()) {
        return Err(Error::AmountOutOfRange { given: mean.to_string() });
    }
    let Some(spend) = &model.spend else {
        return Err(Error::bad(
            "the model has no model of spend",
            "Fit it to a history with amounts, or with the spend column of clv_fit_agg.",
        ));
    };
    Ok(expected_spend(spend, x, mean).map(|(value, _)| value))
}

/// The value of the purchases of a horizon, or of the rest of the lifetime, discounted.
pub fn value(
    model: &Model,
    c: Customer,
    mean: Option<f64>,
    question: &Question,
) -> Result<Option<f64>, Error> {
    question.check()?;
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
    use crate::clv::summary::Unit;
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
        let (parameters, unit) = (parameters.to_vec(), Unit::parse("day").unwrap());
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
        let text = include_str!("../../tests/data/clv_50_digits.csv");
        let mut lines = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |i: usize| fields[i].parse::<f64>().unwrap();
            let model = Model {
                kind: Kind::parse(fields[0]).unwrap(),
                parameters: fields[1].split(' ').map(|v| v.parse().unwrap()).collect(),
                coefficients: Vec::new(),
                covariance: None,
                unit: Unit::parse("day").unwrap(),
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
}
