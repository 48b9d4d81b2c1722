//! One who listens.

use super::{
    board::{Number, Told},
    feed::Feed,
    text::{self, Behind, Reason},
    wanted::Scope,
};
use crate::{Error, read_model::ReadModel};
use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// Between two tries to read anew.
const PAUSES: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(250)..=Duration::from_secs(4);

/// A stream of events, which ends when it is read too slowly or the service stops.
pub struct Listener<M: ReadModel> {
    pub(super) feed: Arc<Feed<M>>,
    pub(super) scope: Arc<Scope<M::Row>>,
    pub(super) number: Number,
    queue: mpsc::Receiver<Told>,
    /// To be given next.
    ready: VecDeque<Bytes>,
    /// Everything has to be read again, after a pause.
    anew: Option<(Reason, Duration)>,
}

impl<M: ReadModel> Drop for Listener<M> {
    fn drop(&mut self) {
        self.feed.state().board.leave(self.number);
    }
}

impl<M: ReadModel> Listener<M> {
    pub(super) async fn join(feed: Arc<Feed<M>>, scope: Scope<M::Row>) -> Result<Self, Error> {
        let scope = Arc::new(scope);
        let (number, queue) = feed.join(&scope).await?;
        Ok(Self { feed, scope, number, queue, ready: VecDeque::new(), anew: None })
    }

    /// What it is told first.
    pub(super) fn give(&mut self, text: String) {
        self.ready.push_back(text.into());
    }

    /// The next events, as they are sent. Dropped while it waits, it has given nothing away.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Some(text);
            }
            if let Some((reason, pause)) = self.anew {
                // On the heap, for it is seldom done, and there are many who wait.
                Box::pin(self.read_anew(reason, pause)).await;
                continue;
            }
            match self.queue.recv().await? {
                Told::Events(events) => self.ready.extend(events),
                Told::Reset(reason) => self.anew = Some((reason, Duration::ZERO)),
            }
        }
    }

    async fn read_anew(&mut self, reason: Reason, pause: Duration) {
        sleep(pause).await;
        self.drain();
        match self.begin_anew(reason).await {
            Ok(text) => {
                self.anew = None;
                self.give(text);
            }
            Err(error) => {
                tracing::debug!(view = M::NAME, %error, "a listener cannot read anew");
                if pause.is_zero() {
                    self.give(text::behind(Behind::Unreachable));
                }
                let pause = (pause * 2).clamp(*PAUSES.start(), *PAUSES.end());
                self.anew = Some((reason, pause));
            }
        }
    }

    /// Leaves out what is read anew: all of that was read from the table before.
    fn drain(&mut self) {
        let mut state = self.feed.state();
        while self.queue.try_recv().is_ok() {}
        state.board.open(self.number);
    }
}
