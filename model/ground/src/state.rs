//! The state of an aggregate other than a history: rows are folded into it, states of different
//! processes merge, and between processes they are bytes.

use crate::error::Error;
use crate::host::{Host, Vec};

/// What a parallel aggregate asks of its state.
///
/// Merging gives the same whatever the order: otherwise a result would depend on the plan.
pub trait State<H: Host>: Sized {
    /// Adds everything that another state holds.
    fn merge(&mut self, other: &Self) -> Result<(), Error>;

    /// Appends the bytes from which [`State::read`] makes the same state.
    fn write(&self, out: &mut Vec<u8, H>);

    /// Reads the bytes that [`State::write`] wrote in another process of the same server. Malformed
    /// bytes are an error.
    fn read(bytes: &[u8], host: H) -> Result<Self, Error>;
}
