//! Memberships for tests: made from rows, told as spells.

use super::*;
use crate::history::{MemberKind, Meta};
use crate::host::Global;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Rows of member, joined, ended.
pub type Given = std::vec::Vec<(i64, i64, Option<i64>)>;

/// The memberships of some rows.
pub fn build(given: &[(i64, i64, Option<i64>)]) -> Result<History<Global>, Error> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, joined, ended) in given {
        push(&mut history, MemberRef::Int(member), joined, ended)?;
    }
    history.settle()?;
    Ok(history)
}

/// Every member with its spells.
pub fn spells(
    history: &History<Global>,
    as_given: bool,
) -> Result<BTreeMap<String, std::vec::Vec<Spell>>, Error> {
    let memberships = Memberships::new(history.view());
    let mut walk = if as_given { memberships.walk_as_given()? } else { memberships.walk()? };
    let mut found = BTreeMap::new();
    while let Some((member, spells)) = walk.next_member()? {
        assert!(found.insert(member.to_string(), spells.to_vec()).is_none());
    }
    Ok(found)
}

/// A few rows of a few members.
pub fn given() -> impl Strategy<Value = Given> {
    let row = (0..5i64, 0..40i64, prop::option::weighted(0.8, 1..15i64));
    prop::collection::vec(row, 1..12).prop_map(|rows| {
        rows.into_iter().map(|(m, joined, days)| (m, joined, days.map(|d| joined + d))).collect()
    })
}
