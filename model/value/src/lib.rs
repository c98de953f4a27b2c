//! Who matters, and what they will be worth.
#![forbid(unsafe_code)]

use model_ground::{amount, calendar, check, error, host, json, state};
use model_history::{axis, history, memberships};
use model_kit::{index, numeric, radix};
use model_retention::churn;

pub mod clv;
pub mod revenue_split;
pub mod rfm;
pub mod tiers;
pub mod value;
