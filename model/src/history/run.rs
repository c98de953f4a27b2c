//! A run: members with their ticks, sorted and free of duplicates, as compact columns.
//!
//! | column | for each | what |
//! | --- | --- | --- |
//! | members | member | its key (integers as difference to the one before), then its number of ticks − 1 |
//! | ticks | tick | the first of a member as difference to the first of the member before; then gaps − 1 |
//! | counts | tick | events − 1; the column is empty when every tick has one event |
//! | amounts | tick | 0 for no amount, else 1 + the zigzag of the amount; empty when there is none |
//!
//! All numbers are varints, signed ones in zigzag form. The columns of equal contents are equal.

use super::member::{MemberKind, MemberRef, bucket};
use super::varint::{self, Bytes, unzigzag, zigzag};
use crate::error::{Error, Malformed};
use crate::host::{Host, Vec};

/// "No amount", where amounts are plain numbers.
pub(crate) const NO_AMOUNT: i64 = i64::MIN;

/// How much is in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) members: u64,
    pub(crate) ticks: u64,
    pub(crate) events: u64,
}

/// A run that owns its columns, and the writer of one.
#[derive(Debug)]
pub(crate) struct Run<H: Host> {
    pub(crate) totals: Totals,
    pub(crate) columns: [Vec<u8, H>; 4],
    previous_key: i64,
    previous_first: i64,
    last_tick: i64,
}

pub(crate) const MEMBERS: usize = 0;
pub(crate) const TICKS: usize = 1;
pub(crate) const COUNTS: usize = 2;
pub(crate) const AMOUNTS: usize = 3;

impl<H: Host> Run<H> {
    pub(crate) fn new(host: H) -> Self {
        Run {
            totals: Totals::default(),
            columns: std::array::from_fn(|_| Vec::new_in(host.clone())),
            previous_key: 0,
            previous_first: 0,
            last_tick: 0,
        }
    }

    /// A copy of somebody else's columns, to be read only.
    pub(crate) fn copy_of(run: &RunRef<'_>, host: &H) -> Self {
        let mut copy = Run::new(host.clone());
        copy.totals = run.totals;
        for (to, from) in copy.columns.iter_mut().zip(run.columns) {
            to.extend_from_slice(from);
        }
        copy
    }

    pub(crate) fn bytes(&self) -> usize {
        self.columns.iter().map(|c| c.len()).sum()
    }

    pub(crate) fn as_ref(&self) -> RunRef<'_> {
        let [members, ticks, counts, amounts] = &self.columns;
        RunRef { totals: self.totals, columns: [members, ticks, counts, amounts] }
    }

    /// The next member, in order, with `ticks` ticks to follow.
    #[inline]
    pub(crate) fn member(&mut self, member: MemberRef<'_>, ticks: usize) {
        self.totals.members += 1;
        let column = &mut self.columns[MEMBERS];
        match member {
            MemberRef::Int(key) => {
                varint::put(column, zigzag(key.wrapping_sub(self.previous_key)));
                self.previous_key = key;
            }
            MemberRef::Uuid(key) => column.extend_from_slice(&key.to_be_bytes()),
            MemberRef::Text(key) => {
                varint::put(column, key.len() as u64);
                column.extend_from_slice(key);
            }
        }
        varint::put(column, ticks as u64 - 1);
    }

    /// A tick of the member just begun: its first, or a later one.
    #[inline(always)]
    pub(crate) fn tick_of_member(
        &mut self,
        later: bool,
        tick: i64,
        count: u64,
        amount: i64,
    ) -> Result<(), Error> {
        let gap = if later {
            (tick.wrapping_sub(self.last_tick) as u64).wrapping_sub(1)
        } else {
            zigzag(tick.wrapping_sub(std::mem::replace(&mut self.previous_first, tick)))
        };
        self.last_tick = tick;
        varint::put(&mut self.columns[TICKS], gap);
        if count != 1 || !self.columns[COUNTS].is_empty() {
            self.optional(COUNTS, count - 1);
        }
        if amount != NO_AMOUNT || !self.columns[AMOUNTS].is_empty() {
            self.optional(AMOUNTS, if amount == NO_AMOUNT { 0 } else { zigzag(amount) + 1 });
        }
        self.totals.ticks += 1;
        self.totals.events = match self.totals.events.checked_add(count) {
            Some(events) => events,
            None => return Err(Error::Malformed("more events than can be counted")),
        };
        Ok(())
    }

    /// A value of a column that stands for zeros until its first other value.
    #[inline(always)]
    fn optional(&mut self, column: usize, value: u64) {
        let ticks = self.totals.ticks as usize;
        let column = &mut self.columns[column];
        if column.is_empty() {
            zeros(column, ticks);
        }
        varint::put(column, value);
    }
}

