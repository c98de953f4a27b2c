//! Amounts: SQL numbers in, `numeric` out.

use super::varlena::bytes;
use pg_retention_model::amount;
use pg_retention_model::error::Error;
use pg_retention_wire::numeric;
use pgrx::{AnyNumeric, IntoDatum, direct_function_call, pg_sys};

/// The SQL types of amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountKind {
    /// Decimal.
    Numeric,
    /// Double precision.
    Double,
    /// Whole numbers.
    Integer,
}

/// The kind of amounts of an SQL type.
pub fn kind_of(type_oid: pg_sys::Oid) -> Option<AmountKind> {
    match type_oid {
        pg_sys::NUMERICOID => Some(AmountKind::Numeric),
        pg_sys::FLOAT8OID => Some(AmountKind::Double),
        pg_sys::INT8OID => Some(AmountKind::Integer),
        _ => None,
    }
}

/// The amount in millionths.
///
/// # Safety
/// The datum must be of the SQL type of this kind.
#[inline]
pub unsafe fn from_datum(kind: AmountKind, datum: pg_sys::Datum) -> Result<i64, Error> {
    match kind {
        AmountKind::Integer => amount::from_integer(datum.value() as i64),
        AmountKind::Double => amount::from_double(f64::from_bits(datum.value() as u64)),
        // SAFETY: numeric is a varlena.
        AmountKind::Numeric => match numeric::read(unsafe { bytes(datum) }) {
            Err(Error::AmountOutOfRange { .. }) => Err(out_of_range(datum)),
            result => result,
        },
    }
}

/// The error for an amount, with its decimal text.
#[cold]
fn out_of_range(numeric: pg_sys::Datum) -> Error {
    // SAFETY: the caller vouches for the type.
    let text =
        unsafe { direct_function_call::<&std::ffi::CStr>(pg_sys::numeric_out, &[Some(numeric)]) };
    Error::AmountOutOfRange { given: text.unwrap_or(c"").to_string_lossy().into_owned() }
}

/// Millionths as `numeric`, by way of their text: for those that are no amount but a sum of many.
#[cold]
pub fn to_numeric(units: i128) -> Option<pg_sys::Datum> {
    AnyNumeric::try_from(amount::text(units).as_str()).ok()?.into_datum()
}
