//! The bridge between PostgreSQL and the model.

pub mod aggregate;
pub mod amount;
pub mod arguments;
pub mod call;
pub mod encoding;
pub mod errors;
pub mod expanded;
pub mod floats;
pub mod fold;
pub mod id;
pub mod json;
pub mod literal;
pub mod member;
pub mod memory;
pub mod once;
pub mod plain_text;
pub mod query;
pub mod row_array;
pub mod rows;
pub mod signature;
pub mod state;
pub mod step;
pub mod stored;
pub mod varlena;
pub mod zone;
