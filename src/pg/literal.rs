//! The text form of types whose values are bytes: base64.

use super::errors::raise_as;
use super::varlena::{CText, Varlena};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pg_retention_model::error::Error;
use pgrx::PgSqlErrorCode;
use std::ffi::CStr;

/// Reads a literal of a type whose bytes `check` finds good.
pub fn read(
    text: &CStr,
    of: &'static str,
    check: impl FnOnce(&[u8]) -> Result<(), Error>,
) -> Varlena {
    let invalid =
        |error: &Error| raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, error);
    let mut value = Varlena::with_len(base64::decoded_len_estimate(text.count_bytes()));
    let len = STANDARD.decode_slice(text.to_bytes(), value.bytes()).unwrap_or_else(|_| {
        invalid(&Error::MalformedValue { of, why: "its text is not base64".to_string() })
    });
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
    let written = STANDARD.encode_slice(bytes, text.bytes());
    debug_assert_eq!(written, Ok(size));
    text
}
