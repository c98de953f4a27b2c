//! Reading a run, member by member.

use super::blocks::{Blocks, NO_AMOUNT};
use super::member::{Key, bucket};
use super::run::{RunRef, Timeline};
use crate::error::Malformed;
use crate::host::Host;
use crate::varint::{Bytes, unzigzag};

/// The columns of a timeline that a reader asks for besides its ticks. The others are not read: what
/// is wrong in them is not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// The number of events of each tick; else every tick says 1.
    pub counts: bool,
    /// The amount of each tick; else none has one.
    pub amounts: bool,
}

impl Columns {
    /// All that there are.
    pub const ALL: Self = Columns { counts: true, amounts: true };
    /// The ticks alone.
    pub const TICKS: Self = Columns { counts: false, amounts: false };
    /// The ticks with their amounts.
    pub const AMOUNTS: Self = Columns { counts: false, amounts: true };
}

/// A key as a run holds it.
pub(crate) trait RunKey<'a>: Key {
    /// Reads the next one. `before` is none for the first.
    fn read(column: &mut Bytes<'a>, before: Option<Self>) -> Result<Self, Malformed>;
}

impl RunKey<'_> for i64 {
    #[inline]
    fn read(column: &mut Bytes<'_>, before: Option<Self>) -> Result<Self, Malformed> {
        let gap = unzigzag(column.varint()?);
        Ok(before.unwrap_or(0).wrapping_add(gap))
    }
}

impl RunKey<'_> for u128 {
    #[inline]
    fn read(column: &mut Bytes<'_>, _: Option<Self>) -> Result<Self, Malformed> {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(column.take(16)?);
        Ok(u128::from_be_bytes(bytes))
    }
}

impl<'a> RunKey<'a> for &'a [u8] {
    #[inline]
    fn read(column: &mut Bytes<'a>, _: Option<Self>) -> Result<Self, Malformed> {
        let len = column.varint()?;
        column.take(usize::try_from(len).map_err(|_| Malformed("a name is too long"))?)
    }
}

/// Reads a run member by member.
#[derive(Debug)]
pub(crate) struct Cursor<'a, K> {
    /// Members not begun yet.
    left: u64,
    members: Bytes<'a>,
    pub(super) ticks: Bytes<'a>,
    pub(super) counts: Option<Bytes<'a>>,
    pub(super) amounts: Option<Blocks<'a>>,
    /// The ticks without an event that are still to come, and the number in the run of the next one:
    /// the greatest number if there is none.
    quiet: Bytes<'a>,
    next_quiet: u64,
    /// The number in the run of the first tick of the present member.
    first_tick: u64,
    /// The member that the cursor stands at, behind its bucket.
    pub(crate) at: Option<(u32, K)>,
    /// At least one, once there is a member.
    pub(super) ticks_of_member: usize,
    previous_first: i64,
}

