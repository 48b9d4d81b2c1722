//! The key of one person.
//!
//! Decisions compare what is asked for with what is known, so the same text must be sealed the same
//! way: AES-256-GCM-SIV (RFC 8452) with one nonce, which then tells nothing but whether two texts of
//! one person are equal. How long a text is does not show either: it is filled up.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use domain::shared::personal::Sealed;
use uuid::Uuid;

const NONCE: [u8; 12] = [0; 12];

/// Texts are filled up to a multiple of this. What they are filled with stands in no text.
const BLOCK: usize = 32;
const FILLING: u8 = 0;

pub(super) struct Key {
    pub(super) id: Uuid,
    key: LessSafeKey,
}

impl Key {
    pub(super) fn new(id: Uuid, secret: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, secret).expect("a key of its length");
        Self { id, key: LessSafeKey::new(key) }
    }

    pub(super) fn seal(&self, text: &str) -> Sealed {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(BLOCK).max(BLOCK), FILLING);
        self.key
            .seal_in_place_append_tag(nonce(), self.context(), &mut bytes)
            .expect("a text is short");
        Sealed { key: self.id, sealed: STANDARD_NO_PAD.encode(bytes) }
    }

    /// Nothing when it is not what this key has sealed.
    pub(super) fn open(&self, sealed: &Sealed) -> Option<String> {
        let mut bytes = STANDARD_NO_PAD.decode(&sealed.sealed).ok()?;
        let text = self.key.open_in_place(nonce(), self.context(), &mut bytes).ok()?;
        let text = std::str::from_utf8(text).ok()?;
        Some(text.trim_end_matches(char::from(FILLING)).to_owned())
    }

    fn context(&self) -> Aad<[u8; 16]> {
        Aad::from(self.id.into_bytes())
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key(NONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u128) -> Key {
        Key::new(Uuid::from_u128(id), &[7; 32])
    }

    #[test]
    fn the_same_text_is_sealed_the_same_way_and_opened_again() {
        for text in ["김민", "010-1234-5678", "", &"가".repeat(100)] {
            let sealed = key(1).seal(text);
            assert_eq!(
                (sealed.clone(), key(1).open(&sealed).as_deref()),
                (key(1).seal(text), Some(text))
            );
        }
        assert_ne!(key(1).seal("김민"), key(1).seal("김수"));
    }

    /// Never to be changed: events are sealed like this.
    #[test]
    fn what_was_sealed_once_is_opened_for_ever() {
        let sealed = "nZSv9AaIYXmZSsV2gsb+Cbe1FdGVO4GPRa/vtWYzikxYf6YTDNC/h5UJ0dXMF7TX";
        let sealed = Sealed { key: key(1).id, sealed: sealed.to_owned() };
        assert_eq!(key(1).open(&sealed).as_deref(), Some("김민"));
        assert_eq!(key(1).seal("김민"), sealed);
    }

    #[test]
    fn nothing_else_opens_it() {
        let sealed = key(1).seal("김민");
        assert_eq!(key(2).open(&sealed), None);
        assert_eq!(Key::new(key(1).id, &[8; 32]).open(&sealed), None);
        let cut = Sealed { sealed: sealed.sealed[4..].to_owned(), ..sealed };
        assert_eq!(key(1).open(&cut), None);
    }

    #[test]
    fn how_long_a_text_is_does_not_show() {
        let lengths = ["", "김민", "010-1234-5678", "+82 (0)10 1234 5678"];
        let lengths = lengths.map(|text| key(1).seal(text).sealed.len());
        assert!(lengths.iter().all(|length| *length == lengths[0]));
    }
}
