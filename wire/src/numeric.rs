//! Amounts as `numeric`, whose bytes are the same in memory and on disk: a header and digits in
//! base 10000 (src/backend/utils/adt/numeric.c: NumericShort and NumericLong).

use pg_retention_model::amount::{self, Base10000};
use pg_retention_model::error::Error;

/// The amount of a number, in millionths. PostgreSQL's own cast to a double goes through text. The
/// caller names the number in an error.
pub fn read(bytes: &[u8]) -> Result<i64, Error> {
    let word =
        |at: usize| bytes.get(at..at + 2).map_or(0, |pair| u16::from_ne_bytes([pair[0], pair[1]]));
    let header = word(0);
    let (negative, weight, digits) = match header >> 14 {
        // NaN and the infinities.
        0b11 => {
            return Err(Error::AmountOutOfRange { given: String::new() });
        }
        // One bit of sign, six of scale, seven of weight in two's complement.
        0b10 => {
            let weight = i32::from(header & 0x3F) - i32::from(header & 0x40);
            (header & 0x2000 != 0, weight, bytes.get(2..))
        }
        sign => (sign == 0b01, i32::from(word(2) as i16), bytes.get(4..)),
    };
    let digits = digits.unwrap_or_default();
    let values = digits.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
    amount::from_base_10000(negative, weight, values, String::new)
}

/// The bytes of a number, of which so many are its own; zeros follow. The short form: a word of sign,
/// scale and weight, and the digits.
#[inline]
pub fn write(number: &Base10000) -> ([u8; 16], usize) {
    const SHORT: u16 = 0x8000;
    let sign = if number.negative { 0x2000 } else { 0 };
    let weight = (number.weight & 0x7F) as u16;
    let header = SHORT | sign | (number.decimals as u16) << 7 | weight;
    let words = number.digits << u16::BITS | u128::from(header);
    // The first word is the lowest.
    let bytes = if cfg!(target_endian = "little") {
        words.to_le_bytes()
    } else {
        let mut bytes = words.to_le_bytes();
        bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.reverse());
        bytes
    };
    (bytes, 2 * (1 + number.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn written(units: i64) -> Vec<u8> {
        let (bytes, len) = write(&amount::to_base_10000(units));
        assert!(bytes[len..].iter().all(|byte| *byte == 0));
        bytes[..len].to_vec()
    }

    /// Words as `SELECT numeric_send(x)` of PostgreSQL 15 tells them: weight, sign, scale, digits.
    #[test]
    fn are_the_bytes_of_the_server() {
        assert_eq!(written(0), words(&[0x8000 | 2 << 7]));
        assert_eq!(written(139_120_000), words(&[0x8000 | 2 << 7, 139, 1200]));
        assert_eq!(written(-139_120_000), words(&[0xA000 | 2 << 7, 139, 1200]));
        assert_eq!(written(1), words(&[0x8000 | 6 << 7 | 0x7E, 100]));
        assert_eq!(written(10_000_000_000), words(&[0x8000 | 2 << 7 | 1, 1]));
    }

    #[test]
    fn the_long_form_is_read_too() {
        assert_eq!(read(&words(&[0x4000 | 2, 0, 139, 1200])), Ok(-139_120_000));
        assert_eq!(read(&words(&[100, 1, 1])), Ok(10_000_000_000));
        assert_eq!(read(&words(&[0x8000 | 2 << 7 | 0x7F, 1234, 5678])), Ok(123_457));
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for header in [0xC000, 0xD000, 0xF000] {
            assert!(read(&words(&[header])).is_err());
        }
        assert!(read(&words(&[0x8000 | 5, 1])).is_err(), "10000^5");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units in (i64::MIN + 1)..=i64::MAX) {
            prop_assert_eq!(read(&written(units)), Ok(units));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read(&bytes);
        }
    }
}
