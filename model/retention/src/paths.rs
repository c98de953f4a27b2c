//! What members do one after the other: sessions, what follows an event, and the ways through all of it.
//!
//! Events of one member follow each other by time, and at one instant by name. Identical rows are one step.

use crate::budget;
use crate::calendar::{Clock, DAY, Grain, LAST_DAY, Zone};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace, Vec};
use crate::journeys::{Path, View};
use std::ops::Range;

/// Levels that ways may have.
pub const MAX_LEVELS: usize = 50;
/// Names that a level may have by themselves.
pub const MAX_TOP: usize = 100;

/// The last instant of `as_of`; by default, of the day of the last event.
fn last_instant<H: Host>(view: &View<'_, H>, zone: &impl Zone, as_of: Option<i64>) -> i64 {
    let mut clock = Clock::new(Grain::Second, view.host().clone());
    let last = view.meta.extent.map_or(0, |extent| extent.last);
    match as_of.unwrap_or_else(|| clock.day(zone, last)) {
        day if day < -LAST_DAY => -LAST_DAY * DAY,
        day => zone.day_start(day.min(LAST_DAY) + 1).saturating_sub(1),
    }
}

/// The events up to an instant, in sessions: a new one begins after a silence that is longer than the gap.
fn sessions_of<H: Host>(path: &Path<H>, gap: i64, last: i64) -> impl Iterator<Item = Range<usize>> {
    let times = &path.times()[..path.times().partition_point(|at| *at <= last)];
    let mut begin = 0;
    std::iter::from_fn(move || {
        let first = begin;
        let mut before = times.get(first)?;
        let mut end = first + 1;
        while let Some(at) = times.get(end).filter(|at| at.saturating_sub(*before) <= gap) {
            (before, end) = (at, end + 1);
        }
        begin = end;
        Some(first..end)
    })
}

/// A session of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Its number among those of the member, from 1.
    pub number: u64,
    /// The first event.
    pub started_at: i64,
    /// The last one.
    pub ended_at: i64,
    /// Rows.
    pub events: u64,
    /// The places of the names of the first and the last event.
    pub ends: (u32, u32),
}

