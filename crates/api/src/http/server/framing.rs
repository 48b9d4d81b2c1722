//! Notices a head that says in two ways where its body ends. Something in front of the service may
//! believe the other one, and take a part of the body for a request.

/// The names that matter, with the colon.
const LENGTH: &[u8] = b"content-length:";
const ENCODING: &[u8] = b"transfer-encoding:";

const LONGEST: usize = ENCODING.len();

/// What was seen of a head, as its bytes came.
#[derive(Debug, Default)]
pub struct Framing {
    /// How the present line begins.
    line: [u8; LONGEST],
    len: usize,
    has_begun: bool,
    has_ended: bool,
    has_length: bool,
    has_encoding: bool,
}

impl Framing {
    /// More of the head. What follows it is passed over.
    pub fn see(&mut self, mut bytes: &[u8]) {
        while !self.has_ended && !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.add(&bytes[..end.unwrap_or(bytes.len())]);
            let Some(end) = end else { return };
            self.end_line();
            bytes = &bytes[end + 1..];
        }
    }

    /// Whether the body has a length and an encoding.
    pub fn is_ambiguous(&self) -> bool {
        self.has_length && self.has_encoding
    }

    fn add(&mut self, part: &[u8]) {
        let room = part.len().min(LONGEST - self.len);
        self.line[self.len..self.len + room].copy_from_slice(&part[..room]);
        self.len += room;
    }

    fn end_line(&mut self) {
        let line = &self.line[..self.len];
        let begins = |name: &[u8]| {
            line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        };
        self.has_length |= begins(LENGTH);
        self.has_encoding |= begins(ENCODING);
        let is_blank = matches!(line, [] | [b'\r']);
        // Blank lines may stand before a request.
        self.has_ended = is_blank && self.has_begun;
        self.has_begun |= !is_blank;
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ambiguous(parts: &[&str]) -> bool {
        let mut framing = Framing::default();
        parts.iter().for_each(|part| framing.see(part.as_bytes()));
        framing.is_ambiguous()
    }

    #[test]
    fn a_length_and_an_encoding_are_too_many() {
        let both = "\r\nPOST / HTTP/1.1\r\nContent-Length: 4\r\nTRANSFER-ENCODING:chunked\r\n\r\n";
        assert!(is_ambiguous(&[both]));
        let other = "POST / HTTP/1.1\nTransfer-Encoding: chunked\nX: 1\ncontent-length: 4\n\n";
        assert!(is_ambiguous(&[other]));
        for cut in 0..both.len() {
            let (begin, end) = both.split_at(cut);
            assert!(is_ambiguous(&[begin, end]), "cut at {cut}");
        }
    }

    #[test]
    fn one_of_them_is_enough_and_what_a_body_says_is_no_matter() {
        let length = "POST / HTTP/1.1\r\nContent-Length: 26\r\n\r\nTransfer-Encoding: chunked";
        assert!(!is_ambiguous(&[length]));
        assert!(!is_ambiguous(&[length, "\r\nTransfer-Encoding: chunked\r\n"]));
        let encoding =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 4\r\n\r\n";
        assert!(!is_ambiguous(&[encoding]));
    }
}
