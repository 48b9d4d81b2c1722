//! What a request says, read strictly: the form is checked here (400, with the field), the values
//! where they become the domain's types (422, with the field).

mod field;
mod raw;

pub(crate) use field::number;
pub use field::{
    Known, Maybe, Need, ONE_OF_THE_WORDS, ServerOwned, Value, optional, required, there, whole,
};
pub use raw::{Integer, RawId, Text};

use super::problem::Problem;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query as AxumQuery, RawPathParams, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use domain::InvalidValue;
use eventlog::Spent;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value as JsonValue;

/// Reading bodies as JSON.
pub static PARSE: Spent = Spent::nothing();

/// The body as a JSON object. No body at all stands for an empty object.
///
/// 400 `malformed` for broken JSON, a wrong type or an unknown field; 415 for another media type.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = says_json(request.headers());
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| Problem::of_status(rejection.status()))?;
        if body.is_empty() {
            return PARSE.on(|| read_object(b"{}")).map(Self);
        }
        if !is_json {
            let detail = "the body must be JSON, with the header Content-Type: application/json";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                detail,
            ));
        }
        PARSE.on(|| read_object(&body)).map(Self)
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn read_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would also take an array, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::malformed("the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = read(&mut json)?;
    json.end().map_err(|error| Problem::malformed(error.to_string()))?;
    Ok(value)
}

fn read<'de, T: Deserialize<'de>>(
    deserializer: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Problem> {
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.inner().to_string();
        match path.as_str() {
            "." | "?" => match said_twice(&detail) {
                Some(field) => Problem::malformed(format!("{field} is there twice")).field(field),
                None => Problem::malformed(detail),
            },
            // Too large for any number that JSON readers know: the form is right, the value is not.
            field if detail.starts_with("number out of range") => {
                Problem::invalid_value(field, "a smaller number")
            }
            field => Problem::malformed(format!("{field}: {detail}")).field(field),
        }
    })
}

/// Serde tells of a repeated field without its path, in words that its documentation fixes.
fn said_twice(detail: &str) -> Option<&str> {
    detail.strip_prefix("duplicate field `")?.split('`').next()
}

/// The query string, read like a body of text fields. 400 for an unknown or repeated parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = AxumQuery::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let AxumQuery(pairs) =
            pairs.map_err(|_| Problem::malformed("the query string cannot be read"))?;
        let mut fields = serde_json::Map::new();
        for (name, value) in pairs {
            if fields.insert(name.clone(), JsonValue::String(value)).is_some() {
                return Err(Problem::malformed(format!("{name} is there twice")).field(name));
            }
        }
        read(JsonValue::Object(fields)).map(Self)
    }
}

/// The one variable part of the path, such as an id. 422 when it is outside its rule.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: TryFrom<String, Error = InvalidValue>, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| Problem::malformed("the path is not UTF-8"))?;
        let (name, text) = params.iter().next().ok_or_else(Problem::internal)?;
        let value = T::try_from(text.to_owned());
        value.map(Self).map_err(|invalid| Problem::invalid_value(name, invalid.must_be))
    }
}

/// A body that says nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

#[cfg(test)]
mod tests;
