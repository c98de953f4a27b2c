//! Attributes of a row, as jsonb or as numbers, for the aggregates over tables.

use crate::pg::arguments::Args;
use crate::pg::errors::raise;
use crate::pg::json::Fields;
use crate::pg::memory::PgHost;
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pg_retention_model::records::Attributes;
use pgrx::Array;
use std::io::Write;

/// The attributes of a row, kept for the call.
pub enum Given<'a> {
    /// Of a jsonb.
    Named(Fields<'a>),
    /// Of an array.
    Numbers(Vec<f64, PgHost>),
}

impl<'a> Given<'a> {
    /// The argument of this name, a jsonb.
    pub fn named(args: &mut Args<'a>, name: &str) -> Option<Self> {
        args.get(name).map(Given::Named)
    }

    /// The argument of this name, a float8[].
    pub fn numbers(args: &mut Args<'a>, name: &str) -> Option<Self> {
        let array: Array<'a, f64> = args.floats(name)?;
        let mut numbers = Vec::with_capacity_in(array.len(), PgHost::current());
        numbers.extend(array.iter().map(|number| match number {
            Some(number) if number.is_nan() => raise(&Error::OutOfRange {
                what: "an attribute",
                given: "NaN".to_string(),
                hint: "NULL says that a number is not known.",
            }),
            number => number.unwrap_or(f64::NAN),
        }));
        Some(Given::Numbers(numbers))
    }

    /// As the model takes them.
    pub fn attributes(&self) -> Attributes<'_> {
        match self {
            Given::Named(fields) => Attributes::Named(fields.values()),
            Given::Numbers(numbers) => Attributes::Numbers(numbers),
        }
    }
}

/// The argument `member`, as a name: a bigint or a text.
pub fn member<'a, 'd>(
    args: &mut Args<'a>,
    is_number: bool,
    digits: &'d mut [u8; 20],
) -> Option<&'d [u8]>
where
    'a: 'd,
{
    if !is_number {
        return args.name("member");
    }
    let number: i64 = args.get("member")?;
    let mut rest = &mut digits[..];
    let fits = write!(rest, "{number}");
    debug_assert!(fits.is_ok(), "20 letters are enough");
    let len = 20 - rest.len();
    Some(&digits[..len])
}

/// Says how many rows do not count.
pub fn tell_left_out(aggregate: &str, left_out: u64) {
    if left_out > 0 {
        let rows = if left_out == 1 { "row" } else { "rows" };
        pgrx::notice!(
            "{aggregate}: {left_out} {rows} left out, whose member, label or attributes are NULL"
        );
    }
}
