//! The tools of the families: numerics and intervals, packed integers, sorting.
#![forbid(unsafe_code)]

use model_ground::{check, error, host};

pub mod numeric;
pub mod radix;
pub mod varint;
