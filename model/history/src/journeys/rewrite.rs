//! Runs made of runs: merged, or of the part of their events that somebody wants.

use super::cursor::Path;
use super::run::Run;
use super::unit::Unit;
use super::view::{View, Walk};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace, Vec};
use std::ops::Range;

/// All events of a view, whose names have these numbers.
pub(super) fn merged<H: Host>(
    view: &View<'_, H>,
    numbers: Vec<u32, H>,
    host: &H,
) -> Result<Run<H>, Error> {
    let unit = view.runs.iter().map(|run| run.unit).min().unwrap_or(Unit::LARGEST);
    let mut names = Vec::with_capacity_in(numbers.len(), host.clone());
    names.extend_from_slice(&numbers);
    let mut run = Run::new(unit, names, host);
    let mut pace = Pace::new(host);
    let mut walk = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        write(&mut run, member, path, 0..path.len(), |code| code);
    }
    Ok(run)
}

fn write<H: Host>(
    run: &mut Run<H>,
    member: MemberRef<'_>,
    path: &Path<H>,
    events: Range<usize>,
    code: impl Fn(u32) -> u32,
) {
    let first = events.start;
    run.member(member, events.len());
    for i in events {
        run.event(i > first, path.times[i], code(path.codes[i]), path.count(i));
    }
}

/// What is to be kept: the events of some members from an instant on, up to another.
pub(super) trait Keep {
    fn member(&mut self, member: MemberRef<'_>) -> bool;
    fn times(&self) -> (i64, i64);

    /// Which events of a member that is kept.
    fn events<H: Host>(&self, path: &Path<H>) -> Range<usize> {
        let (from, to) = self.times();
        let first = path.times.partition_point(|at| *at < from);
        first..path.times.partition_point(|at| *at <= to).max(first)
    }
}

/// What is in the part that is kept.
#[derive(Debug)]
pub(super) struct Survey<H: Host> {
    /// The places of the names that occur.
    pub(super) places: Vec<u32, H>,
    unit: Unit,
    /// The first and the last instant; none if nothing is kept.
    pub(super) ends: Option<(i64, i64)>,
}

/// Looks at what is kept. Were all bytes read?
pub(super) fn survey<H: Host>(
    view: &View<'_, H>,
    keep: &mut impl Keep,
    host: &H,
) -> Result<(Survey<H>, bool), Error> {
    let mut is_used = Vec::new_in(host.scratch());
    is_used.resize(view.names.len(), false);
    let (mut unit, mut ends) = (Unit::LARGEST, None);
    let mut pace = Pace::new(host);
    let mut walk: Walk<'_, H> = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        if !keep.member(member) {
            continue;
        }
        let kept = keep.events(path);
        let times = &path.times[kept.clone()];
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else { continue };
        let (low, high) = ends.unwrap_or((first, last));
        ends = Some((first.min(low), last.max(high)));
        unit = times.iter().fold(unit, |unit, at| unit.with(*at));
        path.codes[kept].iter().for_each(|code| is_used[*code as usize] = true);
    }
    let mut places = Vec::new_in(host.clone());
    places.extend((0..).zip(&is_used).filter(|(_, used)| **used).map(|(place, _)| place));
    Ok((Survey { places, unit, ends }, walk.at_end()))
}

/// The run of what is kept. Its names are those of the survey, numbered as they stand there.
pub(super) fn kept<H: Host>(
    view: &View<'_, H>,
    keep: &mut impl Keep,
    survey: &Survey<H>,
    host: &H,
) -> Result<Run<H>, Error> {
    let mut codes = Vec::new_in(host.scratch());
    codes.resize(view.names.len(), 0);
    for (code, place) in (0..).zip(&survey.places) {
        codes[*place as usize] = code;
    }
    let mut numbers = Vec::with_capacity_in(survey.places.len(), host.clone());
    numbers.extend(0..survey.places.len() as u32);
    let mut run = Run::new(survey.unit, numbers, host);
    let mut pace = Pace::new(host);
    let mut walk = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        if !keep.member(member) {
            continue;
        }
        let events = keep.events(path);
        if !events.is_empty() {
            write(&mut run, member, path, events, |code| codes[code as usize]);
        }
    }
    Ok(run)
}
