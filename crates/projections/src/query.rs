//! Lists of a view's rows, page by page. One row by its key: [`Lookups`](crate::Lookups).

use crate::{Error, read_model::ReadModel, registry::View, row::Row};
use deadpool_postgres::Pool;
use std::fmt::Write;
use tokio_postgres::types::ToSql;

/// Which rows of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Columns, as rows name them in JSON (`customerId`), and what they have to be.
    pub filters: Vec<(String, String)>,
    /// The key of the last row of the page before.
    pub after: Option<String>,
    pub order: Order,
    /// At most so many rows.
    pub limit: u32,
}

/// Which keys come first, by bytes. Both ways are those of the table's index, and of every filter's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Ascending,
    Descending,
}

impl Order {
    /// What is after a key, and the order, in SQL.
    fn sql(self) -> (char, &'static str) {
        match self {
            Self::Ascending => ('>', "asc"),
            Self::Descending => ('<', "desc"),
        }
    }
}

/// The keys of all rows that match the filters of a page; at most `limit`.
pub(crate) async fn keys<M: ReadModel>(
    pool: &Pool,
    page: &Page,
    limit: u32,
) -> Result<Vec<String>, Error> {
    let filters = page.filters.iter().map(|(name, _)| filter::<M>(name));
    let key = M::Row::COLUMNS[0].name;
    let sql = select::<M>(key, &filters.collect::<Result<Vec<_>, _>>()?);
    let limit = i64::from(limit);
    let mut params: Vec<&(dyn ToSql + Sync)> =
        page.filters.iter().map(|(_, value)| value as _).collect();
    params.push(&limit);
    let sql = format!("{sql} order by {key} limit ${}", params.len());
    let client = pool.get().await?;
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &params).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Rows in the order of their keys.
pub async fn list<M: ReadModel>(pool: &Pool, page: &Page) -> Result<Vec<M::Row>, Error> {
    let filters = page.filters.iter().map(|(name, _)| filter::<M>(name));
    let columns = filters.collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = M::Row::COLUMNS.iter().map(|column| column.name).collect();
    let mut sql = select::<M>(&names.join(", "), &columns);
    let mut params: Vec<&(dyn ToSql + Sync)> =
        page.filters.iter().map(|(_, value)| value as _).collect();
    let key = M::Row::COLUMNS[0].name;
    let (beyond, order) = page.order.sql();
    if let Some(after) = &page.after {
        params.push(after);
        let and = if columns.is_empty() { "where" } else { "and" };
        // Writing to a string does not fail.
        let _ = write!(sql, " {and} {key} {beyond} ${}", params.len());
    }
    let limit = i64::from(page.limit);
    params.push(&limit);
    let _ = write!(sql, " order by {key} {order} limit ${}", params.len());
    let client = pool.get().await?;
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &params).await?;
    Ok(rows.iter().map(M::Row::read).collect::<Result<_, _>>()?)
}

/// How many rows a view has, counted up to `most`.
pub async fn count(pool: &Pool, view: &'static dyn View, most: i64) -> Result<i64, Error> {
    let sql = format!("select count(*) from (select from {} limit $1) as rows", view.name());
    let client = pool.get().await?;
    let statement = client.prepare_cached(&sql).await?;
    Ok(client.query_one(&statement, &[&most]).await?.try_get(0)?)
}

/// Of the rows whose columns equal the first parameters.
fn select<M: ReadModel>(what: &str, equal: &[&'static str]) -> String {
    let mut sql = format!("select {what} from {}", M::NAME);
    for (index, column) in equal.iter().enumerate() {
        let and = if index == 0 { "where" } else { "and" };
        let _ = write!(sql, " {and} {column} = ${}", index + 1);
    }
    sql
}

/// The column behind a filter's name.
pub(crate) fn filter<M: ReadModel>(name: &str) -> Result<&'static str, Error> {
    let found = M::FILTERS.iter().find(|column| camel_case(column) == name);
    let unknown = || Error::UnknownFilter { view: M::NAME, column: name.to_owned() };
    found.copied().ok_or_else(unknown)
}

/// A column as rows name it in JSON.
pub fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_uppercase() + rest
    })
}

#[cfg(test)]
mod tests {
    use super::{camel_case, filter};
    use crate::cafe::order_status::OrderStatus;

    #[test]
    fn filters_have_the_names_of_the_json() {
        assert_eq!(filter::<OrderStatus>("customerId").unwrap(), "customer_id");
        assert_eq!(camel_case("cancel_requested_at"), "cancelRequestedAt");
    }

    #[test]
    fn other_columns_are_no_filters() {
        for name in ["customer_id", "price", "", "status = status --"] {
            assert!(filter::<OrderStatus>(name).is_err(), "{name:?}");
        }
    }
}
