//! What PostgreSQL's values look like in bytes, without PostgreSQL.
//!
//! The library that PostgreSQL loads can not be linked into a test: it takes its symbols from the
//! server. So what `src/pg` has to compute is here, where `cargo test -p pg_retention_wire` reaches
//! it, and what is left there is what only a server can show.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`row`] | rows as heap tuples, written value by value |
//! | [`numeric`] | amounts as `numeric`, and back |
//! | [`base64`] | the text of types whose values are bytes |
//! | [`memo`] | a text argument as it was last seen |
//! | [`zone`] | how long a clock keeps its offset |
#![forbid(unsafe_code)]

pub mod base64;
pub mod memo;
pub mod numeric;
pub mod row;
pub mod zone;
