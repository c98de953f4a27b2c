//! What members do one after the other: sessions, what follows an event, and the ways through all of it.
//!
//! Events of one member follow each other by time, and at one instant by name. Identical rows are one step.

mod next_events;
mod sessions;
#[cfg(test)]
mod tests;

pub use next_events::{NextEvent, next_events};
pub use sessions::{Session, sessions};

use crate::budget;
use crate::calendar::Zone;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::journeys::View;
use sessions::{last_instant, sessions_of};
use std::cmp::Reverse;

/// Levels that ways may have.
pub const MAX_LEVELS: usize = 50;
/// Names that a level may have by themselves.
pub const MAX_TOP: usize = 100;

/// How often something was seen, and of how many members.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    events: u64,
    members: u64,
    /// The number of the member that was seen last, from 1.
    last: u64,
}

impl Cell {
    fn count(&mut self, member: u64) {
        self.events += 1;
        self.members += u64::from(std::mem::replace(&mut self.last, member) != member);
    }
}

/// What is asked of the ways through journeys.
#[derive(Debug, Clone, Copy)]
pub struct PathsQuestion {
    /// Where they begin: with the first of these events; else with the first of all.
    pub start: Option<u32>,
    /// Where they end: backwards from the last of these events.
    pub finish: Option<u32>,
    /// Steps that are told of.
    pub levels: usize,
    /// Names at each level by themselves; all others are one.
    pub top: usize,
    /// The silence that parts sessions; none: a member has one way.
    pub session: Option<i64>,
    /// The last day looked at.
    pub as_of: Option<i64>,
}

impl PathsQuestion {
    /// Are the numbers such that there can be an answer?
    pub fn check(&self) -> Result<(), Error> {
        if !(1..=MAX_LEVELS).contains(&self.levels) {
            return Err(Error::bad(
                format!("levels {} is not 1 to {MAX_LEVELS}", self.levels),
                "Take the number of steps that a way is followed, such as 5.",
            ));
        }
        if !(1..=MAX_TOP).contains(&self.top) {
            return Err(Error::bad(
                format!("top {} is not 1 to {MAX_TOP}", self.top),
                "Take the number of events that each level names, such as 8; the others are 'other'.",
            ));
        }
        if self.start.is_some() && self.finish.is_some() {
            return Err(Error::bad(
                "start and finish are both given",
                "Ways go forward from start, or backward from finish: give one of them. The steps between two \
                 events are a funnel.",
            ));
        }
        Ok(())
    }
}

/// A place on the ways: a name, one of all others, or where they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// The place of a name.
    Event(u32),
    /// One of the names that are not frequent at this level.
    Other,
    /// There was nothing more.
    End,
}

/// A step from one place to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathStep {
    /// The number of the step, from 1.
    pub level: usize,
    /// From where. Backwards, it is the later one.
    pub from: Node,
    /// To where.
    pub to: Node,
    /// Members that went it.
    pub members: u64,
    /// Ways that did.
    pub ways: u64,
    /// Their share of all ways.
    pub share: f64,
}

/// A table of transitions by level.
const PATHS: budget::Result =
    budget::Result { what: "the number of names and levels", hint: "Take fewer levels." };

/// The steps of the ways, level by level, the most frequent first.
pub fn paths<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    question: &PathsQuestion,
) -> Result<Vec<PathStep, H>, Error> {
    question.check()?;
    let host = view.host();
    let (names, positions) = (view.names.len(), question.levels + 1);
    PATHS.check(names.saturating_mul(positions), 8)?;
    let mut counts = Vec::new_in(host.clone());
    counts.resize(names * positions, 0u64);
    each_way(view, zone, question, |_, way| {
        for (position, code) in way.iter().enumerate() {
            counts[position * names + *code as usize] += 1;
        }
    })?;
    // Of each position, the names by themselves: place in the list of those, from 0.
    let other = question.top;
    let end = question.top + 1;
    let mut places = Vec::new_in(host.clone());
    places.resize(names * positions, other);
    let mut tops: Vec<u32, H> = Vec::new_in(host.clone());
    let mut order: Vec<u32, H> = Vec::new_in(host.clone());
    let mut pace = Pace::new(host);
    for position in 0..positions {
        let own = &counts[position * names..(position + 1) * names];
        pace.step(names);
        order.clear();
        order.extend((0..names as u32).filter(|code| own[*code as usize] > 0));
        order.sort_unstable_by_key(|code| (Reverse(own[*code as usize]), *code));
        order.truncate(question.top);
        for (place, code) in order.iter().enumerate() {
            places[position * names + *code as usize] = place;
        }
        order.resize(question.top, 0);
        tops.extend_from_slice(&order);
    }
    let width = question.top + 2;
    let mut cells = Vec::new_in(host.clone());
    cells.resize(question.levels * width * width, Cell::default());
    let mut all = 0u64;
    each_way(view, zone, question, |member, way| {
        all += 1;
        let place = |position: usize| {
            way.get(position).map_or(end, |code| places[position * names + *code as usize])
        };
        for level in 0..question.levels.min(way.len()) {
            cells[(level * width + place(level)) * width + place(level + 1)].count(member);
        }
    })?;
    let node = |position: usize, place: usize| match place {
        place if place == other => Node::Other,
        place if place == end => Node::End,
        place => Node::Event(tops[position * question.top + place]),
    };
    let of = |cell: usize| (cell / width / width, cell / width % width, cell % width);
    let mut went = Vec::new_in(host.clone());
    went.extend((0..cells.len()).filter(|cell| cells[*cell].events > 0));
    went.sort_unstable_by_key(|cell| (of(*cell).0, Reverse(cells[*cell].events), *cell));
    let mut steps = Vec::with_capacity_in(went.len(), host.clone());
    for cell in went {
        let ((level, from, to), counted) = (of(cell), cells[cell]);
        steps.push(PathStep {
            level: level + 1,
            from: node(level, from),
            to: node(level + 1, to),
            members: counted.members,
            ways: counted.events,
            share: counted.events as f64 / all as f64,
        });
    }
    Ok(steps)
}

/// Hands over every way with the number of its member: names one after the other, none twice in a row, as many
/// as are told of and one more.
fn each_way<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    question: &PathsQuestion,
    mut each: impl FnMut(u64, &[u32]),
) -> Result<(), Error> {
    let last = last_instant(view, zone, question.as_of);
    let mut pace = Pace::new(view.host());
    let mut way = Vec::new_in(view.host().clone());
    let mut member = 0;
    let mut walk = view.walk()?;
    while let Some((_, path)) = walk.next_member()? {
        member += 1;
        for events in sessions_of(path, question.session.unwrap_or(i64::MAX), last) {
            pace.step(1 + events.len());
            let codes = &path.codes()[events];
            way.clear();
            let mut put = |code: u32| {
                if way.last() != Some(&code) {
                    way.push(code);
                }
                way.len() <= question.levels
            };
            match (question.start, question.finish) {
                (_, Some(finish)) => {
                    let from = codes.iter().rposition(|code| *code == finish).map_or(0, |i| i + 1);
                    codes[..from].iter().rev().all(|code| put(*code));
                }
                (Some(start), None) => {
                    let from = codes.iter().position(|code| *code == start).unwrap_or(codes.len());
                    codes[from..].iter().all(|code| put(*code));
                }
                (None, None) => {
                    codes.iter().all(|code| put(*code));
                }
            }
            if !way.is_empty() {
                each(member, &way);
            }
        }
    }
    Ok(())
}
