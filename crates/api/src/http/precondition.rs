//! `If-Match`: a command that is to be done only to what the client has seen. No answer here has an
//! entity tag, so none that is sent can match (RFC 9110, 13.1.1): the command is refused, instead of
//! done as if nothing had been said.

use super::problem::Problem;
use axum::http::{HeaderMap, StatusCode, header};

/// 412 for any tag. `*` asks only that the thing exists, which each command sees to.
pub fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let mut sent = headers.get_all(header::IF_MATCH).iter();
    if sent.all(|tag| tag.as_bytes().trim_ascii() == b"*") {
        return Ok(());
    }
    let detail = "no answer has an ETag, so no If-Match holds; send the command without it: what \
                  the present state does not allow is refused";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(tags: &[&str]) -> Result<(), u16> {
        let headers = tags.iter().map(|tag| (header::IF_MATCH, tag.parse().unwrap()));
        check(&headers.collect()).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_tag_never_matches() {
        assert_eq!([sent(&[]), sent(&["*"])], [Ok(()), Ok(())]);
        for tags in [&["\"7\""][..], &["W/\"7\", \"8\""], &["*", "\"7\""], &[""]] {
            assert_eq!(sent(tags), Err(412), "{tags:?}");
        }
    }
}
