//! `jsonb`: documents in and out. The model knows what they mean.

use super::arguments::{Argument, SqlType};
use super::encoding::{from_utf8, to_utf8};
use super::errors::raise;
use super::memory::PgHost;
use super::varlena::{self, CText};
use pg_retention_model::cox::Value;
use pg_retention_model::error::{Error, shorten};
use pg_retention_model::host::Vec;
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
        Some(JsonText(std::str::from_utf8(text).unwrap_or_else(|_| not_utf8())))
    }
}

/// Where the database does not know of encodings (SQL_ASCII), a document may hold anything.
#[cold]
fn not_utf8() -> ! {
    raise(&Error::BadArgument {
        message: "the JSON has letters that are not UTF-8".to_string(),
        hint: "The database's encoding is SQL_ASCII, and texts in it are taken for UTF-8: give them in that.",
    })
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

/// The fields of an object whose values are numbers, texts, truth values and nulls, in the order in
/// which a jsonb keeps them. They lie in it.
pub struct Fields<'a>(Vec<(&'a [u8], Value<'a>), PgHost>);

impl<'a> Fields<'a> {
    /// Names and values.
    pub fn values(&self) -> &[(&'a [u8], Value<'a>)] {
        &self.0
    }

    /// Of a JSON text.
    pub fn parse(text: &str) -> Self {
        let text = CText::copy_of(from_utf8(text.as_bytes()));
        // SAFETY: a C string in, a jsonb in the current memory context out.
        unsafe {
            let text = Some(text.into_datum());
            let value = direct_function_call_as_datum(pg_sys::jsonb_in, &[text]);
            value.map_or_else(|| no_fields(), |value| Fields::read(value))
        }
    }

    /// # Safety
    /// The datum must be a jsonb.
    unsafe fn read(datum: pg_sys::Datum) -> Self {
        // SAFETY: see above. The iterator and what it shows live in the current memory context and in
        // the value (src/include/utils/jsonb.h); which part of the union there is its type says.
        unsafe {
            let jsonb: *mut pg_sys::Jsonb = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast();
            let mut iterator = pg_sys::JsonbIteratorInit(&mut (*jsonb).root);
            let mut shown = pg_sys::JsonbValue::default();
            let mut next = || {
                let token = pg_sys::JsonbIteratorNext(&mut iterator, &mut shown, true);
                (token, shown)
            };
            if next().0 != pg_sys::JsonbIteratorToken::WJB_BEGIN_OBJECT {
                no_fields();
            }
            let mut fields = Vec::new_in(PgHost::current());
            loop {
                let (token, key) = next();
                if token != pg_sys::JsonbIteratorToken::WJB_KEY {
                    return Fields(fields);
                }
                let name = text_of(&key);
                let (_, value) = next();
                fields.push((name, value_of(name, &value)));
            }
        }
    }
}

/// # Safety
/// The value must be a string that lives as long as `'a`.
unsafe fn text_of<'a>(value: &pg_sys::JsonbValue) -> &'a [u8] {
    // SAFETY: see above.
    unsafe {
        let string = value.val.string;
        let len = usize::try_from(string.len).unwrap_or(0);
        to_utf8(std::slice::from_raw_parts(string.val.cast_const().cast(), len))
    }
}

/// # Safety
/// The value must live as long as `'a`.
unsafe fn value_of<'a>(name: &[u8], value: &pg_sys::JsonbValue) -> Value<'a> {
    // SAFETY: its type says which part of the union there is.
    unsafe {
        match value.type_ {
            pg_sys::jbvType::jbvNull => Value::Null,
            pg_sys::jbvType::jbvString => Value::Text(text_of(value)),
            pg_sys::jbvType::jbvBool => Value::Flag(value.val.boolean),
            pg_sys::jbvType::jbvNumeric => {
                let number = pg_sys::Datum::from(value.val.numeric);
                let number = direct_function_call(pg_sys::numeric_float8, &[Some(number)]);
                number.map_or(Value::Null, Value::Number)
            }
            _ => raise(&Error::BadArgument {
                message: format!(
                    "\"{}\" is a list or an object",
                    shorten(&String::from_utf8_lossy(name))
                ),
                hint: "Each value is a number, a text, true, false or null.",
            }),
        }
    }
}

fn no_fields() -> ! {
    raise(&Error::BadArgument {
        message: "no JSON object".to_string(),
        hint: "Give names and values, such as jsonb_build_object('age', age, 'plan', plan).",
    })
}

impl FromDatum for Fields<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: the caller vouches for a jsonb.
        (!is_null).then(|| unsafe { Fields::read(datum) })
    }
}

// SAFETY: reads a jsonb.
unsafe impl Argument for Fields<'_> {
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
