//! Special functions and intervals: only what no well-kept crate offers.

mod difference;
mod wilson;

pub use difference::{Difference, effective_trials};
pub use wilson::{Share, Wilson};
