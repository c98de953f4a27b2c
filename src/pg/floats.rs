//! Arrays of float8 as arguments, read where they lie.

use super::arguments::{Argument, SqlType};
use super::encoding::from_utf8;
use super::varlena::CText;
use pgrx::{FromDatum, pg_sys};

/// The numbers of an array; none if one of them is null.
pub struct Floats<'a>(Option<&'a [f64]>);

impl<'a> Floats<'a> {
    /// The numbers.
    pub fn numbers(&self) -> Option<&'a [f64]> {
        self.0
    }

    /// Of the text of an array.
    pub fn parse(text: &str) -> Option<Self> {
        let text = CText::copy_of(from_utf8(text.as_bytes()));
        // SAFETY: the input function of float8[] takes a C string, and returns an array in the current
        // memory context.
        unsafe {
            let (mut input, mut element) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
            pg_sys::getTypeInputInfo(pg_sys::FLOAT8ARRAYOID, &mut input, &mut element);
            let text = text.into_datum().cast_mut_ptr();
            let array = pg_sys::OidInputFunctionCall(input, text, element, -1);
            Floats::from_datum(array, false)
        }
    }
}

impl FromDatum for Floats<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the caller vouches for a float8[]. Detoasted, it is aligned for its numbers
        // (src/include/utils/array.h): a header, the size and the lower bound of every dimension,
        // the bitmap of nulls if there is one, and the numbers at `dataoffset` or after the bounds.
        unsafe {
            let array: *const pg_sys::ArrayType =
                pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast();
            let dimensions = usize::try_from((*array).ndim).unwrap_or(0);
            let sizes = std::slice::from_raw_parts(array.add(1).cast::<i32>(), dimensions);
            let size = |&size: &i32| usize::try_from(size).unwrap_or(0);
            let len = if dimensions == 0 { 0 } else { sizes.iter().map(size).product() };
            let header = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>() * dimensions;
            let offset = match usize::try_from((*array).dataoffset).unwrap_or(0) {
                0 => header.next_multiple_of(8),
                // Only an array that has a null has a bitmap, but for those made of others.
                _ if pg_sys::array_contains_nulls(array.cast_mut()) => return Some(Floats(None)),
                offset => offset,
            };
            let numbers = array.cast::<u8>().add(offset).cast::<f64>();
            Some(Floats(Some(std::slice::from_raw_parts(numbers, len))))
        }
    }
}

// SAFETY: reads a float8[].
unsafe impl Argument for Floats<'_> {
    const TYPE: SqlType = SqlType::Of(pg_sys::FLOAT8ARRAYOID);
}
