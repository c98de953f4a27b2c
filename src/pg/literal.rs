//! The text and the binary form of types whose values are bytes: base64, and the bytes.

use super::errors::{OrRaise, raise_as};
use super::memory::PgHost;
use super::varlena::{CText, Varlena};
use pg_retention_model::error::Error;
use pg_retention_wire::base64;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::{PgSqlErrorCode, pg_sys};
use std::ffi::CStr;

/// Reads a literal whose bytes `check` finds good; `not_base64` is the error for another text.
pub fn read(
    text: &CStr,
    not_base64: &Error,
    check: impl FnOnce(&[u8]) -> Result<(), Error>,
) -> Varlena {
    let invalid =
        |error: &Error| raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, error);
    let mut value = Varlena::with_len(base64::decoded_len(text.count_bytes()));
    let len = base64::decode(text.to_bytes(), value.bytes(), &PgHost::current());
    let len = len.unwrap_or_else(|| invalid(not_base64));
    let bytes = &value.bytes()[..len];
    if let Err(error) = check(bytes) {
        invalid(&error);
    }
    Varlena::copy_of(bytes)
}

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
