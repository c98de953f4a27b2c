//! The text and the binary form of types whose values are bytes: base64, and the bytes.

use super::errors::{OrRaise, raise_as};
use super::varlena::{CText, Varlena};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pg_retention_model::error::Error;
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
    let mut value = Varlena::with_len(base64::decoded_len_estimate(text.count_bytes()));
    let len = decode(text.to_bytes(), value.bytes()).unwrap_or_else(|| invalid(not_base64));
    let bytes = &value.bytes()[..len];
    if let Err(error) = check(bytes) {
        invalid(&error);
    }
    Varlena::copy_of(bytes)
}

/// Writes it.
pub fn write(bytes: &[u8]) -> CText {
    let size = base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX);
    let mut text = CText::with_len(size);
    for (to, from) in text.bytes().chunks_mut(PIECE * 4).zip(bytes.chunks(PIECE * 3)) {
        pgrx::check_for_interrupts!();
        let written = STANDARD.encode_slice(from, to);
        debug_assert_eq!(written, Ok(to.len()));
    }
    text
}

/// Groups of three bytes, four letters, between two chances to stop.
const PIECE: usize = 1 << 18;

/// Decodes a text and tells how many bytes it was.
fn decode(text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    let mut len = 0;
    for piece in text.chunks(PIECE * 4) {
        pgrx::check_for_interrupts!();
        // Only the last piece may be padded.
        if len % (PIECE * 3) != 0 {
            return None;
        }
        len += STANDARD.decode_slice(piece, bytes.get_mut(len..)?).ok()?;
    }
    Some(len)
}

/// The bytes of a binary form, if `check` finds them good.
///
/// # Safety
/// PostgreSQL calls receive functions with a StringInfo whose unread part is the value.
pub unsafe fn receive(
    fcinfo: pg_sys::FunctionCallInfo,
    check: impl FnOnce(&[u8]) -> Result<(), Error>,
) -> Varlena {
    // SAFETY: see above; having read it all is told by the cursor.
    let bytes = unsafe {
        let message: pg_sys::StringInfo = (*fcinfo).args.as_slice(1)[0].value.cast_mut_ptr();
        let (len, cursor) = ((*message).len as usize, (*message).cursor as usize);
        (*message).cursor = (*message).len;
        std::slice::from_raw_parts((*message).data.cast::<u8>().add(cursor), len - cursor)
    };
    check(bytes).or_raise();
    Varlena::copy_of(bytes)
}
