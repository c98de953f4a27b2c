//! Rows as they come in, spread over parts by the bucket of their member.
//!
//! A row is a few 32-bit words: the key (an integer, a uuid, or place and length of a text), the
//! tick, and the amount where there is one. Appending one touches the end of one part and nothing
//! else; whatever needs members next to each other waits until a part is folded, in cache. Parts
//! grow by blocks, so that no row is moved and little is reserved.

use super::member::{BUCKET_BITS, Key, MemberKind, MemberRef};
use super::run::NO_AMOUNT;
use crate::host::{Host, Pace, Vec};
use std::marker::PhantomData;

/// Rows from which there are some parts, many, and as many as buckets: a part should fold in cache,
/// and the ends of all parts should stay in the cache nearest to the core.
const ROWS_OF_SOME_PARTS: usize = 1 << 13;
const ROWS_OF_MANY_PARTS: usize = 1 << 18;
const ROWS_OF_ALL_PARTS: usize = 1 << 25;
/// Words of a full block: 4 kB.
const BLOCK: usize = 1024;

/// The words of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    kind: MemberKind,
    key: usize,
    tick: usize,
    amount: usize,
}

impl Layout {
    pub(crate) fn new(kind: MemberKind, wide_ticks: bool, amounts: bool) -> Self {
        Layout {
            kind,
            key: match kind {
                MemberKind::Int => <i64 as RowKey<'_>>::WORDS,
                MemberKind::Uuid => <u128 as RowKey<'_>>::WORDS,
                MemberKind::Text => <&[u8] as RowKey<'_>>::WORDS,
            },
            tick: if wide_ticks { 2 } else { 1 },
            amount: if amounts { 2 } else { 0 },
        }
    }

    pub(crate) fn words(self) -> usize {
        self.key + self.tick + self.amount
    }

    pub(crate) fn has_amounts(self) -> bool {
        self.amount > 0
    }

    fn member<'a>(self, row: &[u32], text: &'a [u8]) -> MemberRef<'a> {
        match self.kind {
            MemberKind::Int => MemberRef::Int(i64::read(row, text)),
            MemberKind::Uuid => MemberRef::Uuid(u128::read(row, text)),
            MemberKind::Text => MemberRef::Text(<&[u8]>::read(row, text)),
        }
    }

    fn tick(self, row: &[u32]) -> i64 {
        if self.tick == 1 { i64::from(row[self.key] as i32) } else { read_i64(&row[self.key..]) }
    }

    fn amount(self, row: &[u32]) -> i64 {
        if self.amount == 0 { NO_AMOUNT } else { read_i64(&row[self.key + self.tick..]) }
    }

    /// Are its ticks wide?
    pub(crate) fn has_wide_ticks(self) -> bool {
        self.tick == 2
    }
}

/// Rows of a layout that the compiler knows: what the inner loops read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a, K, const WIDE: bool, const AMOUNT: bool>(&'a [u32], PhantomData<K>);

impl<'a, K: RowKey<'a>, const WIDE: bool, const AMOUNT: bool> Row<'_, K, WIDE, AMOUNT> {
    const WORDS: usize = K::WORDS + if WIDE { 2 } else { 1 } + if AMOUNT { 2 } else { 0 };

    /// Calls `f` with each row of a block.
    #[inline]
    pub(crate) fn each(block: &[u32], mut f: impl FnMut(Row<'_, K, WIDE, AMOUNT>)) {
        for row in block.chunks_exact(Self::WORDS) {
            f(Row(row, PhantomData));
        }
    }

    #[inline]
    pub(crate) fn key(&self, text: &'a [u8]) -> K {
        K::read(self.0, text)
    }

    #[inline]
    pub(crate) fn tick(&self) -> i64 {
        if WIDE { read_i64(&self.0[K::WORDS..]) } else { i64::from(self.0[K::WORDS] as i32) }
    }

    #[inline]
    pub(crate) fn amount(&self) -> i64 {
        if AMOUNT { read_i64(&self.0[Self::WORDS - 2..]) } else { NO_AMOUNT }
    }
}

#[inline]
fn read_i64(words: &[u32]) -> i64 {
    (u64::from(words[0]) | u64::from(words[1]) << 32) as i64
}

