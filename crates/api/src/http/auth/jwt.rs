//! JSON Web Tokens: who they speak of, and whether they are believed.

use super::{
    caller::{Caller, Role},
    settings::Settings,
};
use chrono::{DateTime, Utc};
use domain::Id;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::Deserialize;
use serde_json::json;
use std::{collections::HashSet, time::Duration};

/// How far clocks may differ, in seconds.
const LEEWAY: f64 = 30.0;

/// The shortest secret: as long as what it makes.
pub const LEAST_SECRET: usize = 32;

/// A secret that signs and verifies. Its name, if it has one, stands in the tokens' `kid`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub kid: Option<String>,
    pub secret: String,
}

/// A key that tokens are verified with, each of one algorithm.
#[derive(Clone)]
pub struct Key {
    pub kid: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// What we look at of what a token says. Audience and issuer are looked at when it is decoded.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    role: String,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
}

/// Somebody who is believed, and until when: in seconds of Unix time.
#[derive(Clone, Debug, PartialEq)]
pub struct Believed {
    pub caller: Caller,
    pub until: f64,
}

/// Why a token is not believed. For the log: nothing of the token is in it.
#[derive(Debug, thiserror::Error)]
pub enum Disbelief {
    #[error("no key fits it")]
    NoKey,
    #[error("its signature or claims are not as they must be")]
    Invalid,
    #[error("it is not a time at which it is valid")]
    Time,
    #[error("its subject or role is none")]
    Caller,
}

/// What every token must have, whatever verifies it.
#[derive(Clone)]
pub struct Rules {
    audience: String,
    issuer: Option<String>,
}

impl Rules {
    pub fn of(settings: &Settings) -> Self {
        Self { audience: settings.audience.clone(), issuer: settings.issuer.clone() }
    }

    /// Tries the keys that fit, one after the other.
    pub fn verify<'a>(
        &self,
        token: &str,
        keys: impl Iterator<Item = &'a Key>,
        now: DateTime<Utc>,
    ) -> Result<Believed, Disbelief> {
        let mut found = Err(Disbelief::NoKey);
        for key in keys {
            match decode::<Claims>(token, &key.key, &self.validation(key.algorithm)) {
                Ok(decoded) => return believed(decoded.claims, now),
                Err(_) => found = Err(Disbelief::Invalid),
            }
        }
        found
    }

    /// Times are compared with our clock, below.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_audience(&[&self.audience]);
        validation.required_spec_claims = HashSet::from(["aud".to_owned(), "sub".to_owned()]);
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        validation
    }

    /// A token of ours for somebody, signed with this secret.
    pub fn mint(
        &self,
        secret: &Secret,
        role: Role,
        subject: &Id,
        now: DateTime<Utc>,
        lifetime: Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { kid: secret.kid.clone(), ..Header::new(Algorithm::HS256) };
        let mut claims = json!({
            "sub": subject,
            "role": role.as_str(),
            "aud": self.audience,
            "exp": (seconds(now) + lifetime.as_secs_f64()).ceil() as i64,
        });
        if let Some(issuer) = &self.issuer {
            claims["iss"] = json!(issuer);
        }
        encode(&header, &claims, &EncodingKey::from_secret(secret.secret.as_bytes())?)
    }
}

fn believed(claims: Claims, now: DateTime<Utc>) -> Result<Believed, Disbelief> {
    let now = seconds(now);
    let until = claims.exp + LEEWAY;
    if now >= until || claims.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
        return Err(Disbelief::Time);
    }
    let role = Role::named(&claims.role).ok_or(Disbelief::Caller)?;
    let subject = Id::new(claims.sub).map_err(|_| Disbelief::Caller)?;
    Ok(Believed { caller: Caller::known(role, subject), until })
}

/// Unix time.
pub fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_micros() as f64 / 1e6
}

impl Key {
    pub fn of(secret: &Secret) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = DecodingKey::from_secret(secret.secret.as_bytes())?;
        Ok(Self { kid: secret.kid.clone(), algorithm: Algorithm::HS256, key })
    }

    /// Whether it may have signed what has this header: a key and a token without names fit any.
    pub fn fits(&self, header: &Header) -> bool {
        let names = self.kid.as_ref().zip(header.kid.as_ref());
        self.algorithm == header.alg && names.is_none_or(|(ours, its)| ours == its)
    }
}

#[cfg(test)]
mod tests;
