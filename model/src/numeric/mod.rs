//! Special functions and intervals: only what no well-kept crate offers.

mod cholesky;
pub mod normal;
mod wilson;

pub(crate) use cholesky::Symmetric;
pub use wilson::Wilson;
