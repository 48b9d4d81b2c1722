//! `If-Match` (RFC 9110, 13.1.1): a command that is to be done only to what the client has seen.
//!
//! An entity tag is the version of a thing: the number of events in its stream, in quotes. What a
//! route changes has versions, and they are compared where the command is decided. On the few routes
//! that change nothing with versions no tag can match. `*` asks that there is such a thing.
//!
//! `If-None-Match` of a query (13.1.2): 304 when the client has the answer.

use super::problem::Problem;
use axum::{
    body::Body,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use commands::{Expected, Versions};

/// The stream category whose versions `If-Match` speaks of, left with each request that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primary(pub &'static str);

/// What a command is held to: 400 when that cannot be understood, and 412 where nothing can match.
pub fn expected(headers: &HeaderMap, extensions: &Extensions) -> Result<Option<Expected>, Problem> {
    let sent: Vec<_> = headers.get_all(header::IF_MATCH).iter().collect();
    if sent.is_empty() {
        return Ok(None);
    }
    let versions = versions(&sent).ok_or_else(malformed)?;
    match (extensions.get(), versions) {
        (Some(Primary(category)), versions) => Ok(Some(Expected { category, versions })),
        (None, Versions::Any) => Ok(None),
        (None, Versions::OneOf(_)) => Err(without_versions()),
    }
}

/// What a query's client has already (`If-None-Match`).
#[derive(Debug)]
pub struct Known(Vec<HeaderValue>);

impl Known {
    pub fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect())
    }

    /// 304 without a body in the place of an answer that the client has. What cannot be understood
    /// names no answer.
    pub fn unless_known(&self, mut answer: Response) -> Response {
        let is_known = |tag: &HeaderValue| self.0.iter().any(|field| names(field.as_bytes(), tag));
        let is_there = answer.status() == StatusCode::OK;
        if is_there && answer.headers().get(header::ETAG).is_some_and(is_known) {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            *answer.body_mut() = Body::empty();
            answer.headers_mut().remove(header::CONTENT_TYPE);
            answer.headers_mut().remove(header::CONTENT_LENGTH);
        }
        answer
    }
}

/// Whether a list of tags, weak ones too, has this one.
fn names(field: &[u8], tag: &HeaderValue) -> bool {
    let quoted = |one: &Tag<'_>| [b"\"", one.opaque, b"\""].concat() == tag.as_bytes();
    field.trim_ascii() == b"*" || read_tags(field).is_some_and(|tags| tags.iter().any(quoted))
}

/// The tag of a version; none for what is not there.
pub fn entity_tag(version: u64) -> Option<HeaderValue> {
    let tag = (version > 0).then(|| format!("\"{version}\""))?;
    HeaderValue::from_str(&tag).ok()
}

/// The versions that all the fields together speak of. `None` when one of them is not well formed.
fn versions(sent: &[&HeaderValue]) -> Option<Versions> {
    if let [only] = sent
        && only.as_bytes().trim_ascii() == b"*"
    {
        return Some(Versions::Any);
    }
    let mut tags = Vec::new();
    for field in sent {
        tags.extend(read_tags(field.as_bytes())?);
    }
    let versions = tags.iter().filter_map(|tag| version(tag));
    (!tags.is_empty()).then(|| Versions::OneOf(versions.collect()))
}

/// An entity tag as it was sent.
#[derive(Debug, PartialEq)]
struct Tag<'a> {
    is_weak: bool,
    opaque: &'a [u8],
}

/// A weak tag never matches here, and neither does one that is not of our making.
fn version(tag: &Tag<'_>) -> Option<u64> {
    let digits = std::str::from_utf8(tag.opaque).ok().filter(|_| !tag.is_weak)?;
    let version: u64 = digits.parse().ok()?;
    (version.to_string() == digits).then_some(version)
}

/// `[tag] *( "," [tag] )`, with blanks around the commas.
fn read_tags(field: &[u8]) -> Option<Vec<Tag<'_>>> {
    let mut tags = Vec::new();
    let mut rest = field.trim_ascii_start();
    while !rest.is_empty() {
        if rest[0] != b',' {
            let (tag, behind) = read_tag(rest)?;
            tags.push(tag);
            rest = behind.trim_ascii_start();
        }
        match rest.split_first() {
            Some((b',', behind)) => rest = behind.trim_ascii_start(),
            Some(_) => return None,
            None => {}
        }
    }
    Some(tags)
}

/// `[W/]"…"`, and what stands behind it.
fn read_tag(field: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let strong = field.strip_prefix(b"W/");
    let is_weak = strong.is_some();
    let quoted = strong.unwrap_or(field).strip_prefix(b"\"")?;
    let end = quoted.iter().position(|&byte| byte == b'"')?;
    let (opaque, behind) = (&quoted[..end], &quoted[end + 1..]);
    let is_plain = |&byte: &u8| byte == 0x21 || (0x23..=0x7e).contains(&byte) || byte >= 0x80;
    opaque.iter().all(is_plain).then_some((Tag { is_weak, opaque }, behind))
}

fn malformed() -> Problem {
    let detail = "If-Match must be *, or the ETag that an answer had, as \"3\"; or several of them, \
                  separated by commas";
    Problem::malformed(detail).field("If-Match")
}

fn without_versions() -> Problem {
    let detail = "what this changes has no ETag, so no If-Match holds; send it without: what the \
                  present state does not allow is refused";
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", detail)
}

#[cfg(test)]
mod tests;
