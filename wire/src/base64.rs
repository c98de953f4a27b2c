//! The text of types whose values are bytes: base64, in pieces between which the host may stop.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pg_retention_model::host::Host;

/// Groups of three bytes, four letters, between two chances to stop.
const PIECE: usize = 1 << 18;

/// Bytes that the text of some letters may stand for, at most.
pub fn decoded_len(letters: usize) -> usize {
    base64::decoded_len_estimate(letters)
}

/// Letters of the text of so many bytes; none if there is no such text.
pub fn encoded_len(bytes: usize) -> Option<usize> {
    base64::encoded_len(bytes, true)
}

/// Writes the text into as many letters as [`encoded_len`] tells.
pub fn encode(bytes: &[u8], text: &mut [u8], host: &impl Host) {
    for (to, from) in text.chunks_mut(PIECE * 4).zip(bytes.chunks(PIECE * 3)) {
        host.poll();
        let written = STANDARD.encode_slice(from, to);
        debug_assert_eq!(written, Ok(to.len()));
    }
}

/// Reads a text into room for [`decoded_len`] bytes and tells how many it was; none if it is no base64.
pub fn decode(text: &[u8], bytes: &mut [u8], host: &impl Host) -> Option<usize> {
    let mut len = 0;
    for piece in text.chunks(PIECE * 4) {
        host.poll();
        // Only the last piece may be padded.
        if len % (PIECE * 3) != 0 {
            return None;
        }
        len += STANDARD.decode_slice(piece, bytes.get_mut(len..)?).ok()?;
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pg_retention_model::host::Global;

    fn text_of(bytes: &[u8]) -> Vec<u8> {
        let mut text = vec![0; encoded_len(bytes.len()).unwrap()];
        encode(bytes, &mut text, &Global);
        text
    }

    fn bytes_of(text: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = vec![0; decoded_len(text.len())];
        let len = decode(text, &mut bytes, &Global)?;
        bytes.truncate(len);
        Some(bytes)
    }

    #[test]
    fn pieces_are_one_text() {
        for len in [0, 1, 2, 3, PIECE * 3 - 1, PIECE * 3, PIECE * 3 + 1, PIECE * 7] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 31 % 251) as u8).collect();
            let text = text_of(&bytes);
            assert_eq!(text, STANDARD.encode(&bytes).into_bytes());
            assert_eq!(bytes_of(&text), Some(bytes));
        }
    }

    #[test]
    fn padding_belongs_at_the_end() {
        let mut text = text_of(&vec![7; PIECE * 3 - 1]);
        assert!(text.ends_with(b"="));
        text.extend_from_slice(b"AAAA");
        assert_eq!(bytes_of(&text), None);
    }

    #[test]
    fn other_letters_are_an_error() {
        for text in [&b"A"[..], b"AA=A", b"AAA*", b" AAA", b"AAAA\n"] {
            assert_eq!(bytes_of(text), None, "{text:?}");
        }
    }
}
