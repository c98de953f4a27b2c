//! Rows that wait to be folded, as a few 32-bit words: the key (an integer, a uuid, or place and
//! length of a text), the tick, and the amount where there is one.
//!
//! Keys, ticks and amounts are mostly small, and rows are most of what a history holds while it is
//! built: each takes one word until one comes that does not fit.

use super::blocks::NO_AMOUNT;
use super::member::{Key, MemberKind, MemberRef};

/// The words of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// 1 for integers from 0 to 2^32 − 1, 2 for others and for texts, 4 for uuids.
    pub(crate) key: usize,
    /// 1 for ticks of 32 bits, else 2.
    pub(crate) tick: usize,
    /// 0 without amounts, 1 for hundredths in 32 bits, else 2.
    pub(crate) amount: usize,
}

/// The words that a row has at most.
pub(crate) const MAX_WORDS: usize = 8;

/// Millionths in the unit of amounts of one word, a hundredth.
pub(crate) const HUNDREDTH: i64 = 10_000;
/// "No amount" in one word.
const NO_HUNDREDTHS: i32 = i32::MIN;

impl Layout {
    /// The narrowest for rows of a kind.
    pub(crate) fn narrow(kind: MemberKind) -> Self {
        let key = match kind {
            MemberKind::Int => 1,
            MemberKind::Text => 2,
            MemberKind::Uuid => 4,
        };
        Layout { key, tick: 1, amount: 0 }
    }

    /// The narrowest that holds what this one does and a row besides.
    pub(crate) fn with(self, member: MemberRef<'_>, tick: i64, amount: i64) -> Self {
        let key = match member {
            MemberRef::Int(key) if u32::try_from(key).is_err() => 2,
            _ => self.key,
        };
        let amount = match amount {
            NO_AMOUNT => 0,
            amount if hundredths(amount).is_some() => 1,
            _ => 2,
        };
        let tick = if self.holds(tick) { self.tick } else { 2 };
        Layout { key, tick, amount: self.amount.max(amount) }
    }

    /// Does a tick fit?
    #[inline]
    pub(crate) fn holds(self, tick: i64) -> bool {
        self.tick == 2 || i32::try_from(tick).is_ok()
    }

    pub(crate) fn words(self) -> usize {
        self.key + self.tick + self.amount
    }

    /// The amount that stands in a row as `raw`.
    #[inline]
    pub(crate) fn amount(self, raw: i64) -> i64 {
        match self.amount {
            1 if raw == i64::from(NO_HUNDREDTHS) => NO_AMOUNT,
            1 => raw * HUNDREDTH,
            _ => raw,
        }
    }

    /// Writes a row and tells how many words it took; none if it does not fit.
    #[inline(always)]
    pub(crate) fn write<const KEY: usize>(
        self,
        place: &mut [u32; MAX_WORDS],
        key: [u32; KEY],
        tick: i64,
        amount: i64,
    ) -> Option<usize> {
        place[..KEY].copy_from_slice(&key);
        place[KEY] = tick as u32;
        if self.tick == 2 {
            place[KEY + 1] = (tick >> 32) as u32;
        } else if i64::from(tick as i32) != tick {
            return None;
        }
        let words = KEY + self.tick;
        match self.amount {
            0 if amount == NO_AMOUNT => Some(words),
            0 => None,
            1 => {
                *place.get_mut(words)? = hundredths(amount)? as u32;
                Some(words + 1)
            }
            _ => {
                place.get_mut(words..words + 2)?.copy_from_slice(&words_of(amount as u64));
                Some(words + 2)
            }
        }
    }

    /// Calls `f` with each row of a block.
    #[inline]
    pub(crate) fn each<'a, K: RowKey<'a>>(
        self,
        block: &[u32],
        text: &'a [u8],
        mut f: impl FnMut(Row<K>),
    ) {
        // The common layouts are known to the compiler.
        match (self.key, self.tick, self.amount) {
            (1, 1, 0) if K::NARROW == 1 => each_of::<K, 2, 1, 0>(block, text, f),
            (1, 1, 1) if K::NARROW == 1 => each_of::<K, 3, 1, 1>(block, text, f),
            (2, 1, 0) if K::NARROW == 2 => each_of::<K, 3, 2, 0>(block, text, f),
            (2, 1, 1) if K::NARROW == 2 => each_of::<K, 4, 2, 1>(block, text, f),
            (4, 1, 0) if K::NARROW == 4 => each_of::<K, 5, 4, 0>(block, text, f),
            (4, 1, 1) if K::NARROW == 4 => each_of::<K, 6, 4, 1>(block, text, f),
            _ => {
                for row in block.chunks_exact(self.words()) {
                    let (key, rest) = row.split_at(self.key);
                    let (tick, amount) = rest.split_at(self.tick);
                    let (tick, amount) = (integer(tick), integer(amount));
                    f(Row { key: K::read(key, text), tick, amount });
                }
            }
        }
    }
}

/// Rows of `WORDS` words: the key, a tick of one word, and an amount of `AMOUNT`.
#[inline]
fn each_of<'a, K: RowKey<'a>, const WORDS: usize, const KEY: usize, const AMOUNT: usize>(
    block: &[u32],
    text: &'a [u8],
    mut f: impl FnMut(Row<K>),
) {
    for row in block.as_chunks::<WORDS>().0 {
        let (tick, amount) = (integer(&row[KEY..=KEY]), integer(&row[KEY + 1..]));
        f(Row { key: K::read(&row[..KEY], text), tick, amount });
    }
}

/// A row, read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<K> {
    pub(crate) key: K,
    pub(crate) tick: i64,
    /// As it stands in the row: see [`Layout::amount`].
    pub(crate) amount: i64,
}

