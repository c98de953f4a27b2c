//! Text, which the model has in UTF-8 and the database in an encoding of its own.
//!
//! What comes in is turned into UTF-8 and what goes out is turned back, here and nowhere else: names of
//! members, texts, documents, and the words of errors. So a summary has the same bytes in a database of
//! another encoding. Nothing is to be done where the database uses UTF-8 too, or says that it knows of no
//! encoding (SQL_ASCII); and of letters that every encoding of a database has alike, which is most text.

use pgrx::pg_sys;
use std::ffi::{CStr, c_char};
use std::sync::OnceLock;

/// The database's encoding, by its number.
fn of_database() -> i32 {
    // SAFETY: reads a number.
    unsafe { pg_sys::GetDatabaseEncoding() }
}

fn keeps_text_as_it_is() -> bool {
    static KEEPS: OnceLock<bool> = OnceLock::new();
    // A backend's database, and so its encoding, never changes.
    *KEEPS.get_or_init(|| {
        [pg_sys::pg_enc::PG_UTF8, pg_sys::pg_enc::PG_SQL_ASCII].contains(&(of_database() as _))
    })
}

#[inline]
fn is_the_same_in_both(text: &[u8]) -> bool {
    keeps_text_as_it_is() || text.is_ascii()
}

/// Text of the database in UTF-8.
#[inline]
pub fn to_utf8(text: &[u8]) -> &[u8] {
    if is_the_same_in_both(text) { text } else { convert(text, pg_sys::pg_server_to_any) }
}

/// The same back. A letter that the database's encoding does not have is an ERROR.
#[inline]
pub fn from_utf8(text: &[u8]) -> &[u8] {
    if is_the_same_in_both(text) { text } else { convert(text, pg_sys::pg_any_to_server) }
}

type Conversion = unsafe fn(*const c_char, i32, i32) -> *mut c_char;

/// Converts between the database's encoding and UTF-8, or raises an ERROR.
#[cold]
fn convert(text: &[u8], conversion: Conversion) -> &[u8] {
    // SAFETY: reads the text's bytes; the result is the same pointer, or a C string in the current
    // memory context, which outlives the use of the text.
    unsafe {
        let from = text.as_ptr().cast::<c_char>();
        let len = i32::try_from(text.len()).unwrap_or(i32::MAX);
        let to = conversion(from, len, pg_sys::pg_enc::PG_UTF8 as i32);
        if to.cast_const() == from { text } else { CStr::from_ptr(to).to_bytes() }
    }
}

/// Has the database's encoding all letters of a text?
pub fn has_letters_of(text: &str) -> bool {
    is_the_same_in_both(text.as_bytes()) || to_database(text).len() == text.len()
}

/// The words of an error, in the encoding of the database: letters that it does not have become '?', since
/// an error about an error would hide what is wrong.
pub fn words(text: String) -> String {
    if is_the_same_in_both(text.as_bytes()) {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let converted = to_database(rest);
        out.extend_from_slice(&converted.bytes);
        rest = rest.get(converted.len()..).unwrap_or_default();
        let mut letters = rest.chars();
        if letters.next().is_some() {
            out.push(b'?');
            rest = letters.as_str();
        }
    }
    // SAFETY: no letter is ever read of this string: pgrx hands its bytes to errmsg(), which wants them in
    // the encoding of the database.
    unsafe { String::from_utf8_unchecked(out) }
}

/// The begin of a text as the database has it, up to the first letter that it does not have.
struct Converted {
    bytes: Vec<u8>,
    /// How much of the text that is.
    of: usize,
}

impl Converted {
    fn len(&self) -> usize {
        self.of
    }
}

fn to_database(text: &str) -> Converted {
    /// No encoding of a database takes more for what is a byte in UTF-8.
    const MOST_GROWTH: usize = 4;
    /// At once, so that a long text takes little.
    const MOST: usize = 1 << 16;
    let mut converted = Converted { bytes: Vec::new(), of: 0 };
    let (from, to) = (pg_sys::pg_enc::PG_UTF8 as i32, of_database());
    // SAFETY: looks into the catalogue.
    let procedure = unsafe { pg_sys::FindDefaultConversionProc(from, to) };
    let mut rest = text;
    while !rest.is_empty() {
        let end = (0..=rest.len().min(MOST)).rev().find(|end| rest.is_char_boundary(*end));
        let (mut part, after) = rest.split_at(end.unwrap_or(0));
        if procedure == pg_sys::InvalidOid {
            // As MULE_INTERNAL has none: up to the first letter that is not ASCII.
            let plain = part.bytes().take_while(u8::is_ascii).count();
            converted.bytes.extend_from_slice(&part.as_bytes()[..plain]);
            converted.of += plain;
            if plain < part.len() {
                break;
            }
            rest = after;
            continue;
        }
        let whole = part.len();
        let mut room = vec![0u8; part.len() * MOST_GROWTH + 1];
        // SAFETY: reads the part, and writes into the room, of whose length it is told. It stops before a
        // letter that it can not convert, and returns how many bytes it has converted.
        let done = unsafe {
            pg_sys::pg_do_encoding_conversion_buf(
                procedure,
                from,
                to,
                part.as_ptr().cast_mut(),
                part.len() as i32,
                room.as_mut_ptr(),
                room.len() as i32,
                true,
            )
        };
        part = part.get(..usize::try_from(done).unwrap_or(0)).unwrap_or_default();
        let end = room.iter().position(|byte| *byte == 0).unwrap_or(0);
        converted.bytes.extend_from_slice(&room[..end]);
        converted.of += part.len();
        if part.len() < whole {
            break;
        }
        rest = after;
    }
    converted
}

/// Is the database's encoding UTF-8?
pub fn is_utf8() -> bool {
    of_database() == pg_sys::pg_enc::PG_UTF8 as i32
}

/// Does the database say that it knows of no encoding?
pub fn is_sql_ascii() -> bool {
    of_database() == pg_sys::pg_enc::PG_SQL_ASCII as i32
}
