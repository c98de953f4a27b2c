//! Special functions and intervals: only what no well-kept crate offers.

mod cholesky;
mod difference;
pub mod normal;
mod poisson;
mod wilson;

pub(crate) use cholesky::Symmetric;
pub use difference::{Difference, effective_trials};
pub use poisson::Poisson;
pub use wilson::{Share, Wilson};
