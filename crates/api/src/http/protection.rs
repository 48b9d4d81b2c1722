//! Headers that every answer has: what browsers must not do with it. No other site's pages may read
//! anything here, for no answer has a header that allows it.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Always, whatever the answer has of its own.
const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Over TLS browsers are told to stay there.
pub fn protect(mut response: Response, is_https: bool) -> Response {
    let headers = response.headers_mut();
    headers.reserve(6);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    or_else(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    or_else(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, A_YEAR);
    }
    response
}

fn or_else(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, response::IntoResponse};

    #[test]
    fn an_answer_keeps_what_it_says_of_itself() {
        let own = [(header::CACHE_CONTROL, "no-cache"), (header::CONTENT_SECURITY_POLICY, "own")];
        let answer = protect((own, Body::empty()).into_response(), false);
        let value = |name: &HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(value(&header::CACHE_CONTROL), "no-cache");
        assert_eq!(value(&header::CONTENT_SECURITY_POLICY), "own");
        assert_eq!(value(&header::X_FRAME_OPTIONS), "DENY");
        assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));

        let answer = protect(Body::empty().into_response(), true);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[header::STRICT_TRANSPORT_SECURITY], A_YEAR);
        assert_eq!(answer.headers().len(), 6);
    }
}