#[inline]
fn words_of(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

/// Reads the key of a row.
pub(crate) trait RowKey<'a>: Key {
    /// Do the keys lie on a line, so that their distance from the least of them is a number?
    const DENSE: bool;
    /// Words of a row that it takes.
    const WORDS: usize;
    fn read(row: &[u32], text: &'a [u8]) -> Self;
    /// Its place on the line.
    fn place(self) -> i64 {
        0
    }
    /// The key at a place.
    fn at_place(_: i64) -> Option<Self> {
        None
    }
}

impl RowKey<'_> for i64 {
    const DENSE: bool = true;
    const WORDS: usize = 2;
    #[inline]
    fn place(self) -> i64 {
        self
    }
    #[inline]
    fn at_place(place: i64) -> Option<Self> {
        Some(place)
    }
    #[inline]
    fn read(row: &[u32], _: &[u8]) -> Self {
        read_i64(row)
    }
}

impl RowKey<'_> for u128 {
    const DENSE: bool = false;
    const WORDS: usize = 4;
    #[inline]
    fn read(row: &[u32], _: &[u8]) -> Self {
        let (high, low) = (read_i64(row) as u64, read_i64(&row[2..]) as u64);
        u128::from(high) << 64 | u128::from(low)
    }
}

impl<'a> RowKey<'a> for &'a [u8] {
    const DENSE: bool = false;
    const WORDS: usize = 2;
    #[inline]
    fn read(row: &[u32], text: &'a [u8]) -> Self {
        let (start, len) = (row[0] as usize, row[1] as usize);
        &text[start..start + len]
    }
}

/// Rows whose members fall in one range of buckets.
#[derive(Debug)]
pub(crate) struct Part<'a, H: Host> {
    full: &'a [Vec<u32, H>],
    last: &'a [u32],
    pub(crate) text: &'a [u8],
}

impl<'a, H: Host> Part<'a, H> {
    /// Its blocks of rows, in the order in which they came.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &'a [u32]> + use<'a, H> {
        self.full.iter().map(|block| block.as_slice()).chain(std::iter::once(self.last))
    }

    pub(crate) fn count(&self, layout: Layout) -> usize {
        self.blocks().map(|block| block.len() / layout.words()).sum()
    }
}

/// Rows that are not folded yet.
#[derive(Debug)]
pub(crate) struct Inbox<H: Host> {
    pub(crate) layout: Layout,
    /// There are 2^bits parts.
    bits: u32,
    /// Of each part, the block that grows: all that most rows touch.
    last: Vec<Vec<u32, H>, H>,
    /// Of each part, the blocks that are full, and the text that its rows refer to.
    full: Vec<Vec<Vec<u32, H>, H>, H>,
    text: Vec<Vec<u8, H>, H>,
    /// The least and the greatest tick, and key if keys are numbers.
    pub(crate) ticks: (i64, i64),
    pub(crate) keys: (i64, i64),
    /// Bytes held, and bytes at which to think about folding.
    bytes: usize,
    budget: usize,
    has_long_text: bool,
    host: H,
}

impl<H: Host> Inbox<H> {
    /// An inbox that is full when it holds `budget` bytes.
    pub(crate) fn new(layout: Layout, budget: usize, host: &H) -> Self {
        Self::with_bits(layout, budget, bits_for(budget / (layout.words() * 4)), host)
    }

    fn with_bits(layout: Layout, budget: usize, bits: u32, host: &H) -> Self {
        fn empty<T, H: Host>(len: usize, host: &H) -> Vec<Vec<T, H>, H> {
            let mut parts = Vec::with_capacity_in(len, host.clone());
            parts.resize_with(len, || Vec::new_in(host.clone()));
            parts
        }
        let len = 1 << bits;
        Inbox {
            layout,
            bits,
            last: empty(len, host),
            full: empty(len, host),
            text: empty(if layout.kind == MemberKind::Text { len } else { 0 }, host),
            ticks: (i64::MAX, i64::MIN),
            keys: (i64::MAX, i64::MIN),
            bytes: 0,
            budget,
            has_long_text: false,
            host: host.clone(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.budget || self.has_long_text
    }

    /// Does a part hold so much text that places in it will soon pass 32 bits?
    pub(crate) fn has_long_text(&self) -> bool {
        self.has_long_text
    }

    /// Bits of a bucket that tell members of one part apart.
    pub(crate) fn bucket_bits_inside(&self) -> u32 {
        BUCKET_BITS - self.bits
    }

    fn part(&self, i: usize) -> Part<'_, H> {
        Part {
            full: &self.full[i],
            last: &self.last[i],
            text: self.text.get(i).map_or(&[], |text| text.as_slice()),
        }
    }

    /// All parts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_, H>> {
        (0..self.last.len()).map(|i| self.part(i))
    }

