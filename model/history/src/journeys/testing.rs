//! Journeys for tests: made from rows, told as rows.

use super::*;
use crate::host::Global;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Rows of member, time, event.
pub type Given = std::vec::Vec<(i64, i64, std::string::String)>;

/// The journeys of some rows.
pub fn build(given: &[(i64, i64, std::string::String)]) -> Journeys<Global> {
    let mut journeys = Journeys::new(MemberKind::Int, "", Global);
    for (member, at, event) in given {
        journeys.push(MemberRef::Int(*member), *at, event.as_bytes()).unwrap();
    }
    journeys.settle().unwrap();
    journeys
}

/// Their bytes.
pub fn flat(journeys: &mut Journeys<Global>) -> std::vec::Vec<u8> {
    let mut bytes = vec![0; journeys.flat_size().unwrap()];
    journeys.write_flat(&mut bytes).unwrap();
    bytes
}

/// Member, time and event, with the number of rows.
pub type Content = BTreeMap<(std::string::String, i64, std::string::String), u64>;

/// What is in journeys.
pub fn content(view: &View<'_, Global>) -> Content {
    let mut content = Content::new();
    let mut walk = view.walk().unwrap();
    while let Some((member, path)) = walk.next_member().unwrap() {
        assert!(!path.is_empty());
        for i in 0..path.len() {
            let name = view.names[path.codes()[i] as usize];
            let name = std::string::String::from_utf8(name.to_vec()).unwrap();
            let key = (member.to_string(), path.times()[i], name);
            assert!(content.insert(key, path.count(i)).is_none(), "an event comes twice");
        }
    }
    content
}

/// A few rows of a few members, often at the same time, of events a to e.
pub fn given() -> impl Strategy<Value = Given> {
    let row = (0..5i64, 0..30i64, "[a-e]");
    prop::collection::vec(row, 1..40)
}
