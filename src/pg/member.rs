//! Members: SQL values in, SQL values out.

use super::varlena::{Varlena, bytes};
use pg_retention_model::error::Error;
use pg_retention_model::history::{MemberKind, MemberRef};
use pgrx::pg_sys;

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
        MemberKind::Text => MemberRef::Text(unsafe { bytes(datum) }),
    }
}

/// A member as a value of an SQL type: its own, or text.
pub fn to_datum(member: MemberRef<'_>, type_oid: pg_sys::Oid) -> Result<pg_sys::Datum, Error> {
    match (type_oid, member) {
        (pg_sys::INT8OID, MemberRef::Int(key)) => Ok(pg_sys::Datum::from(key)),
        (pg_sys::UUIDOID, MemberRef::Uuid(key)) => {
            // SAFETY: palloc gives sixteen bytes or fails with an ERROR.
            unsafe {
                let uuid: *mut [u8; 16] = pg_sys::palloc(16).cast();
                uuid.write(key.to_be_bytes());
                Ok(pg_sys::Datum::from(uuid))
            }
        }
        (pg_sys::TEXTOID, MemberRef::Text(key)) => Ok(Varlena::copy_of(key).into_datum()),
        (pg_sys::TEXTOID, key) => Ok(Varlena::copy_of(key.to_string().as_bytes()).into_datum()),
        (asked, member) => Err(Error::MemberType {
            found: member.kind().name(),
            asked: kind_of(asked).map_or("that", MemberKind::name),
        }),
    }
}

/// Is this text that the database could have made?
pub fn check_text(member: MemberRef<'_>) -> Result<(), Error> {
    let MemberRef::Text(key) = member else {
        return Ok(());
    };
    let len = i32::try_from(key.len()).map_err(|_| Error::Malformed("a name is too long"))?;
    // SAFETY: reads `len` bytes; with noError it returns false instead of raising.
    let valid = unsafe { pg_sys::pg_verifymbstr(key.as_ptr().cast(), len, true) };
    if valid { Ok(()) } else { Err(Error::Malformed("a name is not in the database's encoding")) }
}
