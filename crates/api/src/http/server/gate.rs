//! What answers requests: the service, once it is there. Until then whoever asks is told that it
//! is starting.

use crate::http::{health, problem::Problem, protection::protect};
use axum::{
    Router,
    response::{IntoResponse, Response},
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Gate(Arc<OnceLock<Router>>);

impl Gate {
    /// From now on these routes answer.
    pub fn open(&self, router: Router) {
        // It is opened once; the first routes stay.
        let _ = self.0.set(router);
    }

    pub(super) fn router(&self) -> Option<Router> {
        self.0.get().cloned()
    }
}

/// What is answered before there are routes.
pub(super) fn starting(path: &str) -> Response {
    let answer = health::starting(path).unwrap_or_else(|| {
        let detail = "the service is starting; nothing was done, ask again in a moment";
        Problem::unavailable("starting", detail, RETRY_AFTER).into_response()
    });
    protect(answer, false)
}
