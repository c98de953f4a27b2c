//! From rows to a run, part by part: number the members in their order, sort pairs of member and tick
//! as numbers of few bits, and add up what is equal.

use super::inbox::{Inbox, Layout, Part, Row, RowKey};
use super::member::{BUCKET_BITS, MemberKind, MemberRef, bucket};
use super::radix;
use super::run::{NO_AMOUNT, Run};
use super::walk::fit;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// The run of the rows in some parts of an inbox, which is left as it is.
pub(crate) fn fold<'a, H: Host>(
    inbox: &'a Inbox<H>,
    kind: MemberKind,
    parts: impl Iterator<Item = Part<'a, H>>,
    host: &H,
) -> Result<Run<H>, Error> {
    match kind {
        MemberKind::Int => fold_keys::<i64, H>(inbox, parts, host),
        MemberKind::Uuid => fold_keys::<u128, H>(inbox, parts, host),
        MemberKind::Text => fold_keys::<&[u8], H>(inbox, parts, host),
    }
}

fn fold_keys<'a, K: RowKey<'a>, H: Host>(
    inbox: &'a Inbox<H>,
    parts: impl Iterator<Item = Part<'a, H>>,
    host: &H,
) -> Result<Run<H>, Error> {
    match (inbox.layout.has_wide_ticks(), inbox.layout.has_amounts()) {
        (false, false) => fold_rows::<K, H, false, false>(inbox, parts, host),
        (false, true) => fold_rows::<K, H, false, true>(inbox, parts, host),
        (true, false) => fold_rows::<K, H, true, false>(inbox, parts, host),
        (true, true) => fold_rows::<K, H, true, true>(inbox, parts, host),
    }
}

fn fold_rows<'a, K: RowKey<'a>, H: Host, const WIDE: bool, const AMOUNT: bool>(
    inbox: &'a Inbox<H>,
    parts: impl Iterator<Item = Part<'a, H>>,
    host: &H,
) -> Result<Run<H>, Error> {
    let mut run = Run::new(host.clone());
    let temporary = host.scratch();
    let mut folder = Folder::<K, H, WIDE, AMOUNT>::new(inbox, &temporary);
    for part in parts {
        folder.fold_part(&part, &mut run)?;
    }
    Ok(run)
}

/// Bits of a number.
fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// How a row becomes a number: rank of its member, tick, and place in the part, from the top down.
#[derive(Debug, Clone, Copy)]
struct Packing {
    least_tick: i64,
    tick_bits: u32,
    /// 0 where nobody will ask for it.
    index_bits: u32,
    rank_bits: u32,
}

impl Packing {
    #[inline]
    fn pack(self, rank: u64, tick: i64, index: usize) -> u64 {
        let tick = tick.wrapping_sub(self.least_tick) as u64;
        let index = index as u64 & ((1u64 << self.index_bits) - 1);
        (rank << self.tick_bits | tick) << self.index_bits | index
    }

    #[inline]
    fn rank(self, number: u64) -> u64 {
        // The shift may be by all 64 bits.
        number.checked_shr(self.tick_bits + self.index_bits).unwrap_or(0)
    }

    #[inline]
    fn tick(self, number: u64) -> i64 {
        let tick = (number >> self.index_bits) & ((1u64 << self.tick_bits) - 1);
        self.least_tick.wrapping_add(tick as i64)
    }

    #[inline]
    fn index(self, number: u64) -> usize {
        (number & ((1u64 << self.index_bits) - 1)) as usize
    }

    fn bits(self) -> u32 {
        self.rank_bits + self.tick_bits + self.index_bits
    }
}

/// Dense keys are ranked by their distance from the least up to so many bits; beyond that, counting
/// the members first is cheaper than sorting by as many digits.
const DENSE_BITS: u32 = 44;

/// Buffers of the folding of one part, used again for the next.
struct Folder<'h, K, H: Host, const WIDE: bool, const AMOUNT: bool> {
    layout: Layout,
    bucket_bits: u32,
    ticks: (i64, i64),
    keys: (i64, i64),
    pace: Pace<'h, H>,
    /// Open addressing: 1 + the number of a member, 0 where free.
    slots: Vec<u32, H>,
    /// Members in order of appearance, and their places among themselves.
    members: Vec<K, H>,
    ranks: Vec<u32, H>,
    order: Vec<u32, H>,
    /// The member of each row.
    member_of: Vec<u32, H>,
    /// The amount of each row.
    amounts: Vec<i64, H>,
    numbers: Vec<u64, H>,
    other: Vec<u64, H>,
    /// The ticks of one member, where rows do not fit a number.
    events: Vec<(u32, i64, i64), H>,
}

