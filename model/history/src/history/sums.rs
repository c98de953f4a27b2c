//! Sums of the numbers in a column, without taking them apart one by one. "SIMD within a register":
//! L. Lamport, "Multiple Byte Processing with Full-Word Instructions", CACM 18 (1975), 471–475.

use crate::error::Malformed;
use crate::varint::{Bytes, HIGH_BITS, OVERLONG, unzigzag};

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// Every other byte.
const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
/// Bytes looked at together where numbers are long.
const BLOCK: usize = 64;

/// The sum of the bytes of a word.
#[inline]
fn bytes_of(word: u64) -> u64 {
    let pairs = (word & EVEN) + ((word >> 8) & EVEN);
    pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48
}

/// The bytes of a block at which numbers end, as bits.
#[inline]
fn ends_of(block: &[u8; BLOCK + 8]) -> u64 {
    let (words, _) = block[..BLOCK].as_chunks::<8>();
    (0..).zip(words).fold(0, |ends, (i, word)| {
        let ends_here = !u64::from_le_bytes(*word) & HIGH_BITS;
        // The eight high bits side by side in the top byte.
        ends | ((ends_here >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i)
    })
}

/// Sums of numbers of up to eight bytes, place by place: of bytes 0, 2, 4, 6 and of 1, 3, 5, 7, in
/// sixteen bits each.
#[derive(Default)]
struct Places {
    even: u64,
    odd: u64,
}

impl Places {
    /// Adds a number in groups of seven bits; not more than 500 of them.
    #[inline]
    fn add(&mut self, groups: u64) {
        self.even += groups & EVEN;
        self.odd += (groups >> 8) & EVEN;
    }

    /// The sum of the numbers.
    #[inline]
    fn sum(&self) -> u64 {
        (0..4).fold(0, |sum, i| {
            let [even, odd] = [self.even, self.odd].map(|sums| sums >> (16 * i) & 0xffff);
            sum + ((even + (odd << 7)) << (14 * i))
        })
    }
}

/// Adding up numbers without taking them one by one.
pub(super) trait Sums {
    /// The sum of the next `n` numbers, or the greatest number if it passes that. Quick where numbers
    /// take one byte or two.
    fn sum(&mut self, n: usize) -> Result<u64, Malformed>;

    /// The sum of the next `n` amounts, those that are none being nothing. Quick where they are not
    /// below zero.
    fn sum_of_amounts(&mut self, n: usize) -> Result<i128, Malformed>;
}

impl Sums for Bytes<'_> {
    #[inline]
    fn sum(&mut self, mut n: usize) -> Result<u64, Malformed> {
        let mut sum = 0u64;
        while n > 0 {
            let word = self.0.first_chunk().map_or(u64::MAX, |chunk| u64::from_le_bytes(*chunk));
            let most = n.min(8);
            let here = u64::MAX >> (u64::BITS - 8 * most as u32);
            if word & HIGH_BITS & here == 0 {
                sum = sum.saturating_add(bytes_of(word & here));
                n -= most;
                self.0 = &self.0[most..];
                continue;
            }
            let more = word & HIGH_BITS;
            if more & (more << 8) != 0 {
                sum = sum.saturating_add(self.varint()?);
                n -= 1;
                continue;
            }
            // How many numbers end at each byte or before; the first byte with enough of them, else
            // the last end of all.
            let ends = !word & HIGH_BITS;
            let ended = (ends >> 7).wrapping_mul(ONES);
            let enough = ((ended | HIGH_BITS) - ONES * most as u64) & HIGH_BITS;
            let (taken, bits) = if enough != 0 {
                (most, enough.trailing_zeros() + 1)
            } else {
                ((ended >> 56) as usize, u64::BITS - ends.leading_zeros())
            };
            n -= taken;
            let here = u64::MAX >> (u64::BITS - bits);
            let groups = word & !HIGH_BITS & here;
            let is_second = more << 1;
            let second = groups & (is_second << 8).wrapping_sub(is_second);
            let is_zero = !(second + !HIGH_BITS) & (is_second << 7);
            if is_zero & here != 0 {
                return Err(OVERLONG);
            }
            sum = sum.saturating_add(bytes_of(groups) + 127 * bytes_of(second));
            self.0 = &self.0[(bits / 8) as usize..];
        }
        Ok(sum)
    }

    #[inline]
    fn sum_of_amounts(&mut self, mut n: usize) -> Result<i128, Malformed> {
        let mut sum = 0i128;
        while n > 0 {
            let Some(block) = self.0.first_chunk().filter(|_| n > 1) else {
                sum += i128::from(amount(self.varint()?));
                n -= 1;
                continue;
            };
            let mut ends = ends_of(block);
            let (mut places, mut above_zero) = (Places::default(), 0);
            let (mut begin, mut is_overlong) = (0, false);
            while ends != 0 && n > 0 {
                let last = ends.trailing_zeros() as usize;
                let len = last + 1 - begin;
                if len > 8 {
                    break;
                }
                ends &= ends - 1;
                n -= 1;
                let word =
                    block[begin % BLOCK..].first_chunk().map_or(0, |c| u64::from_le_bytes(*c));
                // What lies before the first byte that ends a number, and that byte.
                let end = !word & HIGH_BITS;
                let groups = word & !HIGH_BITS & (end ^ end.wrapping_sub(1));
                is_overlong |= (block[last % BLOCK] == 0) & (len > 1);
                if groups & 1 == 1 {
                    places.add(groups);
                    above_zero += 1;
                } else {
                    let mut even = Places::default();
                    even.add(groups);
                    sum -= i128::from(even.sum() / 2);
                }
                begin = last + 1;
            }
            if is_overlong {
                return Err(OVERLONG);
            }
            // Each is twice its amount and one.
            sum += i128::from((places.sum() - above_zero) / 2);
            if begin == 0 {
                sum += i128::from(amount(self.varint()?));
                n -= 1;
            }
            self.0 = &self.0[begin..];
        }
        Ok(sum)
    }
}

