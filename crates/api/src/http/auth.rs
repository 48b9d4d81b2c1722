//! Who may ask. Without a key the service listens on loopback only, where everybody may; with one,
//! every request but those for health needs `Authorization: Bearer <key>`.

mod caller;

pub use caller::{Caller, Role};

use super::{health, problem::Problem};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;

/// The key that callers must show, if there is one. Never printed.
#[derive(Clone, Default)]
pub struct AuthKey(Option<Arc<str>>);

impl AuthKey {
    pub fn new(key: Option<String>) -> Self {
        Self(key.map(Into::into))
    }

    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(key) = &self.0 else { return true };
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.split_once(' '));
        let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        shown.is_some_and(|(_, token)| bool::from(token.trim().as_bytes().ct_eq(key.as_bytes())))
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "AuthKey(set)" } else { "AuthKey(none)" })
    }
}

/// Lets in whom it may, and tells whoever comes after who that is.
pub fn admit(key: &AuthKey, request: &mut Request) -> Result<(), Problem> {
    let path = request.uri().path();
    let is_open = path.starts_with(health::PATH) || ["/docs", "/openapi.json"].contains(&path);
    if !is_open && !key.admits(request.headers()) {
        return Err(refused());
    }
    let caller = if key.is_set() { Caller::key_holder() } else { Caller::local() };
    request.extensions_mut().insert(caller);
    Ok(())
}

fn refused() -> Problem {
    let detail = "this needs the header Authorization: Bearer <key>, with the key of this service";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).headers(|headers| {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn only_the_key_opens() {
        let key = AuthKey::new(Some("secret".to_owned()));
        assert!(key.admits(&with("Bearer secret")));
        assert!(key.admits(&with("bearer secret")));
        for wrong in
            ["Bearer Secret", "Bearer secret1", "Bearer ", "Bearer", "Basic secret", "secret"]
        {
            assert!(!key.admits(&with(wrong)), "{wrong}");
        }
        assert!(!key.admits(&HeaderMap::new()));
        assert!(!format!("{key:?}").contains("secret"));
    }

    #[test]
    fn without_a_key_everybody_may() {
        assert!(AuthKey::default().admits(&HeaderMap::new()));
    }
}
