//! How many streams of each view have parked events, known without asking anybody: what queries are
//! told.

use crate::{Engine, progress::Condition};
use std::{sync::PoisonError, time::Duration};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often the table of parked events is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Engine {
    /// How many streams of a view have parked events: as its worker in this process knows, or else
    /// as [`Engine::watch_parked`] last saw it.
    pub fn parked_streams(&self, view: &'static str) -> usize {
        let local = self.local(view);
        if local.condition == Condition::Working {
            return local.parked_streams;
        }
        let parked = self.progress.parked.read().unwrap_or_else(PoisonError::into_inner);
        parked.get(view).copied().unwrap_or(0)
    }

    /// Looks every second until `stop`, for the views that others keep. While the database cannot
    /// be asked, what was known holds.
    pub async fn watch_parked(&self, stop: &CancellationToken) {
        loop {
            match self.parked.counts().await {
                Ok(counts) => {
                    let mut parked =
                        self.progress.parked.write().unwrap_or_else(PoisonError::into_inner);
                    *parked = counts;
                }
                Err(error) => tracing::debug!(%error, "parked events cannot be counted"),
            }
            if stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_none() {
                return;
            }
        }
    }
}
