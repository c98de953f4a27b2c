//! Who comes back, who leaves: the readers of histories and memberships, and of plain durations.
#![forbid(unsafe_code)]

use model_ground::{amount, budget, calendar, error, host, json, state};
use model_history::{axis, history, journeys, memberships, units};
use model_kit::{names, numeric, radix, varint};

pub mod churn;
pub mod cohorts;
pub mod cox;
pub mod engagement;
pub mod funnel;
pub mod paths;
pub mod repurchase;
pub mod survival;
pub mod window_funnel;
