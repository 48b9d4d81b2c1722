//! Folding what the log delivers, as long as the lease is held.

use super::Ended;
use crate::{
    Engine, Error,
    apply::Applier,
    progress::{Condition, Local, Place},
    read_model::{ReadModel, categories},
    table::Table,
};
use eventlog::{
    Delivery, Position, StreamName, Subscription,
    consumer::{Lease, Seat, Share, handover},
};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How often parked events are looked at while there are any.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many parked streams are tried in one go.
const RETRIED_STREAMS: i64 = 100;
/// A batch of so many events shows load: the next one is gathered for a while.
const MANY: usize = 32;
const GATHER: Duration = Duration::from_millis(8);

/// Who keeps a share of a view.
pub(super) struct Worker<'a, M: ReadModel> {
    applier: Applier<M>,
    subscription: Subscription,
    place: &'a Place,
    /// Everything up to here shows; the checkpoint may be behind when nothing had to be folded.
    reached: Position,
    /// Until when events are gathered before they are folded: under load, larger batches cost less.
    gather: Option<Instant>,
    /// When the checkpoint moved or the lease was prolonged.
    wrote: Instant,
    /// When parked events were looked at.
    looked: Instant,
}

impl<'a, M: ReadModel> Worker<'a, M> {
    pub(super) async fn open(
        engine: &Engine,
        share: Share,
        lease: Lease,
        place: &'a Place,
    ) -> Result<Self, Error> {
        let reached = lease.position;
        let table = Table::named(M::NAME);
        let applier =
            timeout(engine.options.patience, Applier::open(engine, table, share, lease)).await??;
        let worker = Self {
            subscription: engine.log.subscribe(reached, categories::<M>()),
            applier,
            place,
            reached,
            gather: None,
            wrote: Instant::now(),
            looked: Instant::now(),
        };
        worker.tell();
        Ok(worker)
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.applier.lease
    }

    /// Until it is stopped, or asked to leave its seat.
    pub(super) async fn follow(
        &mut self,
        stop: &CancellationToken,
        seat: &Seat,
    ) -> Result<Ended, Error> {
        let patience = self.applier.engine.options.patience;
        loop {
            let next_chore = self.next_chore();
            let delivery = tokio::select! {
                biased;
                () = stop.cancelled() => return self.end(Ended::Stopped).await,
                () = seat.asked_to_leave() => return self.end(Ended::Left).await,
                delivery = self.subscription.next() => Some(delivery.ok_or(Error::LogClosed)?),
                () = sleep_until(next_chore) => None,
            };
            if let Some(delivery) = delivery {
                timeout(patience, self.take(delivery)).await??;
            }
            if Instant::now() >= self.next_chore() {
                timeout(patience, self.do_chores()).await??;
            }
        }
    }

    /// Folds a delivery, together with what else is ready.
    async fn take(&mut self, first: Delivery) -> Result<(), Error> {
        if let Some(gather) = self.gather.take() {
            sleep_until(gather).await;
        }
        let (mut events, mut to) = (Vec::new(), self.reached);
        let mut ready = Some(first);
        while let Some(delivery) = ready {
            match delivery {
                Delivery::Events(new) => {
                    events.extend(new.into_iter().filter(|event| event.position > to))
                }
                Delivery::Checkpoint(position) => to = to.max(position),
                Delivery::CaughtUp => {}
            }
            to = events.last().map_or(to, |last| to.max(last.position));
            let full = events.len() >= self.applier.engine.options.batch;
            ready = if full { None } else { self.subscription.try_next() };
        }
        if !events.is_empty() {
            let many = events.len() >= MANY;
            self.applier.apply(events, to).await?;
            self.wrote = Instant::now();
            self.gather = many.then(|| self.wrote + GATHER);
        }
        self.reached = to;
        self.tell();
        Ok(())
    }

    fn next_chore(&self) -> Instant {
        let options = &self.applier.engine.options;
        let unsaved = self.reached > self.applier.lease.position;
        let write = self.wrote + if unsaved { options.idle_checkpoint } else { options.lease / 3 };
        if self.applier.parked.is_empty() { write } else { write.min(self.looked + LOOK_EVERY) }
    }

    async fn do_chores(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        if !self.applier.parked.is_empty() && now >= self.looked + LOOK_EVERY {
            self.retry_parked().await?;
            self.looked = now;
        }
        if now < self.next_chore() {
            return Ok(());
        }
        if self.reached > self.applier.lease.position {
            self.move_checkpoint().await?;
        } else {
            self.applier.renew().await?;
        }
        self.wrote = now;
        Ok(())
    }

    async fn end(&mut self, how: Ended) -> Result<Ended, Error> {
        self.move_checkpoint().await?;
        Ok(how)
    }

    async fn move_checkpoint(&mut self) -> Result<(), Error> {
        if self.reached > self.applier.lease.position {
            self.applier.apply(Vec::new(), self.reached).await?;
        }
        Ok(())
    }

    async fn retry_parked(&mut self) -> Result<(), Error> {
        let streams: Vec<StreamName> = {
            let client = self.applier.engine.pool.get().await?;
            let consumer = &self.applier.lease.name;
            let parked = handover::parked_from(&client, consumer).await?;
            self.applier.parked = parked.into_keys().collect();
            handover::retryable(&client, consumer, RETRIED_STREAMS).await?
        };
        for stream in streams {
            self.applier.retry(&stream).await?;
        }
        self.tell();
        Ok(())
    }

    fn tell(&self) {
        self.place.tell(Local {
            condition: Condition::Working,
            position: self.reached,
            parked_streams: self.applier.parked.len(),
        });
    }
}
