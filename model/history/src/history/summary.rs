//! Walking a history for what every member did in all, without its timeline: sums are read off the
//! columns several numbers at a time.

use super::cursor::{Cursor, RunKey};
use super::member::{Key, MemberRef};
use super::run::Timeline;
use super::sums::Sums;
use super::walk::{Cursors, Lines, Walk, next};
use crate::error::{Error, Malformed};
use crate::host::Host;

/// All that a member did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// The first tick.
    pub first: i64,
    /// The last tick.
    pub last: i64,
    /// The number of ticks with events; none, and the member did nothing.
    pub ticks: u64,
    /// The number of events; that of ticks, if the walk leaves counts out.
    pub events: u64,
    /// The sum of the amounts, with events and without; 0 if there are none, or the walk leaves them
    /// out.
    pub amount: i128,
}

impl<H: Host> Timeline<H> {
    /// What all up to a tick comes to.
    pub fn summary_until(&self, last_tick: i64) -> Summary {
        let seen = &self.ticks[..self.ticks.partition_point(|tick| *tick <= last_tick)];
        let [first, last] = [seen.first(), seen.last()].map(|tick| tick.copied().unwrap_or(0));
        let events = (0..seen.len()).fold(0u64, |sum, i| sum.saturating_add(self.count(i)));
        let amount = self.total_amount(0..seen.len()) + self.refunded(last_tick);
        Summary { first, last, ticks: seen.len() as u64, events, amount }
    }
}

impl<'a, K: RunKey<'a>> Cursor<'a, K> {
    /// Takes the ticks of the present member as their summary.
    #[inline]
    fn take_summary(&mut self) -> Result<Summary, Malformed> {
        let len = self.ticks_of_member;
        let first = self.take_first()?;
        let gaps = self.ticks.sum(len - 1)?;
        // Gaps are stored less one. A sum that stopped at the greatest number is caught too: there
        // are two gaps then.
        let last = first
            .checked_add_unsigned(gaps)
            .and_then(|last| last.checked_add_unsigned(len as u64 - 1))
            .ok_or(Malformed("a tick passes 64 bits"))?;
        let ticks = len as u64;
        let events = match &mut self.counts {
            Some(counts) => counts.sum(len)?.saturating_add(ticks),
            None => ticks,
        };
        let amount = match &mut self.amounts {
            Some(amounts) => amounts.sum(len)?,
            None => 0,
        };
        Ok(Summary { first, last, ticks, events, amount })
    }
}

impl<'a, H: Host> Walk<'a, H> {
    /// Hands over all members with an event that are left with their summaries, in place of
    /// [`Self::next_member`].
    /// See [`Self::each_name`] for why so.
    #[inline]
    pub fn each_summary(
        &mut self,
        mut each: impl FnMut(&MemberRef<'a>, Summary) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let lines = &mut self.lines;
        match &mut self.cursors {
            Cursors::Int(cursors) => each_summary(cursors, lines, |k, s| each(&k.member(), s)),
            Cursors::Uuid(cursors) => each_summary(cursors, lines, |k, s| each(&k.member(), s)),
            Cursors::Text(cursors) => each_summary(cursors, lines, |k, s| each(&k.member(), s)),
        }
    }
}

#[inline]
fn each_summary<'a, K: RunKey<'a>, H: Host>(
    cursors: &mut [Cursor<'a, K>],
    lines: &mut Lines<H>,
    mut each: impl FnMut(K, Summary) -> Result<(), Error>,
) -> Result<(), Error> {
    if let [one] = cursors {
        while let Some((_, key)) = one.at {
            if one.has_quiet() {
                one.take(&mut lines.timeline)?;
                each_parted(key, lines, &mut each)?;
            } else {
                each(key, one.take_summary()?)?;
            }
            one.advance()?;
        }
        return Ok(());
    }
    while let Some(key) = next(cursors, lines)? {
        each_parted(key, lines, &mut each)?;
    }
    Ok(())
}

/// Hands over a member whose timeline was read, if it has an event.
fn each_parted<K, H: Host>(
    key: K,
    lines: &mut Lines<H>,
    each: &mut impl FnMut(K, Summary) -> Result<(), Error>,
) -> Result<(), Error> {
    lines.timeline.part();
    let summary = lines.timeline.summary_until(i64::MAX);
    if summary.ticks > 0 { each(key, summary) } else { Ok(()) }
}
