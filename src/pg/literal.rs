//! The text and the binary form of types whose values are bytes: base64, and the bytes.

use super::encoding::to_utf8;
use super::errors::{OrRaise, raise_as};
use super::memory::PgHost;
use super::varlena::{CText, Varlena};
use pg_retention_model::error::Error;
use pg_retention_wire::base64;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::{PgSqlErrorCode, pg_sys};
use std::ffi::CStr;

/// A type whose values have such a text.
pub struct Literal {
    /// Its name.
    pub of: &'static str,
    /// How a value is made from a table, whose name stands as TABLE.
    pub made: &'static str,
    /// The error about a text that is not base64.
    pub not_base64: fn() -> Error,
}

impl Literal {
    /// Reads a text whose bytes `check` finds good.
    pub fn read(&self, text: &CStr, check: impl FnOnce(&[u8]) -> Result<(), Error>) -> Varlena {
        let mut value = Varlena::with_len(base64::decoded_len(text.count_bytes()));
        let bytes = base64::decode(text.to_bytes(), value.bytes(), &PgHost::current())
            .ok_or_else(self.not_base64)
            .map(|len| &value.bytes()[..len]);
        match bytes.and_then(|bytes| check(bytes).map(|()| bytes)) {
            Ok(bytes) => Varlena::copy_of(bytes),
            Err(error) => {
                let error = self.of_name(text).unwrap_or(error);
                raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, &error)
            }
        }
    }

    /// The error about a text that somebody typed: where a value is expected, the name of the table that
    /// it should be made from is everybody's first guess.
    fn of_name(&self, text: &CStr) -> Option<Error> {
        let given = std::str::from_utf8(to_utf8(text.to_bytes()))
            .ok()
            .filter(|text| text.chars().count() <= LONGEST_NAME)?;
        let is_name = !given.is_empty()
            && given.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '"'));
        let (of, made, given) = (self.of, self.made, given.to_string());
        is_name.then_some(Error::NotAValue { of, given, made })
    }
}

/// Characters of a name with its schema. No value of a type is as short in base64.
const LONGEST_NAME: usize = 40;

/// Writes it.
pub fn write(bytes: &[u8]) -> CText {
    let mut text = CText::with_len(base64::encoded_len(bytes.len()).unwrap_or(usize::MAX));
    base64::encode(bytes, text.bytes(), &PgHost::current());
    text
}

/// What a receive function is given: the bytes of a binary form, from somebody else.
pub struct Message<'a>(&'a [u8]);

// SAFETY: PostgreSQL calls receive functions with a StringInfo whose unread part is the value, and
// nobody else can: the argument is `internal`. Having read it all is told by the cursor.
unsafe impl<'fcx> ArgAbi<'fcx> for Message<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see above.
        unsafe {
            let Some(datum) = arg.unbox_arg_using_from_datum::<pg_sys::Datum>() else {
                unreachable!("a null argument of a strict function");
            };
            let message: pg_sys::StringInfo = datum.cast_mut_ptr();
            let (len, cursor) = ((*message).len as usize, (*message).cursor as usize);
            (*message).cursor = (*message).len;
            let start = (*message).data.cast::<u8>().add(cursor);
            Message(std::slice::from_raw_parts(start, len - cursor))
        }
    }
}

impl Message<'_> {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0
    }

    /// A value of these bytes, if `check` finds them good.
    pub fn receive(&self, check: impl FnOnce(&[u8]) -> Result<(), Error>) -> Varlena {
        check(self.0).or_raise();
        Varlena::copy_of(self.0)
    }
}
