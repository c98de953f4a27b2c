//! What a fitted model says of one customer, as single numbers.

use super::family::{Family, Visitor};
use super::model::Model;
use super::sample::check;
use super::score::{Question, expected_spend};
use super::summary::DAYS_IN_YEAR;
use super::{Customer, Purchases};
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
    Ok(model.kind.visit(Answer { model, c, ask }))
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
