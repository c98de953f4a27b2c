//! Rows as they come in, spread over parts by the bucket of their member.
//!
//! A row is a few 32-bit words: the key (an integer, a uuid, or place and length of a text), the
//! tick, and the amount where there is one. Appending one touches the end of one part and nothing
//! else; whatever needs members next to each other waits until a part is folded in cache.

use super::member::{BUCKET_BITS, Key, MemberKind, MemberRef};
use super::run::NO_AMOUNT;
use crate::host::{Host, Vec};

/// Rows of a part that still fold in cache, roughly.
const ROWS_PER_PART: usize = 4096;

/// The words of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    key: usize,
    tick: usize,
    amount: usize,
}

impl Layout {
    pub(crate) fn new(kind: MemberKind, wide_ticks: bool, amounts: bool) -> Self {
        Layout {
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
    pub(crate) words: Vec<u32, H>,
    pub(crate) text: Vec<u8, H>,
}

/// Rows that are not folded yet.
#[derive(Debug)]
pub(crate) struct Inbox<H: Host> {
    pub(crate) layout: Layout,
    pub(crate) parts: Vec<Part<H>, H>,
    /// A hash shifted right by this is the number of its part.
    shift: u32,
    /// Bytes held, and bytes at which to fold.
    bytes: usize,
    budget: usize,
}

impl<H: Host> Inbox<H> {
    /// An inbox that is full when it holds `budget` bytes.
    pub(crate) fn new(layout: Layout, budget: usize, host: &H) -> Self {
        let rows = budget / (layout.words() * 4);
        let bits = (rows / ROWS_PER_PART).max(1).next_power_of_two().ilog2().min(BUCKET_BITS);
        let mut parts = Vec::with_capacity_in(1 << bits, host.clone());
        let empty = || Part { words: Vec::new_in(host.clone()), text: Vec::new_in(host.clone()) };
        parts.resize_with(1 << bits, empty);
        Inbox { layout, parts, shift: u64::BITS - bits, bytes: 0, budget }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.budget
    }

    /// Empties it, keeping its buffers.
    pub(crate) fn clear(&mut self) {
        self.bytes = 0;
        for part in self.parts.iter_mut() {
            part.words.clear();
            part.text.clear();
        }
    }

    pub(crate) fn budget(&self) -> usize {
        self.budget
    }

    /// Appends a row. The tick must fit the layout.
    #[inline]
    pub(crate) fn push(&mut self, member: MemberRef<'_>, tick: i64, amount: i64) {
        let hash = member.hash();
        // With one part the shift is 64.
        let part = hash.checked_shr(self.shift).unwrap_or(0) as usize;
        let part = &mut self.parts[part];
        self.bytes += self.layout.words() * 4;
        let [t0, t1] = words_of(tick as u64);
        let [a0, a1] = words_of(amount as u64);
        match member {
            MemberRef::Int(key) => {
                let [k0, k1] = words_of(key as u64);
                match (self.layout.tick, self.layout.amount) {
                    (1, 0) => part.append([k0, k1, t0]),
                    (1, _) => part.append([k0, k1, t0, a0, a1]),
                    (_, 0) => part.append([k0, k1, t0, t1]),
                    (_, _) => part.append([k0, k1, t0, t1, a0, a1]),
                }
            }
            MemberRef::Uuid(key) => {
                let ([k0, k1], [k2, k3]) = (words_of((key >> 64) as u64), words_of(key as u64));
                match (self.layout.tick, self.layout.amount) {
                    (1, 0) => part.append([k0, k1, k2, k3, t0]),
                    (1, _) => part.append([k0, k1, k2, k3, t0, a0, a1]),
                    (_, 0) => part.append([k0, k1, k2, k3, t0, t1]),
                    (_, _) => part.append([k0, k1, k2, k3, t0, t1, a0, a1]),
                }
            }
            MemberRef::Text(key) => {
                let (k0, k1) = (part.text.len() as u32, key.len() as u32);
                part.text.extend_from_slice(key);
                self.bytes += key.len();
                match (self.layout.tick, self.layout.amount) {
                    (1, 0) => part.append([k0, k1, t0]),
                    (1, _) => part.append([k0, k1, t0, a0, a1]),
                    (_, 0) => part.append([k0, k1, t0, t1]),
                    (_, _) => part.append([k0, k1, t0, t1, a0, a1]),
                }
            }
        }
    }
}

impl<H: Host> Part<H> {
    #[inline]
    fn append<const N: usize>(&mut self, row: [u32; N]) {
        let words = &mut self.words;
        if words.capacity() - words.len() < N {
            // Large parts by half, not to twice: what is not used is memory all the same.
            let more = words.capacity() >> u32::from(words.capacity() > 1024);
            words.reserve_exact(more.max(16 * N));
        }
        words.extend_from_slice(&row);
    }
}
