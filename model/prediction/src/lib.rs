//! Who will leave, and why.
#![forbid(unsafe_code)]

use model_ground::{calendar, check, error, host};
use model_history::{axis, history};
use model_kit::numeric;

pub mod overdue;
