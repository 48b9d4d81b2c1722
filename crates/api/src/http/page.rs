//! Lists: a page at a time, by key. `?limit=` says how many (100 unless told, at most 1000) and
//! `?after=` after which key; when there is more, the header `Link` has the next page's address.

use super::{
    extract::{Integer, RawId, optional},
    problem::Problem,
};
use domain::{InvalidValue, shared::Name};
use reqwest::Url;

const DEFAULT_LIMIT: u32 = 100;

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub limit: u32,
    /// The key of the last row of the page before.
    pub after: Option<String>,
}

/// How many rows a page may have.
struct Limit(u32);

impl TryFrom<i64> for Limit {
    type Error = InvalidValue;

    fn try_from(limit: i64) -> Result<Self, InvalidValue> {
        let limit = u32::try_from(limit).ok().filter(|limit| (1..=1000).contains(limit));
        limit.map(Self).ok_or(InvalidValue { must_be: "1 to 1000" })
    }
}

impl Page {
    /// 422 when the limit is out of bounds or `after` cannot be a key.
    pub fn of(limit: Option<Integer>, after: Option<RawId>) -> Result<Self, Problem> {
        let limit: Option<Limit> = optional("limit", limit)?;
        let after: Option<Name> = optional("after", after)?;
        Ok(Self {
            limit: limit.map_or(DEFAULT_LIMIT, |limit| limit.0),
            after: after.map(String::from),
        })
    }
}

/// The address of the page after the row `last`, with the same filters.
pub fn next_page(
    path: &str,
    filters: &[(String, String)],
    limit: u32,
    last: &str,
) -> Option<String> {
    let mut url = Url::parse("http://here").ok()?.join(path).ok()?;
    url.query_pairs_mut()
        .extend_pairs(filters)
        .append_pair("limit", &limit.to_string())
        .append_pair("after", last);
    Some(format!("{}?{}", url.path(), url.query()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_limit() {
        let limit = |limit: i64| Page::of(Some(Integer(limit)), None).map(|page| page.limit).ok();
        assert_eq!([limit(1), limit(1000)], [Some(1), Some(1000)]);
        assert_eq!([limit(0), limit(-1), limit(1001), limit(i64::MAX)], [None; 4]);
        assert_eq!(Page::of(None, None).expect("a page").limit, DEFAULT_LIMIT);
        assert!(Page::of(None, Some(RawId("\0".to_owned()))).is_err());
    }

    #[test]
    fn the_next_page_keeps_the_filters() {
        let next =
            next_page("/cafe/menu", &[("status".to_owned(), "a b".to_owned())], 2, "아메리카노");
        let expected =
            "/cafe/menu?status=a+b&limit=2&after=%EC%95%84%EB%A9%94%EB%A6%AC%EC%B9%B4%EB%85%B8";
        assert_eq!(next.as_deref(), Some(expected));
    }
}
