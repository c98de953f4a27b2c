//! Reading a run, member by member.

use super::member::{Key, bucket};
use super::run::{NO_AMOUNT, RunRef, Timeline};
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
    /// Reads the next one. The one before is none at the first.
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
    pub(super) amounts: Option<Bytes<'a>>,
    /// The member that the cursor stands at, behind its bucket.
    pub(crate) at: Option<(u32, K)>,
    /// At least one.
    pub(super) ticks_of_member: usize,
    previous_first: i64,
}

impl<'a, K: RunKey<'a>> Cursor<'a, K> {
    pub(crate) fn new(run: &RunRef<'a>, wanted: Columns) -> Result<Self, Malformed> {
        let [members, ticks, counts, amounts] = run.columns.map(Bytes);
        let optional =
            |column: Bytes<'a>, wanted| (wanted && !column.0.is_empty()).then_some(column);
        let mut cursor = Cursor {
            left: run.totals.members,
            members,
            ticks,
            counts: optional(counts, wanted.counts),
            amounts: optional(amounts, wanted.amounts),
            at: None,
            ticks_of_member: 1,
            previous_first: 0,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// On to the next member, if there is one. The ticks of the present one must have been taken, or
    /// never be taken of any.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<(), Malformed> {
        if self.left == 0 {
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
            timeline.amounts.resize(len, 0);
            let amount = |value: u64| value.checked_sub(1).map_or(NO_AMOUNT, unzigzag);
            column.varints(&mut timeline.amounts, amount)?;
        } else {
            timeline.amounts.clear();
        }
        Ok(())
    }

    /// Has everything been read?
    pub(crate) fn at_end(&self) -> bool {
        let empty = |column: &Option<Bytes<'_>>| column.is_none_or(|c| c.0.is_empty());
        self.at.is_none()
            && self.members.0.is_empty()
            && self.ticks.0.is_empty()
            && empty(&self.counts)
            && empty(&self.amounts)
    }
}
