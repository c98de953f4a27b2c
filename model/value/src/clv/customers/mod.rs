//! What is known of customers.

pub(in crate::clv) mod alike;
pub(in crate::clv) mod customer;
pub mod sample;
mod sample_state;
pub mod summary;
pub(in crate::clv) mod times;
