//! Master keys, which wrap the people's keys: AES-256-GCM, with a nonce that stands before what is
//! wrapped.

use crate::clock::{NoRandomness, new_secret};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use domain::Id;
use std::{collections::HashSet, fmt};
use zeroize::Zeroizing;

/// What is wrapped to know a master key by.
const CANARY: [u8; 32] = *b"jangteo knows this master key by";
const CANARY_CONTEXT: &[u8] = b"canary";

/// The master keys in use, at least one. The first wraps; the others only unwrap.
#[derive(Clone, Debug)]
pub struct Masters {
    first: Master,
    others: Vec<Master>,
}

#[derive(Clone)]
pub(super) struct Master {
    id: String,
    secret: Zeroizing<[u8; 32]>,
}

/// Never repeats a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a master key is id:secret, the secret 64 hexadecimal digits, with commas between several, each id once"
)]
pub struct InvalidMasters;

impl Masters {
    /// From `id:hex64`, with commas between.
    pub fn parse(text: &str) -> Result<Self, InvalidMasters> {
        let masters: Option<Vec<_>> = text.split(',').map(|one| master(one.trim())).collect();
        let masters = masters.ok_or(InvalidMasters)?;
        let ids: HashSet<_> = masters.iter().map(|master| &master.id).collect();
        if ids.len() != masters.len() {
            return Err(InvalidMasters);
        }
        let mut masters = masters.into_iter();
        let first = masters.next().ok_or(InvalidMasters)?;
        Ok(Self { first, others: masters.collect() })
    }

    /// A new one, as it is parsed.
    pub fn make(id: &str) -> Result<Zeroizing<String>, NoRandomness> {
        let secret = Zeroizing::new(new_secret()?);
        let hex = secret.iter().map(|byte| format!("{byte:02x}"));
        Ok(Zeroizing::new(hex.fold(format!("{id}:"), |text, byte| text + &byte)))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Master> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn wrapping(&self) -> &Master {
        &self.first
    }

    pub(super) fn named(&self, id: &str) -> Option<&Master> {
        self.all().find(|master| master.id == id)
    }
}

impl Master {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&new_secret()?[..NONCE_LEN]);
        let mut bytes = key.to_vec();
        self.key()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut bytes,
            )
            .expect("a key is short");
        Ok([&nonce[..], &bytes].concat())
    }

    /// Nothing when it is not what this key has wrapped for this.
    pub(super) fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let (nonce, bytes) = wrapped.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = Zeroizing::new(bytes.to_vec());
        let key = self.key().open_in_place(nonce, Aad::from(context), &mut bytes).ok()?;
        <[u8; 32]>::try_from(&*key).ok().map(Zeroizing::new)
    }

    fn key(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &*self.secret).expect("a key of its length");
        LessSafeKey::new(key)
    }
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Master({})", self.id)
    }
}

pub(super) fn canary(master: &Master) -> Result<Vec<u8>, NoRandomness> {
    master.wrap(&CANARY, CANARY_CONTEXT)
}

pub(super) fn is_canary_of(master: &Master, canary: &[u8]) -> bool {
    master.unwrap(canary, CANARY_CONTEXT).is_some_and(|known| *known == CANARY)
}

fn master(text: &str) -> Option<Master> {
    let (id, hex) = text.split_once(':')?;
    let id = Id::new(id).ok()?.into();
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut secret = Zeroizing::new([0; 32]);
    for (byte, digits) in secret.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Master { id, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: &str, digit: &str) -> String {
        format!("{id}:{}", digit.repeat(64))
    }

    #[test]
    fn the_first_wraps_and_all_unwrap() {
        let both = Masters::parse(&format!("{}, {}", text("new", "a"), text("old", "B"))).unwrap();
        assert_eq!(both.wrapping().id(), "new");
        let old = Masters::parse(&text("old", "b")).unwrap();
        let wrapped = old.wrapping().wrap(&[5; 32], b"min").unwrap();
        assert_ne!(wrapped, old.wrapping().wrap(&[5; 32], b"min").unwrap());
        let key = both.named("old").unwrap().unwrap(&wrapped, b"min").unwrap();
        assert_eq!(*key, [5; 32]);
        assert!(both.wrapping().unwrap(&wrapped, b"min").is_none());
        assert!(old.wrapping().unwrap(&wrapped, b"sue").is_none());
        assert!(old.wrapping().unwrap(&wrapped[..11], b"min").is_none());
    }

    /// Never to be changed: keys are wrapped like this.
    #[test]
    fn what_was_wrapped_once_is_unwrapped_for_ever() {
        let wrapped = "000102030405060708090a0b9fddd5f1f189f4e3b2430363fb39ffdc881ade50b942d173240fc2a0a7786453e459ffb749cea32b4d0f77d998656224";
        let bytes = wrapped.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let wrapped: Vec<_> = bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        let masters = Masters::parse(&text("m", "a")).unwrap();
        assert_eq!(*masters.wrapping().unwrap(&wrapped, b"min").unwrap(), [5; 32]);
    }

    #[test]
    fn a_canary_knows_its_master() {
        let [one, other] = ["a", "b"].map(|digit| Masters::parse(&text("m", digit)).unwrap());
        let canary = canary(one.wrapping()).unwrap();
        assert!(is_canary_of(one.wrapping(), &canary));
        assert!(!is_canary_of(other.wrapping(), &canary));
    }

    #[test]
    fn what_is_made_can_be_read() {
        let made = Masters::make("own").unwrap();
        assert_eq!(Masters::parse(&made).unwrap().wrapping().id(), "own");
    }

    #[test]
    fn what_is_no_master_key_is_refused() {
        let twice = format!("{},{}", text("m", "a"), text("m", "b"));
        for text in ["", "m", "m:", "m:abcd", &text("", "a"), &text("m", "g"), &twice, "a:b,"] {
            assert!(Masters::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_keeps_secrets() {
        let masters = Masters::parse(&text("m", "a")).unwrap();
        assert!(!format!("{masters:?}").contains("aaaa"));
    }
}
