//! The history as an expanded object: the form that an aggregate hands from row to row.
//!
//! It lives in a memory context of its own, with everything it owns, so that PostgreSQL counts it,
//! frees it whole, and can move it. Its flat form is made when somebody asks for bytes.
//! See src/include/utils/expandeddatum.h.

use super::errors::OrRaise;
use super::memory::PgHost;
use super::signature::Signature;
use pg_retention_model::calendar::Clock;
use pg_retention_model::history::{Flat, History, Meta};
use pgrx::{pg_guard, pg_sys};
use std::ptr::NonNull;

use super::zone::PgZone;

/// A history, and what its rows need.
#[repr(C)]
pub struct Expanded {
    header: pg_sys::ExpandedObjectHeader,
    /// The history.
    pub history: History<PgHost>,
    /// Turns the times of rows into ticks.
    pub clock: Clock<PgHost>,
    /// The zone of the rows' times.
    pub zone: PgZone,
    /// The types of the aggregate's arguments; none if it only takes histories.
    pub signature: Option<Signature>,
}

static METHODS: pg_sys::ExpandedObjectMethods = pg_sys::ExpandedObjectMethods {
    get_flat_size: Some(flat_size),
    flatten_into: Some(flatten_into),
};

/// First bytes of a varlena that points to a read-write expanded object
/// (src/include/varatt.h: a 1-byte header that says "external", and the tag).
const EXTERNAL: u8 = if cfg!(target_endian = "little") {
    0x01
} else {
    0x80
};
const READ_WRITE: u8 = pg_sys::vartag_external::VARTAG_EXPANDED_RW as u8;
const READ_ONLY: u8 = pg_sys::vartag_external::VARTAG_EXPANDED_RO as u8;

/// The expanded object behind a datum, and whether the pointer lets one write; none if the datum is
/// flat. No call into PostgreSQL: this is on the path of every row.
///
/// # Safety
/// The datum must be a valid varlena.
#[inline]
unsafe fn expanded(datum: pg_sys::Datum) -> Option<(NonNull<Expanded>, bool)> {
    let value: *const u8 = datum.cast_mut_ptr();
    // SAFETY: a varlena has two bytes at least; behind an expanded tag is the pointer, unaligned,
    // to an object whose header tells whose it is.
    unsafe {
        if *value != EXTERNAL {
            return None;
        }
        let tag = *value.add(1);
        if tag != READ_WRITE && tag != READ_ONLY {
            return None;
        }
        let header = value
            .add(2)
            .cast::<*mut pg_sys::ExpandedObjectHeader>()
            .read_unaligned();
        if !std::ptr::eq((*header).eoh_methods, &METHODS) {
            return None;
        }
        Some((NonNull::new_unchecked(header.cast()), tag == READ_WRITE))
    }
}

/// A history that this call may change: the aggregate's own state.
///
/// # Safety
/// The datum must be a valid history, and nobody else may use the object while `'a` lasts.
#[inline]
pub unsafe fn writable<'a>(datum: pg_sys::Datum) -> Option<&'a mut Expanded> {
    // SAFETY: see above.
    match unsafe { expanded(datum) } {
        Some((mut object, true)) => Some(unsafe { object.as_mut() }),
        _ => None,
    }
}

/// A history in memory that this call may read: settled, so that reading changes nothing.
///
/// # Safety
/// The datum must be a valid history that lives as long as its use.
pub unsafe fn readable(datum: pg_sys::Datum) -> Option<NonNull<Expanded>> {
    // SAFETY: see above. Settling changes the representation and not the value, which a read-only
    // pointer allows; no other reference is alive during it.
    unsafe {
        let (mut object, _) = expanded(datum)?;
        object.as_mut().history.settle().or_raise();
        Some(object)
    }
}

impl Expanded {
    /// A new object in a context of its own below `parent`, its history made by `make`.
    pub fn create<'a>(
        parent: pg_sys::MemoryContext,
        zone: PgZone,
        make: impl FnOnce(PgHost) -> History<PgHost>,
    ) -> &'a mut Expanded {
        // SAFETY: the context is created alive below its parent. The object is written whole before
        // anyone sees it; it has no destructor to miss, since all it owns is in its context.
        unsafe {
            let context = pg_sys::AllocSetContextCreateInternal(
                parent,
                c"retention.history".as_ptr(),
                0,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
            let host = PgHost::of(context);
            let object: *mut Expanded =
                pg_sys::MemoryContextAlloc(context, size_of::<Expanded>()).cast();
            let history = make(host);
            let clock = Clock::new(history.meta().grain, host);
            let header = pg_sys::ExpandedObjectHeader::default();
            object.write(Expanded {
                header,
                history,
                clock,
                zone,
                signature: None,
            });
            pg_sys::EOH_init_header(object.cast(), &METHODS, context);
            &mut *object
        }
    }

    /// A new object without events.
    pub fn empty<'a>(
        parent: pg_sys::MemoryContext,
        zone: PgZone,
        meta: impl FnOnce(PgHost) -> Meta<PgHost>,
    ) -> &'a mut Expanded {
        Self::create(parent, zone, |host| History::new(meta(host), host))
    }

    /// A new object with the content of a flat history.
    pub fn from_flat<'a>(
        parent: pg_sys::MemoryContext,
        flat: &Flat<'_, PgHost>,
        zone: PgZone,
    ) -> &'a mut Expanded {
        Self::create(parent, zone, |host| flat.to_history(host))
    }

    /// The datum through which the object may be changed.
    pub fn datum(&self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.header.eoh_rw_ptr.as_ptr().cast_mut())
    }
}

const HEADER: usize = pg_sys::VARHDRSZ;

/// Called by PostgreSQL before it flattens.
///
/// # Safety
/// `header` must be that of an [`Expanded`].
#[pg_guard]
unsafe extern "C-unwind" fn flat_size(header: *mut pg_sys::ExpandedObjectHeader) -> pg_sys::Size {
    // SAFETY: PostgreSQL calls the methods of an object with that object.
    let object = unsafe { &mut *header.cast::<Expanded>() };
    HEADER + object.history.flat_size().or_raise()
}

/// Called by PostgreSQL to flatten into `size` bytes, just as many as [`flat_size`] told.
///
/// # Safety
/// `header` must be that of an [`Expanded`], and `result` must have room for `size` bytes.
#[pg_guard]
unsafe extern "C-unwind" fn flatten_into(
    header: *mut pg_sys::ExpandedObjectHeader,
    result: *mut std::ffi::c_void,
    size: pg_sys::Size,
) {
    // SAFETY: as above; the bytes are initialised before they are borrowed.
    unsafe {
        let object = &*header.cast::<Expanded>();
        std::ptr::write_bytes(result.cast::<u8>(), 0, size);
        pgrx::varlena::set_varsize_4b(result.cast(), size as i32);
        let body = result.cast::<u8>().add(HEADER);
        let out = std::slice::from_raw_parts_mut(body, size - HEADER);
        object.history.write_flat(out).or_raise();
    }
}
