//! The routes of a view: its list and its rows, under all their names.

use super::{Asked, Found, Listed, Views};
use crate::http::{
    access::Access,
    auth::Caller,
    extract::{Path, Query, Value},
    live::{self, Ear},
    min_position::MinPosition,
    operation::{Kind, Operation, Parameter, Routes, Shape},
    page::{self, Page},
    problem::Problem,
    schema,
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
};
use domain::InvalidValue;
use projections::{
    ReadModel,
    live::{Owner, Sees},
    query::camel_case,
    row::Row,
};
use std::{collections::BTreeMap, sync::Arc};

/// Whose a view's rows are.
pub enum Whose<R> {
    /// Whoever may ask sees them all.
    Everybodys,
    /// A row belongs to the customer whom this column names. Customers see theirs, and nothing else.
    Of(&'static str),
    /// Customers see the rows of all, but not all of what is not theirs.
    Shared { column: &'static str, hide: fn(&mut R) },
}

impl<R> Clone for Whose<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Whose<R> {}

/// A view on its way to being served.
pub struct Served<M: ReadModel> {
    access: Access,
    whose: Whose<M::Row>,
    list: Option<&'static str>,
    one: Option<&'static str>,
    routes: Routes<Arc<Views>>,
}

/// What a row is asked for by.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The code of 404.
    pub unknown: &'static str,
    pub example: &'static str,
}

impl<M: ReadModel> Served<M> {
    pub fn new(access: Access, whose: Whose<M::Row>) -> Self {
        Self { access, whose, list: None, one: None, routes: Routes::default() }
    }

    /// Its list, or another name of it.
    pub fn list(mut self, path: &'static str, summary: &'static str) -> Self {
        let whose = self.whose;
        let handler = move |State(views): State<Arc<Views>>,
                            caller: Caller,
                            Query(query): Query<BTreeMap<String, String>>,
                            uri: Uri,
                            min: MinPosition| async move {
            list::<M>(&views, whose, &caller, query, uri, min).await
        };
        let mut operation = Operation::new(summary, self.access, Kind::Query(Shape::List));
        operation.query = parameters::<M>();
        operation.answer.schema = Some(schema::rows::<M::Row>);
        operation.alias_of = self.list;
        self.routes = self.routes.get(path, handler, operation);
        if self.list.is_none() {
            self.list = Some(path);
            self = self.live_list(path, summary);
        }
        self
    }

    /// The first name of the list is that of its stream, too.
    fn live_list(mut self, path: &str, summary: &str) -> Self {
        let whose = self.whose;
        let handler =
            move |State(views): State<Arc<Views>>,
                  Query(query): Query<BTreeMap<String, String>>,
                  ear: Ear| async move { live::list::<M>(&views, whose, ear, query).await };
        let mut operation = live::operation::<M>(in_short(summary), self.access);
        operation.query = live::parameters::<M>();
        self.routes = self.routes.get(of_stream(path), handler, operation);
        self
    }

    /// One of its rows by its key, or another name of it.
    pub fn one<K>(mut self, path: &'static str, summary: &'static str, key: Key) -> Self
    where
        K: Value + TryFrom<String, Error = InvalidValue> + ToString + Send + 'static,
    {
        let whose = self.whose;
        let handler = move |State(views): State<Arc<Views>>,
                            caller: Caller,
                            Path(id): Path<K>,
                            min: MinPosition| async move {
            one::<M>(&views, whose, &caller, &id.to_string(), min, key.unknown).await
        };
        let mut operation = Operation::new(summary, self.access, Kind::Query(Shape::Row));
        operation = operation.of::<K>(key.example).or_unknown(key.unknown);
        operation.answer.schema = Some(schema::row::<M::Row>);
        operation.is_tagged = has_versions(self.whose);
        operation.alias_of = self.one;
        self.routes = self.routes.get(path, handler, operation);
        if self.one.is_none() {
            self.one = Some(path);
            self = self.live_one::<K>(path, summary, key);
        }
        self
    }

    fn live_one<K>(mut self, path: &str, summary: &str, key: Key) -> Self
    where
        K: Value + TryFrom<String, Error = InvalidValue> + ToString + Send + 'static,
    {
        let whose = self.whose;
        let handler = move |State(views): State<Arc<Views>>, Path(id): Path<K>, ear: Ear| async move {
            live::row::<M>(&views, whose, ear, &id.to_string(), key.unknown).await
        };
        let operation = live::operation::<M>(in_short(summary), self.access);
        let operation = operation.of::<K>(key.example).or_unknown(key.unknown);
        self.routes = self.routes.get(of_stream(path), handler, operation);
        self
    }

    pub fn routes(self) -> Routes<Arc<Views>> {
        self.routes
    }
}

/// Routes last as long as the program, and their names do with them.
fn of_stream(path: &str) -> &'static str {
    format!("{path}/live").leak()
}

fn in_short(summary: &str) -> &'static str {
    format!("{summary}: as events, while it changes").leak()
}

