//! What is said once a query, and not with every row.

use pgrx::pg_sys;
use std::sync::atomic::{AtomicI64, Ordering};

/// Has it been said in this query?
pub struct OnceAQuery(AtomicI64);

impl OnceAQuery {
    pub const fn new() -> Self {
        OnceAQuery(AtomicI64::new(i64::MIN))
    }

    /// Is this the first time in a query?
    pub fn is_first(&self) -> bool {
        // SAFETY: reads a number.
        let query = unsafe { pg_sys::GetCurrentStatementStartTimestamp() };
        self.0.swap(query, Ordering::Relaxed) != query
    }
}
