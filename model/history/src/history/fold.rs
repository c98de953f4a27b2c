//! From rows to a run, part by part: number the members in their order, sort pairs of member and tick
//! as numbers of few bits, and add up what is equal.

use super::blocks::NO_AMOUNT;
use super::inbox::{Inbox, Part};
use super::member::{Key, MemberKind, MemberRef, bucket};
use super::ranks::Ranks;
use super::row::{Layout, Row, RowKey};
use super::run::Run;
use super::spells::Pen;
use super::walk::fit;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::radix;

/// The run of the rows in some parts of an inbox, which is left as it is.
pub(crate) fn fold<'a, H: Host>(
    inbox: &'a Inbox<H>,
    kind: MemberKind,
    parts: impl Iterator<Item = Part<'a, H>>,
    pen: &mut impl Pen<H>,
    host: &H,
) -> Result<Run<H>, Error> {
    match kind {
        MemberKind::Int => fold_rows::<i64, H>(inbox, parts, pen, host),
        MemberKind::Uuid => fold_rows::<u128, H>(inbox, parts, pen, host),
        MemberKind::Text => fold_rows::<&[u8], H>(inbox, parts, pen, host),
    }
}

fn fold_rows<'a, K: RowKey<'a>, H: Host>(
    inbox: &'a Inbox<H>,
    parts: impl Iterator<Item = Part<'a, H>>,
    pen: &mut impl Pen<H>,
    host: &H,
) -> Result<Run<H>, Error> {
    let mut run = Run::new(host.clone());
    let temporary = host.scratch();
    let mut folder = Folder::<K, H>::new(inbox, &temporary);
    let mut pace = Pace::new(host);
    for part in parts {
        folder.fold_part(&mut pace, &part, pen, &mut run)?;
    }
    Ok(run.finished())
}

/// Bits of a number.
fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// How a row becomes a number: from the top down rank of its member, tick, and payload.
#[derive(Debug, Clone, Copy)]
struct Packing {
    least_tick: i64,
    rank_bits: u32,
    tick_bits: u32,
    payload: Payload,
    payload_bits: u32,
}

/// What a number has below the bits that it is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payload {
    /// Nothing: there are no amounts.
    None,
    /// The amount of one word, as it stands in the row.
    Amount,
    /// The number of the row in its part.
    Index,
}

impl Packing {
    /// The packing of so many rows, if their numbers have 64 bits at most.
    fn new(layout: Layout, ticks: (i64, i64), rank_bits: u32, rows: usize) -> Option<Self> {
        let tick_bits = bits(ticks.1.wrapping_sub(ticks.0) as u64);
        let (payload, payload_bits) = match layout.amount {
            0 => (Payload::None, 0),
            1 if rank_bits + tick_bits <= 32 => (Payload::Amount, 32),
            _ => (Payload::Index, bits(rows as u64)),
        };
        let fits = rank_bits + tick_bits + payload_bits <= u64::BITS;
        // No shift is by all 64 bits.
        let fits = fits && tick_bits + payload_bits < u64::BITS;
        fits.then_some(Packing { least_tick: ticks.0, rank_bits, tick_bits, payload, payload_bits })
    }

    /// Bits that numbers are sorted by.
    fn id_bits(self) -> u32 {
        self.rank_bits + self.tick_bits
    }

    #[inline]
    fn pack(self, rank: u64, tick: i64, index: usize, amount: i64) -> u64 {
        let tick = tick.wrapping_sub(self.least_tick) as u64;
        let id = rank << self.tick_bits | tick;
        match self.payload {
            Payload::None => id,
            Payload::Amount => id << 32 | u64::from(amount as u32),
            Payload::Index => id << self.payload_bits | index as u64,
        }
    }

    /// Rank and tick.
    #[inline]
    fn id(self, number: u64) -> u64 {
        number >> self.payload_bits
    }

    #[inline]
    fn rank(self, id: u64) -> u64 {
        id >> self.tick_bits
    }

    #[inline]
    fn tick(self, id: u64) -> i64 {
        self.least_tick.wrapping_add((id & ((1u64 << self.tick_bits) - 1)) as i64)
    }

    #[inline]
    fn with_rank(self, number: u64, rank: u64) -> u64 {
        let below = self.tick_bits + self.payload_bits;
        rank << below | number & ((1u64 << below) - 1)
    }

