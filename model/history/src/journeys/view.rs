//! Journeys as their readers see them, whatever number of runs they are in.

use super::cursor::{Cursor, Path};
use super::fault::{malformed, of_journeys};
use super::run::{Run, RunRef};
use crate::error::{Error, Malformed};
use crate::history::cursor::RunKey;
use crate::history::member::Key;
use crate::history::{MemberKind, MemberRef, Meta};
use crate::host::{Host, Pace, Vec};
use model_kit::names::Names;

/// Journeys that can be read: settled, and borrowed from wherever they are.
#[derive(Debug)]
pub struct View<'a, H: Host> {
    /// What they are of.
    pub meta: &'a Meta<H>,
    /// The names of events, which ascend byte by byte.
    pub names: Vec<&'a [u8], H>,
    pub(super) runs: Vec<RunRef<'a, H>, H>,
    pub(super) host: H,
}

impl<'a, H: Host> View<'a, H> {
    /// The view of some runs, and the numbers of its names among all of them.
    pub(super) fn of_runs(
        meta: &'a Meta<H>,
        names: &'a Names<H>,
        runs: &'a [Run<H>],
        host: H,
    ) -> (Self, Vec<u32, H>) {
        let numbers = match runs {
            [one] => one.names.clone(),
            several => union(names, several, &host),
        };
        let mut places = Vec::new_in(host.clone());
        if runs.len() > 1 {
            places.resize(names.len(), 0);
            for (place, number) in (0..).zip(&numbers) {
                places[*number as usize] = place;
            }
        }
        let mut refs = Vec::with_capacity_in(runs.len(), host.clone());
        refs.extend(runs.iter().map(|run| {
            let places = (runs.len() > 1).then(|| {
                let mut own = Vec::with_capacity_in(run.names.len(), host.clone());
                own.extend(run.names.iter().map(|number| places[*number as usize]));
                own
            });
            RunRef { totals: run.totals, unit: run.unit, places, columns: run.columns() }
        }));
        let mut texts = Vec::with_capacity_in(numbers.len(), host.clone());
        texts.extend(numbers.iter().map(|number| names.get(*number as usize)));
        (View { meta, names: texts, runs: refs, host }, numbers)
    }

    /// Their members, with what each did.
    pub fn walk(&self) -> Result<Walk<'a, H>, Error> {
        Walk::new(self).map_err(of_journeys)
    }

    /// Where they are kept.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The number of events, with repetitions.
    pub fn events(&self) -> u64 {
        self.runs.iter().fold(0, |sum, run| sum.saturating_add(run.totals.rows))
    }

    /// The number of members.
    pub fn count_members(&self) -> Result<u64, Error> {
        if let [one] = self.runs.as_slice() {
            return Ok(one.totals.members);
        }
        let mut pace = Pace::new(&self.host);
        let (mut walk, mut members) = (self.walk()?, 0);
        while let Some((_, path)) = walk.next_member()? {
            pace.step(1 + path.len());
            members += 1;
        }
        Ok(members)
    }

    /// The first and the last instant.
    pub(super) fn bounds(&self) -> (i64, i64) {
        self.meta.extent.map_or((i64::MAX, i64::MIN), |extent| (extent.first, extent.last))
    }
}

/// The numbers of the names that some runs have, in the order of the names.
fn union<H: Host>(names: &Names<H>, runs: &[Run<H>], host: &H) -> Vec<u32, H> {
    let mut is_used = Vec::new_in(host.clone());
    is_used.resize(names.len(), false);
    for number in runs.iter().flat_map(|run| &run.names) {
        is_used[*number as usize] = true;
    }
    let mut pace = Pace::new(host);
    let mut numbers = Vec::new_in(host.clone());
    numbers.extend((0..).zip(&is_used).filter(|(_, used)| **used).map(|(number, _)| number));
    numbers.sort_unstable_by(|&a: &u32, &b| {
        pace.step(1);
        names.get(a as usize).cmp(names.get(b as usize))
    });
    numbers
}

/// A walk over members, in the order of histories.
#[derive(Debug)]
pub struct Walk<'a, H: Host> {
    cursors: Cursors<'a, H>,
    paths: Paths<H>,
}

