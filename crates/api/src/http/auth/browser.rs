//! What a browser must not be talked into by a page of somebody else: neither to reach this service
//! under a name of theirs, nor to change something here.

use crate::http::{idempotency::is_command, problem::Problem};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode, Uri, header, uri::Authority},
};
use std::net::IpAddr;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The only GET that changes something.
const CHANGES_BY_GET: &str = "/rental/rentalCancel";

/// Where nothing is asked of callers, they must have come to this machine by a name of its own: a
/// foreign name that leads here is how a page of somebody else would read what is answered.
pub fn refuse_foreign_host(request: &Request) -> Result<(), Problem> {
    let named = request.uri().host().map(str::to_owned);
    let mut sent = request.headers().get_all(header::HOST).iter();
    let host = sent.next().map(|value| value.to_str().ok().and_then(host_of));
    let is_ours = |host: Option<String>| host.is_some_and(|host| is_of_this_machine(&host));
    // No browser leaves it out.
    let fits = named.is_none_or(|host| is_of_this_machine(&host))
        && host.is_none_or(is_ours)
        && sent.next().is_none();
    if fits {
        return Ok(());
    }
    let detail = "without a means of authentication this answers to the names of this machine only, \
                  such as localhost or 127.0.0.1";
    Err(Problem::new(StatusCode::FORBIDDEN, "foreign-host", detail))
}

/// What changes something must come from a page of this service, or from no page at all.
pub fn refuse_cross_site(request: &Request) -> Result<(), Problem> {
    if !changes_something(request) || is_from_here(request.headers(), request.uri()) {
        return Ok(());
    }
    let detail = "a page of another site may not ask for this";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross-site", detail))
}

fn changes_something(request: &Request) -> bool {
    is_command(request.method()) || request.uri().path() == CHANGES_BY_GET
}

/// As browsers tell: in `Sec-Fetch-Site` or, older ones, in `Origin`, or for links in `Referer`.
fn is_from_here(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get(&SEC_FETCH_SITE) {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(page) = headers.get(header::ORIGIN).or_else(|| headers.get(header::REFERER)) else {
        return true;
    };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| uri.authority().map(Authority::as_str));
    let page = page.to_str().ok().and_then(|page| page.split_once("://"));
    let page = page.map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    page.zip(host).is_some_and(|(page, host)| page.eq_ignore_ascii_case(host))
}

/// Without the port.
fn host_of(text: &str) -> Option<String> {
    text.parse::<Authority>().ok().map(|authority| authority.host().to_owned())
}

fn is_of_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok();
    host.eq_ignore_ascii_case("localhost") || address.is_some_and(|it: IpAddr| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn asked(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
        let request = Request::builder().method(method).uri(path);
        let add = |request: axum::http::request::Builder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        headers.iter().fold(request, add).body(Body::empty()).unwrap()
    }

    #[test]
    fn only_names_of_this_machine_lead_here() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080"] {
            assert!(refuse_foreign_host(&asked("GET", "/", &[("host", host)])).is_ok(), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8080",
            "10.0.0.1",
            "0.0.0.0",
            "",
            "user@evil.example",
            "localhost@evil.example",
            "[::2]",
        ] {
            let refused = refuse_foreign_host(&asked("GET", "/", &[("host", host)])).unwrap_err();
            assert_eq!(
                (refused.status().as_u16(), refused.code()),
                (403, "foreign-host"),
                "{host}"
            );
        }
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert!(refuse_foreign_host(&asked("GET", "/", &twice)).is_err());
        let whole = "http://evil.example/";
        assert!(refuse_foreign_host(&asked("GET", whole, &[("host", "localhost")])).is_err());
        assert!(refuse_foreign_host(&asked("GET", "/", &[])).is_ok());
    }

    #[test]
    fn pages_of_others_change_nothing() {
        let host = ("host", "localhost:8080");
        for header in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:3000"),
            ("origin", "null"),
            ("referer", "http://evil.example/localhost:8080"),
        ] {
            for (method, path) in [("POST", "/cafe/orders"), ("GET", "/rental/rentalCancel?x=1")] {
                let refused = refuse_cross_site(&asked(method, path, &[host, header]));
                assert_eq!(refused.unwrap_err().code(), "cross-site", "{header:?}");
            }
            assert!(refuse_cross_site(&asked("GET", "/cafe/menu", &[host, header])).is_ok());
        }
        for header in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", "http://localhost:8080"),
            ("referer", "http://localhost:8080/a/page"),
            ("accept", "text/html"),
        ] {
            assert!(refuse_cross_site(&asked("DELETE", "/x", &[host, header])).is_ok());
        }
    }
}
