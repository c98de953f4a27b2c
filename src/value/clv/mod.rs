//! Customer lifetime value: the type `clv_model`, fitting one and asking it.

mod check;
mod fit;
mod model;
mod read;
mod scalar;

use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
use model::FittedModel;
use pg_retention_model::clv::Customer;
use pg_retention_model::error::Error;
use pgrx::datum::Interval;

/// The days of an interval: a month is a twelfth of a year of 365.25 days.
fn days(interval: Interval) -> f64 {
    use pg_retention_model::clv::summary::DAYS_IN_YEAR;
    f64::from(interval.months()) * (DAYS_IN_YEAR / 12.0)
        + f64::from(interval.days())
        + interval.micros() as f64 / 86_400e6
}

/// A customer, if everything is known of it.
fn customer(x: Option<f64>, t_x: Option<f64>, age: Option<f64>) -> Option<Customer> {
    Some(Customer { x: x?, t_x: t_x?, age: age? })
}

/// The covariates of a customer; an empty array is none.
fn numbers(covariates: Option<Floats<'_>>) -> &[f64] {
    let Some(covariates) = covariates else { return &[] };
    let without_nulls = covariates.numbers().ok_or_else(|| Error::BadArgument {
        message: "a covariate is null".to_string(),
        hint: "Leave such customers out with FILTER or WHERE, or say with coalesce() what an unknown \
               value stands for.",
    });
    without_nulls.or_raise()
}
