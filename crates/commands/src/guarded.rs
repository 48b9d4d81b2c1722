//! Work of which one panic must not end the worker that does it.

use futures::FutureExt;
use std::{any::Any, panic::AssertUnwindSafe};

/// What the work panicked with: a mistake of this program. The panic hook has reported it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

impl Panicked {
    fn with(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_default())
    }
}

/// Does the work, whose effects are such that it may be begun again from its start.
pub(crate) async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.map_err(|payload| Panicked::with(&*payload))
}
