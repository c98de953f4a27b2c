//! Members: SQL values in, SQL values out.

use super::encoding::{is_sql_ascii, to_utf8};
use super::errors::raise;
use super::memory::PgHost;
use super::varlena::bytes;
use pg_retention_model::error::Error;
use pg_retention_model::history::{MemberKind, MemberRef};
use pg_retention_model::host::{Host, Pace, Vec};
use pgrx::pg_sys;
use std::ffi::c_char;

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
        // SAFETY: the array is of this element type.
        let elements = unsafe {
            match kind {
                MemberKind::Int => elements(self.array, pg_sys::INT8OID, 8, true, b'd'),
                MemberKind::Uuid => elements(self.array, pg_sys::UUIDOID, 16, false, b'c'),
                MemberKind::Text => elements(self.array, pg_sys::TEXTOID, -1, false, b'i'),
            }
        };
        let host = PgHost::current();
        let mut members = Vec::with_capacity_in(elements.len(), host);
        for (i, datum) in elements.flatten().enumerate() {
            if i % 4096 == 0 {
                host.poll();
            }
            // SAFETY: the element is of this kind.
            members.push(unsafe { from_datum(kind, datum) });
        }
        let mut pace = Pace::new(&host);
        members.sort_unstable_by(|a: &MemberRef<'a>, b| {
            pace.step(1);
            a.cmp(b)
        });
        members
    }
}

/// The elements of an array; none for NULL.
///
/// # Safety
/// The datum must be an array of this type, of this length and alignment. What comes back is in the
/// memory of this call, as the array is.
unsafe fn elements<'a>(
    array: pg_sys::Datum,
    oid: pg_sys::Oid,
    len: i32,
    by_value: bool,
    align: u8,
) -> impl ExactSizeIterator<Item = Option<pg_sys::Datum>> + use<'a> {
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: see above; what comes back is `count` long.
    let (values, nulls): (&'a [pg_sys::Datum], &'a [bool]) = unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast();
        pg_sys::deconstruct_array(
            array,
            oid,
            len,
            by_value,
            align as c_char,
            &mut values,
            &mut nulls,
            &mut count,
        );
        let count = usize::try_from(count).unwrap_or(0);
        (std::slice::from_raw_parts(values, count), std::slice::from_raw_parts(nulls, count))
    };
    values.iter().zip(nulls).map(|(value, null)| (!null).then_some(*value))
}

/// The texts of an array, as bytes in UTF-8; none for NULL.
///
/// # Safety
/// The datum must be an array of text.
pub unsafe fn texts<'a>(array: pg_sys::Datum) -> Vec<Option<&'a [u8]>, PgHost> {
    let host = PgHost::current();
    // SAFETY: see above; text is a varlena.
    let elements = unsafe { elements(array, pg_sys::TEXTOID, -1, false, b'i') };
    let mut pace = Pace::new(&host);
    let mut texts = Vec::with_capacity_in(elements.len(), host);
    for element in elements {
        pace.step(4);
        // SAFETY: as above.
        texts.push(element.map(|datum| to_utf8(unsafe { bytes(datum) })));
    }
    texts
}