#[cold]
fn zeros<H: Host>(column: &mut Vec<u8, H>, count: usize) {
    column.resize(count, 0);
}

/// A run to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRef<'a> {
    pub(crate) totals: Totals,
    pub(crate) columns: [&'a [u8]; 4],
}

/// The ticks of one member, ascending, with their events and amounts.
#[derive(Debug)]
pub struct Timeline<H: Host> {
    pub(crate) ticks: Vec<i64, H>,
    /// Empty: one event each.
    pub(crate) counts: Vec<u64, H>,
    /// Empty: no amounts.
    pub(crate) amounts: Vec<i64, H>,
}

impl<H: Host> Timeline<H> {
    pub(crate) fn new(host: &H) -> Self {
        Timeline {
            ticks: Vec::new_in(host.clone()),
            counts: Vec::new_in(host.clone()),
            amounts: Vec::new_in(host.clone()),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ticks.clear();
        self.counts.clear();
        self.amounts.clear();
    }

    /// The ticks, ascending.
    #[inline]
    pub fn ticks(&self) -> &[i64] {
        &self.ticks
    }

    /// The number of events at the `i`-th tick.
    #[inline]
    pub fn count(&self, i: usize) -> u64 {
        self.counts.get(i).copied().unwrap_or(1)
    }

    /// The amount of the `i`-th tick; none if no event of it had one.
    #[inline]
    pub fn amount(&self, i: usize) -> Option<i64> {
        self.amounts.get(i).copied().filter(|a| *a != NO_AMOUNT)
    }
}

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

/// Reads a run member by member.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    kind: MemberKind,
    /// Members not begun yet.
    left: u64,
    members: Bytes<'a>,
    ticks: Bytes<'a>,
    counts: Option<Bytes<'a>>,
    amounts: Option<Bytes<'a>>,
    /// The member that the cursor stands at.
    pub(crate) at: Option<(u32, MemberRef<'a>)>,
    ticks_of_member: usize,
    previous_key: i64,
    previous_first: i64,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(
        run: &RunRef<'a>,
        kind: MemberKind,
        wanted: Columns,
    ) -> Result<Self, Malformed> {
        let [members, ticks, counts, amounts] = run.columns.map(Bytes);
        let optional =
            |column: Bytes<'a>, wanted| (wanted && !column.0.is_empty()).then_some(column);
        let mut cursor = Cursor {
            kind,
            left: run.totals.members,
            members,
            ticks,
            counts: optional(counts, wanted.counts),
            amounts: optional(amounts, wanted.amounts),
            at: None,
            ticks_of_member: 0,
            previous_key: 0,
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
        let member = match self.kind {
            MemberKind::Int => {
                let gap = unzigzag(self.members.varint()?);
                self.previous_key = self.previous_key.wrapping_add(gap);
                MemberRef::Int(self.previous_key)
            }
            MemberKind::Uuid => {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(self.members.take(16)?);
                MemberRef::Uuid(u128::from_be_bytes(bytes))
            }
            MemberKind::Text => {
                let len = self.members.varint()?;
                let len = usize::try_from(len).map_err(|_| Malformed("a name is too long"))?;
                MemberRef::Text(self.members.take(len)?)
            }
        };
        let at = (bucket(member.hash()), member);
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

    /// The ticks of the present member, in place of what the timeline held.
    #[inline(always)]
    pub(crate) fn take<H: Host>(&mut self, timeline: &mut Timeline<H>) -> Result<(), Malformed> {
        let len = self.ticks_of_member;
        let first = self.previous_first.wrapping_add(unzigzag(self.ticks.varint()?));
        self.previous_first = first;
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
