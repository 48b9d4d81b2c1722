//! What commands answer of people is sealed, so that kept answers are, too. It is opened last, on its
//! way to the client: again, for an answer that is given again.

use super::problem::Problem;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use commands::People;
use domain::shared::personal::{Personal, Sealed};
use serde_json::Value;
use std::ops::Range;

/// How what is sealed begins. In a string of JSON it cannot stand like this.
const BEGINS: &str = r#"{"key":""#;

/// The answer with what is sealed in it opened; null where that cannot be done any more.
pub async fn open(people: &People, response: Response) -> Response {
    let json = HeaderValue::from_static("application/json");
    if response.headers().get(header::CONTENT_TYPE) != Some(&json) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Some((text, places)) = sealed_in(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    let (places, mut fields): (Vec<_>, Vec<_>) = places.into_iter().unzip();
    if let Err(error) = people.open(fields.iter_mut().collect()).await {
        return Problem::fault(&error).into_response();
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(replaced(text, &places, &fields)))
}

type Places = Vec<(Range<usize>, Personal)>;

fn sealed_in(body: &[u8]) -> Option<(&str, Places)> {
    let text = std::str::from_utf8(body).ok()?;
    let starts = text.match_indices(BEGINS).map(|(start, _)| start);
    let sealed = starts.filter_map(|start| {
        let end = start + text[start..].find('}')? + 1;
        let sealed: Sealed = serde_json::from_str(&text[start..end]).ok()?;
        Some((start..end, Personal::Sealed(sealed)))
    });
    let places: Places = sealed.collect();
    (!places.is_empty()).then_some((text, places))
}

fn replaced(text: &str, places: &[Range<usize>], fields: &[Personal]) -> String {
    let (mut opened, mut end) = (String::with_capacity(text.len()), 0);
    for (place, field) in places.iter().zip(fields) {
        opened += &text[end..place.start];
        opened += &field.plain().map_or(Value::Null, Value::from).to_string();
        end = place.end;
    }
    opened + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00000000-0000-0000-0000-000000000007";

    #[test]
    fn what_is_sealed_is_found_and_replaced() {
        let sealed = format!(r#"{{"key":"{KEY}","sealed":"AA"}}"#);
        let body = format!(r#"{{"name":{sealed},"note":"{{\"key\":\"","phone":{sealed}}}"#);
        let (text, places) = sealed_in(body.as_bytes()).unwrap();
        let (places, mut fields): (Vec<_>, Vec<_>) = places.into_iter().unzip();
        fields[0] = Personal::Plain("a \"b\"".to_owned());
        let opened = replaced(text, &places, &fields);
        assert_eq!(opened, r#"{"name":"a \"b\"","note":"{\"key\":\"","phone":null}"#);
    }

    #[test]
    fn what_is_not_is_left_alone() {
        for body in [r#"{"key":"a"}"#, r#"{"key":"x","sealed":""}"#, "", "\u{fe}{\"key\":\""] {
            assert!(sealed_in(body.as_bytes()).is_none(), "{body}");
        }
    }
}
