//! Amounts: SQL numbers in, `numeric` out.

use super::arena::Arena;
use super::varlena::bytes;
use pg_retention_model::amount;
use pg_retention_model::error::Error;
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
        AmountKind::Numeric => match from_numeric(unsafe { bytes(datum) }) {
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

/// Reads the base-10000 digits of a `numeric`, whose bytes are the same in memory and on disk
/// (src/backend/utils/adt/numeric.c: NumericShort and NumericLong). PostgreSQL's own cast to a double
/// goes through text. The caller names the number in an error.
fn from_numeric(bytes: &[u8]) -> Result<i64, Error> {
    let word =
        |at: usize| bytes.get(at..at + 2).map_or(0, |pair| u16::from_ne_bytes([pair[0], pair[1]]));
    let header = word(0);
    let (negative, weight, digits) = match header >> 14 {
        // NaN and the infinities.
        0b11 => {
            return Err(Error::AmountOutOfRange { given: String::new() });
        }
        // One bit of sign, six of scale, seven of weight in two's complement.
        0b10 => {
            let weight = i32::from(header & 0x3F) - i32::from(header & 0x40);
            (header & 0x2000 != 0, weight, bytes.get(2..))
        }
        sign => (sign == 0b01, i32::from(word(2) as i16), bytes.get(4..)),
    };
    let digits = digits.unwrap_or_default();
    let values = digits.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
    amount::from_base_10000(negative, weight, values, String::new)
}

/// Millionths as `numeric`, without trailing zeros beyond the second decimal.
#[inline]
pub fn to_datum(units: i128, arena: &Arena) -> Option<pg_sys::Datum> {
    match i64::try_from(units) {
        Ok(units) => Some(short(&amount::to_base_10000(units), arena)),
        Err(_) => AnyNumeric::try_from(amount::text(units).as_str()).ok()?.into_datum(),
    }
}

/// The short form of a `numeric`: a word of sign, scale and weight, and the digits.
#[inline]
fn short(number: &amount::Base10000, arena: &Arena) -> pg_sys::Datum {
    const SHORT: u16 = 0x8000;
    let sign = if number.negative { 0x2000 } else { 0 };
    let weight = (number.weight & 0x7F) as u16;
    let header = SHORT | sign | (number.decimals as u16) << 7 | weight;
    let words = number.digits << u16::BITS | u128::from(header);
    let words = [words as u64, (words >> 64) as u64].map(|word| {
        // The low bits come first; on other machines the last of four.
        if cfg!(target_endian = "little") { word } else { turned(word) }
    });
    arena.varlena_of(words, 2 * (1 + number.len()))
}

/// Four numbers of sixteen bits in the opposite order.
fn turned(word: u64) -> u64 {
    let halves = word.rotate_left(32);
    (halves & 0x0000_ffff_0000_ffff) << 16 | (halves >> 16) & 0x0000_ffff_0000_ffff
}
