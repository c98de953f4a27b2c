//! Members: SQL values in, SQL values out.

use super::errors::raise;
use super::memory::PgHost;
use super::varlena::bytes;
use pg_retention_model::error::Error;
use pg_retention_model::history::{MemberKind, MemberRef};
use pg_retention_model::host::{Host, Vec};
use pgrx::pg_sys;
use std::ffi::{CStr, c_char};
use std::sync::OnceLock;

/// The kind of members of an SQL type.
pub fn kind_of(type_oid: pg_sys::Oid) -> Option<MemberKind> {
    match type_oid {
        pg_sys::INT8OID => Some(MemberKind::Int),
        pg_sys::UUIDOID => Some(MemberKind::Uuid),
        pg_sys::TEXTOID => Some(MemberKind::Text),
        _ => None,
    }
}

/// The member that a datum names.
///
/// # Safety
/// The datum must be of the SQL type of this kind, and live as long as `'a`.
#[inline]
pub unsafe fn from_datum<'a>(kind: MemberKind, datum: pg_sys::Datum) -> MemberRef<'a> {
    match kind {
        MemberKind::Int => MemberRef::Int(datum.value() as i64),
        MemberKind::Uuid => {
            // SAFETY: a uuid is sixteen bytes by reference.
            let uuid = unsafe { datum.cast_mut_ptr::<[u8; 16]>().read() };
            MemberRef::Uuid(u128::from_be_bytes(uuid))
        }
        // SAFETY: text is a varlena.
        MemberKind::Text => MemberRef::Text(to_utf8(unsafe { bytes(datum) })),
    }
}

/// Histories keep names in UTF-8, so that they mean the same in a database of another encoding.
/// Nothing is to be done where the database uses it too, or says that it knows of no encoding.
fn keeps_names_as_they_are() -> bool {
    static KEEPS: OnceLock<bool> = OnceLock::new();
    *KEEPS.get_or_init(|| {
        // SAFETY: a backend's database, and so its encoding, never changes.
        let encoding = unsafe { pg_sys::GetDatabaseEncoding() };
        [pg_sys::pg_enc::PG_UTF8, pg_sys::pg_enc::PG_SQL_ASCII].contains(&(encoding as _))
    })
}

/// Text of the database as the names that are kept.
#[inline]
pub fn to_utf8(name: &[u8]) -> &[u8] {
    if keeps_names_as_they_are() { name } else { convert(name, pg_sys::pg_server_to_any) }
}

/// The same back.
#[inline]
pub fn from_utf8(name: &[u8]) -> &[u8] {
    if keeps_names_as_they_are() { name } else { convert(name, pg_sys::pg_any_to_server) }
}

type Conversion = unsafe fn(*const c_char, i32, i32) -> *mut c_char;

/// Converts between the database's encoding and UTF-8, or raises an ERROR.
#[cold]
fn convert(name: &[u8], conversion: Conversion) -> &[u8] {
    // SAFETY: reads the name's bytes; the result is the same pointer, or a C string in the current
    // memory context, which outlives the use of the name.
    unsafe {
        let from = name.as_ptr().cast::<c_char>();
        let len = i32::try_from(name.len()).unwrap_or(i32::MAX);
        let to = conversion(from, len, pg_sys::pg_enc::PG_UTF8 as i32);
        if to.cast_const() == from { name } else { CStr::from_ptr(to).to_bytes() }
    }
}

/// Is this a name that a database could have made?
pub fn check_text(member: MemberRef<'_>) -> Result<(), Error> {
    match member {
        MemberRef::Text(name) if name.contains(&0) => Err(Error::Malformed("a name has a zero")),
        MemberRef::Text(name) if std::str::from_utf8(name).is_err() && !is_sql_ascii() => {
            Err(Error::Malformed("a name is not in UTF-8"))
        }
        _ => Ok(()),
    }
}

/// Is the database's encoding UTF-8?
pub fn is_utf8() -> bool {
    // SAFETY: reads a number.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

fn is_sql_ascii() -> bool {
    // SAFETY: reads a number.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_SQL_ASCII as i32 }
}

/// An array of members.
pub struct Members {
    kind: MemberKind,
    array: pg_sys::Datum,
}

impl Members {
    /// # Safety
    /// The datum must be an array of members of this kind.
    pub unsafe fn new(kind: MemberKind, array: pg_sys::Datum) -> Self {
        Members { kind, array }
    }

    /// Those that are not null, sorted. They must be of this kind.
    pub fn of<'a>(self, kind: MemberKind) -> Vec<MemberRef<'a>, PgHost> {
        if self.kind != kind {
            raise(&Error::MemberType { found: kind.name(), asked: self.kind.name() });
        }
        let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: the array is of this element type; what comes back is `count` long, and like the
        // array itself in the memory of this call.
        let (values, nulls) = unsafe {
            let array = pg_sys::pg_detoast_datum(self.array.cast_mut_ptr()).cast();
            let (oid, len, by_value, align) = match kind {
                MemberKind::Int => (pg_sys::INT8OID, 8, true, b'd'),
                MemberKind::Uuid => (pg_sys::UUIDOID, 16, false, b'c'),
                MemberKind::Text => (pg_sys::TEXTOID, -1, false, b'i'),
            };
            let align = align as c_char;
            pg_sys::deconstruct_array(
                array,
                oid,
                len,
                by_value,
                align,
                &mut values,
                &mut nulls,
                &mut count,
            );
            let count = usize::try_from(count).unwrap_or(0);
            (std::slice::from_raw_parts(values, count), std::slice::from_raw_parts(nulls, count))
        };
        let host = PgHost::current();
        let mut members = Vec::with_capacity_in(values.len(), host);
        for (i, (datum, _)) in values.iter().zip(nulls).filter(|(_, null)| !**null).enumerate() {
            if i % 4096 == 0 {
                host.poll();
            }
            // SAFETY: the element is of this kind.
            members.push(unsafe { from_datum(kind, *datum) });
        }
        members.sort_unstable();
        members
    }
}
