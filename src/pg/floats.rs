//! Arrays of float8 as arguments, read where they lie.

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::{FromDatum, pg_sys};

/// The numbers of an array; none if one of them is null.
pub struct Floats<'a>(Option<&'a [f64]>);

impl<'a> Floats<'a> {
    /// The numbers.
    pub fn numbers(&self) -> Option<&'a [f64]> {
        self.0
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

// SAFETY: reads the datum as what the SQL declaration says it is.
unsafe impl<'fcx> ArgAbi<'fcx> for Floats<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: declared as float8[]. A null is an Option's affair.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(floats) => floats,
            None => unreachable!("a null where Option is not expected"),
        }
    }
}
