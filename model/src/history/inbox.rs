//! Rows as they come in, spread over parts by the bucket of their member.
//!
//! A row is a few 32-bit words: the key (an integer, a uuid, or place and length of a text), the
//! tick, and the amount where there is one. Appending one touches the end of one part and nothing
//! else; whatever needs members next to each other waits until a part is folded, in cache. Parts
//! grow by blocks, so that no row is moved and little is reserved.

use super::member::{BUCKET_BITS, Key, MemberKind, MemberRef};
use super::run::NO_AMOUNT;
use crate::host::{Host, Pace, Vec};

/// Rows of a part beyond which they are spread over more parts: what still folds in cache.
const ROWS_PER_PART: usize = 8192;
/// Bits by which the number of parts grows.
const SPREAD_BITS: u32 = 4;
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
            key: if kind == MemberKind::Uuid { 4 } else { 2 },
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

    #[inline]
    pub(crate) fn tick(self, row: &[u32]) -> i64 {
        if self.tick == 1 { i64::from(row[self.key] as i32) } else { read_i64(&row[self.key..]) }
    }

    #[inline]
    pub(crate) fn amount(self, row: &[u32]) -> i64 {
        if self.amount == 0 { NO_AMOUNT } else { read_i64(&row[self.key + self.tick..]) }
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
    fn read(row: &[u32], text: &'a [u8]) -> Self;
}

impl RowKey<'_> for i64 {
    #[inline]
    fn read(row: &[u32], _: &[u8]) -> Self {
        read_i64(row)
    }
}

impl RowKey<'_> for u128 {
    #[inline]
    fn read(row: &[u32], _: &[u8]) -> Self {
        let (high, low) = (read_i64(row) as u64, read_i64(&row[2..]) as u64);
        u128::from(high) << 64 | u128::from(low)
    }
}

impl<'a> RowKey<'a> for &'a [u8] {
    #[inline]
    fn read(row: &[u32], text: &'a [u8]) -> Self {
        let (start, len) = (row[0] as usize, row[1] as usize);
        &text[start..start + len]
    }
}

/// Rows whose members fall in one range of buckets.
#[derive(Debug)]
pub(crate) struct Part<H: Host> {
    full: Vec<Vec<u32, H>, H>,
    last: Vec<u32, H>,
    pub(crate) text: Vec<u8, H>,
}

impl<H: Host> Part<H> {
    fn new(host: &H) -> Self {
        Part {
            full: Vec::new_in(host.clone()),
            last: Vec::new_in(host.clone()),
            text: Vec::new_in(host.clone()),
        }
    }

    /// Its rows, in the order in which they came.
    pub(crate) fn rows(&self, layout: Layout) -> impl Iterator<Item = &[u32]> + Clone {
        let blocks = self.full.iter().chain(std::iter::once(&self.last));
        blocks.flat_map(move |block| block.chunks_exact(layout.words()))
    }

    pub(crate) fn count(&self, layout: Layout) -> usize {
        self.full.iter().chain([&self.last]).map(|block| block.len() / layout.words()).sum()
    }

    #[inline]
    fn push(&mut self, layout: Layout, member: MemberRef<'_>, tick: i64, amount: i64) {
        let ([t0, t1], [a0, a1]) = (words_of(tick as u64), words_of(amount as u64));
        if let MemberRef::Uuid(key) = member {
            let ([k0, k1], [k2, k3]) = (words_of((key >> 64) as u64), words_of(key as u64));
            return match (layout.tick, layout.amount) {
                (1, 0) => self.append([k0, k1, k2, k3, t0]),
                (1, _) => self.append([k0, k1, k2, k3, t0, a0, a1]),
                (_, 0) => self.append([k0, k1, k2, k3, t0, t1]),
                (_, _) => self.append([k0, k1, k2, k3, t0, t1, a0, a1]),
            };
        }
        let [k0, k1] = match member {
            MemberRef::Int(key) => words_of(key as u64),
            MemberRef::Uuid(_) => [0, 0],
            MemberRef::Text(key) => {
                let place = [self.text.len() as u32, key.len() as u32];
                self.text.extend_from_slice(key);
                place
            }
        };
        match (layout.tick, layout.amount) {
            (1, 0) => self.append([k0, k1, t0]),
            (1, _) => self.append([k0, k1, t0, a0, a1]),
            (_, 0) => self.append([k0, k1, t0, t1]),
            (_, _) => self.append([k0, k1, t0, t1, a0, a1]),
        }
    }

