//! Special functions and intervals: only what no well-kept crate offers.

mod wilson;

pub use wilson::Wilson;
