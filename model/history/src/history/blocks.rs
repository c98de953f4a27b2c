//! The column of amounts: blocks of so many ticks, each with its amounts as multiples of the largest
//! power of ten that divides them all, less the least of them, in the fewest bits.
//!
//! | bytes | of a block |
//! | --- | --- |
//! | 1 | bits of each distance, 0 to 64; and 128 more if some tick has no amount |
//! | 1 | the power of ten, 0 to 18 |
//! | varint | the least multiple, in zigzag form |
//! | … | distances from it, the lowest bits first, filled up to a whole byte with zeros |
//!
//! Where some tick has no amount, 0 stands for none, and distances are one more. Without any amount
//! all of it is 0 but the mark. "Frame of reference": J. Goldstein, R. Ramakrishnan and U. Shaft,
//! "Compressing Relations and Indexes", ICDE 1998. Each block stands by itself, so that one odd
//! amount does not widen the whole column; and its numbers have one length, since lengths that a processor
//! can not predict cost time.

use crate::error::Malformed;
use crate::host::{Host, Vec};
use crate::varint::{self, Bytes, unzigzag, zigzag};

/// "No amount", where amounts are plain numbers.
pub(crate) const NO_AMOUNT: i64 = i64::MIN;

/// Ticks of a block.
pub(super) const BLOCK: usize = 128;
/// The greatest power of ten that an amount can be a multiple of.
const MAX_POWER: usize = 18;
/// The mark of a block in which some tick has no amount.
const SOME_NONE: u8 = 128;
/// Bytes that are read together, from the one in which a distance begins.
const WORD: usize = 8;
const WIDE_WORD: usize = 16;

