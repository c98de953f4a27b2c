//! Rows as they come in, spread over parts by the bucket of their member.
//!
//! Appending one touches the end of one part and nothing else; whatever needs members next to each
//! other waits until a part is folded, in cache. Parts grow by blocks, so that no row is moved and
//! little is reserved.

use super::blocks::NO_AMOUNT;
use super::member::{BUCKET_BITS, Key, MemberKind, MemberRef};
use super::meta::Extent;
use super::row::{Layout, MAX_WORDS, Row, RowKey, words_of};
use crate::host::{Host, Pace, Vec};

/// Rows from which there are some parts, many, and as many as buckets: a part should fold in cache,
/// and the ends of all parts should stay in the cache nearest to the core.
const ROWS_OF_SOME_PARTS: usize = 1 << 13;
const ROWS_OF_MANY_PARTS: usize = 1 << 18;
const ROWS_OF_ALL_PARTS: usize = 1 << 26;
/// Words of the first block of a part, and of a full one: a little over 8 kB, from which PostgreSQL's
/// memory contexts give back what is freed.
const FIRST_BLOCK: usize = 32;
const BLOCK: usize = 2052;

/// Rows whose members fall in one range of buckets.
#[derive(Debug)]
pub(crate) struct Part<'a, H: Host> {
    layout: Layout,
    full: &'a [Vec<u32, H>],
    last: &'a [u32],
    pub(crate) text: &'a [u8],
}

impl<'a, H: Host> Part<'a, H> {
    /// Its blocks of rows, in the order in which they came.
    fn blocks(&self) -> impl Iterator<Item = &'a [u32]> + use<'a, H> {
        self.full.iter().map(|block| block.as_slice()).chain(std::iter::once(self.last))
    }

    pub(crate) fn count(&self) -> usize {
        self.blocks().map(|block| block.len() / self.layout.words()).sum()
    }

    /// Calls `f` with each row.
    #[inline]
    pub(crate) fn each<K: RowKey<'a>>(&self, pace: &mut Pace<'_, H>, mut f: impl FnMut(Row<K>)) {
        for block in self.blocks() {
            pace.step(block.len());
            self.layout.each(block, self.text, &mut f);
        }
    }
}

/// The block of a part that grows: words, of which some are used.
#[derive(Debug)]
struct End<H: Host> {
    words: Vec<u32, H>,
    used: usize,
}

/// Rows that are not folded yet.
#[derive(Debug)]
pub(crate) struct Inbox<H: Host> {
    kind: MemberKind,
    pub(crate) layout: Layout,
    /// There are 2^bits parts.
    bits: u32,
    /// Of each part, the block that grows: all that most rows touch.
    ends: Vec<End<H>, H>,
    /// Of each part, the blocks that are full, and the text that its rows refer to.
    full: Vec<Vec<Vec<u32, H>, H>, H>,
    text: Vec<Vec<u8, H>, H>,
    /// Where its rows begin and end; the least and the greatest key if keys are numbers.
    pub(crate) extent: Extent,
    pub(crate) keys: (i64, i64),
    /// Bytes held, and bytes at which to think about folding.
    bytes: usize,
    budget: usize,
    has_long_text: bool,
    host: H,
}

impl<H: Host> Inbox<H> {
    /// An inbox that is full when it holds `budget` bytes.
    pub(crate) fn new(kind: MemberKind, layout: Layout, budget: usize, host: &H) -> Self {
        let bits = bits_for(budget / (layout.words() * 4));
        let len = 1 << bits;
        let mut ends = Vec::with_capacity_in(len, host.clone());
        ends.resize_with(len, || End { words: Vec::new_in(host.clone()), used: 0 });
        let mut full = Vec::with_capacity_in(len, host.clone());
        full.resize_with(len, || Vec::new_in(host.clone()));
        let texts = if kind == MemberKind::Text { len } else { 0 };
        let mut text = Vec::with_capacity_in(texts, host.clone());
        text.resize_with(texts, || Vec::new_in(host.clone()));
        Inbox {
            kind,
            layout,
            bits,
            ends,
            full,
            text,
            extent: Extent::NOTHING,
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

    /// Does a part hold so much text that places in it will soon pass 32 bits?
    pub(crate) fn has_long_text(&self) -> bool {
        self.has_long_text
    }

    /// Bits of a bucket that tell members of one part apart.
    pub(crate) fn bucket_bits_inside(&self) -> u32 {
        BUCKET_BITS - self.bits
    }

    fn part(&self, i: usize) -> Part<'_, H> {
        let End { words, used } = &self.ends[i];
        Part {
            layout: self.layout,
            full: &self.full[i],
            last: &words[..*used],
            text: self.text.get(i).map_or(&[], |text| text.as_slice()),
        }
    }

    /// All parts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_, H>> {
        (0..self.ends.len()).map(|i| self.part(i))
    }

