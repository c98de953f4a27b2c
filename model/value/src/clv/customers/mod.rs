//! What is known of customers.

pub mod sample;
pub mod summary;
pub(in crate::clv) mod times;