    #[inline]
    fn append<const N: usize>(&mut self, row: [u32; N]) {
        if self.last.capacity() - self.last.len() < N {
            self.grow(N);
        }
        self.last.extend_from_slice(&row);
    }

    #[cold]
    fn grow(&mut self, words: usize) {
        let capacity = self.last.capacity();
        if capacity * 2 <= BLOCK {
            self.last.reserve_exact(capacity.max(16 * words).min(BLOCK));
        } else {
            let host = self.last.allocator().clone();
            self.full.reserve(1);
            let next = Vec::with_capacity_in(BLOCK, host);
            self.full.push(std::mem::replace(&mut self.last, next));
        }
    }
}

/// Rows that are not folded yet.
#[derive(Debug)]
pub(crate) struct Inbox<H: Host> {
    pub(crate) layout: Layout,
    pub(crate) parts: Vec<Part<H>, H>,
    /// There are 2^bits parts.
    bits: u32,
    /// Bytes held, and bytes at which to think about folding.
    bytes: usize,
    budget: usize,
    host: H,
}

impl<H: Host> Inbox<H> {
    /// An inbox that is full when it holds `budget` bytes.
    pub(crate) fn new(layout: Layout, budget: usize, host: &H) -> Self {
        let mut bits = 0;
        while bits < BUCKET_BITS && budget / (layout.words() * 4) > ROWS_PER_PART << bits {
            bits = (bits + SPREAD_BITS).min(BUCKET_BITS);
        }
        Inbox { layout, parts: empty_parts(bits, host), bits, bytes: 0, budget, host: host.clone() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.budget
    }

    /// Makes it twice as large, with the rows spread over more parts where they are many.
    pub(crate) fn enlarge(&mut self) {
        self.budget *= 2;
        if self.bits == BUCKET_BITS
            || self.budget / (self.layout.words() * 4) <= ROWS_PER_PART << self.bits
        {
            return;
        }
        let bits = (self.bits + SPREAD_BITS).min(BUCKET_BITS);
        let mut parts = empty_parts(bits, &self.host);
        let mut pace = Pace::new(&self.host);
        for part in self.parts.iter() {
            for row in part.rows(self.layout) {
                pace.step(1);
                let member = self.layout.member(row, &part.text);
                let to = &mut parts[part_of(member.hash(), bits)];
                to.push(self.layout, member, self.layout.tick(row), self.layout.amount(row));
            }
        }
        self.parts = parts;
        self.bits = bits;
    }

    /// Appends a row. The tick must fit the layout.
    #[inline]
    pub(crate) fn push(&mut self, member: MemberRef<'_>, tick: i64, amount: i64) {
        let part = &mut self.parts[part_of(member.hash(), self.bits)];
        self.bytes += self.layout.words() * 4;
        part.push(self.layout, member, tick, amount);
        if let MemberRef::Text(key) = member {
            self.bytes += key.len();
        }
    }
}

fn empty_parts<H: Host>(bits: u32, host: &H) -> Vec<Part<H>, H> {
    let mut parts = Vec::with_capacity_in(1 << bits, host.clone());
    parts.resize_with(1 << bits, || Part::new(host));
    parts
}

/// The part of a hash, of 2^bits: a range of buckets.
#[inline]
fn part_of(hash: u64, bits: u32) -> usize {
    // A shift by all 64 bits would not be one.
    ((hash >> 1) >> (63 - bits)) as usize
}