impl<'a, 'h, K: RowKey<'a>, H: Host, const WIDE: bool, const AMOUNT: bool>
    Folder<'h, K, H, WIDE, AMOUNT>
{
    fn new(inbox: &Inbox<H>, host: &'h H) -> Self {
        let mut slots = Vec::new_in(host.clone());
        slots.resize(64, 0);
        Folder {
            layout: inbox.layout,
            bucket_bits: inbox.bucket_bits_inside(),
            ticks: inbox.ticks,
            keys: inbox.keys,
            pace: Pace::new(host),
            slots,
            members: Vec::new_in(host.clone()),
            ranks: Vec::new_in(host.clone()),
            order: Vec::new_in(host.clone()),
            member_of: Vec::new_in(host.clone()),
            amounts: Vec::new_in(host.clone()),
            numbers: Vec::new_in(host.clone()),
            other: Vec::new_in(host.clone()),
            events: Vec::new_in(host.clone()),
        }
    }

    /// Calls `f` with each row of a part.
    #[inline]
    fn each_row(
        pace: &mut Pace<'h, H>,
        part: &Part<'a, H>,
        mut f: impl FnMut(Row<'_, K, WIDE, AMOUNT>),
    ) {
        for block in part.blocks() {
            pace.step(block.len());
            Row::each(block, &mut f);
        }
    }

    fn fold_part(&mut self, part: &Part<'a, H>, run: &mut Run<H>) -> Result<(), Error> {
        let layout = self.layout;
        let count = part.count(layout);
        if count == 0 {
            return Ok(());
        }
        let mut packing = Packing {
            least_tick: self.ticks.0,
            tick_bits: bits(self.ticks.1.wrapping_sub(self.ticks.0) as u64),
            index_bits: if AMOUNT { bits(count as u64 - 1) } else { 0 },
            rank_bits: 0,
        };
        if AMOUNT {
            let amounts = &mut self.amounts;
            amounts.clear();
            amounts.reserve(count);
            Self::each_row(&mut self.pace, part, |row| amounts.push(row.amount()));
        }
        if K::DENSE {
            let (least_key, greatest_key) = self.keys;
            let key_bits = bits(greatest_key.wrapping_sub(least_key) as u64);
            packing.rank_bits = self.bucket_bits + key_bits;
            if packing.bits() <= DENSE_BITS {
                self.pack_dense(part, packing, least_key, key_bits);
                let mask = (1u64 << key_bits) - 1;
                let key =
                    |_: &Self, rank| K::at_place(least_key.wrapping_add((rank & mask) as i64));
                return self.write(packing, key, run);
            }
        }
        self.number_members(part, count);
        packing.rank_bits = bits(self.members.len() as u64 - 1);
        let key = |folder: &Self, rank: u64| {
            let member = folder.order.get(rank as usize)?;
            folder.members.get(*member as usize).copied()
        };
        if packing.bits() < u64::BITS {
            self.pack_numbered(part, packing);
            self.write(packing, key, run)
        } else {
            self.write_wide(part, key, run)
        }
    }

    fn pack_dense(&mut self, part: &Part<'a, H>, packing: Packing, least: i64, key_bits: u32) {
        let numbers = &mut self.numbers;
        let inside = (1u64 << self.bucket_bits) - 1;
        numbers.clear();
        numbers.reserve(part.count(self.layout));
        Self::each_row(&mut self.pace, part, |row| {
            let key = row.key(part.text);
            let bucket = u64::from(bucket(key.hash())) & inside;
            let rank = bucket << key_bits | key.place().wrapping_sub(least) as u64;
            numbers.push(packing.pack(rank, row.tick(), numbers.len()));
        });
    }

    fn pack_numbered(&mut self, part: &Part<'a, H>, packing: Packing) {
        let numbers = &mut self.numbers;
        let (ranks, member_of) = (&self.ranks, &self.member_of);
        numbers.clear();
        numbers.reserve(member_of.len());
        Self::each_row(&mut self.pace, part, |row| {
            let member = member_of[numbers.len()];
            let rank = u64::from(ranks[member as usize]);
            numbers.push(packing.pack(rank, row.tick(), numbers.len()));
        });
    }

    /// Numbers the members of a part as they appear, and ranks them in the order of histories.
    fn number_members(&mut self, part: &Part<'a, H>, count: usize) {
        self.slots.fill(0);
        self.members.clear();
        self.member_of.clear();
        self.member_of.reserve(count);
        for block in part.blocks() {
            self.pace.step(block.len());
            Row::<K, WIDE, AMOUNT>::each(block, |row| {
                let number = self.number(row.key(part.text));
                self.member_of.push(number);
            });
        }
        let members = &self.members;
        self.order.clear();
        self.order.extend(0..members.len() as u32);
        self.order.sort_unstable_by_key(|&member| {
            let key = members[member as usize];
            (bucket(key.hash()), key)
        });
        self.ranks.clear();
        self.ranks.resize(members.len(), 0);
        for (rank, &member) in (0..).zip(&self.order) {
            self.ranks[member as usize] = rank;
        }
    }

    /// The number of a member, a new one if it is new.
    #[inline]
    fn number(&mut self, key: K) -> u32 {
        let mask = self.slots.len() - 1;
        let mut slot = home(key, self.slots.len());
        loop {
            match self.slots[slot] {
                0 => break,
                taken if self.members[taken as usize - 1] == key => return taken - 1,
                _ => slot = (slot + 1) & mask,
            }
        }
        self.members.push(key);
        let number = self.members.len() as u32;
        self.slots[slot] = number;
        if self.members.len() * 2 > self.slots.len() {
            self.grow();
        }
        number - 1
    }

    #[cold]
    fn grow(&mut self) {
        let len = self.slots.len() * 4;
        self.slots.clear();
        self.slots.resize(len, 0);
        for (number, key) in (1..).zip(&self.members) {
            let mut slot = home(*key, len);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.slots[slot] = number;
        }
    }

    /// Writes the rows that were packed into numbers.
    fn write(
        &mut self,
        packing: Packing,
        key: impl Fn(&Self, u64) -> Option<K>,
        run: &mut Run<H>,
    ) -> Result<(), Error> {
        let low = packing.index_bits;
        radix::sort(&mut self.numbers, &mut self.other, low, packing.bits());
        let numbers = std::mem::replace(&mut self.numbers, Vec::new_in(run_host(&self.other)));
        for of_member in numbers.chunk_by(|a, b| packing.rank(*a) == packing.rank(*b)) {
            self.pace.step(of_member.len());
            let Some(member) = key(self, packing.rank(of_member[0])) else {
                continue;
            };
            let amount = |number: &u64| self.amounts[packing.index(*number)];
            let tick = |number: &u64| packing.tick(*number);
            write_member::<_, _, AMOUNT>(run, member.member(), of_member, tick, amount)?;
        }
        self.numbers = numbers;
        Ok(())
    }

    /// Writes the rows of a part whose ticks lie so far apart that they do not fit a number.
    fn write_wide(
        &mut self,
        part: &Part<'a, H>,
        key: impl Fn(&Self, u64) -> Option<K>,
        run: &mut Run<H>,
    ) -> Result<(), Error> {
        let events = &mut self.events;
        let (ranks, member_of) = (&self.ranks, &self.member_of);
        events.clear();
        Self::each_row(&mut self.pace, part, |row| {
            let rank = ranks[member_of[events.len()] as usize];
            events.push((rank, row.tick(), row.amount()));
        });
        events.sort_unstable();
        let events = std::mem::replace(&mut self.events, Vec::new_in(run_host(&self.other)));
        for of_member in events.chunk_by(|a, b| a.0 == b.0) {
            self.pace.step(of_member.len());
            let Some(member) = key(self, u64::from(of_member[0].0)) else {
                continue;
            };
            let (tick, amount) =
                (|event: &(u32, i64, i64)| event.1, |event: &(u32, i64, i64)| event.2);
            write_member::<_, _, AMOUNT>(run, member.member(), of_member, tick, amount)?;
        }
        self.events = events;
        Ok(())
    }
}

/// Writes the rows of one member, in the order of their ticks.
fn write_member<T, H: Host, const AMOUNT: bool>(
    run: &mut Run<H>,
    member: MemberRef<'_>,
    rows: &[T],
    tick: impl Fn(&T) -> i64,
    amount: impl Fn(&T) -> i64,
) -> Result<(), Error> {
    let repeated = rows.windows(2).filter(|pair| tick(&pair[0]) == tick(&pair[1])).count();
    run.member(member, rows.len() - repeated);
    let mut begun = false;
    for same in rows.chunk_by(|a, b| tick(a) == tick(b)) {
        let amount = if AMOUNT { sum(same.iter().map(&amount))? } else { NO_AMOUNT };
        run.tick_of_member(begun, tick(&same[0]), same.len() as u64, amount)?;
        begun = true;
    }
    Ok(())
}

fn run_host<T, H: Host>(vec: &Vec<T, H>) -> H {
    vec.allocator().clone()
}

/// The sum of amounts, any of which may be none. Only the result has to fit, not what it passes on
/// the way: the order of rows must not matter.
fn sum(amounts: impl Iterator<Item = i64>) -> Result<i64, Error> {
    let mut total = None;
    for amount in amounts.filter(|amount| *amount != NO_AMOUNT) {
        total = Some(total.unwrap_or(0) + i128::from(amount));
    }
    total.map_or(Ok(NO_AMOUNT), fit)
}

/// The parts of an inbox share the top bits of their hashes, so the table uses those below.
#[inline]
fn home<'a, K: RowKey<'a>>(key: K, slots: usize) -> usize {
    ((key.hash() << BUCKET_BITS) >> (u64::BITS - slots.trailing_zeros())) as usize
}
