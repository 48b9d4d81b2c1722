//! Lists: a page at a time, by key. `?limit=` says how many (100 unless told, at most 1000),
//! `?after=` after which row, `?sort=` which way. When there is more, the header `Link` has the next
//! page's address. What `after` says there is for us alone: clients follow the address.
//!
//! Rows that come or go meanwhile neither repeat nor hide another: a page begins after a key, not
//! after a number of rows.

use super::{
    extract::{Maybe, Value, number, optional},
    operation::Parameter,
    problem::Problem,
    schema,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{InvalidValue, shared::Name};
use projections::{
    ReadModel,
    query::{Order, camel_case},
    row::Row,
};
use reqwest::Url;
use schemars::Schema;
use std::collections::BTreeMap;

const DEFAULT_LIMIT: u32 = 100;

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub limit: u32,
    /// The key of the last row of the page before.
    pub after: Option<String>,
    pub order: Order,
}

/// How many rows a page may have.
#[derive(Debug)]
pub struct Limit(u32);

number!(Limit: "How many rows at most; 100 unless told.", 1 to 1000);

impl TryFrom<i64> for Limit {
    type Error = InvalidValue;

    fn try_from(limit: i64) -> Result<Self, InvalidValue> {
        let limit = u32::try_from(limit).ok().filter(|limit| (1..=1000).contains(limit));
        limit.map(Self).ok_or(InvalidValue { must_be: "1 to 1000" })
    }
}

impl Page {
    /// 422 when the limit is out of bounds or `after` cannot be a key.
    pub fn of(limit: Maybe<Limit>, after: Maybe<Name>) -> Result<Self, Problem> {
        let limit: Option<Limit> = optional("limit", limit)?;
        let after: Option<Name> = optional("after", after)?;
        Ok(Self {
            limit: limit.map_or(DEFAULT_LIMIT, |limit| limit.0),
            after: after.map(String::from),
            order: Order::Ascending,
        })
    }

    /// Takes what says which page out of a list's parameters. 400 for a limit that is no number, 422
    /// for one that is out of bounds, for an unknown sort, and for an `after` that is not ours.
    pub fn read<M: ReadModel>(query: &mut BTreeMap<String, String>) -> Result<Self, Problem> {
        let order = query.remove("sort").map_or(Ok(Order::Ascending), |sort| order::<M>(&sort))?;
        let after = query.remove("after").map(|cursor| key_of(order, &cursor)).transpose()?;
        let limit = match query.remove("limit") {
            Some(limit) => limited(&limit)?,
            None => DEFAULT_LIMIT,
        };
        Ok(Self { limit, after, order })
    }

    /// What `after` has to be, to go on behind a key.
    pub fn cursor(order: Order, key: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{key}", mark(order)))
    }

    /// The parameter that says the order, unless it is the usual one.
    pub fn sort<M: ReadModel>(order: Order) -> Option<(String, String)> {
        let key = camel_case(M::Row::COLUMNS[0].name);
        (order == Order::Descending).then(|| ("sort".to_owned(), format!("-{key}")))
    }

    /// What a list takes to say which page.
    pub fn parameters<M: ReadModel>() -> Vec<Parameter> {
        let key = camel_case(M::Row::COLUMNS[0].name);
        let sort = schema::words(
            "Which rows come first; by bytes. What the server names comes in the order of time.",
            &[&key, &format!("-{key}")],
        );
        let after = schema::text("Of the address in `Link`: the row after which the page begins.");
        let all = [("limit", Limit::schema()), ("after", after), ("sort", sort)];
        let parameter = |(name, schema): (&str, Schema)| Parameter {
            name: name.to_owned(),
            is_required: false,
            schema,
        };
        all.into_iter().map(parameter).collect()
    }
}

fn limited(text: &str) -> Result<u32, Problem> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let detail = format!("limit: {text:?} is not a whole number");
        return Err(Problem::malformed(detail).field("limit"));
    }
    let limit = Limit::try_from(text.parse().unwrap_or(i64::MAX));
    let limit = limit.map_err(|invalid| Problem::invalid_value("limit", invalid.must_be))?;
    Ok(limit.0)
}

fn order<M: ReadModel>(sort: &str) -> Result<Order, Problem> {
    let key = camel_case(M::Row::COLUMNS[0].name);
    match sort.strip_prefix('-') {
        None if sort == key => Ok(Order::Ascending),
        Some(rest) if rest == key => Ok(Order::Descending),
        _ => Err(Problem::invalid_value("sort", &format!("{key} or -{key}"))),
    }
}

fn key_of(order: Order, cursor: &str) -> Result<String, Problem> {
    let key = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = key.and_then(|bytes| String::from_utf8(bytes).ok());
    let key = key.and_then(|text| text.strip_prefix(mark(order)).map(str::to_owned));
    let key = key.filter(|key| !key.contains('\0'));
    let must_be = "what the address in Link has, with the same sort";
    key.ok_or_else(|| Problem::invalid_value("after", must_be))
}

/// In a cursor, before the key.
fn mark(order: Order) -> char {
    match order {
        Order::Ascending => '>',
        Order::Descending => '<',
    }
}

/// 422 unless a value to filter by could be one.
pub fn printable(field: &str, value: &str) -> Result<(), Problem> {
    let name = Name::new(value);
    name.map(drop).map_err(|invalid| Problem::invalid_value(field, invalid.must_be))
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
    use projections::cafe::menu::Menu;

    fn read(pairs: &[(&str, &str)]) -> Result<Page, u16> {
        let mut query =
            pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Page::read::<Menu>(&mut query).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_page_has_a_limit() {
        let limit = |limit: &str| read(&[("limit", limit)]).map(|page| page.limit);
        assert_eq!([limit("1"), limit("1000")], [Ok(1), Ok(1000)]);
        let beyond = "99999999999999999999";
        assert_eq!(["0", "-1", "1001", beyond].map(limit), [Err(422); 4]);
        assert_eq!(["", "x", "1.5", "-"].map(limit), [Err(400); 4]);
        assert_eq!(read(&[]).map(|page| page.limit), Ok(DEFAULT_LIMIT));
    }

    #[test]
    fn a_cursor_leads_back_to_its_key_and_goes_with_its_sort() {
        for (order, sort) in [(Order::Ascending, "product"), (Order::Descending, "-product")] {
            let cursor = Page::cursor(order, "아메리카노");
            let page = read(&[("after", &cursor), ("sort", sort)]).expect("a page");
            assert_eq!((page.after.as_deref(), page.order), (Some("아메리카노"), order));
        }
        let cursor = Page::cursor(Order::Descending, "a");
        assert_eq!(read(&[("after", &cursor)]), Err(422));
        for wrong in ["", "a", "%%", "!!!!", &URL_SAFE_NO_PAD.encode(">a\0")] {
            assert_eq!(read(&[("after", wrong)]), Err(422), "{wrong}");
        }
        assert_eq!(read(&[("sort", "price")]), Err(422));
    }

    #[test]
    fn the_next_page_keeps_the_filters() {
        let next = next_page("/cafe/menu", &[("status".to_owned(), "a b".to_owned())], 2, "YQ");
        assert_eq!(next.as_deref(), Some("/cafe/menu?status=a+b&limit=2&after=YQ"));
    }
}
