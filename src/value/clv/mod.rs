//! Customer lifetime value: the type `clv_model`, fitting one and asking it.

mod check;
mod fit;
mod model;
mod read;
mod scalar;

use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
pub use model::FittedModel;
use pg_retention_model::calendar::Takes;
use pg_retention_model::clv::Customer;
use pg_retention_model::clv::summary::{TimeUnit, days_of};
use pg_retention_model::error::Error;

/// A time to look ahead, such as the horizon, in days: a month is a twelfth of a year of 365.25.
fn days(args: &mut Args<'_>, what: &'static str) -> Option<f64> {
    args.stretch(Takes::time(what)).map(days_of)
}

/// The arguments x, t_x, age: a customer, if everything is known of it.
fn customer(args: &mut Args<'_>) -> Option<Customer> {
    let [x, t_x, age] = ["x", "t_x", "age"].map(|name| args.number(name));
    Some(Customer { x: x?, t_x: t_x?, age: age? })
}

/// The unit of times: 'week' by default.
fn unit(args: &mut Args<'_>) -> TimeUnit {
    args.text("unit").map_or(TimeUnit::WEEK, |name| TimeUnit::parse(name).or_raise())
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
