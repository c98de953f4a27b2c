//! A text argument as it was last seen.

/// A text that is remembered from row to row: none, or one that was not too long.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    len: u8,
    bytes: [u8; Seen::MOST],
}

impl Seen {
    /// Bytes of a text that is remembered.
    pub const MOST: usize = 62;
    const NULL: u8 = 254;
    const TOO_LONG: u8 = 255;

    /// Remembers a text.
    pub fn of(text: Option<&[u8]>) -> Self {
        let mut bytes = [0; Self::MOST];
        let len = match text.map(|text| (text, bytes.get_mut(..text.len()))) {
            None => Self::NULL,
            Some((_, None)) => Self::TOO_LONG,
            Some((text, Some(place))) => {
                place.copy_from_slice(text);
                text.len() as u8
            }
        };
        Seen { len, bytes }
    }

    /// Is it this one? One that was too long is no other, as far as is known.
    #[inline]
    pub fn is(&self, text: Option<&[u8]>) -> bool {
        match text {
            None => self.len == Self::NULL,
            Some(text) => self.bytes.get(..usize::from(self.len)) == Some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_again() {
        let longest = [b'x'; Seen::MOST];
        for text in [None, Some(&b""[..]), Some(b"day"), Some(&longest[..])] {
            let seen = Seen::of(text);
            for other in [None, Some(&b""[..]), Some(b"day"), Some(b"da"), Some(&longest[..])] {
                assert_eq!(seen.is(other), text == other, "{text:?} {other:?}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_looked_at_every_time() {
        let long = [b'x'; Seen::MOST + 1];
        assert!(!Seen::of(Some(&long)).is(Some(&long)));
        assert!(!Seen::of(Some(&long)).is(None));
        assert!(!Seen::of(Some(&long)).is(Some(&[b'x'; 255])));
        assert!(!Seen::of(None).is(Some(&[b'x'; 254])));
    }
}
