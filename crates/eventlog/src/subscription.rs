//! What a follower of the log is given.

use crate::{Position, RecordedEvent};
use std::sync::Arc;
use tokio::{sync::mpsc, task::AbortHandle};

/// One step of a subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Events in log order, at least one.
    Events(Vec<Arc<RecordedEvent>>),
    /// Nothing for this subscriber up to here: a checkpoint may move.
    Checkpoint(Position),
    /// All that was in the log has been delivered. Comes again after each reconnect.
    CaughtUp,
}

/// A running subscription. Dropping it stops the task behind it.
#[derive(Debug)]
pub struct Subscription {
    deliveries: mpsc::Receiver<Delivery>,
    task: AbortHandle,
}

impl Subscription {
    /// `task` feeds `deliveries`, reconnecting for ever, until it is aborted or they are closed.
    pub(crate) fn new(deliveries: mpsc::Receiver<Delivery>, task: AbortHandle) -> Self {
        Self { deliveries, task }
    }

    /// The next delivery. Cancel-safe. `None` only when the log itself was shut down.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// A delivery that is there already.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.deliveries.try_recv().ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}