    /// Some of the parts, others every time that it has grown, and always the largest: a member
    /// with far more rows than others is in it.
    pub(crate) fn sample(&self) -> impl Iterator<Item = Part<'_, H>> {
        const STEP: usize = 32;
        let len = self.ends.len();
        let turn = self.budget.ilog2() as usize % STEP.min(len);
        let largest = (0..len).max_by_key(|&i| self.full[i].len());
        (0..len).filter(move |&i| i % STEP == turn || Some(i) == largest).map(|i| self.part(i))
    }

    /// Makes it twice as large, with the rows spread over more parts where they are many.
    pub(crate) fn enlarge(&mut self) {
        self.budget *= 2;
        if bits_for(self.budget / (self.layout.words() * 4)) > self.bits {
            let mut wider = Inbox::new(self.kind, self.layout, self.budget, &self.host);
            wider.budget = usize::MAX;
            match self.kind {
                MemberKind::Int => self.pour::<i64>(&mut wider),
                MemberKind::Uuid => self.pour::<u128>(&mut wider),
                MemberKind::Text => self.pour::<&[u8]>(&mut wider),
            }
            wider.extent = self.extent;
            wider.budget = self.budget.max(wider.bytes + wider.bytes / 2);
            *self = wider;
        }
    }

    fn pour<'a, K: RowKey<'a>>(&'a self, into: &mut Self) {
        let mut pace = Pace::new(&self.host);
        for part in self.parts() {
            part.each(&mut pace, |row: Row<K>| {
                into.push(row.key.member(), row.tick, 0, self.layout.amount(row.amount));
            });
        }
    }

    /// Appends a row. False: it is full, or the row does not fit its layout.
    #[inline(always)]
    pub(crate) fn push(&mut self, member: MemberRef<'_>, tick: i64, at: i64, amount: i64) -> bool {
        let pushed = match member {
            MemberRef::Int(key) => self.push_int(key, tick, amount),
            MemberRef::Uuid(key) => self.push_uuid(key, tick, amount),
            MemberRef::Text(key) => self.push_text(key, tick, amount),
        };
        let extent = &self.extent;
        if pushed
            && (tick < extent.low || tick > extent.high || at < extent.first || at > extent.last)
        {
            self.extent = extent.and(Extent { first: at, last: at, low: tick, high: tick });
        }
        pushed
    }

    #[inline(always)]
    fn push_int(&mut self, key: i64, tick: i64, amount: i64) -> bool {
        let part = self.part_of(key.hash());
        let [low, high] = words_of(key as u64);
        let pushed = match self.layout.key {
            1 => high == 0 && self.append(part, [low], tick, amount),
            _ => self.append(part, [low, high], tick, amount),
        };
        if pushed && (key < self.keys.0 || key > self.keys.1) {
            self.keys = (self.keys.0.min(key), self.keys.1.max(key));
        }
        pushed
    }

    #[inline(never)]
    fn push_uuid(&mut self, key: u128, tick: i64, amount: i64) -> bool {
        let part = self.part_of(key.hash());
        let ([k0, k1], [k2, k3]) = (words_of(key as u64), words_of((key >> 64) as u64));
        self.append(part, [k0, k1, k2, k3], tick, amount)
    }

    #[inline(never)]
    fn push_text(&mut self, key: &[u8], tick: i64, amount: i64) -> bool {
        let part = self.part_of(key.hash());
        let start = self.text[part].len();
        let pushed = !self.has_long_text
            && self.bytes < self.budget
            && self.append(part, [start as u32, key.len() as u32], tick, amount);
        if pushed {
            self.put_text(part, key);
        }
        pushed
    }

    fn put_text(&mut self, part: usize, key: &[u8]) {
        let text = &mut self.text[part];
        text.extend_from_slice(key);
        // A name has a gigabyte at most.
        self.has_long_text = text.len() > 1 << 31;
        self.bytes += key.len();
    }

    /// Appends two rows of a member without amounts, or none of them. Their ticks must fit the layout.
    #[inline]
    pub(crate) fn push_both(&mut self, member: MemberRef<'_>, rows: [(i64, i64); 2]) -> bool {
        let part = self.part_of(member.hash());
        if rows.iter().any(|row| !self.layout.holds(row.0)) || !self.has_room_for_two(part) {
            return false;
        }
        let ticks = rows.map(|row| row.0);
        let pushed = match member {
            MemberRef::Int(key) => match (self.layout.key, words_of(key as u64)) {
                (1, [low, 0]) => self.append_both(part, [low], ticks),
                (1, _) => false,
                (_, wide) => self.append_both(part, wide, ticks),
            },
            MemberRef::Uuid(key) => {
                let ([k0, k1], [k2, k3]) = (words_of(key as u64), words_of((key >> 64) as u64));
                self.append_both(part, [k0, k1, k2, k3], ticks)
            }
            MemberRef::Text(key) => {
                let start = self.text[part].len();
                let is_full = self.has_long_text || self.bytes >= self.budget;
                if !is_full {
                    // First: rows must never name a text that is not there.
                    self.put_text(part, key);
                }
                !is_full && self.append_both(part, [start as u32, key.len() as u32], ticks)
            }
        };
        if pushed {
            if let MemberRef::Int(key) = member {
                self.keys = (self.keys.0.min(key), self.keys.1.max(key));
            }
            for (tick, at) in rows {
                let row = Extent { first: at, last: at, low: tick, high: tick };
                self.extent = self.extent.and(row);
            }
        }
        pushed
    }

    /// Room in the present block for two rows, which then can not fail.
    #[inline]
    fn has_room_for_two(&mut self, part: usize) -> bool {
        let End { words, used } = &self.ends[part];
        words.len() - used >= 2 * MAX_WORDS || self.grow(part)
    }

    #[inline]
    fn append_both<const KEY: usize>(
        &mut self,
        part: usize,
        key: [u32; KEY],
        ticks: [i64; 2],
    ) -> bool {
        ticks.iter().all(|tick| self.append(part, key, *tick, NO_AMOUNT))
    }

    /// The part of a hash: a range of buckets.
    #[inline]
    fn part_of(&self, hash: u64) -> usize {
        // A shift by all 64 bits would not be one.
        ((hash >> 1) >> (63 - self.bits)) as usize
    }

    /// Appends a row to a part, if it fits and there is room.
    #[inline(always)]
    fn append<const KEY: usize>(
        &mut self,
        part: usize,
        key: [u32; KEY],
        tick: i64,
        amount: i64,
    ) -> bool {
        let end = &mut self.ends[part];
        let room = end.words.get_mut(end.used..).and_then(|rest| rest.first_chunk_mut());
        let Some(room) = room else {
            return self.append_after_growing(part, key, tick, amount);
        };
        let row = self.layout.write(room, key, tick, amount);
        end.used += row.unwrap_or(0);
        row.is_some()
    }

    #[cold]
    #[inline(never)]
    fn append_after_growing<const KEY: usize>(
        &mut self,
        part: usize,
        key: [u32; KEY],
        tick: i64,
        amount: i64,
    ) -> bool {
        self.grow(part) && self.append(part, key, tick, amount)
    }

    /// Room for one more row in a part, if there is any in the inbox.
    fn grow(&mut self, part: usize) -> bool {
        if self.bytes >= self.budget {
            return false;
        }
        let End { words, used } = &mut self.ends[part];
        let before = words.len();
        let after = if before < BLOCK {
            (before * 2).clamp(FIRST_BLOCK, BLOCK)
        } else {
            let full = &mut self.full[part];
            full.reserve(1);
            let next = Vec::with_capacity_in(BLOCK, self.host.clone());
            words.truncate(*used);
            full.push(std::mem::replace(words, next));
            *used = 0;
            BLOCK
        };
        let more = after - words.len();
        words.reserve_exact(more);
        words.resize(after, 0);
        self.bytes += more * 4;
        true
    }
}

/// Bits of the number of parts for so many rows.
fn bits_for(rows: usize) -> u32 {
    match rows {
        0..ROWS_OF_SOME_PARTS => 0,
        ROWS_OF_SOME_PARTS..ROWS_OF_MANY_PARTS => BUCKET_BITS - 6,
        ROWS_OF_MANY_PARTS..ROWS_OF_ALL_PARTS => BUCKET_BITS - 3,
        _ => BUCKET_BITS,
    }
}