/// Hands over the sessions of all members, which silences longer than the gap part.
pub fn sessions<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    gap: i64,
    as_of: Option<i64>,
    mut each: impl FnMut(MemberRef<'_>, Session),
) -> Result<(), Error> {
    let last = last_instant(view, zone, as_of);
    let mut pace = Pace::new(view.host());
    let mut walk = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        for (number, events) in (1..).zip(sessions_of(path, gap, last)) {
            pace.step(1 + events.len());
            let (first, end) = (events.start, events.end - 1);
            let rows = events.fold(0u64, |sum, i| sum.saturating_add(path.count(i)));
            let (started_at, ended_at) = (path.times()[first], path.times()[end]);
            let ends = (path.codes()[first], path.codes()[end]);
            each(member, Session { number, started_at, ended_at, events: rows, ends });
        }
    }
    Ok(())
}

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
    rows.sort_by_key(|row| (std::cmp::Reverse(row.events), row.next.is_none(), row.next));
    Ok(rows)
}

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
    for position in 0..positions {
        let own = &counts[position * names..(position + 1) * names];
        let mut order: std::vec::Vec<u32> =
            (0..names as u32).filter(|code| own[*code as usize] > 0).collect();
        order.sort_by_key(|code| std::cmp::Reverse(own[*code as usize]));
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
    let mut steps = Vec::new_in(host.clone());
    for (cell, counted) in cells.iter().enumerate().filter(|(_, cell)| cell.events > 0) {
        let (level, from, to) = (cell / width / width, cell / width % width, cell % width);
        steps.push(PathStep {
            level: level + 1,
            from: node(level, from),
            to: node(level + 1, to),
            members: counted.members,
            ways: counted.events,
            share: counted.events as f64 / all as f64,
        });
    }
    steps.sort_by_key(|step| (step.level, std::cmp::Reverse(step.ways)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Utc;
    use crate::host::{Global, testing::stops};
    use crate::journeys::testing::{Given, build, given};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::string::String;

    /// Level, from, to; none at the end.
    type Key = (usize, String, Option<String>);

    fn asked() -> impl Strategy<Value = PathsQuestion> {
        let ends = prop_oneof![
            Just((None, None)),
            (0..3u32).prop_map(|code| (Some(code), None)),
            (0..3u32).prop_map(|code| (None, Some(code))),
        ];
        (ends, 1..6usize, 1..6usize, prop::option::of(0..6i64)).prop_map(
            |((start, finish), levels, top, session)| PathsQuestion {
                start,
                finish,
                levels,
                top,
                session,
                as_of: None,
            },
        )
    }

    /// The ways by the definitions: member, names.
    fn ways(
        rows: &Given,
        view: &View<'_, Global>,
        question: &PathsQuestion,
    ) -> std::vec::Vec<(i64, std::vec::Vec<String>)> {
        let name = |code: u32| {
            view.names.get(code as usize).map(|name| String::from_utf8(name.to_vec()).unwrap())
        };
        let mut members: BTreeMap<i64, BTreeSet<(i64, String)>> = BTreeMap::new();
        for (member, at, event) in rows {
            members.entry(*member).or_default().insert((*at, event.clone()));
        }
        let mut ways = std::vec::Vec::new();
        for (member, events) in members {
            let events: std::vec::Vec<(i64, String)> = events.into_iter().collect();
            for session in
                events.chunk_by(|a, b| question.session.is_none_or(|gap| b.0 - a.0 <= gap))
            {
                let mut names: std::vec::Vec<String> =
                    session.iter().map(|event| event.1.clone()).collect();
                if let Some(finish) = question.finish {
                    let finish = name(finish).unwrap();
                    names.reverse();
                    names = names.into_iter().skip_while(|name| *name != finish).collect();
                }
                if let Some(start) = question.start {
                    let start = name(start).unwrap();
                    names = names.into_iter().skip_while(|name| *name != start).collect();
                }
                names.dedup();
                if !names.is_empty() {
                    ways.push((member, names));
                }
            }
        }
        ways
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn steps_add_up_at_every_level(rows in given(), question in asked()) {
            let journeys = build(&rows);
            let view = journeys.view();
            let known = view.names.len() as u32;
            prop_assume!(question.start.is_none_or(|code| code < known) && question.finish.is_none_or(|code| code < known));
            let steps = paths(&view, &Utc, &question).unwrap();
            let ways = ways(&rows, &view, &question);
            let sum = |level: usize, keep: &dyn Fn(&PathStep) -> bool| -> u64 {
                steps.iter().filter(|step| step.level == level && keep(step)).map(|step| step.ways).sum()
            };
            for level in 1..=question.levels {
                // As many as are so long, and no more than came from the level before, node by node.
                let wanted = ways.iter().filter(|(_, names)| names.len() >= level).count() as u64;
                prop_assert_eq!(sum(level, &|_| true), wanted);
                for step in steps.iter().filter(|step| step.level == level && step.to != Node::End) {
                    if level < question.levels {
                        let to = step.to;
                        prop_assert_eq!(sum(level, &|s| s.to == to), sum(level + 1, &|s| s.from == to));
                    }
                }
                let share: f64 = steps.iter().filter(|step| step.level == level).map(|step| step.share).sum();
                prop_assert!(ways.is_empty() || (share - wanted as f64 / ways.len() as f64).abs() < 1e-9);
            }
            // With room for all names, each step is counted as it is.
            if question.top >= 5 {
                let mut counts: BTreeMap<Key, (u64, BTreeSet<i64>)> = BTreeMap::new();
                for (member, names) in &ways {
                    for level in 0..question.levels.min(names.len()) {
                        let key = (level + 1, names[level].clone(), names.get(level + 1).cloned());
                        let count = counts.entry(key).or_default();
                        count.0 += 1;
                        count.1.insert(*member);
                    }
                }
                let text = |node: Node| match node {
                    Node::Event(code) => Some(String::from_utf8(view.names[code as usize].to_vec()).unwrap()),
                    Node::End => None,
                    Node::Other => Some("other".into()),
                };
                let found: BTreeMap<_, _> = steps
                    .iter()
                    .map(|step| ((step.level, text(step.from).unwrap(), text(step.to)), (step.ways, step.members)))
                    .collect();
                let wanted: BTreeMap<_, _> =
                    counts.into_iter().map(|(key, (ways, members))| (key, (ways, members.len() as u64))).collect();
                prop_assert_eq!(found, wanted);
            }
        }

        #[test]
        fn sessions_and_what_follows(rows in given(), gap in 0..8i64, picked in 0..3u32) {
            let journeys = build(&rows);
            let view = journeys.view();
            let mut found = 0;
            let mut events = 0;
            sessions(&view, &Utc, gap, None, |_, session| {
                assert!(session.started_at <= session.ended_at);
                found += 1;
                events += session.events;
            }).unwrap();
            let all = PathsQuestion { start: None, finish: None, levels: 1, top: 1, session: Some(gap), as_of: None };
            prop_assert_eq!(found, ways(&rows, &view, &all).len());
            prop_assert_eq!(events, rows.len() as u64);
            prop_assume!((picked as usize) < view.names.len());
            let next = next_events(&view, &Utc, picked, None).unwrap();
            let own = String::from_utf8(view.names[picked as usize].to_vec()).unwrap();
            let times: BTreeSet<(i64, i64)> =
                rows.iter().filter(|row| row.2 == own).map(|row| (row.0, row.1)).collect();
            prop_assert_eq!(next.iter().map(|row| row.events).sum::<u64>(), times.len() as u64);
        }
    }

    #[test]
    fn loops_poll() {
        let rows: Given = (0..60_000i64)
            .map(|i| (i % 1000, i, ["a", "b", "c"][i as usize % 3].to_string()))
            .collect();
        let journeys = build(&rows);
        let view = journeys.view();
        let question = PathsQuestion {
            start: None,
            finish: None,
            levels: 5,
            top: 8,
            session: None,
            as_of: None,
        };
        assert!(stops(|| paths(&view, &Utc, &question)));
        assert!(stops(|| next_events(&view, &Utc, 0, None)));
        assert!(stops(|| sessions(&view, &Utc, 5, None, |_, _| {})));
        assert!(PathsQuestion { levels: 0, ..question }.check().is_err());
        assert!(PathsQuestion { top: 101, ..question }.check().is_err());
        assert!(PathsQuestion { start: Some(0), finish: Some(1), ..question }.check().is_err());
    }
}