async fn list<M: ReadModel>(
    views: &Views,
    whose: Whose<M::Row>,
    caller: &Caller,
    query: BTreeMap<String, String>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<M::Row>, Problem> {
    let (page, mut filters) = read::<M>(query)?;
    whose.narrow(caller, &mut filters)?;
    let listed = views.list::<M>(Asked { uri, min, page, filters }).await?;
    Ok(listed.map(|row| whose.shown(caller, row)))
}

async fn one<M: ReadModel>(
    views: &Views,
    whose: Whose<M::Row>,
    caller: &Caller,
    key: &str,
    min: MinPosition,
    code: &'static str,
) -> Result<Found<M::Row>, Problem> {
    let found = views.find_if::<M>(key, min, code, |row| whose.sees(caller, row)).await?;
    match whose {
        Whose::Everybodys | Whose::Of(_) => Ok(found),
        Whose::Shared { .. } => Ok(found.untagged().map(|row| whose.shown(caller, row))),
    }
}

/// Whether a row is one version of one thing, and the same to all who see it.
fn has_versions<R: Row>(whose: Whose<R>) -> bool {
    !matches!(whose, Whose::Shared { .. })
        && R::COLUMNS.iter().any(|column| column.name == "version")
}

impl<R: Row> Whose<R> {
    /// Whether the caller may know of a row.
    pub fn sees(self, caller: &Caller, row: &R) -> bool {
        match self {
            Self::Everybodys | Self::Shared { .. } => true,
            Self::Of(column) => is_own(caller, row, column),
        }
    }

    /// A row as the caller may see it.
    fn shown(self, caller: &Caller, mut row: R) -> R {
        if let Self::Shared { column, hide } = self
            && !is_own(caller, &row, column)
        {
            hide(&mut row);
        }
        row
    }

    /// What the caller may hear of.
    pub fn seen_by(self, caller: &Caller) -> Sees<R> {
        let Some(customer) = caller.customer() else { return Sees::All };
        let owner = |column| Owner { column, id: customer.to_string() };
        match self {
            Self::Everybodys => Sees::All,
            Self::Of(column) => Sees::Own(owner(column)),
            Self::Shared { column, hide } => Sees::Masked(owner(column), hide),
        }
    }

    /// Keeps a customer to what is theirs: 403 when they ask for another's.
    pub fn narrow(
        self,
        caller: &Caller,
        filters: &mut Vec<(String, String)>,
    ) -> Result<(), Problem> {
        let (Self::Of(column) | Self::Shared { column, .. }) = self else { return Ok(()) };
        let Some(customer) = caller.customer() else { return Ok(()) };
        let field = camel_case(column);
        match filters.iter().find(|(name, _)| *name == field) {
            Some((_, asked)) if asked != customer.as_str() => Err(not_yours(&field)),
            Some(_) => Ok(()),
            None if matches!(self, Self::Of(_)) => {
                filters.push((field, customer.to_string()));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn is_own(caller: &Caller, row: &impl Row, column: &str) -> bool {
    caller.customer().is_none_or(|own| row.text(column) == Some(own.as_str()))
}

fn not_yours(field: &str) -> Problem {
    let detail = format!("{field} must be your own: a customer sees what is theirs");
    Problem::new(StatusCode::FORBIDDEN, "not-yours", detail).field(field)
}

/// Which page is asked for, and what rows must match.
pub fn read<M: ReadModel>(
    mut query: BTreeMap<String, String>,
) -> Result<(Page, Vec<(String, String)>), Problem> {
    let page = Page::read::<M>(&mut query)?;
    let filters = query.into_iter().map(|(name, value)| filter::<M>(name, value));
    Ok((page, filters.collect::<Result<_, _>>()?))
}

fn filter<M: ReadModel>(name: String, value: String) -> Result<(String, String), Problem> {
    let column = M::FILTERS.iter().find(|column| camel_case(column) == name);
    let column = column.and_then(|column| M::Row::COLUMNS.iter().find(|one| one.name == *column));
    let Some(column) = column else {
        let known: Vec<_> = parameters::<M>().into_iter().map(|one| one.name).collect();
        let detail = format!("{name} is no parameter of this list; it has {}", known.join(", "));
        return Err(Problem::malformed(detail).field(name));
    };
    let words = (column.words)();
    if words.is_empty() {
        page::printable(&name, &value)?;
    } else if !words.contains(&value.as_str()) {
        let must_be = crate::http::extract::ONE_OF_THE_WORDS;
        return Err(Problem::invalid_value(&name, must_be));
    }
    Ok((name, value))
}

/// What a list may be asked for.
pub fn parameters<M: ReadModel>() -> Vec<Parameter> {
    let filters = M::FILTERS.iter().filter_map(|name| {
        let column = M::Row::COLUMNS.iter().find(|column| column.name == *name)?;
        let schema = schema::filter(&(column.words)());
        Some(Parameter { name: camel_case(name), is_required: false, schema })
    });
    filters.chain(Page::parameters::<M>()).collect()
}
