//! `jsonb`: documents in and out. What they mean is the model's affair.

use super::member::{from_utf8, to_utf8};
use pg_retention_model::error::Error;
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{FromDatum, direct_function_call, direct_function_call_as_datum, pg_sys};
use std::ffi::{CStr, CString};

/// A jsonb argument as JSON text in UTF-8.
pub struct JsonText<'a>(&'a str);

impl std::ops::Deref for JsonText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl FromDatum for JsonText<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the caller vouches for a jsonb; its text is in the current memory context.
        let text = unsafe { direct_function_call::<&CStr>(pg_sys::jsonb_out, &[Some(datum)]) };
        let text = to_utf8(text.unwrap_or(c"").to_bytes());
        Some(JsonText(std::str::from_utf8(text).unwrap_or("")))
    }
}

// SAFETY: reads the datum as what the SQL declaration says it is.
unsafe impl<'fcx> ArgAbi<'fcx> for JsonText<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: declared as jsonb. A null is an Option's affair.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(text) => text,
            None => unreachable!("a null where Option is not expected"),
        }
    }
}

/// A jsonb value to return.
pub struct Jsonb(pg_sys::Datum);

impl Jsonb {
    /// The value of a JSON text.
    pub fn of(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::BadJson { what: "a result", why: why.to_string() };
        let text = CString::new(from_utf8(text.as_bytes())).map_err(|_| wrong("a zero in it"))?;
        // SAFETY: a C string in, a jsonb in the current memory context out.
        let value = unsafe {
            let text = pg_sys::Datum::from(text.as_ptr());
            direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(text)])
        };
        value.map(Jsonb).ok_or_else(|| wrong("it is null"))
    }
}

// SAFETY: the datum of a jsonb is one.
unsafe impl BoxRet for Jsonb {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: see above.
        unsafe { fcinfo.return_raw_datum(self.0) }
    }
}