impl<'a, K: RunKey<'a>> Cursor<'a, K> {
    pub(crate) fn new(run: &RunRef<'a>, wanted: Columns) -> Result<Self, Malformed> {
        let [members, ticks, counts, quiet, amounts] = run.columns.map(Bytes);
        let optional =
            |column: Bytes<'a>, wanted| (wanted && !column.0.is_empty()).then_some(column);
        let amounts = optional(amounts, wanted.amounts);
        let mut cursor = Cursor {
            left: run.totals.members,
            members,
            ticks,
            counts: optional(counts, wanted.counts),
            amounts: amounts.map(|column| Blocks::new(column.0, run.totals.ticks)),
            quiet,
            next_quiet: u64::MAX,
            first_tick: 0,
            at: None,
            ticks_of_member: 0,
            previous_first: 0,
        };
        if !cursor.quiet.0.is_empty() {
            cursor.next_quiet = cursor.quiet.varint()?;
        }
        cursor.advance()?;
        Ok(cursor)
    }

    /// On to the next member, if there is one. The ticks of the present one must have been taken, or
    /// never be taken of any.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<(), Malformed> {
        self.first_tick = self.first_tick.wrapping_add(self.ticks_of_member as u64);
        if self.left == 0 {
            self.ticks_of_member = 0;
            self.at = None;
            return Ok(());
        }
        self.left -= 1;
        let key = K::read(&mut self.members, self.at.map(|(_, key)| key))?;
        let at = (bucket(key.hash()), key);
        if self.at.is_some_and(|before| before >= at) {
            return Err(Malformed("members are out of order"));
        }
        self.at = Some(at);
        let ticks = self.members.varint()?.saturating_add(1);
        // Every tick takes a byte at least: nothing is allocated that the bytes do not justify.
        self.ticks_of_member = match usize::try_from(ticks) {
            Ok(ticks) if ticks <= self.ticks.0.len() => ticks,
            _ => return Err(Malformed("more ticks than bytes")),
        };
        Ok(())
    }

    /// The first tick of the present member.
    #[inline(always)]
    pub(super) fn take_first(&mut self) -> Result<i64, Malformed> {
        self.previous_first = self.previous_first.wrapping_add(unzigzag(self.ticks.varint()?));
        Ok(self.previous_first)
    }

    /// The ticks of the present member, in place of what the timeline held.
    #[inline(always)]
    pub(crate) fn take<H: Host>(&mut self, timeline: &mut Timeline<H>) -> Result<(), Malformed> {
        let len = self.ticks_of_member;
        let first = self.take_first()?;
        timeline.ticks.resize(len, 0);
        let Some((place, later)) = timeline.ticks.split_first_mut() else {
            return Ok(());
        };
        *place = first;
        let (mut tick, mut overflow) = (first, false);
        self.ticks.varints(later, |gap| {
            let (next, passed) = tick.overflowing_add_unsigned(gap);
            let (next, passed_too) = next.overflowing_add(1);
            overflow |= passed | passed_too;
            tick = next;
            next
        })?;
        if overflow {
            return Err(Malformed("a tick passes 64 bits"));
        }
        if let Some(column) = &mut self.counts {
            timeline.counts.resize(len, 0);
            column.varints(&mut timeline.counts, |count| count.saturating_add(1))?;
        } else {
            timeline.counts.clear();
        }
        if let Some(column) = &mut self.amounts {
            column.take(len, &mut timeline.amounts)?;
        } else {
            timeline.amounts.clear();
        }
        timeline.has_quiet = self.has_quiet();
        if timeline.has_quiet { self.silence(timeline) } else { Ok(()) }
    }

    /// Has the present member a tick without an event?
    #[inline(always)]
    pub(super) fn has_quiet(&self) -> bool {
        self.next_quiet < self.first_tick.wrapping_add(self.ticks_of_member as u64)
    }

    /// Sets the counts of the ticks without an event.
    #[cold]
    fn silence<H: Host>(&mut self, timeline: &mut Timeline<H>) -> Result<(), Malformed> {
        timeline.counts.resize(timeline.ticks.len(), 1);
        while let Some(place) = self.take_quiet()? {
            let has_amount = timeline.amounts.get(place).is_none_or(|amount| *amount != NO_AMOUNT);
            let Some(count) = timeline.counts.get_mut(place).filter(|_| has_amount) else {
                return Err(Malformed("a tick has neither an event nor an amount"));
            };
            *count = 0;
        }
        Ok(())
    }

    /// The place among the ticks of the present member of the next one without an event.
    fn take_quiet(&mut self) -> Result<Option<usize>, Malformed> {
        if !self.has_quiet() {
            return Ok(None);
        }
        let place = self.next_quiet.checked_sub(self.first_tick);
        let place = place.and_then(|place| usize::try_from(place).ok());
        let gap = if self.quiet.0.is_empty() { u64::MAX } else { self.quiet.varint()? };
        self.next_quiet = self.next_quiet.saturating_add(gap).saturating_add(1);
        // A walk over names takes all of them too: none is left behind.
        place.map(Some).ok_or(Malformed("ticks without events are out of order"))
    }

    /// Has the present member an event? Asked in place of taking its ticks.
    pub(super) fn has_event(&mut self) -> Result<bool, Malformed> {
        let mut quiet = 0;
        while self.take_quiet()?.is_some() {
            quiet += 1;
        }
        Ok(quiet < self.ticks_of_member)
    }

    /// Are there ticks without events, of this member or a later one?
    pub(super) fn has_any_quiet(&self) -> bool {
        self.next_quiet != u64::MAX
    }

    /// Has everything been read?
    pub(crate) fn at_end(&self) -> bool {
        let empty = |column: &Option<Bytes<'_>>| column.is_none_or(|c| c.0.is_empty());
        self.at.is_none()
            && self.members.0.is_empty()
            && self.ticks.0.is_empty()
            && empty(&self.counts)
            && self.amounts.as_ref().is_none_or(Blocks::at_end)
            && !self.has_any_quiet()
    }
}
