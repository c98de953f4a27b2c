//! The tools of the families: numerics and intervals, packed integers, sorting, finding.
#![forbid(unsafe_code)]

use model_ground::{check, error, host};

pub mod index;
pub mod names;
pub mod numeric;
pub mod radix;
pub mod varint;