    /// The amount of a number as it stood in its row.
    #[inline]
    fn amount(self, number: u64, amounts: &[i64]) -> i64 {
        match self.payload {
            Payload::None => NO_AMOUNT,
            Payload::Amount => i64::from(number as u32 as i32),
            Payload::Index => amounts[(number & ((1u64 << self.payload_bits) - 1)) as usize],
        }
    }
}

/// Dense keys are ranked by their distance from the least where numbers then have so few bits; else
/// counting the members first is cheaper than sorting by as many digits.
const DENSE_BITS: u32 = 44;

/// Buffers of the folding of one part, used again for the next.
struct Folder<K, H: Host> {
    layout: Layout,
    bucket_bits: u32,
    ticks: (i64, i64),
    keys: (i64, i64),
    ranks: Ranks<K, H>,
    /// The amount of each row, as it stands there.
    amounts: Vec<i64, H>,
    numbers: Vec<u64, H>,
    other: Vec<u64, H>,
    /// Rank, tick and amount, where rows do not fit a number.
    events: Vec<(u32, i64, i64), H>,
}

impl<'a, K: RowKey<'a>, H: Host> Folder<K, H> {
    fn new(inbox: &Inbox<H>, host: &H) -> Self {
        Folder {
            layout: inbox.layout,
            bucket_bits: inbox.bucket_bits_inside(),
            ticks: (inbox.extent.low, inbox.extent.high),
            keys: inbox.keys,
            ranks: Ranks::new(inbox.bucket_bits_inside(), host),
            amounts: Vec::new_in(host.clone()),
            numbers: Vec::new_in(host.clone()),
            other: Vec::new_in(host.clone()),
            events: Vec::new_in(host.clone()),
        }
    }

    fn fold_part(
        &mut self,
        pace: &mut Pace<'_, H>,
        part: &Part<'a, H>,
        pen: &mut impl Pen<H>,
        run: &mut Run<H>,
    ) -> Result<(), Error> {
        let count = part.count();
        if count == 0 {
            return Ok(());
        }
        if K::DENSE {
            let (least_key, greatest_key) = self.keys;
            let key_bits = bits(greatest_key.wrapping_sub(least_key) as u64);
            let rank_bits = self.bucket_bits + key_bits;
            let packing = Packing::new(self.layout, self.ticks, rank_bits, count);
            if let Some(packing) = packing.filter(|packing| packing.id_bits() <= DENSE_BITS) {
                self.pack_dense(pace, part, count, packing, least_key, key_bits);
                let mask = (1u64 << key_bits) - 1;
                let key =
                    |_: &Self, rank| K::at_place(least_key.wrapping_add((rank & mask) as i64));
                return self.write(pace, packing, key, pen, run);
            }
        }
        let key = |folder: &Self, rank: u64| folder.ranks.member(rank as usize);
        // There are no more members than rows.
        match Packing::new(self.layout, self.ticks, bits(count as u64 - 1), count) {
            Some(packing) => {
                self.pack_numbered(pace, part, count, packing);
                self.write(pace, packing, key, pen, run)
            }
            None => self.write_wide(pace, part, key, pen, run),
        }
    }

    fn pack_dense(
        &mut self,
        pace: &mut Pace<'_, H>,
        part: &Part<'a, H>,
        count: usize,
        packing: Packing,
        least: i64,
        key_bits: u32,
    ) {
        let inside = (1u64 << self.bucket_bits) - 1;
        let rank = |key: K| {
            let bucket = u64::from(bucket(key.hash())) & inside;
            bucket << key_bits | key.place().wrapping_sub(least) as u64
        };
        let numbers = &mut self.numbers;
        numbers.clear();
        numbers.reserve(count);
        part.each(pace, |row: Row<K>| {
            let index = numbers.len();
            numbers.push(packing.pack(rank(row.key), row.tick, index, row.amount));
        });
        self.put_amounts_aside(pace, part, count, packing);
    }

    fn pack_numbered(
        &mut self,
        pace: &mut Pace<'_, H>,
        part: &Part<'a, H>,
        count: usize,
        packing: Packing,
    ) {
        let numbers = &mut self.numbers;
        numbers.clear();
        numbers.reserve(count);
        self.ranks.clear();
        part.each(pace, |row: Row<K>| {
            let member = self.ranks.number(row.key);
            numbers.push(packing.pack(u64::from(member), row.tick, numbers.len(), row.amount));
        });
        self.ranks.rank();
        for number in &mut self.numbers {
            let id = packing.id(*number);
            let rank = u64::from(self.ranks.of(packing.rank(id) as usize));
            *number = packing.with_rank(*number, rank);
        }
        pace.step(count);
        self.put_amounts_aside(pace, part, count, packing);
    }

