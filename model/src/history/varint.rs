//! Variable-length integers: seven bits a byte, least significant first, in the fewest bytes.

use crate::error::Malformed;
use crate::host::{Host, Vec};

/// Bytes that a 64-bit integer takes at most.
pub(crate) const MAX_LEN: usize = 10;

#[inline]
pub(crate) fn put<H: Host>(out: &mut Vec<u8, H>, value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else {
        put_long(out, value);
    }
}

fn put_long<H: Host>(out: &mut Vec<u8, H>, mut value: u64) {
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
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Reads a column from its start. Nothing is believed: every read may fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (i, byte) in self.0.iter().take(MAX_LEN).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if i == MAX_LEN - 1 && bits > 1 {
                return Err(Malformed("a number passes 64 bits"));
            }
            value |= bits << (7 * i);
            if byte & 0x80 == 0 {
                if *byte == 0 && i > 0 {
                    return Err(Malformed("a number takes more bytes than it needs"));
                }
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err(Malformed("a number is cut off"))
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        if len > self.0.len() {
            return Err(Malformed("it ends too early"));
        }
        let (head, tail) = self.0.split_at(len);
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
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
