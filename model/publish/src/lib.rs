//! How everybody sees it.
#![forbid(unsafe_code)]

use model_ground::{error, host, json};

pub mod picture;
