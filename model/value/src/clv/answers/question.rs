//! What is asked of a model about customers, and the errors of answers that are no numbers.

use crate::check;
use crate::clv::Customer;
use crate::clv::model::Model;
use crate::clv::summary::DAYS_IN_YEAR;
use crate::error::Error;
use crate::numeric::Wilson;

/// What is asked of every customer.
#[derive(Debug, Clone, Copy)]
pub struct ScoreQuestion {
    /// How far to look, in days; none for the rest of the lifetime.
    pub horizon: Option<f64>,
    /// The effective discount per year.
    pub discount: f64,
    /// Profit per unit of revenue.
    pub margin: f64,
    /// Probability of the intervals; none for no intervals.
    pub confidence: Option<f64>,
}

impl ScoreQuestion {
    /// Is it one that can be answered?
    pub fn check(&self) -> Result<(), Error> {
        self.confidence.map_or(Ok(()), |confidence| Wilson::new(confidence).map(|_| ()))?;
        check::rate_per_year("discount", self.discount)?;
        check::share("margin", self.margin)?;
        match self.horizon {
            Some(days) if !(0.0..=MOST_DAYS).contains(&days) => Err(Error::bad(
                "the horizon is negative or longer than 1000 years",
                "Take a time such as '1 year', or NULL for the rest of the lifetime.",
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

/// The error for a customer for whom the model's answer is not a finite number.
pub(in crate::clv) fn beyond(model: &Model, c: Customer) -> Error {
    let Customer { x, t_x, age } = c;
    Error::OutOfRange {
        what: "the answer of the model",
        given: format!("{} of x = {x}, t_x = {t_x}, age = {age}", model.kind.name()),
        hint: "Take a shorter horizon or a larger discount, or look at the model: are its parameters \
               plausible in its unit of time?",
    }
}

/// Is it a mean amount: absent, or finite?
pub(in crate::clv) fn check_amount(mean: Option<f64>) -> Result<(), Error> {
    match mean.filter(|mean| !mean.is_finite()) {
        Some(mean) => Err(Error::AmountOutOfRange { given: mean.to_string() }),
        None => Ok(()),
    }
}