const POWERS: [i64; MAX_POWER + 1] = {
    let mut powers = [1; MAX_POWER + 1];
    let mut i = 1;
    while i <= MAX_POWER {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// The power of ten of a hundredth in millionths, which divides most amounts.
const CENTS: usize = 4;

/// The largest power of ten that divides all of them; 0 if they are nothing or zeros.
fn power_of(amounts: &[i64]) -> usize {
    let present = || amounts.iter().filter(|amount| **amount != NO_AMOUNT);
    if present().all(|amount| *amount == 0) {
        return 0;
    }
    // Dividing by a number that the compiler knows is much quicker.
    const HUNDREDTH: i64 = POWERS[CENTS];
    let (least, mut power) = match present().all(|amount| amount % HUNDREDTH == 0) {
        true => (CENTS, MAX_POWER),
        false => (0, CENTS - 1),
    };
    for amount in present() {
        while power > least && amount % POWERS[power] != 0 {
            power -= 1;
        }
        if power == least {
            break;
        }
    }
    power
}

/// Appends a block.
pub(super) fn put<H: Host>(out: &mut Vec<u8, H>, amounts: &[i64]) {
    let power = power_of(amounts);
    let unit = POWERS[power];
    let (mut least, mut most, mut some_none) = (i64::MAX, i64::MIN, false);
    for &amount in amounts {
        if amount == NO_AMOUNT {
            some_none = true;
        } else {
            (least, most) = (least.min(amount), most.max(amount));
        }
    }
    if least > most {
        out.extend_from_slice(&[SOME_NONE, 0, 0]);
        return;
    }
    let (least, most) = (least / unit, most / unit);
    // Amounts lie less than 2^64 − 1 apart: there is room for one more.
    let shift = u64::from(some_none);
    let greatest = (most.wrapping_sub(least) as u64).wrapping_add(shift);
    let bits = u64::BITS - greatest.leading_zeros();
    out.extend_from_slice(&[bits as u8 | if some_none { SOME_NONE } else { 0 }, power as u8]);
    varint::put(out, zigzag(least));
    let distance = |amount: i64| match amount {
        NO_AMOUNT => 0,
        amount => ((amount / unit).wrapping_sub(least) as u64).wrapping_add(shift),
    };
    let distance_in_cents = |amount: i64| match amount {
        NO_AMOUNT => 0,
        amount => ((amount / POWERS[CENTS]).wrapping_sub(least) as u64).wrapping_add(shift),
    };
    match power {
        CENTS => pack(out, bits, amounts.iter().map(|amount| distance_in_cents(*amount))),
        _ => pack(out, bits, amounts.iter().map(|amount| distance(*amount))),
    }
}

/// Appends numbers of so many bits each.
fn pack<H: Host>(out: &mut Vec<u8, H>, bits: u32, numbers: impl Iterator<Item = u64>) {
    if bits == 0 {
        return;
    }
    let (mut word, mut used) = (0u64, 0u32);
    for number in numbers {
        word |= number << used;
        used += bits;
        if used >= u64::BITS {
            out.extend_from_slice(&word.to_le_bytes());
            used -= u64::BITS;
            // The bits of the number that found no room.
            word = if used == 0 { 0 } else { number >> (bits - used) };
        }
    }
    let bytes = word.to_le_bytes();
    out.extend_from_slice(bytes.get(..used.div_ceil(8) as usize).unwrap_or_default());
}

/// Reads a column of amounts, block by block.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    column: Bytes<'a>,
    /// Ticks whose block is not read yet.
    left: u64,
    /// The amounts of the present block, those from `at` to `len` still to be taken.
    amounts: [i64; BLOCK],
    at: usize,
    len: usize,
    /// Has every tick of the block an amount, and do they add up to 64 bits?
    is_plain: bool,
    /// If so, and if they were added up: the sums of the first none, one, two … of them.
    has_sums: bool,
    sums: [i64; BLOCK + 1],
}

impl<'a> Blocks<'a> {
    /// The column of so many ticks.
    pub(super) fn new(column: &'a [u8], ticks: u64) -> Self {
        Blocks {
            column: Bytes(column),
            left: ticks,
            amounts: [0; BLOCK],
            at: 0,
            len: 0,
            is_plain: false,
            has_sums: false,
            sums: [0; BLOCK + 1],
        }
    }

    /// Has everything been read?
    pub(super) fn at_end(&self) -> bool {
        self.at == self.len && self.left == 0 && self.column.0.is_empty()
    }

    /// The next amounts, of up to `n` ticks: those that there are in the present block.
    #[inline]
    fn some(&mut self, n: usize) -> Result<&[i64], Malformed> {
        if self.at == self.len {
            self.read_block()?;
        }
        let from = self.at;
        self.at += n.min(self.len - from);
        Ok(self.amounts.get(from..self.at).unwrap_or_default())
    }

    /// The amounts of the next `n` ticks, in place of what was in `out`.
    #[inline]
    pub(super) fn take<H: Host>(
        &mut self,
        n: usize,
        out: &mut Vec<i64, H>,
    ) -> Result<(), Malformed> {
        out.resize(n, 0);
        let mut places = &mut out[..];
        while !places.is_empty() {
            let some = self.some(places.len())?;
            let (here, rest) = places.split_at_mut(some.len());
            here.copy_from_slice(some);
            places = rest;
        }
        Ok(())
    }

    /// The sum of the next `n` amounts, those that are none being nothing.
    #[inline]
    pub(super) fn sum(&mut self, mut n: usize) -> Result<i128, Malformed> {
        let mut sum = 0i128;
        while n > 0 {
            let len = self.some(n)?.len();
            n -= len;
            let from = self.at - len;
            if self.is_plain {
                if !self.has_sums {
                    self.add_up();
                }
                let up_to = |place| self.sums.get(place).copied().unwrap_or_default();
                sum += i128::from(up_to(self.at) - up_to(from));
            } else {
                let some = self.amounts.get(from..self.at).unwrap_or_default().iter();
                let present = some.filter(|amount| **amount != NO_AMOUNT);
                sum += present.map(|amount| i128::from(*amount)).sum::<i128>();
            }
        }
        Ok(sum)
    }

    /// Adds up the amounts of a plain block: the sum of any of them is then a difference.
    fn add_up(&mut self) {
        let mut sum = 0i64;
        let amounts = self.amounts.iter().take(self.len);
        for (amount, place) in amounts.zip(self.sums.iter_mut().skip(1)) {
            sum += amount;
            *place = sum;
        }
        self.has_sums = true;
    }

    /// Reads the next block, which has an amount at least.
    #[inline(never)]
    fn read_block(&mut self) -> Result<(), Malformed> {
        let len = usize::try_from(self.left).map_or(BLOCK, |left| left.min(BLOCK));
        if len == 0 {
            return Err(Malformed("more ticks than amounts"));
        }
        let (mark, power) = (self.column.byte()?, self.column.byte()?);
        let (bits, some_none) = (u32::from(mark & !SOME_NONE), mark & SOME_NONE != 0);
        let Some(&unit) = POWERS.get(usize::from(power)).filter(|_| bits <= u64::BITS) else {
            return Err(Malformed("an amount has too many digits"));
        };
        let least = unzigzag(self.column.varint()?);
        let whole = self.column.0;
        let size = (len * bits as usize).div_ceil(8);
        let packed = self.column.take(size)?;
        let amounts = self.amounts.get_mut(..len).unwrap_or_default();
        // A few bytes beyond the last distance are read with it.
        if whole.len() >= size + WIDE_WORD {
            unpack_quickly(whole, bits, amounts);
        } else {
            unpack_last(packed, bits, amounts);
        }
        let greatest = if bits == 0 { 0 } else { u64::MAX >> (u64::BITS - bits) };
        let ends = [i128::from(least) - 1, i128::from(least) + i128::from(greatest)];
        let ends = ends.map(|multiple| multiple * i128::from(unit));
        let fits = |amount: i128| i64::try_from(amount).is_ok();
        let is_small = |amount: i128| fits(amount * BLOCK as i128);
        self.is_plain = !some_none && ends.into_iter().all(is_small);
        // Mostly no distance of so many bits leads out of 64 bits, and none need be looked at.
        if ends.into_iter().all(fits) {
            if some_none {
                for amount in amounts {
                    let exact = (*amount + (least - 1)) * unit;
                    *amount = if *amount == 0 { NO_AMOUNT } else { exact };
                }
            } else {
                amounts.iter_mut().for_each(|amount| *amount = (*amount + least) * unit);
            }
        } else {
            exactly(amounts, least, unit, some_none)?;
        }
        (self.left, self.at, self.len) = (self.left - len as u64, 0, len);
        self.has_sums = false;
        Ok(())
    }
}

/// Reads numbers of so many bits each. The usual widths are known to the compiler.
fn unpack_quickly(words: &[u8], bits: u32, numbers: &mut [i64]) {
    macro_rules! known {
        ($($bits:literal)*) => {
            match bits {
                $($bits => unpack_known::<$bits>(words, numbers),)*
                _ => unpack(words, bits, numbers),
            }
        };
    }
    known!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
}

/// Eight numbers take as many bytes as one has bits.
fn unpack_known<const BITS: usize>(words: &[u8], numbers: &mut [i64]) {
    let (groups, rest) = numbers.as_chunks_mut::<8>();
    let mut words = words;
    for group in groups {
        let Some(here) = words.get(..BITS + WORD) else { return };
        for (i, number) in group.iter_mut().enumerate() {
            let (byte, bit) = (i * BITS / 8, i * BITS % 8);
            let word = here.get(byte..).and_then(|rest| rest.first_chunk::<WORD>());
            let word = word.map_or(0, |word| u64::from_le_bytes(*word));
            *number = (word >> bit & (u64::MAX >> (64 - BITS))) as i64;
        }
        words = words.get(BITS..).unwrap_or_default();
    }
    unpack(words, BITS as u32, rest);
}

/// Numbers of so many bits each.
#[inline]
fn unpack(words: &[u8], bits: u32, numbers: &mut [i64]) {
    let Some(mask) = u64::MAX.checked_shr(u64::BITS - bits) else {
        numbers.fill(0);
        return;
    };
    let mut bit = 0;
    if bits as usize <= (WORD - 1) * 8 {
        for number in numbers {
            let word = words.get(bit / 8..).and_then(|rest| rest.first_chunk::<WORD>());
            let word = word.map_or(0, |word| u64::from_le_bytes(*word));
            *number = (word >> (bit % 8) & mask) as i64;
            bit += bits as usize;
        }
    } else {
        for number in numbers {
            let word = words.get(bit / 8..).and_then(|rest| rest.first_chunk::<WIDE_WORD>());
            let word = word.map_or(0, |word| u128::from_le_bytes(*word));
            *number = ((word >> (bit % 8)) as u64 & mask) as i64;
            bit += bits as usize;
        }
    }
}

/// The same where the column ends with them.
#[cold]
fn unpack_last(packed: &[u8], bits: u32, numbers: &mut [i64]) {
    let mut padded = [0; BLOCK * 8 + WIDE_WORD];
    if let Some(place) = padded.get_mut(..packed.len()) {
        place.copy_from_slice(packed);
    }
    unpack(&padded, bits, numbers);
}

/// Amounts from their distances, where one might leave 64 bits.
#[cold]
fn exactly(amounts: &mut [i64], least: i64, unit: i64, some_none: bool) -> Result<(), Malformed> {
    for amount in amounts {
        let distance = *amount as u64;
        *amount = match distance.checked_sub(u64::from(some_none)) {
            None => NO_AMOUNT,
            Some(distance) => {
                let multiple = i128::from(least) + i128::from(distance);
                let exact = multiple.checked_mul(i128::from(unit));
                match exact.and_then(|exact| i64::try_from(exact).ok()) {
                    Some(exact) if exact != NO_AMOUNT => exact,
                    _ => return Err(Malformed("an amount passes 64 bits")),
                }
            }
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;
    use proptest::prelude::*;

    /// Columns of amounts with few digits and many, with none and with zeros.
    fn columns() -> impl Strategy<Value = std::vec::Vec<i64>> {
        let amount = prop_oneof![
            8 => (any::<i64>(), 0..60u32).prop_map(|(amount, shift)| amount >> shift),
            1 => Just(NO_AMOUNT),
            1 => Just(0),
            1 => Just(i64::MAX),
            1 => Just(-i64::MAX),
        ];
        let column = (prop::collection::vec(amount, 0..400), 0..=MAX_POWER, any::<bool>());
        column.prop_map(|(amounts, power, all)| {
            let unit = POWERS[power];
            amounts
                .into_iter()
                .map(|amount| match amount {
                    NO_AMOUNT if all => unit,
                    NO_AMOUNT => NO_AMOUNT,
                    amount => amount / unit * unit,
                })
                .collect()
        })
    }

    fn column(amounts: &[i64]) -> Vec<u8, Global> {
        let mut out = Vec::new_in(Global);
        amounts.chunks(BLOCK).for_each(|block| put(&mut out, block));
        out
    }

    proptest! {
        #[test]
        fn amounts_come_back(amounts in columns(), parts in prop::collection::vec(1..200usize, 400)) {
            let bytes = column(&amounts);
            let mut taken = Blocks::new(&bytes, amounts.len() as u64);
            let mut summed = Blocks::new(&bytes, amounts.len() as u64);
            let (mut rest, mut part) = (&amounts[..], Vec::new_in(Global));
            for n in parts {
                let (here, after) = rest.split_at(n.min(rest.len()));
                taken.take(here.len(), &mut part).unwrap();
                prop_assert_eq!(part.as_slice(), here);
                let present = here.iter().filter(|amount| **amount != NO_AMOUNT);
                let sum: i128 = present.map(|amount| i128::from(*amount)).sum();
                prop_assert_eq!(summed.sum(here.len()), Ok(sum));
                rest = after;
            }
            prop_assert!(rest.is_empty() && taken.at_end() && summed.at_end());
            prop_assert!(taken.take(1, &mut part).is_err());
        }

        #[test]
        fn powers_are_the_largest(amounts in columns()) {
            let present: std::vec::Vec<i64> =
                amounts.iter().copied().filter(|amount| *amount != NO_AMOUNT).collect();
            let divides = |power: &usize| present.iter().all(|a| a % POWERS[*power] == 0);
            let largest = if present.iter().all(|amount| *amount == 0) {
                0
            } else {
                (0..=MAX_POWER).filter(divides).max().unwrap()
            };
            prop_assert_eq!(power_of(&amounts), largest);
        }

        #[test]
        fn any_bytes_read_or_fail(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            bits in 0..=64u8,
            power in 0..20u8,
            ticks in 0..300u64,
        ) {
            for begin in [None, Some([bits, power])] {
                let mut bytes = bytes.clone();
                if let (Some(begin), Some(place)) = (begin, bytes.first_chunk_mut()) {
                    *place = begin;
                }
                let mut blocks = Blocks::new(&bytes, ticks);
                let mut amounts = Vec::new_in(Global);
                let read = blocks.take(ticks as usize, &mut amounts);
                if read.is_ok() && blocks.at_end() {
                    // Other bytes may say the same, but the canonical ones are never longer.
                    prop_assert!(column(&amounts).len() <= bytes.len());
                }
            }
        }
    }

    #[test]
    fn cents_take_few_bits() {
        let amounts: std::vec::Vec<i64> = (0..128).map(|i| 10_000 * (100 + i)).collect();
        assert_eq!(column(&amounts).len(), 2 + 2 + 128 * 7 / 8);
        assert_eq!(column(&[5_000_000; 128]), [0, 6, 10]);
        assert_eq!(column(&[NO_AMOUNT; 3]), [128, 0, 0]);
        assert_eq!(column(&[NO_AMOUNT, -2_000_000]), [129, 6, 3, 2]);
    }
}
