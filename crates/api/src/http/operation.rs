//! The table of operations: what each route is for, who may ask it, what it takes and what it
//! answers. A route is registered together with its entry, and everything that is said or decided
//! about routes comes from here: who is let in, the description at `/openapi.json`, the page at
//! `/docs`, and the table in `docs/security.md`.

mod routes;

pub use routes::Routes;

use super::access::Access;
use axum::http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a type looks in JSON.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What there is to know about a route.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    /// As the router has it: `/cafe/orders/{orderId}`.
    pub path: &'static str,
    pub summary: &'static str,
    pub access: Access,
    pub kind: Kind,
    /// The variable part of the path, if it has one.
    pub variable: Option<fn() -> Schema>,
    pub query: Vec<Parameter>,
    pub body: Option<SchemaOf>,
    pub answer: Answered,
    /// Another status that the same answer may have.
    pub otherwise: Option<StatusCode>,
    /// The codes of the problems that it may be answered with, beside those that every route has.
    pub problems: BTreeMap<u16, BTreeSet<&'static str>>,
    pub example: Example,
    /// The route that this one is another name of.
    pub alias_of: Option<&'static str>,
    /// Whether what a query is answered with has an `ETag`.
    pub is_tagged: bool,
}

/// What all operations of a kind have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changes something of `primary`, the stream category whose versions `If-Match` speaks of.
    Command { primary: Option<&'static str> },
    /// Asks a view, or the timeline.
    Query(Shape),
    /// Asks something else.
    Plain,
}

/// What a query is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Row,
    List,
    Stream,
}

/// A parameter of the query string.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub is_required: bool,
    pub schema: Schema,
}

/// A success.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub media_type: &'static str,
    pub schema: Option<SchemaOf>,
}

/// A request that works, after those before it in the table.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// What stands for the variable part of the path.
    pub variable: Option<&'static str>,
    pub query: &'static str,
    pub body: Option<Value>,
}

/// A command, which without more said answers 200 to an empty body.
pub fn command(summary: &'static str, access: Access, primary: &'static str) -> Operation {
    Operation::new(summary, access, Kind::Command { primary: Some(primary) })
}

/// A question that no view answers.
pub fn question(summary: &'static str, access: Access) -> Operation {
    Operation::new(summary, access, Kind::Plain)
}

impl Operation {
    pub fn new(summary: &'static str, access: Access, kind: Kind) -> Self {
        Self {
            method: Method::GET,
            path: "",
            summary,
            access,
            kind,
            variable: None,
            query: Vec::new(),
            body: None,
            answer: Answered {
                status: StatusCode::OK,
                media_type: "application/json",
                schema: None,
            },
            otherwise: None,
            problems: BTreeMap::new(),
            example: Example::default(),
            alias_of: None,
            is_tagged: false,
        }
    }

    /// Takes a JSON body, such as this one.
    pub fn takes<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(|generator| generator.subschema_for::<T>());
        self.example.body = Some(example);
        self
    }

    /// Takes parameters in the query string, such as these.
    pub fn asks<T: JsonSchema>(mut self, example: &'static str) -> Self {
        let mut generator = SchemaGenerator::default();
        self.query = parameters(&T::json_schema(&mut generator));
        self.example.query = example;
        self
    }

    /// The variable part of its path, and what may stand there, such as `example`.
    pub fn of<T: super::extract::Value>(mut self, example: &'static str) -> Self {
        self.variable = Some(T::schema);
        self.example.variable = Some(example);
        self
    }

    /// Answers 200 with a `T`.
    pub fn gives<T: JsonSchema>(mut self) -> Self {
        self.answer.schema = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// Answers 201 with a `T`.
    pub fn creates<T: JsonSchema>(mut self) -> Self {
        self.answer.status = StatusCode::CREATED;
        self.gives::<T>()
    }

    /// Answers 200 with a text of this media type.
    pub fn gives_text(mut self, media_type: &'static str) -> Self {
        self.answer.media_type = media_type;
        self.answer.schema = Some(|generator| generator.subschema_for::<String>());
        self
    }

    /// May answer the same with another status.
    pub fn or_with(mut self, status: StatusCode) -> Self {
        self.otherwise = Some(status);
        self
    }

    /// Answers 204.
    pub fn gives_nothing(mut self) -> Self {
        self.answer.status = StatusCode::NO_CONTENT;
        self
    }

    /// May be answered with these problems.
    pub fn or(mut self, status: StatusCode, codes: &[&'static str]) -> Self {
        self.problems.entry(status.as_u16()).or_default().extend(codes);
        self
    }

    /// 404 with this code when there is no such thing.
    pub fn or_unknown(self, code: &'static str) -> Self {
        self.or(StatusCode::NOT_FOUND, &[code])
    }

    /// 409 with one of these codes when the present state does not allow it.
    pub fn or_refused(self, codes: &[&'static str]) -> Self {
        self.or(StatusCode::CONFLICT, codes)
    }

    /// The path and query of the example.
    pub fn example_uri(&self) -> String {
        let path = match (self.path.split_once('{'), self.example.variable) {
            (Some((before, rest)), Some(variable)) => {
                let after = rest.split_once('}').map_or("", |(_, after)| after);
                format!("{before}{}{after}", percent_encoded(variable))
            }
            _ => self.path.to_owned(),
        };
        let query = self.example.query;
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// The stream category whose versions `If-Match` speaks of.
    pub fn primary(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Command { primary } => primary,
            Kind::Query(_) | Kind::Plain => None,
        }
    }

    /// Is answered with an `ETag`.
    pub fn tagged(self) -> Self {
        Self { is_tagged: true, ..self }
    }

    /// Changes nothing that has versions of its own, or not of what its path names.
    pub fn without_versions(mut self) -> Self {
        self.kind = Kind::Command { primary: None };
        self
    }
}

/// A part of a path, as it stands in an address.
pub fn percent_encoded(part: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = part.bytes().map(|byte| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// The properties of an object as parameters.
fn parameters(schema: &Schema) -> Vec<Parameter> {
    let empty = serde_json::Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let parameter = |(name, schema): (&String, &Value)| Parameter {
        name: name.clone(),
        is_required: required.contains(&name.as_str()),
        schema: Schema::try_from(schema.clone()).unwrap_or_default(),
    };
    properties.iter().map(parameter).collect()
}
