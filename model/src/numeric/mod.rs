//! Special functions and intervals: only what no well-kept crate offers.

mod cholesky;
pub mod normal;
mod poisson;
mod wilson;

pub(crate) use cholesky::Symmetric;
pub use poisson::Poisson;
pub use wilson::Wilson;
