//! What callers may show to be let in. Never printed.

use super::jwt::Secret;
use reqwest::Url;
use std::{fmt, time::Duration};

/// Which tokens are believed, and of whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The one key of this service.
    pub key: Option<String>,
    /// HS256 secrets; the first signs.
    pub secrets: Vec<Secret>,
    /// Where an issuer publishes its keys.
    pub jwks_url: Option<Url>,
    /// How often they are looked at.
    pub jwks_refresh: Duration,
    pub audience: String,
    pub issuer: Option<String>,
    /// Whether keys for machines are believed.
    pub api_keys: bool,
}

pub const AUDIENCE: &str = "jangteo";

impl Default for Settings {
    fn default() -> Self {
        Self {
            key: None,
            secrets: Vec::new(),
            jwks_url: None,
            jwks_refresh: Duration::from_secs(300),
            audience: AUDIENCE.to_owned(),
            issuer: None,
            api_keys: false,
        }
    }
}

impl Settings {
    /// Whether callers have to show anything.
    pub fn has_means(&self) -> bool {
        self.key.is_some() || !self.secrets.is_empty() || self.jwks_url.is_some() || self.api_keys
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = [
            (self.key.is_some(), "key"),
            (!self.secrets.is_empty(), "secrets"),
            (self.jwks_url.is_some(), "jwks"),
            (self.api_keys, "api keys"),
        ];
        let set = means.into_iter().filter_map(|(is_set, name)| is_set.then_some(name));
        f.debug_list().entries(set).finish()
    }
}
