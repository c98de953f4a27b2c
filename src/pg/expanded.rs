//! A summary as an expanded object: the form that an aggregate hands from row to row.
//!
//! It lives in a memory context with everything it owns, so that PostgreSQL counts it and frees it
//! whole, and no destructor is ever needed. Its flat form is made when somebody asks for bytes.
//! See src/include/utils/expandeddatum.h.

use super::errors::OrRaise;
use super::fold::{Fold, Methods};
use super::memory::PgHost;
use super::zone::PgZone;
use pg_retention_model::calendar::Clock;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;
use pgrx::pg_sys::panic::pgrx_extern_c_guard;
use std::ffi::CStr;
use std::ptr::NonNull;

/// A summary, and what its rows need.
#[repr(C)]
pub struct Expanded<T> {
    header: pg_sys::ExpandedObjectHeader,
    /// The summary.
    pub state: T,
    /// Turns the times of rows into ticks.
    pub clock: Clock<PgHost>,
    /// The zone of the rows' times.
    pub zone: PgZone,
    /// What is remembered of the calls that add rows, where the function can not remember it.
    pub notes: Notes,
}

/// A place for something that is remembered with a state.
pub struct Notes {
    /// The memory of the state.
    pub context: pg_sys::MemoryContext,
    /// What is remembered there, if there is something.
    pub place: *mut std::ffi::c_void,
}

impl Methods {
    /// Those of a type: for a static of its own.
    pub const fn of<T: Fold>() -> Self {
        Methods(pg_sys::ExpandedObjectMethods {
            get_flat_size: Some(flat_size::<T>),
            flatten_into: Some(flatten_into::<T>),
        })
    }
}

/// First bytes of a varlena that points to a read-write expanded object
/// (src/include/varatt.h: a 1-byte header that says "external", and the tag).
const EXTERNAL: u8 = if cfg!(target_endian = "little") { 0x01 } else { 0x80 };
const READ_WRITE: u8 = pg_sys::vartag_external::VARTAG_EXPANDED_RW as u8;
const READ_ONLY: u8 = pg_sys::vartag_external::VARTAG_EXPANDED_RO as u8;

/// The header of the expanded object behind a datum, whatever its type, and whether the pointer lets
/// one write; none if the datum is flat. No call into PostgreSQL: this is on the path of every row.
///
/// # Safety
/// The datum must be a valid varlena.
#[inline]
pub(super) unsafe fn header_of(
    datum: pg_sys::Datum,
) -> Option<(*mut pg_sys::ExpandedObjectHeader, bool)> {
    let value: *const u8 = datum.cast_mut_ptr();
    // SAFETY: a varlena has two bytes at least; behind an expanded tag is the pointer, unaligned.
    unsafe {
        if *value != EXTERNAL {
            return None;
        }
        let tag = *value.add(1);
        if tag != READ_WRITE && tag != READ_ONLY {
            return None;
        }
        let header = value.add(2).cast::<*mut pg_sys::ExpandedObjectHeader>();
        Some((header.read_unaligned(), tag == READ_WRITE))
    }
}

/// The same, if the object is one of this type.
///
/// # Safety
/// The datum must be a valid varlena.
#[inline]
unsafe fn expanded<T: Fold>(datum: pg_sys::Datum) -> Option<(NonNull<Expanded<T>>, bool)> {
    // SAFETY: the header of an object tells whose it is.
    unsafe {
        let (header, is_writable) = header_of(datum)?;
        if !std::ptr::eq((*header).eoh_methods, &T::methods().0) {
            return None;
        }
        Some((NonNull::new_unchecked(header.cast()), is_writable))
    }
}

/// A summary that this call may change: the aggregate's own state.
///
/// # Safety
/// The datum must be a valid value, and nobody else may use the object while `'a` lasts.
#[inline]
pub unsafe fn writable<'a, T: Fold>(datum: pg_sys::Datum) -> Option<&'a mut Expanded<T>> {
    // SAFETY: see above.
    unsafe {
        match expanded(datum) {
            Some((mut object, true)) => Some(object.as_mut()),
            _ => None,
        }
    }
}

/// A summary in memory that this call may read: settled, so that reading changes nothing.
///
/// # Safety
/// The datum must be a valid value that lives as long as its use.
pub unsafe fn readable<T: Fold>(datum: pg_sys::Datum) -> Option<NonNull<Expanded<T>>> {
    // SAFETY: see above. Settling changes the representation and not the value, which a read-only
    // pointer allows; no other reference is alive during it.
    unsafe {
        let (mut object, _) = expanded::<T>(datum)?;
        object.as_mut().state.settle().or_raise();
        Some(object)
    }
}

/// Where an object lives.
#[derive(Debug, Clone, Copy)]
pub enum Home {
    /// In a context of its own below the current one: it can be moved, and freed by itself.
    Own,
    /// In the one context that the states of an aggregate share, below the context of the aggregate.
    ///
    /// A context for every group would be searched through by HashAggregate whenever a group is
    /// added. What it costs: no state can be freed by itself, so a function that is given one must
    /// never return another in its place, or PostgreSQL would free the first with all the others.
    Aggregate(pg_sys::MemoryContext),
}

