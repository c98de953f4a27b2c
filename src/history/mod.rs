//! What happened? The summaries: how they are built, their text and bytes, and what is inside.

// The family `history` of the group `history`.
#[allow(clippy::module_inception)]
pub mod history;
mod inspect;
mod memberships;
