//! What happened? The summaries: how they are built, their text and bytes, and what is inside.

// The family `history` of the group `history`.
#[allow(clippy::module_inception)]
mod history;
mod inspect;
mod journeys;
mod memberships;
mod source;

use crate::pg::memory::PgHost;
use pg_retention_model::history::History;
use pg_retention_model::journeys::Journeys;

/// The state of `history_agg`, which the type `history` is.
pub type Events = History<PgHost>;
/// The state of `journey_agg`, which the type `journeys` is.
pub type Paths = Journeys<PgHost>;
pub use memberships::Spells;
