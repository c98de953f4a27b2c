//! Arguments that readers share. NULL is the same as leaving one out.

use pg_retention_model::calendar::Period;
use pg_retention_model::error::Error;
use pgrx::datum::Date;

/// The period: 'month' by default.
pub fn period(name: Option<&str>) -> Result<Period, Error> {
    name.map_or(Ok(Period::MONTH), Period::parse)
}

/// The same where only calendar periods will do yet.
pub fn calendar_period(name: Option<&str>) -> Result<Period, Error> {
    match period(name)? {
        calendar @ Period::Calendar(_) => Ok(calendar),
        _ => Err(Error::NotYet {
            what: format!("the elapsed period \"{}\"", name.unwrap_or_default()),
            instead: "Use a calendar period: day, week, month, quarter, year.",
        }),
    }
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

/// The confidence of intervals: 0.95 by default.
pub fn confidence(value: Option<f64>) -> f64 {
    value.unwrap_or(0.95)
}