impl Home {
    fn context(self) -> pg_sys::MemoryContext {
        static OWN: &CStr = c"retention.history";
        static SHARED: &CStr = c"retention.history of groups";
        // SAFETY: contexts and the list of their children are valid; a name is a pointer to a
        // constant, by which ours is recognised.
        unsafe {
            let (parent, name) = match self {
                Home::Own => (pg_sys::CurrentMemoryContext, OWN),
                Home::Aggregate(parent) => (parent, SHARED),
            };
            if let Home::Aggregate(_) = self {
                let mut child = (*parent).firstchild;
                while !child.is_null() {
                    if (*child).name == SHARED.as_ptr() {
                        return child;
                    }
                    child = (*child).nextchild;
                }
            }
            pg_sys::AllocSetContextCreateInternal(
                parent,
                name.as_ptr(),
                0,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        }
    }
}

impl<T: Fold> Expanded<T> {
    /// A new object, its summary made by `make`.
    pub fn create<'a>(
        home: Home,
        zone: PgZone,
        make: impl FnOnce(PgHost) -> T,
    ) -> &'a mut Expanded<T> {
        let context = home.context();
        // SAFETY: the context is alive. The object is written whole before anyone sees it; it has
        // no destructor to miss, since all it owns is in its context.
        unsafe {
            let host = PgHost::of(context);
            let object: *mut Expanded<T> =
                pg_sys::MemoryContextAlloc(context, size_of::<Expanded<T>>()).cast();
            let state = make(host);
            let clock = Clock::new(state.grain(), host);
            let header = pg_sys::ExpandedObjectHeader::default();
            let notes = Notes { context, place: std::ptr::null_mut() };
            object.write(Expanded { header, state, clock, zone, notes });
            pg_sys::EOH_init_header(object.cast(), &T::methods().0, context);
            &mut *object
        }
    }

    /// The datum through which the object may be changed.
    pub fn datum(&self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.header.eoh_rw_ptr.as_ptr().cast_mut())
    }
}

/// The state that a transition function hands on.
pub struct State(pub(super) pg_sys::Datum);

impl State {
    /// An object's.
    #[inline]
    pub fn of<T: Fold>(object: &Expanded<T>) -> Self {
        State(object.datum())
    }
}

// SAFETY: the datum of a state is a value of its type.
unsafe impl BoxRet for State {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: see above.
        unsafe { fcinfo.return_raw_datum(self.0) }
    }
}

/// Another pointer to the object behind a datum, in the current memory context; none if the datum is
/// flat. As good as the first one, and no better: it may be read only.
///
/// # Safety
/// The datum must be a valid value.
pub unsafe fn pointer_to(datum: pg_sys::Datum) -> Option<pg_sys::Datum> {
    const SIZE: usize = 2 + size_of::<*mut pg_sys::ExpandedObjectHeader>();
    // SAFETY: the pointer of an expanded object has that many bytes (see `header_of`).
    unsafe {
        header_of(datum)?;
        let copy: *mut [u8; SIZE] = pg_sys::palloc(SIZE).cast();
        copy.write(datum.cast_mut_ptr::<[u8; SIZE]>().read());
        Some(pg_sys::Datum::from(copy))
    }
}

const HEADER: usize = pg_sys::VARHDRSZ;

// The two methods are called with any memory context current, such as the one of a sort since
// PostgreSQL 17, from which nothing can be freed. What they need meanwhile is the object's own.

/// Called by PostgreSQL before it flattens.
///
/// # Safety
/// `header` must be that of an [`Expanded`] with the methods of `T`.
unsafe extern "C-unwind" fn flat_size<T: Fold>(
    header: *mut pg_sys::ExpandedObjectHeader,
) -> pg_sys::Size {
    // SAFETY: PostgreSQL calls the methods of an object with that object.
    unsafe {
        pgrx_extern_c_guard(|| {
            let object = &mut *header.cast::<Expanded<T>>();
            let before = pg_sys::MemoryContextSwitchTo(object.notes.context);
            let size = object.state.flat_size();
            pg_sys::MemoryContextSwitchTo(before);
            HEADER + size.or_raise()
        })
    }
}

/// Called by PostgreSQL to flatten into `size` bytes, just as many as [`flat_size`] told.
///
/// # Safety
/// `header` must be that of an [`Expanded`] with the methods of `T`, and `result` must have room for
/// `size` bytes.
unsafe extern "C-unwind" fn flatten_into<T: Fold>(
    header: *mut pg_sys::ExpandedObjectHeader,
    result: *mut std::ffi::c_void,
    size: pg_sys::Size,
) {
    // SAFETY: as above; the bytes are initialised before they are borrowed.
    unsafe {
        pgrx_extern_c_guard(|| {
            let object = &*header.cast::<Expanded<T>>();
            std::ptr::write_bytes(result.cast::<u8>(), 0, size);
            pgrx::varlena::set_varsize_4b(result.cast(), size as i32);
            let body = result.cast::<u8>().add(HEADER);
            let out = std::slice::from_raw_parts_mut(body, size - HEADER);
            let before = pg_sys::MemoryContextSwitchTo(object.notes.context);
            let written = object.state.write_flat(out);
            pg_sys::MemoryContextSwitchTo(before);
            written.or_raise();
        })
    }
}
