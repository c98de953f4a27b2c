//! What follows an event.

use super::Cell;
use super::sessions::last_instant;
use crate::calendar::Zone;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::journeys::View;
use std::cmp::Reverse;

/// What follows an event: the place of a name, or none where nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextEvent {
    /// The place of its name; none for nothing.
    pub next: Option<u32>,
    /// Members of whom it did.
    pub members: u64,
    /// How often it did.
    pub events: u64,
}

/// What follows each event of a name next, the most frequent first. Repetitions at once are one.
pub fn next_events<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    event: u32,
    as_of: Option<i64>,
) -> Result<Vec<NextEvent, H>, Error> {
    let last = last_instant(view, zone, as_of);
    let host = view.host();
    let mut found = Vec::new_in(host.clone());
    found.resize(view.names.len() + 1, Cell::default());
    let nothing = view.names.len();
    let (mut pace, mut member) = (Pace::new(host), 0);
    let mut walk = view.walk()?;
    while let Some((_, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        member += 1;
        let seen = path.times().partition_point(|at| *at <= last);
        let codes = &path.codes()[..seen];
        for (i, _) in codes.iter().enumerate().filter(|(_, code)| **code == event) {
            let next = codes.get(i + 1).map_or(nothing, |code| *code as usize);
            found[next].count(member);
        }
    }
    let mut rows = Vec::new_in(host.clone());
    rows.extend(found.iter().enumerate().filter(|(_, cell)| cell.events > 0).map(
        |(place, cell)| {
            let next = (place != nothing).then_some(place as u32);
            NextEvent { next, members: cell.members, events: cell.events }
        },
    ));
    rows.sort_unstable_by_key(|row| (Reverse(row.events), row.next.is_none(), row.next));
    Ok(rows)
}