/// Cursors over the runs, for each kind of members.
#[derive(Debug)]
enum Cursors<'a, H: Host> {
    Int(Vec<Cursor<'a, i64, H>, H>),
    Uuid(Vec<Cursor<'a, u128, H>, H>),
    Text(Vec<Cursor<'a, &'a [u8], H>, H>),
}

/// What a member did, and room for merging it from several runs.
#[derive(Debug)]
struct Paths<H: Host> {
    path: Path<H>,
    part: Path<H>,
    merged: Path<H>,
}

impl<'a, H: Host> Walk<'a, H> {
    fn new(view: &View<'a, H>) -> Result<Self, Error> {
        let host = &view.host;
        let cursors = match view.meta.kind {
            MemberKind::Int => Cursors::Int(cursors(view)?),
            MemberKind::Uuid => Cursors::Uuid(cursors(view)?),
            MemberKind::Text => Cursors::Text(cursors(view)?),
        };
        let paths = Paths { path: Path::new(host), part: Path::new(host), merged: Path::new(host) };
        Ok(Walk { cursors, paths })
    }

    /// The next member, with what it did.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'a>, &Path<H>)>, Error> {
        let paths = &mut self.paths;
        let member = match &mut self.cursors {
            Cursors::Int(cursors) => next(cursors, paths).map(|k| k.map(Key::member)),
            Cursors::Uuid(cursors) => next(cursors, paths).map(|k| k.map(Key::member)),
            Cursors::Text(cursors) => next(cursors, paths).map(|k| k.map(Key::member)),
        };
        let member = member.map_err(|why| malformed(why.0))?;
        Ok(member.map(|member| (member, &self.paths.path)))
    }

    pub(super) fn at_end(&self) -> bool {
        match &self.cursors {
            Cursors::Int(cursors) => cursors.iter().all(Cursor::at_end),
            Cursors::Uuid(cursors) => cursors.iter().all(Cursor::at_end),
            Cursors::Text(cursors) => cursors.iter().all(Cursor::at_end),
        }
    }
}

fn cursors<'a, K: RunKey<'a>, H: Host>(
    view: &View<'a, H>,
) -> Result<Vec<Cursor<'a, K, H>, H>, Error> {
    let mut cursors = Vec::with_capacity_in(view.runs.len(), view.host.clone());
    for run in &view.runs {
        cursors.push(Cursor::new(run, view.names.len(), view.bounds())?);
    }
    Ok(cursors)
}

/// Reads the next member: what it did is then in `paths`.
#[inline]
fn next<'a, K: RunKey<'a>, H: Host>(
    cursors: &mut [Cursor<'a, K, H>],
    paths: &mut Paths<H>,
) -> Result<Option<K>, Malformed> {
    if let [one] = cursors {
        let Some((_, member)) = one.at else { return Ok(None) };
        one.take(&mut paths.path)?;
        one.advance()?;
        return Ok(Some(member));
    }
    let next = cursors.iter().filter_map(|cursor| cursor.at).min();
    let Some((_, member)) = next else { return Ok(None) };
    let mut found = false;
    for cursor in cursors.iter_mut().filter(|cursor| cursor.at == next) {
        if found {
            cursor.take(&mut paths.part)?;
            merge(&paths.path, &paths.part, &mut paths.merged);
            std::mem::swap(&mut paths.path, &mut paths.merged);
        } else {
            cursor.take(&mut paths.path)?;
            found = true;
        }
        cursor.advance()?;
    }
    Ok(Some(member))
}

/// What two runs say that one member did, as one path.
fn merge<H: Host>(left: &Path<H>, right: &Path<H>, out: &mut Path<H>) {
    out.times.clear();
    out.codes.clear();
    out.counts.clear();
    let (mut l, mut r, mut repeats) = (0, 0, false);
    let event = |path: &Path<H>, i: usize| Some((*path.times.get(i)?, *path.codes.get(i)?));
    loop {
        let (a, b) = (event(left, l), event(right, r));
        let Some(next) = (match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }) else {
            break;
        };
        let mut count = 0u64;
        if a == Some(next) {
            count = left.count(l);
            l += 1;
        }
        if b == Some(next) {
            count = count.saturating_add(right.count(r));
            r += 1;
        }
        repeats |= count > 1;
        out.times.push(next.0);
        out.codes.push(next.1);
        out.counts.push(count);
    }
    if !repeats {
        out.counts.clear();
    }
}
