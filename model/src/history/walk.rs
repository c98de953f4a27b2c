//! Walking a history member by member, whatever number of runs it is in.

use super::member::{MemberKind, MemberRef, bucket};
use super::run::{Cursor, NO_AMOUNT, Run, RunRef, Timeline};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// A walk over the members of one history, in their order.
#[derive(Debug)]
pub struct Walk<'a, H: Host> {
    cursors: Vec<Cursor<'a>, H>,
    timeline: Timeline<H>,
    merged: Timeline<H>,
    order: Vec<u32, H>,
    /// Ticks read, before those of several runs were merged.
    taken: u64,
}

impl<'a, H: Host> Walk<'a, H> {
    pub(crate) fn new(kind: MemberKind, runs: &[RunRef<'a>], host: &H) -> Result<Self, Error> {
        let mut cursors = Vec::with_capacity_in(runs.len(), host.clone());
        for run in runs {
            cursors.push(Cursor::new(run, kind)?);
        }
        Ok(Walk {
            cursors,
            timeline: Timeline::new(host),
            merged: Timeline::new(host),
            order: Vec::new_in(host.clone()),
            taken: 0,
        })
    }

    /// The next member with its timeline.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'a>, &Timeline<H>)>, Error> {
        let Some((_, member)) = self.peek() else { return Ok(None) };
        self.read(member)?;
        Ok(Some((member, &self.timeline)))
    }

    /// Bucket and name of the next member.
    #[inline]
    pub(crate) fn peek(&self) -> Option<(u32, MemberRef<'a>)> {
        match self.cursors.as_slice() {
            [one] => one.at,
            many => many.iter().filter_map(|cursor| cursor.at).min(),
        }
    }

    /// Is there a next member, and does it come before this one?
    #[inline]
    pub(crate) fn is_before(&self, member: MemberRef<'_>) -> bool {
        self.peek().is_some_and(|next| next < (bucket(member.hash()), member))
    }

    /// Is this the next member?
    #[inline]
    pub(crate) fn is_at(&self, member: MemberRef<'_>) -> bool {
        self.peek().is_some_and(|(_, next)| next == member)
    }

    #[inline]
    fn read(&mut self, member: MemberRef<'a>) -> Result<(), Error> {
        self.timeline.clear();
        let mut parts = 0;
        for cursor in self.cursors.iter_mut() {
            if cursor.at.is_some_and(|(_, at)| at == member) {
                cursor.take(&mut self.timeline)?;
                cursor.advance()?;
                parts += 1;
            }
        }
        self.taken += self.timeline.ticks.len() as u64;
        if parts > 1 {
            self.merge_ticks()?;
        }
        Ok(())
    }

    /// The timeline is several ascending ones, end to end: make it one.
    fn merge_ticks(&mut self) -> Result<(), Error> {
        let ticks = self.timeline.ticks.as_slice();
        if ticks.is_sorted_by(|a, b| a < b) {
            self.fill_columns();
            return Ok(());
        }
        let has_amounts = !self.timeline.amounts.is_empty();
        self.order.clear();
        self.order.extend(0..ticks.len() as u32);
        self.order.sort_by_key(|&i| ticks[i as usize]);
        let merged = &mut self.merged;
        merged.clear();
        for &i in &self.order {
            let i = i as usize;
            let (tick, count) = (ticks[i], self.timeline.count(i));
            let amount = self.timeline.amounts.get(i).copied().unwrap_or(NO_AMOUNT);
            if merged.ticks.last() == Some(&tick) {
                let (at, counts, amounts) =
                    (merged.ticks.len() - 1, &mut merged.counts, &mut merged.amounts);
                counts[at] = counts[at].saturating_add(count);
                if has_amounts {
                    amounts[at] = add_amounts(amounts[at], amount)?;
                }
            } else {
                merged.ticks.push(tick);
                merged.counts.push(count);
                if has_amounts {
                    merged.amounts.push(amount);
                }
            }
        }
        std::mem::swap(&mut self.timeline, &mut self.merged);
        Ok(())
    }

    /// Columns that only some of the runs had end where the last of those runs did.
    fn fill_columns(&mut self) {
        let timeline = &mut self.timeline;
        let len = timeline.ticks.len();
        if !timeline.counts.is_empty() {
            timeline.counts.resize(len, 1);
        }
        if !timeline.amounts.is_empty() {
            timeline.amounts.resize(len, NO_AMOUNT);
        }
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    pub(crate) fn at_end(&self) -> bool {
        self.cursors.iter().all(Cursor::at_end)
    }
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
    match a.checked_add(b) {
        Some(sum) if sum != NO_AMOUNT => Ok(sum),
        _ => Err(Error::AmountOutOfRange {
            given: "the sum of the amounts of one member at one tick".to_string(),
        }),
    }
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
    while let Some((member, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks.len());
        if !keep(member) {
            continue;
        }
        let kept = timeline.ticks.iter().filter(|t| ticks(**t)).count();
        if kept == 0 {
            continue;
        }
        out.member(member, kept);
        let mut first = true;
        for (i, &tick) in timeline.ticks.iter().enumerate() {
            if !ticks(tick) {
                continue;
            }
            let amount = timeline.amounts.get(i).copied().unwrap_or(NO_AMOUNT);
            if std::mem::take(&mut first) {
                out.first_tick(tick, timeline.count(i), amount)?;
            } else {
                out.next_tick(tick, timeline.count(i), amount)?;
            }
        }
    }
    Ok(out)
}
