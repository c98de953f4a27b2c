//! Who will leave, and why.
#![forbid(unsafe_code)]

use model_ground::{calendar, check, error, host};
use model_history::{axis, history, memberships};
use model_kit::{names, numeric, varint};

pub mod churn_risk;
mod days;
pub mod drivers;
pub mod overdue;
pub mod records;
pub mod rules;
pub mod sheet;
