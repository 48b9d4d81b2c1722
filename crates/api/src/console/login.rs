//! `GET /login`: where a token is asked for. `POST /login` takes it, and is not of the console.

use super::{
    page::{Frame, page},
    visitor::Visitor,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

#[derive(Template)]
#[template(path = "console/login.html")]
struct Login {
    frame: Frame,
    next: String,
    is_refused: bool,
}

pub async fn show(visitor: Visitor) -> Response {
    let mut query = visitor.query();
    let next = query.remove("next").filter(|next| is_own(next));
    let login = Login {
        frame: Frame::new(&visitor, visitor.language.say("login.title")),
        next: next.unwrap_or_else(|| "/".to_owned()),
        is_refused: query.contains_key("refused"),
    };
    page(&visitor, StatusCode::OK, &login)
}

/// Whether an address leads to this service, whatever a browser makes of it.
fn is_own(address: &str) -> bool {
    let second = address.chars().nth(1);
    address.starts_with('/') && second != Some('/') && !address.contains(['\\', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn after_signing_in_one_stays_here() {
        assert!(is_own("/") && is_own("/console/cafe?view=menu&product=%2F%2F"));
        for elsewhere in ["", "//evil", "https://evil", "/\\evil", "/\t/evil", "console"] {
            assert!(!is_own(elsewhere), "{elsewhere}");
        }
    }
}
