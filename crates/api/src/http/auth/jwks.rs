//! The keys of an issuer (JWKS), which it publishes at an address and changes now and then. They are
//! kept in memory, looked at from time to time, and at once when a token names one that is not known,
//! though not more often than the issuer can bear. While it cannot be reached the last ones hold.

use super::jwt::Key;
use crate::http::problem::Causes;
use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use reqwest::{Client, StatusCode, Url, redirect::Policy};
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// How long the issuer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What it may say, in bytes.
const LARGEST: usize = 256 * 1024;

/// How many keys are looked at.
const MOST: usize = 32;

/// How long after it was asked it is not asked for a name that is not known.
const SELDOM: Duration = Duration::from_secs(5);

/// The same while nothing is known at all.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    #[error("the issuer of tokens cannot be reached")]
    Http(#[from] reqwest::Error),
    #[error("the issuer of tokens answers {0}")]
    Status(StatusCode),
    #[error("the issuer of tokens says too much")]
    TooLarge,
    #[error("what the issuer of tokens says is no set of keys")]
    Unreadable(#[from] serde_json::Error),
    #[error("none of the keys of the issuer of tokens can be used")]
    NoKeys,
}

/// Those that are known.
#[derive(Clone)]
struct Known {
    keys: Arc<[Key]>,
    /// What they were read from, to see a change.
    body: Arc<[u8]>,
    /// How often they changed.
    generation: u64,
}

/// A document of keys. One that cannot be read keeps no other from being used.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

pub struct Jwks {
    client: Client,
    url: Url,
    every: Duration,
    /// Empty until the issuer has answered.
    known: RwLock<Known>,
    /// When it was last asked. Held while it is asked, so that all who need it wait for one answer.
    asked: Mutex<Option<Instant>>,
}

impl Jwks {
    pub fn new(url: Url, every: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(reqwest::Error::without_url)?;
        let nothing = Known { keys: Arc::new([]), body: Arc::new([]), generation: 0 };
        let known = RwLock::new(nothing);
        Ok(Self { client, url, every, known, asked: Mutex::default() })
    }

    /// The keys that may have signed what has this header; none if there are none of that name.
    /// Fails when nothing is known of the issuer's keys.
    pub async fn fitting(&self, header: &Header) -> Result<Vec<Key>, JwksError> {
        let known = self.known().keys;
        let found = fitting(&known, header);
        if !found.is_empty() {
            return Ok(found);
        }
        let pause = if known.is_empty() { AGAIN } else { SELDOM };
        match self.ask_again(pause).await {
            Err(error) if known.is_empty() => Err(error),
            _ => Ok(fitting(&self.known().keys, header)),
        }
    }

    /// Looks at them from time to time, until `stop`.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut failed = false;
        while !stop.is_cancelled() {
            let asked = self.ask_again(Duration::ZERO).await;
            match &asked {
                Err(error) if !failed => {
                    tracing::warn!(error = %Causes(error), "the keys of tokens cannot be looked at");
                }
                Ok(()) if failed => tracing::info!("the keys of tokens can be looked at again"),
                _ => {}
            }
            failed = asked.is_err();
            let pause = if self.known().keys.is_empty() { AGAIN } else { self.every };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Grows whenever other keys are published than before.
    pub fn generation(&self) -> u64 {
        self.known.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks, unless it was asked less than `pause` ago.
    async fn ask_again(&self, pause: Duration) -> Result<(), JwksError> {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < pause) {
            return if self.known().keys.is_empty() { Err(JwksError::NoKeys) } else { Ok(()) };
        }
        let answer = self.ask().await;
        *asked = Some(Instant::now());
        let body = answer?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if *known.body != *body {
            *known = Known {
                keys: keys_of(&body)?,
                body: body.into(),
                generation: known.generation + 1,
            };
        }
        Ok(())
    }

    async fn ask(&self) -> Result<Vec<u8>, JwksError> {
        let sent = self.client.get(self.url.clone()).send().await;
        let mut answer = sent.map_err(reqwest::Error::without_url)?;
        if answer.status() != StatusCode::OK {
            return Err(JwksError::Status(answer.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(JwksError::TooLarge);
            }
        }
        Ok(body)
    }
}

fn keys_of(body: &[u8]) -> Result<Arc<[Key]>, JwksError> {
    let document: Document = serde_json::from_slice(body)?;
    let jwks = document.keys.into_iter().take(MOST);
    let keys: Arc<[Key]> =
        jwks.filter_map(|jwk| key_of(&serde_json::from_value(jwk).ok()?)).collect();
    if keys.is_empty() { Err(JwksError::NoKeys) } else { Ok(keys) }
}

fn fitting(keys: &[Key], header: &Header) -> Vec<Key> {
    keys.iter().filter(|key| key.fits(header)).cloned().collect()
}

/// A public key that signs with an algorithm of ours; a secret one has no business there.
fn key_of(jwk: &Jwk) -> Option<Key> {
    let (algorithm, declared) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(it) if it.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
    let fits = common.key_algorithm.is_none_or(|it| it == declared);
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| signs && fits)?;
    Some(Key { kid: common.key_id.clone(), algorithm, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn algorithm(jwk: Value) -> Option<Algorithm> {
        key_of(&serde_json::from_value(jwk).ok()?).map(|key| key.algorithm)
    }

    #[test]
    fn only_public_keys_that_sign_are_used() {
        let (n, x) = (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        );
        let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
        let rsa = json!({ "kty": "RSA", "n": n, "e": "AQAB", "kid": "a" });
        let with = |mut jwk: Value, name: &str, value: &str| {
            jwk[name] = json!(value);
            jwk
        };
        assert_eq!(algorithm(rsa.clone()), Some(Algorithm::RS256));
        assert_eq!(algorithm(with(rsa.clone(), "use", "sig")), Some(Algorithm::RS256));
        assert_eq!(algorithm(with(rsa.clone(), "alg", "RS256")), Some(Algorithm::RS256));
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        assert_eq!(algorithm(okp), Some(Algorithm::EdDSA));
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        assert_eq!(algorithm(ec.clone()), Some(Algorithm::ES256));
        for unfit in [
            with(rsa.clone(), "use", "enc"),
            with(rsa.clone(), "alg", "RSA-OAEP"),
            with(rsa, "alg", "HS256"),
            with(ec, "crv", "P-384"),
            json!({ "kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA" }),
            json!({ "kty": "other" }),
            json!("RSA"),
        ] {
            assert_eq!(algorithm(unfit.clone()), None, "{unfit}");
        }
    }
}
