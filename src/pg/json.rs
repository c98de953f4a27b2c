//! `jsonb`: documents in and out. What they mean is the model's affair.

use super::arguments::{Argument, SqlType};
use super::member::{from_utf8, to_utf8};
use super::varlena;
use pg_retention_model::error::Error;
use pgrx::callconv::{BoxRet, FcInfo};
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

// SAFETY: reads a jsonb.
unsafe impl Argument for JsonText<'_> {
    const TYPE: SqlType = SqlType::Of(pg_sys::JSONBOID);
}

/// A jsonb argument whose bytes are looked at before its text: those of one and the same document, as
/// a function that is called once a row sees it again and again.
pub struct JsonValue<'a>(&'a [u8], pg_sys::Datum);

impl<'a> JsonValue<'a> {
    /// Its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// It as a JSON text in UTF-8.
    pub fn text(&self) -> Option<JsonText<'a>> {
        // SAFETY: it is a jsonb.
        unsafe { JsonText::from_datum(self.1, false) }
    }
}

impl FromDatum for JsonValue<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: the caller vouches for a jsonb, which is a varlena.
        (!is_null).then(|| JsonValue(unsafe { varlena::bytes(datum) }, datum))
    }
}

// SAFETY: reads a jsonb.
unsafe impl Argument for JsonValue<'_> {
    const TYPE: SqlType = SqlType::Of(pg_sys::JSONBOID);
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
