//! Parked facts: tried again when their time has come, in the order of their stream.

use super::{Effects, Interrupted, Reactive, Reactor, Session};
use eventlog::{
    StreamName,
    consumer::{Hold, Parked, hold, unpark},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::{sync::Arc, time::Duration};

/// Streams tried at one tick.
const STREAMS: usize = 256;
/// Of these, side by side.
const SIDE_BY_SIDE: usize = 32;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl<R: Reactive> Reactor<R> {
    /// Goes on with every stream whose first parked fact may be tried now.
    pub(super) async fn retry(&self, session: &mut Session) -> Result<(), Interrupted> {
        if session.parked.is_empty() {
            return Ok(());
        }
        let name = &session.lease.name;
        let paused = self.parts.paused();
        let due = self.parked.due(name, &paused, STREAMS as i64).await?;
        let mut trying: Vec<BoxFuture<'_, _>> = Vec::with_capacity(due.len());
        for stream in &due {
            trying.push(self.retry_stream(name, stream).boxed());
        }
        let mut tried = stream::iter(trying).buffer_unordered(SIDE_BY_SIDE);
        while let Some(outcome) = tried.next().await {
            outcome?;
        }
        // A person may have skipped some, too.
        session.parked = self.parked.streams(name).await?;
        Ok(())
    }

    /// Handles a stream's parked facts until one must wait on.
    async fn retry_stream(&self, name: &str, stream: &StreamName) -> Result<(), Interrupted> {
        for parked in self.parked.of_stream(name, stream).await? {
            if self.retry_one(name, &parked).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Handles a parked fact; whether it must wait on.
    async fn retry_one(&self, name: &str, parked: &Parked) -> Result<bool, Interrupted> {
        let Some(recorded) = parked.read(&*self.log).await.map_err(Interrupted::Log)? else {
            hold(&self.pool.get().await?, parked, &Hold::gone()).await?;
            return Ok(true);
        };
        let recorded = Arc::new(recorded);
        let (mut effects, hold) = self.handle_fact(&recorded).await?;
        if let Some(hold) = hold {
            effects.parked.push((recorded.clone(), later(hold, parked.attempts)));
        }
        let waits = !effects.parked.is_empty();
        let Err(error) = self.settle(name, parked, effects).await else { return Ok(waits) };
        let Some(reason) = error.refused() else { return Err(error) };
        self.settle(name, parked, Effects::parking(recorded, Hold::Poison { reason })).await?;
        Ok(true)
    }

    /// Stores what a retried fact leaves behind, and takes it off the list unless it waits on.
    async fn settle(
        &self,
        name: &str,
        parked: &Parked,
        effects: Effects,
    ) -> Result<(), Interrupted> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        effects.store(&transaction, name).await?;
        if effects.parked.is_empty() {
            unpark(&transaction, parked).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Waits longer each time.
fn later(hold: Hold, attempts: i32) -> Hold {
    match hold {
        Hold::Retry { after, reason } => {
            let doubled = after * 2u32.saturating_pow(attempts.clamp(0, 10) as u32);
            Hold::Retry { after: doubled.min(LONGEST_PAUSE), reason }
        }
        Hold::Waiting { .. } | Hold::Poison { .. } | Hold::Behind => hold,
    }
}
