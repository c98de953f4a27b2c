//! Memory that PostgreSQL counts, frees and may refuse; and its interrupts.

use allocator_api2::alloc::{AllocError, Allocator};
use pg_retention_model::host::Host;
use pgrx::{check_for_interrupts, pg_sys};
use std::alloc::Layout;
use std::ptr::NonNull;

/// A memory context as the model's host.
///
/// An allocation that fails raises PostgreSQL's own "out of memory" ERROR, as a panic that unwinds
/// to the guard of the function: nothing aborts the server.
#[derive(Debug, Clone, Copy)]
pub struct PgHost(pg_sys::MemoryContext);

/// What palloc aligns to.
const PALLOC_ALIGN: usize = 8;

impl PgHost {
    /// The current memory context: what is put there lives as long as the call needs it, or the
    /// query.
    pub fn current() -> Self {
        // SAFETY: reads a pointer that the backend has set before it calls any function.
        PgHost(unsafe { pg_sys::CurrentMemoryContext })
    }

    /// # Safety
    /// The context must outlive everything that is allocated from it.
    pub unsafe fn of(context: pg_sys::MemoryContext) -> Self {
        PgHost(context)
    }

    fn palloc(&self, size: usize) -> NonNull<u8> {
        // SAFETY: the context is alive (see `of`). Without MCXT_ALLOC_NO_OOM the result is never
        // null: failure is an ERROR.
        let chunk = unsafe {
            pg_sys::MemoryContextAllocExtended(self.0, size, pg_sys::MCXT_ALLOC_HUGE as i32)
        };
        NonNull::new(chunk.cast()).unwrap_or(NonNull::dangling())
    }
}

impl Host for PgHost {
    #[inline]
    fn poll(&self) {
        check_for_interrupts!();
    }

    fn scratch(&self) -> Self {
        PgHost::current()
    }
}

/// Types that want more than palloc's alignment get it behind a gap of 8 to `align` bytes, whose
/// last eight tell where the chunk begins.
fn is_over_aligned(layout: Layout) -> bool {
    layout.align() > PALLOC_ALIGN
}

// SAFETY: chunks of a memory context stay valid until they are freed or the context goes, and
// clones name the same context.
unsafe impl Allocator for PgHost {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let size = layout.size();
        if !is_over_aligned(layout) {
            return Ok(NonNull::slice_from_raw_parts(self.palloc(size), size));
        }
        let chunk = self.palloc(size + layout.align());
        let gap = layout.align() - chunk.addr().get() % layout.align();
        // SAFETY: 8 <= gap <= align, since chunks are aligned to 8: the place is inside the chunk,
        // with room for a pointer before it and `size` bytes after.
        let place = unsafe {
            let place = chunk.add(gap);
            place.cast::<NonNull<u8>>().sub(1).write(chunk);
            place
        };
        Ok(NonNull::slice_from_raw_parts(place, size))
    }

    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: by the contract of this function `ptr` came from `allocate` with this layout.
        unsafe {
            let chunk =
                if is_over_aligned(layout) { ptr.cast::<NonNull<u8>>().sub(1).read() } else { ptr };
            pg_sys::pfree(chunk.as_ptr().cast());
        }
    }

    unsafe fn grow(
        &self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if is_over_aligned(old) || is_over_aligned(new) {
            let place = self.allocate(new)?;
            // SAFETY: both are valid for the old size, which is not larger, and do not overlap.
            unsafe {
                std::ptr::copy_nonoverlapping(ptr.as_ptr(), place.cast().as_ptr(), old.size());
                self.deallocate(ptr, old);
            }
            return Ok(place);
        }
        // SAFETY: `ptr` is a chunk of palloc; on failure it stays valid and an ERROR unwinds.
        let chunk = unsafe { pg_sys::repalloc_huge(ptr.as_ptr().cast(), new.size()) };
        let chunk = NonNull::new(chunk.cast()).ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(chunk, new.size()))
    }
}
