//! Sums of the numbers in a column, without taking them apart one by one. "SIMD within a register":
//! L. Lamport, "Multiple Byte Processing with Full-Word Instructions", CACM 18 (1975), 471–475.

use crate::error::Malformed;
use crate::varint::{Bytes, HIGH_BITS, OVERLONG};

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// Every other byte.
const EVEN: u64 = 0x00ff_00ff_00ff_00ff;

/// The sum of the bytes of a word.
#[inline]
fn bytes_of(word: u64) -> u64 {
    let pairs = (word & EVEN) + ((word >> 8) & EVEN);
    pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48
}

/// Adding up numbers without taking them one by one.
pub(super) trait Sums {
    /// The sum of the next `n` numbers, or the greatest number if it passes that. Quick where numbers
    /// take one byte or two.
    fn sum(&mut self, n: usize) -> Result<u64, Malformed>;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, Vec};
    use crate::varint::put;
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
            prop_assert_eq!(sum.is_ok(), values.is_ok());
            if let Ok(values) = values {
                prop_assert_eq!(sum, Ok(values.iter().fold(0u64, |s, v| s.saturating_add(*v))));
            }
        }
    }
}