    /// Keeps the amounts of rows whose numbers have no room for them.
    fn put_amounts_aside(
        &mut self,
        pace: &mut Pace<'_, H>,
        part: &Part<'a, H>,
        count: usize,
        packing: Packing,
    ) {
        if packing.payload == Payload::Index {
            let amounts = &mut self.amounts;
            amounts.clear();
            amounts.reserve(count);
            part.each(pace, |row: Row<K>| amounts.push(row.amount));
        }
    }

    /// Writes the rows that were packed into numbers.
    fn write(
        &mut self,
        pace: &mut Pace<'_, H>,
        packing: Packing,
        key: impl Fn(&Self, u64) -> Option<K>,
        pen: &mut impl Pen<H>,
        run: &mut Run<H>,
    ) -> Result<(), Error> {
        let low = packing.payload_bits;
        radix::sort(&mut self.numbers, &mut self.other, low, low + packing.id_bits());
        write_members(
            pace,
            &self.numbers,
            |number| packing.id(*number),
            |id| (packing.rank(id), packing.tick(id)),
            (packing.payload != Payload::None).then_some(|number: &u64| {
                self.layout.amount(packing.amount(*number, &self.amounts))
            }),
            |rank| key(self, rank).map(Key::member),
            (pen, run),
        )
    }

    /// Writes the rows of a part whose ticks lie so far apart that they do not fit a number.
    fn write_wide(
        &mut self,
        pace: &mut Pace<'_, H>,
        part: &Part<'a, H>,
        key: impl Fn(&Self, u64) -> Option<K>,
        pen: &mut impl Pen<H>,
        run: &mut Run<H>,
    ) -> Result<(), Error> {
        let (events, layout) = (&mut self.events, self.layout);
        events.clear();
        self.ranks.clear();
        part.each(pace, |row: Row<K>| {
            let member = self.ranks.number(row.key);
            events.push((member, row.tick, layout.amount(row.amount)));
        });
        self.ranks.rank();
        for event in &mut self.events {
            event.0 = self.ranks.of(event.0 as usize);
        }
        self.events.sort_unstable();
        write_members(
            pace,
            &self.events,
            |event| (u64::from(event.0), event.1),
            |id| id,
            (layout.amount > 0).then_some(|event: &(u32, i64, i64)| event.2),
            |rank| key(self, rank).map(Key::member),
            (pen, run),
        )
    }
}

/// Writes rows in the order of their ids, which are rank and tick of a member.
fn write_members<'a, T, I: Copy + PartialEq, H: Host>(
    pace: &mut Pace<'_, H>,
    rows: &[T],
    id: impl Fn(&T) -> I,
    rank_and_tick: impl Fn(I) -> (u64, i64),
    amount: Option<impl Fn(&T) -> i64>,
    member: impl Fn(u64) -> Option<MemberRef<'a>>,
    (pen, run): (&mut impl Pen<H>, &mut Run<H>),
) -> Result<(), Error> {
    let mut at = 0;
    let mut next = rows.first().map(&id);
    while let Some(first) = next {
        let (rank, mut tick) = rank_and_tick(first);
        let (mut here, before) = (first, at);
        loop {
            let begin = at;
            next = loop {
                at += 1;
                match rows.get(at).map(&id) {
                    Some(id) if id == here => {}
                    other => break other,
                }
            };
            let same = &rows[begin..at];
            let amount = match (&amount, same) {
                (None, _) => NO_AMOUNT,
                (Some(amount), [one]) => amount(one),
                (Some(amount), many) => sum(many.iter().map(amount))?,
            };
            pen.tick(run, tick, same.len() as u64, amount)?;
            match next.map(|id| (id, rank_and_tick(id))) {
                Some((id, (of, at))) if of == rank => (here, tick) = (id, at),
                _ => break,
            }
        }
        pace.step(1 + at - before);
        let ticks = pen.lift(run)?;
        if let Some(member) = member(rank) {
            run.member(member, ticks);
        }
    }
    Ok(())
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
