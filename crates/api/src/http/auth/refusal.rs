//! Why a request is not let in. Whoever is refused learns nothing from it: whether nothing was shown,
//! or a wrong key, or a token of yesterday, the answer is the same.

use crate::http::problem::Problem;
use axum::http::{HeaderValue, StatusCode, header};

#[derive(Clone, Debug)]
pub enum Refusal {
    /// Nothing was shown.
    Nothing,
    /// What was shown opens nothing here.
    Wrong,
    /// Whether it does cannot be found out now, or it does not matter.
    Other(Problem),
}

impl Refusal {
    /// Whether this was an attempt to get in, which may be counted.
    pub fn is_wrong_credential(&self) -> bool {
        matches!(self, Self::Wrong)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Nothing | Refusal::Wrong => unauthorized(),
            Refusal::Other(problem) => problem,
        }
    }
}

fn unauthorized() -> Problem {
    let detail = "this needs the header Authorization: Bearer <token>, with a token or key that is valid here";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).headers(|headers| {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    })
}
