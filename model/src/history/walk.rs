//! Walking a history member by member, whatever number of runs it is in.

use super::member::{MemberKind, MemberRef, bucket};
use super::run::{Columns, Cursor, NO_AMOUNT, Run, RunRef, Timeline};
use crate::amount;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// A walk over the members of one history, in their order.
#[derive(Debug)]
pub struct Walk<'a, H: Host> {
    cursors: Vec<Cursor<'a>, H>,
    columns: Columns,
    timeline: Timeline<H>,
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
        let mut cursors = Vec::with_capacity_in(runs.len(), host.clone());
        for run in runs {
            cursors.push(Cursor::new(run, kind, columns)?);
        }
        Ok(Walk {
            cursors,
            columns,
            timeline: Timeline::new(host),
            part: Timeline::new(host),
            merged: Timeline::new(host),
            taken: 0,
        })
    }

    /// The next member with its timeline.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'a>, &Timeline<H>)>, Error> {
        let Some((_, member)) = self.peek() else {
            return Ok(None);
        };
        self.read(member)?;
        Ok(Some((member, &self.timeline)))
    }

    /// The next member without its timeline, which is left unread. A walk does either this or
    /// [`Self::next_member`], all the way.
    #[inline]
    pub fn next_name(&mut self) -> Result<Option<MemberRef<'a>>, Error> {
        let Some((_, member)) = self.peek() else {
            return Ok(None);
        };
        for cursor in self.cursors.iter_mut() {
            if cursor.at.is_some_and(|(_, at)| at == member) {
                cursor.advance()?;
            }
        }
        Ok(Some(member))
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
        let mut found = false;
        for cursor in self.cursors.iter_mut() {
            if cursor.at.is_none_or(|(_, at)| at != member) {
                continue;
            }
            if found {
                cursor.take(&mut self.part)?;
                self.taken += self.part.ticks.len() as u64;
                merge(&self.timeline, &self.part, self.columns, &mut self.merged)?;
                std::mem::swap(&mut self.timeline, &mut self.merged);
            } else {
                cursor.take(&mut self.timeline)?;
                self.taken += self.timeline.ticks.len() as u64;
                found = true;
            }
            cursor.advance()?;
        }
        Ok(())
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    pub(crate) fn at_end(&self) -> bool {
        self.cursors.iter().all(Cursor::at_end)
    }
}

/// Two timelines of one member as one.
fn merge<H: Host>(
    left: &Timeline<H>,
    right: &Timeline<H>,
    columns: Columns,
    out: &mut Timeline<H>,
) -> Result<(), Error> {
    out.clear();
    let most = left.ticks.len() + right.ticks.len();
    out.ticks.resize(most, 0);
    // Which side goes on is a matter of chance: computed, not branched upon.
    let (mut l, mut r, mut len) = (0, 0, 0);
    while let (Some(&a), Some(&b), Some(place)) =
        (left.ticks.get(l), right.ticks.get(r), out.ticks.get_mut(len))
    {
        *place = a.min(b);
        l += usize::from(a <= b);
        r += usize::from(b <= a);
        len += 1;
    }
    for (side, at) in [(left, l), (right, r)] {
        let rest = &side.ticks[at..];
        out.ticks[len..len + rest.len()].copy_from_slice(rest);
        len += rest.len();
    }
    out.ticks.truncate(len);
    if columns.counts {
        let count = |a: u64, b: u64| Ok(a.saturating_add(b));
        merge_column(left, right, &out.ticks, &mut out.counts, Timeline::count, count)?;
    }
    if !(left.amounts.is_empty() && right.amounts.is_empty()) {
        let amount = |side: &Timeline<H>, i| side.amounts.get(i).copied().unwrap_or(NO_AMOUNT);
        merge_column(left, right, &out.ticks, &mut out.amounts, amount, add_amounts)?;
    }
    Ok(())
}

/// What two timelines have at their common ticks.
fn merge_column<T, H: Host>(
    left: &Timeline<H>,
    right: &Timeline<H>,
    ticks: &[i64],
    out: &mut Vec<T, H>,
    of: impl Fn(&Timeline<H>, usize) -> T,
    add: impl Fn(T, T) -> Result<T, Error>,
) -> Result<(), Error> {
    let (mut l, mut r) = (0, 0);
    out.reserve(ticks.len());
    for tick in ticks {
        let from_left = left.ticks.get(l) == Some(tick);
        let from_right = right.ticks.get(r) == Some(tick);
        out.push(match (from_left, from_right) {
            (true, true) => add(of(left, l), of(right, r))?,
            (true, false) => of(left, l),
            (false, _) => of(right, r),
        });
        l += usize::from(from_left);
        r += usize::from(from_right);
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
    Ok(out)
}
