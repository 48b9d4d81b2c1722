//! What a request that cannot be understood is answered with. The protocol's implementation refuses it
//! by a status alone, before any of our code sees it; the status stays, and gets its document.

use crate::http::problem::{MEDIA_TYPE, Problem};
use axum::http::StatusCode;
use bytes::Bytes;

/// How such an answer of the implementation begins.
const BEGIN: &[u8] = b"HTTP/1.1 4";

/// The whole answer to be sent instead of the one that begins like this.
pub fn instead_of(head: &[u8]) -> Option<Bytes> {
    if !head.starts_with(BEGIN) {
        return None;
    }
    let status = StatusCode::from_bytes(head.get(9..12)?).ok()?;
    let (code, detail) = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ("head-too-large", "the request's headers are too large")
        }
        StatusCode::URI_TOO_LONG => ("uri-too-long", "the request's path and query are too long"),
        _ => ("malformed", "this is no HTTP/1.1 request that can be understood"),
    };
    let reason = status.canonical_reason().unwrap_or_default();
    let document = Problem::new(status, code, detail).document().to_string();
    let length = document.len();
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
        status.as_u16()
    );
    Some(Bytes::from(head + &document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_stays_and_gets_a_document() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let text = String::from_utf8(instead_of(bare).unwrap().to_vec()).unwrap();
        let (head, document) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}", document.len())), "{head}");
        assert!(document.contains("\"head-too-large\""), "{document}");
    }

    #[test]
    fn an_answer_that_is_no_refusal_stays_as_it_is() {
        assert!(instead_of(b"HTTP/1.1 200 OK\r\n\r\n").is_none());
        assert!(instead_of(b"HTTP/1.1 100 Continue\r\n\r\n").is_none());
        assert!(instead_of(b"").is_none());
    }
}
