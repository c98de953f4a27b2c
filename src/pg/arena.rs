//! Memory for the values of one row, used again for the next: cheaper than the allocator, row by row.

use super::varlena::Varlena;
use pgrx::pg_sys;
use std::cell::Cell;
use std::ptr::NonNull;

/// A few kilobytes, given out from their start.
pub struct Arena {
    start: NonNull<u8>,
    used: Cell<usize>,
}

impl Arena {
    const SIZE: usize = 4096;

    /// An arena in the current memory context, which must outlive it.
    pub fn new() -> Self {
        // SAFETY: palloc0 gives that many bytes, or fails with an ERROR.
        let start = unsafe { NonNull::new_unchecked(pg_sys::palloc0(Self::SIZE).cast()) };
        Arena { start, used: Cell::new(0) }
    }

    /// Takes back all that was given out.
    pub fn clear(&self) {
        self.used.set(0);
    }

    /// Eight-byte aligned memory for `len` bytes; none if there is not so much left.
    #[inline]
    fn take(&self, len: usize) -> Option<NonNull<u8>> {
        let from = self.used.get();
        let to = from.checked_add(len)?.checked_next_multiple_of(8)?;
        if to > Self::SIZE {
            return None;
        }
        self.used.set(to);
        // SAFETY: `from` is inside, and a multiple of 8 behind an address that palloc aligned.
        Some(unsafe { self.start.add(from) })
    }

    /// A value of a variable-length type with these bytes.
    pub fn varlena(&self, bytes: &[u8]) -> pg_sys::Datum {
        let size = pg_sys::VARHDRSZ + bytes.len();
        let Some(place) = self.take(size) else {
            return Varlena::copy_of(bytes).into_datum();
        };
        // SAFETY: the place has room for header and bytes, and nobody else has it.
        unsafe {
            pgrx::varlena::set_varsize_4b(place.as_ptr().cast(), size as i32);
            let body = place.add(pg_sys::VARHDRSZ);
            body.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        }
        pg_sys::Datum::from(place.as_ptr())
    }

    /// The same of the first `len` bytes of two words. Each is written on its own, and can be read at
    /// once: what is read in other pieces than it was written in has to wait for memory.
    #[inline]
    pub fn varlena_of(&self, words: [u64; 2], len: usize) -> pg_sys::Datum {
        let [first, second] = words;
        let Some(place) = self.take(pg_sys::VARHDRSZ + size_of_val(&words)) else {
            return self
                .varlena(&[first.to_ne_bytes(), second.to_ne_bytes()].as_flattened()[..len]);
        };
        // SAFETY: the place has room for header and words, and nobody else has it.
        unsafe {
            pgrx::varlena::set_varsize_4b(place.as_ptr().cast(), (pg_sys::VARHDRSZ + len) as i32);
            let body = place.add(pg_sys::VARHDRSZ).cast::<u64>();
            body.write_unaligned(first);
            body.add(1).write_unaligned(second);
        }
        pg_sys::Datum::from(place.as_ptr())
    }

    /// A value of a type of sixteen bytes by reference.
    pub fn sixteen(&self, bytes: [u8; 16]) -> pg_sys::Datum {
        let place = self.take(16).unwrap_or_else(|| {
            // SAFETY: palloc gives sixteen bytes, or fails with an ERROR.
            unsafe { NonNull::new_unchecked(pg_sys::palloc(16).cast()) }
        });
        // SAFETY: the place has room for them.
        unsafe { place.cast::<[u8; 16]>().write(bytes) };
        pg_sys::Datum::from(place.as_ptr())
    }
}
