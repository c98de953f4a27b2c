//! Special functions and intervals: only what no well-kept crate offers.

pub mod normal;
mod wilson;

pub use wilson::Wilson;
