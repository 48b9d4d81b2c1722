//! Whoever looks at a page.

use super::language::Language;
use crate::http::auth::Caller;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Uri, request::Parts},
};
use std::{collections::BTreeMap, convert::Infallible};

#[derive(Clone, Debug)]
pub struct Visitor {
    pub caller: Caller,
    pub language: Language,
    pub uri: Uri,
    /// What the page must know of.
    pub min_position: Option<HeaderValue>,
}

impl Visitor {
    pub fn of(parts: &Parts) -> Self {
        Self {
            caller: Caller::of(&parts.extensions),
            language: Language::of(&parts.uri, &parts.headers),
            uri: parts.uri.clone(),
            min_position: parts.headers.get("min-position").cloned(),
        }
    }

    /// The parameters of the address, without empty ones and the language.
    pub fn query(&self) -> BTreeMap<String, String> {
        let pairs = form_pairs(self.uri.query().unwrap_or_default());
        pairs.into_iter().filter(|(name, value)| name != "lang" && !value.is_empty()).collect()
    }
}

/// What a form or the query of an address says.
pub fn form_pairs(text: &str) -> Vec<(String, String)> {
    let parsed = reqwest::Url::parse(&format!("http://here/?{text}"));
    parsed.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// The query of an address.
pub fn query_of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let Ok(mut url) = reqwest::Url::parse("http://here/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
