//! Walking a history member by member, whatever number of runs it is in.

use super::blocks::NO_AMOUNT;
use super::cursor::{Columns, Cursor, RunKey};
use super::member::{Key, MemberKind, MemberRef, bucket};
use super::run::{Run, RunRef, Timeline};
use super::spells::Pen;
use crate::amount;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// A walk over the members of one history, in their order.
#[derive(Debug)]
pub struct Walk<'a, H: Host> {
    pub(super) cursors: Cursors<'a, H>,
    pub(super) lines: Lines<H>,
}

/// Cursors over the runs, for each kind of members.
#[derive(Debug)]
pub(super) enum Cursors<'a, H: Host> {
    Int(Vec<Cursor<'a, i64>, H>),
    Uuid(Vec<Cursor<'a, u128>, H>),
    Text(Vec<Cursor<'a, &'a [u8]>, H>),
}

/// The timeline of a member, and room for merging it from several runs.
#[derive(Debug)]
pub(super) struct Lines<H: Host> {
    columns: Columns,
    pub(super) timeline: Timeline<H>,
    part: Timeline<H>,
    merged: Timeline<H>,
    /// Ticks read, before those of several runs were merged.
    taken: u64,
}

impl<'a, H: Host> Walk<'a, H> {
    pub(crate) fn new(
        kind: MemberKind,
        runs: &[RunRef<'a>],
        columns: Columns,
        host: &H,
    ) -> Result<Self, Error> {
        let cursors = match kind {
            MemberKind::Int => Cursors::Int(cursors(runs, columns, host)?),
            MemberKind::Uuid => Cursors::Uuid(cursors(runs, columns, host)?),
            MemberKind::Text => Cursors::Text(cursors(runs, columns, host)?),
        };
        let lines = Lines {
            columns,
            timeline: Timeline::new(host),
            part: Timeline::new(host),
            merged: Timeline::new(host),
            taken: 0,
        };
        Ok(Walk { cursors, lines })
    }

    /// The next member that has an event, with its timeline.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'a>, &Timeline<H>)>, Error> {
        loop {
            let Some((member, _)) = self.next_entry()? else { return Ok(None) };
            self.lines.timeline.part();
            if !self.lines.timeline.ticks.is_empty() {
                return Ok(Some((member, &self.lines.timeline)));
            }
        }
    }

    /// The next member, whether it has an event or amounts alone.
    #[inline]
    pub fn next_with_amounts(&mut self) -> Result<Option<(MemberRef<'a>, &Timeline<H>)>, Error> {
        let Some((member, _)) = self.next_entry()? else { return Ok(None) };
        self.lines.timeline.part();
        Ok(Some((member, &self.lines.timeline)))
    }

    /// The next member with all that is kept of it: ticks without an event stand among the others, and
    /// their count is 0.
    #[inline]
    pub fn next_entry(&mut self) -> Result<Option<(MemberRef<'a>, &Timeline<H>)>, Error> {
        let lines = &mut self.lines;
        let member = match &mut self.cursors {
            Cursors::Int(cursors) => next(cursors, lines)?.map(Key::member),
            Cursors::Uuid(cursors) => next(cursors, lines)?.map(Key::member),
            Cursors::Text(cursors) => next(cursors, lines)?.map(Key::member),
        };
        Ok(member.map(|member| (member, &self.lines.timeline)))
    }

    /// Hands over the names of all members with an event that are left, whose timelines are left unread:
    /// a walk does either this or [`Self::next_member`]. Quicker than asking for one after the other:
    /// a name that is copied as a whole waits until its parts have been written.
    #[inline]
    pub fn each_name(
        &mut self,
        mut each: impl FnMut(&MemberRef<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &mut self.cursors {
            Cursors::Int(cursors) => each_name(cursors, |key| each(&key.member())),
            Cursors::Uuid(cursors) => each_name(cursors, |key| each(&key.member())),
            Cursors::Text(cursors) => each_name(cursors, |key| each(&key.member())),
        }
    }

    /// Bucket and name of the next member.
    #[inline]
    pub(crate) fn peek(&self) -> Option<(u32, MemberRef<'a>)> {
        match &self.cursors {
            Cursors::Int(cursors) => peek(cursors).map(|(bucket, key)| (bucket, key.member())),
            Cursors::Uuid(cursors) => peek(cursors).map(|(bucket, key)| (bucket, key.member())),
            Cursors::Text(cursors) => peek(cursors).map(|(bucket, key)| (bucket, key.member())),
        }
    }

    /// Is there a next member, and does it come before this one?
    #[inline]
    pub fn is_before(&self, member: MemberRef<'_>) -> bool {
        self.peek().is_some_and(|next| next < (bucket(member.hash()), member))
    }

    /// Is this the next member?
    #[inline]
    pub fn is_at(&self, member: MemberRef<'_>) -> bool {
        self.peek().is_some_and(|(_, next)| next == member)
    }

    pub(crate) fn taken(&self) -> u64 {
        self.lines.taken
    }

    pub(crate) fn at_end(&self) -> bool {
        match &self.cursors {
            Cursors::Int(cursors) => cursors.iter().all(Cursor::at_end),
            Cursors::Uuid(cursors) => cursors.iter().all(Cursor::at_end),
            Cursors::Text(cursors) => cursors.iter().all(Cursor::at_end),
        }
    }
}

fn cursors<'a, K: RunKey<'a>, H: Host>(
    runs: &[RunRef<'a>],
    columns: Columns,
    host: &H,
) -> Result<Vec<Cursor<'a, K>, H>, Error> {
    let mut cursors = Vec::with_capacity_in(runs.len(), host.clone());
    for run in runs {
        cursors.push(Cursor::new(run, columns)?);
    }
    Ok(cursors)
}

#[inline]
fn peek<'a, K: RunKey<'a>>(cursors: &[Cursor<'a, K>]) -> Option<(u32, K)> {
    match cursors {
        [one] => one.at,
        many => many.iter().filter_map(|cursor| cursor.at).min(),
    }
}

/// Passes over the next member: its name, and whether it has an event.
#[inline]
fn next_name<'a, K: RunKey<'a>>(cursors: &mut [Cursor<'a, K>]) -> Result<Option<(K, bool)>, Error> {
    let next = peek(cursors);
    let mut has_event = false;
    for cursor in cursors.iter_mut().filter(|cursor| next.is_some() && cursor.at == next) {
        has_event |= cursor.has_event()?;
        cursor.advance()?;
    }
    Ok(next.map(|(_, member)| (member, has_event)))
}

#[inline]
fn each_name<'a, K: RunKey<'a>>(
    cursors: &mut [Cursor<'a, K>],
    mut each: impl FnMut(K) -> Result<(), Error>,
) -> Result<(), Error> {
    if let [one] = cursors
        && !one.has_any_quiet()
    {
        while let Some((_, key)) = one.at {
            each(key)?;
            one.advance()?;
        }
        return Ok(());
    }
    while let Some((key, has_event)) = next_name(cursors)? {
        if has_event {
            each(key)?;
        }
    }
    Ok(())
}

/// Reads the next member: its timeline is then in `lines`.
#[inline]
pub(super) fn next<'a, K: RunKey<'a>, H: Host>(
    cursors: &mut [Cursor<'a, K>],
    lines: &mut Lines<H>,
) -> Result<Option<K>, Error> {
    if let [one] = cursors {
        let Some((_, member)) = one.at else {
            return Ok(None);
        };
        one.take(&mut lines.timeline)?;
        one.advance()?;
        return Ok(Some(member));
    }
    next_of_many(cursors, lines)
}

fn next_of_many<'a, K: RunKey<'a>, H: Host>(
    cursors: &mut [Cursor<'a, K>],
    lines: &mut Lines<H>,
) -> Result<Option<K>, Error> {
    let next = peek(cursors);
    let Some((_, member)) = next else {
        return Ok(None);
    };
    let mut found = false;
    for cursor in cursors.iter_mut().filter(|cursor| cursor.at == next) {
        if found {
            cursor.take(&mut lines.part)?;
            lines.taken += lines.part.ticks.len() as u64;
            merge(&lines.timeline, &lines.part, lines.columns, &mut lines.merged)?;
            std::mem::swap(&mut lines.timeline, &mut lines.merged);
        } else {
            cursor.take(&mut lines.timeline)?;
            lines.taken += lines.timeline.ticks.len() as u64;
            found = true;
        }
        cursor.advance()?;
    }
    Ok(Some(member))
}

/// Two timelines of one member as one.
fn merge<H: Host>(
    left: &Timeline<H>,
    right: &Timeline<H>,
    columns: Columns,
    out: &mut Timeline<H>,
) -> Result<(), Error> {
    let most = left.ticks.len() + right.ticks.len();
    let has_quiet = left.has_quiet || right.has_quiet;
    out.ticks.resize(most, 0);
    out.counts.resize(if columns.counts || has_quiet { most } else { 0 }, 0);
    out.amounts.clear();
    // Which side goes on can not be predicted: computed without a branch.
    let (mut l, mut r, mut len) = (0, 0, 0);
    while let (Some(&a), Some(&b), Some(place)) =
        (left.ticks.get(l), right.ticks.get(r), out.ticks.get_mut(len))
    {
        *place = a.min(b);
        let (from_left, from_right) = (a <= b, b <= a);
        if let Some(count) = out.counts.get_mut(len) {
            let of_left = if from_left { left.count(l) } else { 0 };
            *count = of_left.saturating_add(if from_right { right.count(r) } else { 0 });
        }
        l += usize::from(from_left);
        r += usize::from(from_right);
        len += 1;
    }
    for (side, at) in [(left, l), (right, r)] {
        for (i, tick) in (at..).zip(&side.ticks[at..]) {
            out.ticks[len] = *tick;
            if let Some(count) = out.counts.get_mut(len) {
                *count = side.count(i);
            }
            len += 1;
        }
    }
    out.ticks.truncate(len);
    out.counts.truncate(len);
    out.has_quiet = has_quiet && out.counts.contains(&0);
    if !(left.amounts.is_empty() && right.amounts.is_empty()) {
        let (mut l, mut r) = (0, 0);
        for tick in &out.ticks {
            let mut amount = NO_AMOUNT;
            for (side, at) in [(left, &mut l), (right, &mut r)] {
                if side.ticks.get(*at) == Some(tick) {
                    let more = side.amounts.get(*at).copied().unwrap_or(NO_AMOUNT);
                    amount = add_amounts(amount, more)?;
                    *at += 1;
                }
            }
            out.amounts.push(amount);
        }
    }
    Ok(())
}

/// The sum of two amounts, either of which may be none.
#[inline]
pub(crate) fn add_amounts(a: i64, b: i64) -> Result<i64, Error> {
    if a == NO_AMOUNT {
        return Ok(b);
    }
    if b == NO_AMOUNT {
        return Ok(a);
    }
    fit(i128::from(a) + i128::from(b))
}

/// A sum, if it is an amount.
#[inline]
pub(crate) fn fit(sum: i128) -> Result<i64, Error> {
    amount::fit(sum, || format!("{}, the sum of one member at one tick", amount::text(sum)))
}

/// Writes the members that a walk still has.
pub(crate) fn copy<H: Host>(
    walk: &mut Walk<'_, H>,
    pen: &mut impl Pen<H>,
    host: &H,
) -> Result<Run<H>, Error> {
    let mut out = Run::new(host.clone());
    let mut pace = Pace::new(host);
    while let Some((member, timeline)) = walk.next_entry()? {
        pace.step(1 + timeline.ticks.len());
        for (i, &tick) in timeline.ticks.iter().enumerate() {
            let amount = timeline.amounts.get(i).copied().unwrap_or(NO_AMOUNT);
            pen.tick(&mut out, tick, timeline.count(i), amount)?;
        }
        let ticks = pen.lift(&mut out)?;
        out.member(member, ticks);
    }
    Ok(out.finished())
}

/// Writes the members that a walk still has, or those that `keep` wants, with the ticks it wants.
pub(crate) fn rewrite<H: Host>(
    walk: &mut Walk<'_, H>,
    host: &H,
    mut keep: impl FnMut(MemberRef<'_>) -> bool,
    mut ticks: impl FnMut(i64) -> bool,
) -> Result<Run<H>, Error> {
    let mut out = Run::new(host.clone());
    let mut pace = Pace::new(host);
    while let Some((member, timeline)) = walk.next_entry()? {
        pace.step(1 + timeline.ticks.len());
        if !keep(member) {
            continue;
        }
        let kept = timeline.ticks.iter().filter(|t| ticks(**t)).count();
        if kept == 0 {
            continue;
        }
        out.member(member, kept);
        let mut begun = false;
        for (i, &tick) in timeline.ticks.iter().enumerate() {
            if !ticks(tick) {
                continue;
            }
            let amount = timeline.amounts.get(i).copied().unwrap_or(NO_AMOUNT);
            out.tick_of_member(begun, tick, timeline.count(i), amount)?;
            begun = true;
        }
    }
    Ok(out.finished())
}
