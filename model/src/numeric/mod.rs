//! Special functions and intervals: only what no well-kept crate offers.

mod poisson;
mod wilson;

pub use poisson::Poisson;
pub use wilson::Wilson;
