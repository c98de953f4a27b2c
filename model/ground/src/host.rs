//! What the model asks of the program around it: memory that somebody counts, and a chance to stop.
//!
//! Inside PostgreSQL both come from the server: buffers live in a memory context, where they are
//! counted, freed with the query and fail with an ERROR; polling is `CHECK_FOR_INTERRUPTS`.
//! Everywhere else [`Global`] will do.

pub use allocator_api2::alloc::{Allocator, Global};
use std::cell::Cell;
use std::sync::OnceLock;

/// A vector whose buffer the host provides.
pub type Vec<T, H> = allocator_api2::vec::Vec<T, H>;

/// Memory, and a chance to stop.
///
/// Both may unwind to end a computation. Values of this crate stay valid when that happens.
pub trait Host: Allocator + Clone {
    /// Called by every loop over data, every few thousand steps.
    fn poll(&self);

    /// Where to put what is dropped before the call that needs it returns.
    fn scratch(&self) -> Self {
        self.clone()
    }
}

impl Host for Global {
    fn poll(&self) {
        #[cfg(any(test, feature = "testing"))]
        testing::poll();
    }
}

static POLL: OnceLock<fn()> = OnceLock::new();

/// Sets, once, how computations poll that are given no host, such as the sums and integrals of a
/// formula.
pub fn set_poll(poll: fn()) {
    let _ = POLL.set(poll);
}

static TELL: OnceLock<fn(&dyn Fn() -> String)> = OnceLock::new();

/// Sets, once, who is told what a long computation is about.
pub fn set_tell(tell: fn(&dyn Fn() -> String)) {
    let _ = TELL.set(tell);
}

/// Tells what a long computation is about, now and then: what it has to do next, and with how much.
pub fn tell(words: impl Fn() -> String) {
    if let Some(tell) = TELL.get() {
        tell(&words);
    }
}

// Steps of finished loops since the last poll: many short loops take long too.
thread_local!(static STEPS: Cell<u32> = const { Cell::new(0) });

/// Counts the steps of a loop that has no host at hand and polls every so often.
pub struct Patience(u32);

impl Drop for Patience {
    fn drop(&mut self) {
        STEPS.set(self.0);
    }
}

impl Patience {
    /// Goes on counting where the last one stopped.
    #[allow(clippy::new_without_default)] // it goes on from a count, which no default should
    pub fn new() -> Self {
        Patience(STEPS.get())
    }

    /// So many steps of a few nanoseconds each.
    #[inline]
    pub fn step(&mut self, weight: u32) {
        self.0 = self.0.saturating_add(weight);
        if self.0 >= Pace::<Global>::STEPS {
            self.0 = 0;
            Global.poll();
            if let Some(poll) = POLL.get() {
                poll();
            }
        }
    }
}

/// Counts the steps of a loop and polls the host every so often.
pub struct Pace<'h, H: Host> {
    host: &'h H,
    steps: u32,
}

impl<'h, H: Host> Pace<'h, H> {
    /// Steps of a few nanoseconds each between two polls.
    pub const STEPS: u32 = 1 << 14;

    /// Polls this host.
    pub fn new(host: &'h H) -> Self {
        Pace { host, steps: 0 }
    }

    /// One step, or `weight` of them.
    #[inline]
    pub fn step(&mut self, weight: usize) {
        self.steps = self.steps.saturating_add(u32::try_from(weight).unwrap_or(u32::MAX));
        if self.steps >= Self::STEPS {
            self.steps = 0;
            self.host.poll();
        }
    }
}

#[cfg(any(test, feature = "testing"))]
pub mod testing {
    //! A switch that makes the next poll unwind, as a cancelled query does.
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    thread_local!(static CANCELLED: Cell<bool> = const { Cell::new(false) });

    pub(super) fn poll() {
        if CANCELLED.get() {
            resume_unwind(Box::new("cancelled"));
        }
    }

    /// Bytes written as hexadecimal digits.
    pub fn bytes_of(digits: &str) -> std::vec::Vec<u8> {
        let digit = |byte: u8| u8::try_from((byte as char).to_digit(16).unwrap()).unwrap();
        digits.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
    }

    /// Runs a computation that somebody cancels: did it stop?
    pub fn stops<T>(computation: impl FnOnce() -> T) -> bool {
        CANCELLED.set(true);
        let stopped = catch_unwind(AssertUnwindSafe(computation)).is_err();
        CANCELLED.set(false);
        stopped
    }
}