/// An amount as a run holds it.
#[inline]
fn amount(value: u64) -> i64 {
    value.checked_sub(1).map_or(0, unzigzag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, Vec};
    use crate::varint::{put, zigzag};
    use proptest::prelude::*;

    /// Numbers of all lengths, mostly of few bits.
    fn numbers() -> impl Strategy<Value = std::vec::Vec<u64>> {
        let number = prop_oneof![
            4 => 0..300u64,
            4 => 0..40_000u64,
            4 => any::<u64>().prop_map(|v| v >> 30),
            1 => (any::<u64>(), 0..64u32).prop_map(|(v, shift)| v >> shift),
        ];
        prop::collection::vec(number, 0..90)
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_numbers(
            values in numbers(),
            short in any::<bool>(),
            after in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let values: std::vec::Vec<u64> =
                values.iter().map(|v| if short { v & 0x3fff } else { *v }).collect();
            let mut out = Vec::new_in(Global);
            values.iter().for_each(|value| put(&mut out, *value));
            let len = out.len();
            out.extend_from_slice(&after);
            let mut bytes = Bytes(&out);
            let sum = values.iter().fold(0u64, |sum, v| sum.saturating_add(*v));
            prop_assert_eq!(bytes.sum(values.len()), Ok(sum));
            prop_assert_eq!(bytes.0, &out[len..]);

            let mut bytes = Bytes(&out);
            let sum: i128 = values.iter().map(|v| i128::from(amount(*v))).sum();
            prop_assert_eq!(bytes.sum_of_amounts(values.len()), Ok(sum));
            prop_assert_eq!(bytes.0, &out[len..]);
        }

        #[test]
        fn amounts_add_up(
            amounts in prop::collection::vec(prop::option::weighted(0.8, any::<i64>()), 0..60),
            shift in 0..60u32,
            above in any::<bool>(),
        ) {
            let amounts = amounts.iter().map(|a| {
                a.map(|a| if above { (a >> shift).unsigned_abs() as i64 / 2 } else { a >> shift })
            });
            let amounts: std::vec::Vec<Option<i64>> = amounts.collect();
            let mut out = Vec::new_in(Global);
            for amount in &amounts {
                put(&mut out, amount.map_or(0, |a| zigzag(a.max(-i64::MAX)).saturating_add(1)));
            }
            let sum: i128 = amounts.iter().flatten().map(|a| i128::from(*a.max(&-i64::MAX))).sum();
            prop_assert_eq!(Bytes(&out).sum_of_amounts(amounts.len()), Ok(sum));
        }

        #[test]
        fn any_bytes_add_up_or_fail_as_they_read(
            bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(0x80), any::<u8>()], 0..150),
            n in 0..60usize,
        ) {
            let mut one_by_one = Bytes(&bytes);
            let values: Result<std::vec::Vec<u64>, Malformed> =
                (0..n).map(|_| one_by_one.varint()).collect();
            let sum = Bytes(&bytes).sum(n);
            let of_amounts = Bytes(&bytes).sum_of_amounts(n);
            prop_assert_eq!(sum.is_ok(), values.is_ok());
            prop_assert_eq!(of_amounts.is_ok(), values.is_ok());
            if let Ok(values) = values {
                prop_assert_eq!(sum, Ok(values.iter().fold(0u64, |s, v| s.saturating_add(*v))));
                let sum: i128 = values.iter().map(|v| i128::from(amount(*v))).sum();
                prop_assert_eq!(of_amounts, Ok(sum));
            }
        }
    }
}
