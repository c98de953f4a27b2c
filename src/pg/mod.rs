//! The bridge between PostgreSQL and the model.

pub mod amount;
pub mod arena;
pub mod arguments;
pub mod call;
pub mod errors;
pub mod expanded;
pub mod floats;
pub mod json;
pub mod literal;
pub mod member;
pub mod memory;
pub mod rows;
pub mod signature;
pub mod state;
pub mod stored;
pub mod tuples;
pub mod varlena;
pub mod zone;
