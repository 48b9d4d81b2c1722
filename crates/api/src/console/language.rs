//! In which language somebody is spoken to: as `?lang=` says, which is kept in a cookie; else as the
//! cookie says; else what the browser likes best of the two; else Korean.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

const COOKIE: &str = "jangteo_lang";

/// A year, in seconds.
const KEPT: u32 = 31_536_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Ko,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Ko, Self::En];

    /// As the attribute `lang` has it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Ko => Self::En,
            Self::En => Self::Ko,
        }
    }

    pub fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let asked = Self::asked(uri);
        asked.or_else(|| kept(headers)).or_else(|| liked(headers)).unwrap_or(Self::Ko)
    }

    /// What the address asks for, which is to be kept.
    pub fn asked(uri: &Uri) -> Option<Self> {
        let mut pairs = uri.query().unwrap_or_default().split('&');
        pairs.find_map(|pair| Self::named(pair.strip_prefix("lang=")?))
    }

    /// Keeps it.
    pub fn cookie(self) -> HeaderValue {
        let cookie =
            format!("{COOKIE}={}; Path=/; Max-Age={KEPT}; SameSite=Lax; HttpOnly", self.code());
        // ASCII without control characters.
        HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

fn kept(headers: &HeaderMap) -> Option<Language> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (name, code) = pair.trim().split_once('=')?;
        Language::named(code).filter(|_| name == COOKIE)
    })
}

/// Of `Accept-Language`; of two that are liked as much, the first.
fn liked(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Language, f32)> = None;
    for range in accepted.split(',') {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        let (Some(language), Some(weight)) = (Language::named(&primary), weight) else { continue };
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(address: &str, cookie: &str, accepted: &str) -> Language {
        let headers = HeaderMap::from_iter([
            (header::COOKIE, cookie.parse().unwrap()),
            (header::ACCEPT_LANGUAGE, accepted.parse().unwrap()),
        ]);
        Language::of(&address.parse().unwrap(), &headers)
    }

    #[test]
    fn the_address_comes_before_the_cookie_and_that_before_the_browser() {
        let cookie = "a=b; jangteo_lang=ko";
        assert_eq!(spoken("/?view=x&lang=en", cookie, "ko"), Language::En);
        assert_eq!(spoken("/?lang=fr", cookie, "en"), Language::Ko);
        assert_eq!(spoken("/", "jangteo_lang=xx", "en-GB,ko;q=0.5"), Language::En);
        assert_eq!(spoken("/", "", "de,en;q=0.3,ko;q=0.8"), Language::Ko);
    }

    #[test]
    fn without_a_word_it_is_korean() {
        assert_eq!(spoken("/", "", "de, fr;q=0.9"), Language::Ko);
        assert_eq!(spoken("/", "", "en;q=0, *;q=x"), Language::Ko);
        assert_eq!(Language::of(&"/".parse().unwrap(), &HeaderMap::new()), Language::Ko);
    }
}
