//! Sessions of the console: `POST /login` puts the token or key that was typed in into a cookie, and
//! `POST /logout` takes it away.
//!
//! The cookie holds the credential itself. So there is nothing to store, every process knows every
//! session, and whatever ends the credential ends its sessions: its time, a revocation, another key.

use super::{Authenticator, browser, credential::Credential};
use crate::http::{problem::Problem, rates};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Form, FromRequest, Request, State, rejection::FormRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};
use serde::Deserialize;
use std::sync::Arc;

/// Everybody may ask for these, and they are no operations of the business.
pub const PATHS: [&str; 2] = ["/login", "/logout"];

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

const COOKIE: &str = "jangteo_session";

/// Where somebody is led who did not say where to.
const HOME: &str = "/";

/// The longest session, in seconds: a working day.
const LONGEST: i64 = 12 * 3600;

/// Browsers keep no longer cookies.
const MOST: usize = 3800;

/// A token and where to go from there.
const BODY: usize = 32 * 1024;

/// What cannot stand in a cookie as it is.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

pub fn routes(authenticator: Arc<Authenticator>) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(authenticator)
}

/// The credential that a request's session holds.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = sent.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == COOKIE)?;
    let text = percent_decode_str(value.trim()).decode_utf8().ok()?;
    Some(text.into_owned()).filter(|text| !text.is_empty())
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

async fn login(
    State(authenticator): State<Arc<Authenticator>>,
    request: Request,
) -> Result<Response, Problem> {
    browser::refuse_cross_site(&request)?;
    let is_https = came_by_https(request.headers());
    let peer = rates::peer(request.extensions());
    let Login { token, next } = form(request).await?;
    let next = local(&next);
    if authenticator.admits_everybody() {
        return Ok(see(next));
    }
    let shown = match Credential::given(&token) {
        Ok(credential) => {
            authenticator.check(&credential, peer).await.map(|until| (credential, until))
        }
        Err(refusal) => Err(refusal),
    };
    match shown {
        Ok((credential, until)) => {
            let seconds = until.map_or(LONGEST, |until| until.min(LONGEST));
            let value = utf8_percent_encode(credential.text(), ENCODED).to_string();
            if value.len() > MOST {
                let detail = "this token is too long for a browser to keep; ask for an API key";
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
            }
            Ok(with_cookie(see(next), &value, seconds, is_https))
        }
        Err(refusal) if refusal.is_wrong_credential() => {
            let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
            Ok(see(&format!("/login?refused=1&next={next}")))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn logout(
    State(authenticator): State<Arc<Authenticator>>,
    request: Request,
) -> Result<Response, Problem> {
    browser::refuse_cross_site(&request)?;
    let to = if authenticator.admits_everybody() { HOME } else { "/login" };
    Ok(with_cookie(see(to), "", 0, came_by_https(request.headers())))
}

async fn form(request: Request) -> Result<Login, Problem> {
    let read: Result<Form<Login>, FormRejection> = Form::from_request(request, &()).await;
    read.map(|Form(login)| login).map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the form is too large")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "this takes a form: application/x-www-form-urlencoded",
        ),
        // What the reader would say of it may repeat what was sent.
        _ => Problem::malformed("the form has the fields token and next"),
    })
}

/// A path of this service, or else its home: nobody is led away from here.
fn local(next: &str) -> &str {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = next.starts_with('/') && !next.starts_with("//");
    if is_plain && is_path && next.len() <= 1024 { next } else { HOME }
}

fn see(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or_else(|_| HeaderValue::from_static(HOME));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn with_cookie(mut answer: Response, value: &str, seconds: i64, is_https: bool) -> Response {
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    // What cannot stand in a header was encoded.
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

/// Whether the request came over TLS, which ends in front of this service.
pub fn came_by_https(headers: &HeaderMap) -> bool {
    headers.get(X_FORWARDED_PROTO).is_some_and(|value| value.as_bytes().starts_with(b"https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for next in ["/", "/console/orders?x=1&y=/a//b", "/%2F/evil.example"] {
            assert_eq!(local(next), next);
        }
        for next in [
            "",
            "console",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "\\\\evil",
            "/\r\nSet-Cookie: a=b",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/장터",
        ] {
            assert_eq!(local(next), HOME, "{next}");
        }
    }

    #[test]
    fn whatever_can_be_a_key_fits_into_a_cookie() {
        let key: String = (b'!'..=b'~').map(char::from).collect();
        let value = utf8_percent_encode(&key, ENCODED).to_string();
        assert!(value.bytes().all(|byte| !b" \",;\\".contains(&byte)));
        let answer = with_cookie(see("/"), &value, 60, true);
        let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure"), "{set}");
        let sent = format!("other=1; {}", set.split_once("; Path").unwrap().0);
        let headers = HeaderMap::from_iter([(header::COOKIE, sent.parse().unwrap())]);
        assert_eq!(cookie(&headers), Some(key));
    }
}