/// A signed number of no, one or two words.
#[inline]
fn integer(words: &[u32]) -> i64 {
    match words {
        [] => NO_AMOUNT,
        [word] => i64::from(*word as i32),
        [low, high, ..] => (u64::from(*low) | u64::from(*high) << 32) as i64,
    }
}

#[inline]
pub(crate) fn words_of(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

/// An amount as hundredths of 32 bits, if it is one.
#[inline]
fn hundredths(amount: i64) -> Option<i32> {
    if amount == NO_AMOUNT {
        return Some(NO_HUNDREDTHS);
    }
    let hundredths = amount / HUNDREDTH;
    let fits = hundredths * HUNDREDTH == amount && hundredths.unsigned_abs() < 1 << 31;
    fits.then_some(hundredths as i32)
}

/// Reads the key of a row.
pub(crate) trait RowKey<'a>: Key {
    /// Do the keys lie on a line, so that their distance from the least of them is a number?
    const DENSE: bool;
    /// Words of a row that it takes, at least.
    const NARROW: usize;
    fn read(words: &[u32], text: &'a [u8]) -> Self;
    /// Bytes with which all keys begin alike, where counting them is worth it.
    fn shared(_: &[Self]) -> usize {
        0
    }
    /// The first 64 bits after those bytes, as a number in the order of keys.
    fn begin(self, shared: usize) -> u64;
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
    const NARROW: usize = 1;
    #[inline]
    fn place(self) -> i64 {
        self
    }
    #[inline]
    fn at_place(place: i64) -> Option<Self> {
        Some(place)
    }
    #[inline]
    fn read(words: &[u32], _: &[u8]) -> Self {
        match words {
            [word] => i64::from(*word),
            wide => integer(wide),
        }
    }
    #[inline]
    fn begin(self, _: usize) -> u64 {
        self as u64 ^ 1 << 63
    }
}

impl RowKey<'_> for u128 {
    const DENSE: bool = false;
    const NARROW: usize = 4;
    #[inline]
    fn read(words: &[u32], _: &[u8]) -> Self {
        words.iter().rev().fold(0, |key, word| key << 32 | u128::from(*word))
    }
    #[inline]
    fn begin(self, _: usize) -> u64 {
        (self >> 64) as u64
    }
}

impl<'a> RowKey<'a> for &'a [u8] {
    const DENSE: bool = false;
    const NARROW: usize = 2;
    #[inline]
    fn read(words: &[u32], text: &'a [u8]) -> Self {
        let (start, len) = (words[0] as usize, words[1] as usize);
        &text[start..start + len]
    }
    fn shared(keys: &[Self]) -> usize {
        let Some((first, rest)) = keys.split_first() else {
            return 0;
        };
        rest.iter().fold(first.len(), |shared, key| {
            if key.starts_with(&first[..shared]) {
                return shared;
            }
            key.iter().zip(*first).take_while(|(a, b)| a == b).count()
        })
    }
    fn begin(self, shared: usize) -> u64 {
        let rest = self.get(shared..).unwrap_or_default();
        let mut begin = [0; 8];
        match rest.first_chunk::<8>() {
            Some(chunk) => begin = *chunk,
            None => begin[..rest.len()].copy_from_slice(rest),
        }
        u64::from_be_bytes(begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(layout: Layout, key: i64, tick: i64, amount: i64) -> Option<std::vec::Vec<u32>> {
        let mut place = [0; MAX_WORDS];
        let words = match layout.key {
            1 => layout.write(&mut place, [key as u32], tick, amount)?,
            _ => layout.write(&mut place, words_of(key as u64), tick, amount)?,
        };
        Some(place[..words].to_vec())
    }

    fn round_trip(key: i64, tick: i64, amount: i64, layout: Layout) {
        let words = words(layout, key, tick, amount).expect("it fits");
        assert_eq!(words.len(), layout.words());
        let mut rows = 0;
        layout.each::<i64>(&words, &[], |read| {
            rows += 1;
            assert_eq!((read.key, read.tick, layout.amount(read.amount)), (key, tick, amount));
        });
        assert_eq!(rows, 1);
    }

    proptest! {
        #[test]
        fn rows_round_trip_in_the_narrowest_layout_and_in_wider_ones(
            key in prop_oneof![any::<i64>(), -2..1i64 << 33],
            tick in prop_oneof![any::<i64>(), -1i64 << 33..1 << 33],
            amount in prop_oneof![
                Just(NO_AMOUNT),
                any::<i64>(),
                (-1i64 << 32..1 << 32).prop_map(|cents| cents * HUNDREDTH),
            ],
            (tick_words, amount_words) in (1..3usize, 0..3usize),
        ) {
            let narrowest =
                Layout::narrow(MemberKind::Int).with(MemberRef::Int(key), tick, amount);
            round_trip(key, tick, amount, narrowest);
            let wider = Layout {
                tick: narrowest.tick.max(tick_words),
                amount: narrowest.amount.max(amount_words),
                ..narrowest
            };
            round_trip(key, tick, amount, wider);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let narrow = Layout::narrow(MemberKind::Int);
        assert_eq!(words(narrow, 0, 1 << 31, NO_AMOUNT), None);
        assert_eq!(words(narrow, 0, 0, 0), None);
        let hundredths = Layout { amount: 1, ..narrow };
        for amount in [1, HUNDREDTH << 31, -(HUNDREDTH << 31), HUNDREDTH / 2, i64::MAX] {
            assert_eq!(words(hundredths, 0, 0, amount), None);
        }
    }
}