    /// Some of the parts, others every time that it has grown, and always the largest: a member
    /// with far more rows than others is in it.
    pub(crate) fn sample(&self) -> impl Iterator<Item = Part<'_, H>> {
        const STEP: usize = 32;
        let len = self.last.len();
        let turn = self.budget.ilog2() as usize % STEP.min(len);
        let largest = (0..len).max_by_key(|&i| self.full[i].len());
        (0..len).filter(move |&i| i % STEP == turn || Some(i) == largest).map(|i| self.part(i))
    }

    /// Makes it twice as large, with the rows spread over more parts where they are many.
    pub(crate) fn enlarge(&mut self) {
        let budget = self.budget * 2;
        let bits = bits_for(budget / (self.layout.words() * 4));
        if bits > self.bits {
            let mut wider = Inbox::with_bits(self.layout, budget, bits, &self.host);
            let mut pace = Pace::new(&self.host);
            for part in self.parts() {
                for block in part.blocks() {
                    pace.step(block.len());
                    for row in block.chunks_exact(self.layout.words()) {
                        let member = self.layout.member(row, part.text);
                        wider.push(member, self.layout.tick(row), self.layout.amount(row));
                    }
                }
            }
            *self = wider;
        }
        self.budget = budget;
    }

    /// Appends a row. The tick must fit the layout.
    #[inline]
    pub(crate) fn push(&mut self, member: MemberRef<'_>, tick: i64, amount: i64) {
        let part = part_of(member.hash(), self.bits);
        let words = self.layout.words();
        self.bytes += words * 4;
        self.ticks = (self.ticks.0.min(tick), self.ticks.1.max(tick));
        if let MemberRef::Int(key) = member {
            self.keys = (self.keys.0.min(key), self.keys.1.max(key));
        }
        if self.last[part].capacity() - self.last[part].len() < words {
            self.grow(part);
        }
        let ([t0, t1], [a0, a1]) = (words_of(tick as u64), words_of(amount as u64));
        let last = &mut self.last[part];
        if let MemberRef::Uuid(key) = member {
            let ([k0, k1], [k2, k3]) = (words_of((key >> 64) as u64), words_of(key as u64));
            return match (self.layout.tick, self.layout.amount) {
                (1, 0) => last.extend_from_slice(&[k0, k1, k2, k3, t0]),
                (1, _) => last.extend_from_slice(&[k0, k1, k2, k3, t0, a0, a1]),
                (_, 0) => last.extend_from_slice(&[k0, k1, k2, k3, t0, t1]),
                (_, _) => last.extend_from_slice(&[k0, k1, k2, k3, t0, t1, a0, a1]),
            };
        }
        let [k0, k1] = match member {
            MemberRef::Int(key) => words_of(key as u64),
            MemberRef::Uuid(_) => [0, 0],
            MemberRef::Text(key) => {
                let text = &mut self.text[part];
                let place = [text.len() as u32, key.len() as u32];
                text.extend_from_slice(key);
                self.bytes += key.len();
                // A name has a gigabyte at most.
                self.has_long_text |= text.len() > 1 << 31;
                place
            }
        };
        match (self.layout.tick, self.layout.amount) {
            (1, 0) => last.extend_from_slice(&[k0, k1, t0]),
            (1, _) => last.extend_from_slice(&[k0, k1, t0, a0, a1]),
            (_, 0) => last.extend_from_slice(&[k0, k1, t0, t1]),
            (_, _) => last.extend_from_slice(&[k0, k1, t0, t1, a0, a1]),
        }
    }

    /// Room for one more row in a part.
    #[cold]
    fn grow(&mut self, part: usize) {
        let last = &mut self.last[part];
        let capacity = last.capacity();
        if capacity < BLOCK {
            let capacity = (capacity * 4).clamp(32 * self.layout.words(), BLOCK);
            last.reserve_exact(capacity - last.len());
        } else {
            self.full[part].reserve(1);
            let next = Vec::with_capacity_in(BLOCK, self.host.clone());
            self.full[part].push(std::mem::replace(last, next));
        }
    }
}

/// Bits of the number of parts for so many rows.
fn bits_for(rows: usize) -> u32 {
    match rows {
        0..ROWS_OF_SOME_PARTS => 0,
        ROWS_OF_SOME_PARTS..ROWS_OF_MANY_PARTS => BUCKET_BITS - 6,
        ROWS_OF_MANY_PARTS..ROWS_OF_ALL_PARTS => BUCKET_BITS - 2,
        _ => BUCKET_BITS,
    }
}

/// The part of a hash, of 2^bits: a range of buckets.
#[inline]
fn part_of(hash: u64, bits: u32) -> usize {
    // A shift by all 64 bits would not be one.
    ((hash >> 1) >> (63 - bits)) as usize
}
