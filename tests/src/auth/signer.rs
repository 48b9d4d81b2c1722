//! Makes tokens, good ones and others, by other means than the service has.

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

pub struct Signer {
    kid: Option<String>,
    key: Key,
}

enum Key {
    Secret(String),
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// Unix time, this many seconds from now.
pub fn from_now(seconds: i64) -> i64 {
    i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() + seconds
}

/// Good ones.
pub fn claims(role: &str, sub: &str) -> Value {
    json!({ "sub": sub, "role": role, "aud": "jangteo", "exp": from_now(600) })
}

pub fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

impl Signer {
    pub fn secret(secret: &str) -> Self {
        Self { kid: None, key: Key::Secret(secret.to_owned()) }
    }

    pub fn rsa(kid: &str) -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { kid: Some(kid.to_owned()), key: Key::Rsa(Box::new(key)) }
    }

    pub fn ec(kid: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid: Some(kid.to_owned()), key: Key::Ec(key) }
    }

    pub fn ed(kid: &str) -> Self {
        Self { kid: Some(kid.to_owned()), key: Key::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    pub fn named(self, kid: &str) -> Self {
        Self { kid: Some(kid.to_owned()), ..self }
    }

    pub fn header(&self) -> Value {
        let alg = match &self.key {
            Key::Secret(_) => "HS256",
            Key::Rsa(_) => "RS256",
            Key::Ec(_) => "ES256",
            Key::Ed(_) => "EdDSA",
        };
        match &self.kid {
            Some(kid) => json!({ "alg": alg, "typ": "JWT", "kid": kid }),
            None => json!({ "alg": alg, "typ": "JWT" }),
        }
    }

    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// With a header that may say something else.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Secret(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Key::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// What an issuer publishes of it.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.key {
            Key::Secret(secret) => json!({ "kty": "oct", "k": text(secret.as_bytes()) }),
            Key::Rsa(key) => {
                let public = key.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                let (n, e) =
                    (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({ "kty": "RSA", "n": text(n), "e": text(e), "use": "sig", "alg": "RS256" })
            }
            Key::Ec(key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = (text(&point[..32]), text(&point[32..]));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Key::Ed(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(key.public_key().as_ref()) })
            }
        };
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// The public key in each of the forms that a careless service might take for a secret.
    pub fn public_forms(&self) -> Vec<Vec<u8>> {
        let Key::Rsa(key) = &self.key else { return Vec::new() };
        let public = key.public_key();
        let der = public.as_der().unwrap();
        let lines = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
        let lines: Vec<_> = lines.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
        let jwk = self.jwk().to_string().into_bytes();
        vec![der.as_ref().to_vec(), public.as_ref().to_vec(), pem.into_bytes(), modulus, jwk]
    }
}

/// A token of HS256 whose secret is any bytes.
pub fn hs256_with(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}
