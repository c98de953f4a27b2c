//! Arguments that readers share. NULL is the same as leaving one out.

use pg_retention_model::calendar::Period;
use pg_retention_model::error::Error;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::Date;

/// The period: 'month' by default.
pub fn period(name: Option<&str>) -> Result<Period, Error> {
    name.map_or(Ok(Period::MONTH), Period::parse)
}

/// A day, such as `as_of`; none by default.
pub fn day(what: &str, date: Option<Date>) -> Result<Option<i64>, Error> {
    match date {
        Some(date) if date.is_infinity() || date.is_neg_infinity() => Err(Error::BadArgument {
            message: format!("{what} is infinite"),
            hint: "Take a date, or NULL for the default.",
        }),
        date => Ok(date.map(|date| i64::from(date.to_pg_epoch_days()))),
    }
}

/// An argument without a default.
pub fn given<T>(what: &str, value: Option<T>, hint: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| Error::BadArgument { message: format!("{what} is not given"), hint })
}

/// The confidence of intervals: 0.95 by default.
pub fn confidence(value: Option<f64>) -> f64 {
    value.unwrap_or(0.95)
}

/// An argument that only picks the overload of a function: its value is not looked at.
pub struct Ignored;

// SAFETY: reads nothing.
unsafe impl<'fcx> ArgAbi<'fcx> for Ignored {
    unsafe fn unbox_arg_unchecked(_: Arg<'_, 'fcx>) -> Self {
        Ignored
    }
}
