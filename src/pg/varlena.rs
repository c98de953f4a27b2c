//! Variable-length values, read where they lie and written where they stay.

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::varlena as va;
use pgrx::{FromDatum, pg_sys};

/// The bytes of a value, and whatever holds them for as long as the call lasts.
///
/// # Safety
/// The datum must be of a variable-length type, and live as long as `'a`.
#[inline]
pub unsafe fn bytes<'a>(datum: pg_sys::Datum) -> &'a [u8] {
    let value: *mut pg_sys::varlena = datum.cast_mut_ptr();
    // SAFETY: the datum points to a varlena. One that lies here whole is read in place; the others
    // are fetched or flattened into the current memory context first.
    unsafe {
        let whole = if va::varatt_is_4b_u(value) || is_short(value) {
            value
        } else {
            pg_sys::pg_detoast_datum_packed(value)
        };
        std::slice::from_raw_parts(va::vardata_any(whole).cast(), va::varsize_any_exhdr(whole))
    }
}

/// # Safety
/// `value` must point to a varlena.
#[inline]
unsafe fn is_short(value: *const pg_sys::varlena) -> bool {
    // SAFETY: reads the first byte.
    unsafe { va::varatt_is_1b(value) && !va::varatt_is_1b_e(value) }
}

/// The bytes of an argument; a copy that was made to read them is freed with it. For functions that sorts
/// and joins call over and over in one memory context.
pub struct Borrowed<'a> {
    bytes: &'a [u8],
    copy: Option<*mut pg_sys::varlena>,
}

impl std::ops::Deref for Borrowed<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(copy) = self.copy {
            // SAFETY: detoasting made it for us, and nobody else has seen it.
            unsafe { pg_sys::pfree(copy.cast()) };
        }
    }
}

impl FromDatum for Borrowed<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        let value: *mut pg_sys::varlena = datum.cast_mut_ptr();
        // SAFETY: the caller vouches for a value of variable length.
        unsafe {
            let whole = pg_sys::pg_detoast_datum_packed(value);
            let bytes = bytes(pg_sys::Datum::from(whole));
            Some(Borrowed { bytes, copy: (whole != value).then_some(whole) })
        }
    }
}

// SAFETY: reads the datum as what the SQL declaration says it is.
unsafe impl<'fcx> ArgAbi<'fcx> for Borrowed<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: declared with a type of variable length, in a function that is STRICT.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(borrowed) => borrowed,
            None => unreachable!("a null argument of a strict function"),
        }
    }
}

/// A value of a variable-length type in the current memory context, filled by its maker.
pub struct Varlena(*mut pg_sys::varlena);

impl Varlena {
    /// A value with room for `len` bytes.
    pub fn with_len(len: usize) -> Self {
        let size = len + pg_sys::VARHDRSZ;
        // SAFETY: palloc fails with an ERROR, above 1 GB too; the header is inside the chunk.
        unsafe {
            let value: *mut pg_sys::varlena = pg_sys::palloc(size).cast();
            std::ptr::write_bytes(value.cast::<u8>(), 0, size);
            va::set_varsize_4b(value, size as i32);
            Varlena(value)
        }
    }

    /// A copy of these bytes.
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut value = Self::with_len(bytes.len());
        value.bytes().copy_from_slice(bytes);
        value
    }

    /// Its bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: `with_len` made room for these and initialised them; `self` is the only way to
        // them until it becomes a datum.
        unsafe {
            std::slice::from_raw_parts_mut(
                va::vardata_any(self.0).cast_mut().cast(),
                va::varsize_any_exhdr(self.0),
            )
        }
    }

    /// The value, to return.
    pub fn into_datum(self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.0)
    }
}

/// A C string in the current memory context, as output functions return it: callers free it with
/// `pfree` (to_json and pgoutput do), so it begins where its chunk does.
pub struct CText {
    start: *mut u8,
    len: usize,
}

impl CText {
    /// A text with room for `len` bytes.
    pub fn with_len(len: usize) -> Self {
        // SAFETY: palloc0 fails with an ERROR, above 1 GB too; the last byte is the zero at the end.
        let start = unsafe { pg_sys::palloc0(len + 1) }.cast();
        CText { start, len }
    }

    /// A copy of these bytes, of which none is zero.
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut text = Self::with_len(bytes.len());
        text.bytes().copy_from_slice(bytes);
        text
    }

    /// Its bytes, without the zero that ends it.
    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: `with_len` made room for these and initialised them; `self` is the only way to
        // them until it becomes a datum.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }

    /// The text, to return.
    pub fn into_datum(self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.start)
    }
}
