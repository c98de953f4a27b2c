//! Memberships for tests: made from rows, told as spells.

use super::*;
use crate::history::{MemberKind, Meta};
use crate::host::Global;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Rows of member, joined, ended.
pub type Given = std::vec::Vec<(i64, i64, Option<i64>)>;

/// Memberships of numbers, without any spells yet.
pub fn nothing() -> History<Global> {
    empty(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global)
}

/// The memberships of some rows.
pub fn build(given: &[(i64, i64, Option<i64>)]) -> Result<History<Global>, Error> {
    let mut history = nothing();
    for &(member, joined, ended) in given {
        push(&mut history, MemberRef::Int(member), Spell { joined, ended })?;
    }
    history.settle()?;
    Ok(history)
}

/// Every member with its stretches.
pub fn spells(history: &History<Global>) -> BTreeMap<String, std::vec::Vec<Spell>> {
    let memberships = Memberships::new(history.view());
    let mut walk = memberships.walk().unwrap();
    let mut found = BTreeMap::new();
    while let Some((member, spells)) = walk.next_member().unwrap() {
        assert!(found.insert(member.to_string(), spells.to_vec()).is_none());
    }
    found
}

/// A few rows of a few members: spells that touch, overlap, repeat and hold no day.
pub fn given() -> impl Strategy<Value = Given> {
    let row = (0..5i64, 0..40i64, prop::option::weighted(0.8, 0..15i64));
    prop::collection::vec(row, 1..12)
        .prop_map(|rows| {
            let ended =
                |(m, joined, days): (i64, i64, Option<i64>)| (m, joined, days.map(|d| joined + d));
            rows.into_iter().map(ended).collect::<Given>()
        })
        .prop_filter("nobody was in", |rows| rows.iter().any(|row| row.2 != Some(row.1)))
}
