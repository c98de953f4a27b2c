//! What happened: the summaries that every metric is read from, and the periods in which they are read.
#![forbid(unsafe_code)]

use model_ground::{amount, budget, calendar, error, host};
use model_kit::{index, radix, varint};

pub mod axis;
pub mod history;
pub mod journeys;
pub mod memberships;
mod runs;
pub mod units;
