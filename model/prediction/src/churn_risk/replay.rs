//! What a summary must know to be learned from: its members, each as of any past day. A history does (`dataset`), memberships
//! do (`stays`).

use super::anchors::{Anchor, Population};
use super::reason::Reason;
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::Host;
use serde::{Deserialize, Serialize};

/// What a model was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Summary {
    /// Events, or rows of a table.
    #[default]
    History,
    /// Members with a contract.
    Memberships,
}

impl Summary {
    /// With its article.
    pub fn name(self) -> &'static str {
        ["a history", "memberships"][self as usize]
    }

    pub(super) fn is_history(&self) -> bool {
        *self == Summary::History
    }
}

/// A member's past: what was known of it at an anchor, and what became of it.
pub trait Past {
    /// The features, in the order of [`Replayed::NAMES`].
    type Row: AsRef<[f64]> + Copy + std::fmt::Debug;

    /// What was known as of an anchor; none if it was not a member yet.
    fn features(&self, anchor: &Anchor) -> Option<Self::Row>;

    /// Was it one of the population 'active' then?
    fn is_active(&self, anchor: &Anchor) -> bool;

    /// Has it left by the end of the horizon after?
    fn leaves(&self, anchor: &Anchor) -> bool;
}

/// A summary that is looked at up to a day, member by member.
pub trait Replayed {
    /// A member.
    type Past: Past;
    /// Where it is kept.
    type Host: Host;
    /// What it is.
    const SUMMARY: Summary;
    /// The names of the features, and which reason they belong to: the columns of `churn_features`.
    const NAMES: &'static [(&'static str, Reason)];

    /// The first day on which there was a member.
    fn first_day(&self) -> i64;

    /// The last day that is looked at.
    fn as_of(&self) -> i64;

    /// Where it is kept.
    fn host(&self) -> &Self::Host;

    /// The number of members.
    fn count_members(&self) -> Result<u64, Error>;

    /// Tells `each` every member that has been one by `as_of`.
    fn each(
        &self,
        wanted: impl Fn(&MemberRef<'_>) -> bool,
        each: impl FnMut(&MemberRef<'_>, &Self::Past) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

/// A row to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Example<R> {
    /// The number of the anchor, from the oldest, 0.
    pub anchor: usize,
    /// What was known of the member then.
    pub features: R,
    /// Had it left by the end of the horizon after it?
    pub churned: bool,
}

/// The rows of a member, by anchor.
pub fn examples<'a, P: Past>(
    past: &'a P,
    anchors: &'a [Anchor],
    population: Population,
) -> impl Iterator<Item = Example<P::Row>> + 'a {
    anchors.iter().enumerate().filter_map(move |(number, anchor)| {
        if population == Population::Active && !past.is_active(anchor) {
            return None;
        }
        let features = past.features(anchor)?;
        Some(Example { anchor: number, features, churned: past.leaves(anchor) })
    })
}
