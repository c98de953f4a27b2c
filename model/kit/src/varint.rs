//! Variable-length integers: seven bits a byte, least significant first, in the fewest bytes.

use crate::error::Malformed;
use crate::host::{Host, Vec};

/// Bytes that a 64-bit integer takes at most.
pub const MAX_LEN: usize = 10;

/// Appends a number: seven bits a byte, the lowest first.
#[inline]
pub fn put<H: Host>(out: &mut Vec<u8, H>, value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else {
        put_long(out, value);
    }
}

#[inline]
fn put_long<H: Host>(out: &mut Vec<u8, H>, value: u64) {
    if value >> 56 == 0 {
        // Eight bytes are quicker to write than just as many as needed.
        let len = out.len() + (u64::BITS - value.leading_zeros()).div_ceil(7) as usize;
        out.extend_from_slice(&spread(value).to_le_bytes());
        out.truncate(len);
    } else {
        put_longest(out, value);
    }
}

#[cold]
fn put_longest<H: Host>(out: &mut Vec<u8, H>, mut value: u64) {
    let mut bytes = [0u8; MAX_LEN];
    let mut len = 0;
    while value >= 0x80 {
        bytes[len] = value as u8 | 0x80;
        value >>= 7;
        len += 1;
    }
    bytes[len] = value as u8;
    out.extend_from_slice(&bytes[..=len]);
}

/// Signed numbers near zero as unsigned ones near zero.
#[inline]
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// The highest bit of every byte of a word.
pub const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// A number that is not written in its one shortest form.
pub const OVERLONG: Malformed = Malformed("a number takes more bytes than it needs");

/// The bytes of a number that takes eight at most, the first of them lowest.
#[inline]
fn spread(value: u64) -> u64 {
    let fours = value & 0x0000_0000_0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
    let pairs = fours & 0x0000_3fff_0000_3fff | (fours & 0x0fff_c000_0fff_c000) << 2;
    let groups = pairs & 0x007f_007f_007f_007f | (pairs & 0x3f80_3f80_3f80_3f80) << 1;
    let last = (u64::BITS - 1 - (groups | 1).leading_zeros()) / 8;
    groups | HIGH_BITS & ((1 << (8 * last)) - 1)
}

/// The number that begins in these bytes, and its length, if it ends in them.
#[inline]
fn gather(word: u64) -> Option<(u64, usize)> {
    let ends = !word & HIGH_BITS;
    if ends == 0 {
        return None;
    }
    let bits = ends.trailing_zeros() + 1;
    let groups = word & (u64::MAX >> (u64::BITS - bits)) & !HIGH_BITS;
    // Groups of 7 bits in 8 move together to 14 in 16, 28 in 32, 56 in 64.
    let pairs = groups & 0x007f_007f_007f_007f | (groups & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    let value = fours & 0x0000_0000_0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4;
    Some((value, (bits / 8) as usize))
}

/// Reads a column from its start. Nothing is believed: every read may fail.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Takes a number.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline]
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let chunk = self.0.first_chunk().map(|chunk| u64::from_le_bytes(*chunk));
        match chunk.and_then(gather) {
            Some((value, len)) => {
                // Then a byte less would have done.
                if value >> (7 * (len - 1)) == 0 && len > 1 {
                    return Err(OVERLONG);
                }
                self.0 = &self.0[len..];
                Ok(value)
            }
            None => self.longest_varint(),
        }
    }

    #[cold]
    fn longest_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (i, byte) in self.0.iter().take(MAX_LEN).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if i == MAX_LEN - 1 && bits > 1 {
                return Err(Malformed("a number passes 64 bits"));
            }
            value |= bits << (7 * i);
            if byte & 0x80 == 0 {
                if *byte == 0 && i > 0 {
                    return Err(OVERLONG);
                }
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err(Malformed("a number is cut off"))
    }

    /// Reads a number for each place, eight bytes at a time where numbers take a byte each.
    #[inline]
    pub fn varints<T>(
        &mut self,
        mut places: &mut [T],
        mut f: impl FnMut(u64) -> T,
    ) -> Result<(), Malformed> {
        while !places.is_empty() {
            let word = self.0.first_chunk().map_or(HIGH_BITS, |chunk| u64::from_le_bytes(*chunk));
            let single = ((word & HIGH_BITS).trailing_zeros() / 8) as usize;
            let single = single.min(places.len());
            if single == 0 {
                let Some((place, rest)) = places.split_first_mut() else { break };
                *place = match gather(word) {
                    Some((value, len)) if value >> (7 * (len - 1)) > 0 => {
                        self.0 = self.0.get(len..).unwrap_or_default();
                        f(value)
                    }
                    _ => f(self.varint()?),
                };
                places = rest;
                continue;
            }
            let (here, rest) = places.split_at_mut(single);
            let mut left = word;
            for place in here {
                *place = f(left & 0x7f);
                left >>= 8;
            }
            self.0 = &self.0[single..];
            places = rest;
        }
        Ok(())
    }

    /// Takes so many bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        if len > self.0.len() {
            return Err(Malformed("it ends too early"));
        }
        let (head, tail) = self.0.split_at(len);
        self.0 = tail;
        Ok(head)
    }

    /// Takes a byte.
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trips(value: u64, shift in 0..64u32) {
            let value = value >> shift;
            let mut out = Vec::new_in(Global);
            put(&mut out, value);
            let mut bytes = Bytes(&out);
            prop_assert_eq!(bytes.varint(), Ok(value));
            prop_assert!(bytes.0.is_empty());
            prop_assert_eq!(unzigzag(zigzag(value as i64)), value as i64);
        }

        #[test]
        fn many_read_as_one_by_one(
            values in prop::collection::vec((any::<u64>(), 0..64u32), 0..40),
            after in prop::collection::vec(any::<u8>(), 0..10),
        ) {
            let values: std::vec::Vec<u64> = values.iter().map(|(v, shift)| v >> shift).collect();
            let mut out = Vec::new_in(Global);
            values.iter().for_each(|value| put(&mut out, *value));
            out.extend_from_slice(&after);
            let (mut many, mut one) = (Bytes(&out), Bytes(&out));
            let mut read = vec![0; values.len()];
            many.varints(&mut read, |value| value).unwrap();
            prop_assert_eq!(&read, &values);
            for value in values {
                prop_assert_eq!(one.varint(), Ok(value));
            }
            prop_assert_eq!(one.0, many.0);
        }

        #[test]
        fn any_bytes_read_or_fail(bytes: std::vec::Vec<u8>) {
            let mut reader = Bytes(&bytes);
            while reader.varint().is_ok() {}
        }
    }

    #[test]
    fn only_the_shortest_form_is_read() {
        for bytes in [&[0x80, 0x00][..], &[0xff; 10], &[0x80; 11], &[], &[0x80]] {
            assert!(Bytes(bytes).varint().is_err(), "{bytes:?}");
        }
    }
}
