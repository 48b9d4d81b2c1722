//! What a request shows to be let in: a token or key in its `Authorization` header or, from the
//! console, in its session cookie.

use super::{refusal::Refusal, session};
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// The longest token that is looked at.
const LONGEST: usize = 8 * 1024;

/// Stands for a credential where it is compared, remembered or stored.
pub type Hash = [u8; 32];

#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    text: String,
    /// Sent along by the browser itself, whoever asked it to.
    pub is_session: bool,
}

impl Credential {
    /// One that was typed in.
    pub fn given(text: &str) -> Result<Self, Refusal> {
        Self::new(text.trim(), false)
    }

    /// The header counts where both are there: it cannot be sent without meaning it.
    pub fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut sent = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = sent.next() else {
            let text = session::cookie(headers).ok_or(Refusal::Nothing)?;
            return Self::new(&text, true);
        };
        let text = value.to_str().map_err(|_| Refusal::Wrong)?;
        let (scheme, token) = text.split_once(' ').ok_or(Refusal::Wrong)?;
        if !scheme.eq_ignore_ascii_case("bearer") || sent.next().is_some() {
            return Err(Refusal::Wrong);
        }
        Self::new(token.trim(), false)
    }

    fn new(text: &str, is_session: bool) -> Result<Self, Refusal> {
        match text.len() {
            1..=LONGEST => Ok(Self { text: text.to_owned(), is_session }),
            _ => Err(Refusal::Wrong),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn hash(&self) -> Hash {
        hash(&self.text)
    }
}

pub fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    fn of(lines: &[(header::HeaderName, &str)]) -> Result<String, bool> {
        let lines = lines.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        let found = Credential::of(&headers);
        found
            .map(|found| format!("{}{}", found.text(), if found.is_session { " kept" } else { "" }))
            .map_err(|refusal| refusal.is_wrong_credential())
    }

    #[test]
    fn one_header_of_the_bearer_scheme_shows_a_token() {
        use header::AUTHORIZATION;
        assert_eq!(of(&[(AUTHORIZATION, "Bearer secret")]), Ok("secret".to_owned()));
        assert_eq!(of(&[(AUTHORIZATION, "bearer  secret ")]), Ok("secret".to_owned()));
        assert_eq!(of(&[]), Err(false));
        for wrong in ["Bearer ", "Bearer", "Basic secret", "secret"] {
            assert_eq!(of(&[(AUTHORIZATION, wrong)]), Err(true), "{wrong}");
        }
        let twice = [(AUTHORIZATION, "Bearer secret"), (AUTHORIZATION, "Bearer secret")];
        assert_eq!(of(&twice), Err(true));
        assert_eq!(
            of(&[(AUTHORIZATION, &format!("Bearer {}", "x".repeat(LONGEST)))])
                .map(|text| text.len()),
            Ok(LONGEST)
        );
        assert_eq!(
            of(&[(AUTHORIZATION, &format!("Bearer {}", "x".repeat(LONGEST + 1)))]),
            Err(true)
        );
    }

    #[test]
    fn the_header_counts_more_than_the_session() {
        let session = (header::COOKIE, "a=b; jangteo_session=kept%3B; c=d");
        assert_eq!(of(from_ref(&session)), Ok("kept; kept".to_owned()));
        assert_eq!(of(&[session.clone(), (header::AUTHORIZATION, "Bearer x")]), Ok("x".to_owned()));
        assert_eq!(of(&[session, (header::AUTHORIZATION, "Basic x")]), Err(true));
    }
}
