//! The worker of one view: follows the log under a lease and keeps the view's table.

use crate::{
    Engine, Error,
    apply::Applier,
    progress::{Condition, Local},
    read_model::{ReadModel, categories},
    table::Table,
};
use eventlog::{
    Delivery, Position, StreamName, Subscription,
    consumer::{Lease, handover},
};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often a worker on standby asks for the lease.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How often parked events are looked at while there are any.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many parked streams are tried in one go.
const RETRIED_STREAMS: i64 = 100;
/// Between two tries while something fails.
const PAUSES: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(2);

impl Engine {
    /// Keeps the view `M` until `stop`: goes on after every failure, and gives the lease back at
    /// the end. Any number of workers may be asked to keep the same view, here and elsewhere.
    pub async fn keep<M: ReadModel>(&self, stop: &CancellationToken) {
        let progress = self.progress.of(M::NAME);
        self.keep_up(M::NAME, stop, || self.serve::<M>(&progress, stop)).await;
    }

    /// Serves a view until that ends well, which it does when it is stopped.
    pub(crate) async fn keep_up<F>(
        &self,
        view: &'static str,
        stop: &CancellationToken,
        serve: impl Fn() -> F,
    ) where
        F: Future<Output = Result<(), Error>>,
    {
        let progress = self.progress.of(view);
        progress.send_modify(|local| local.condition = Condition::Standby);
        let mut pause = *PAUSES.start();
        loop {
            let began = Instant::now();
            let condition = match serve().await {
                Ok(()) => break,
                Err(Error::Fenced(_)) => {
                    tracing::info!(view, "the lease is lost: asking for it again");
                    Condition::Standby
                }
                Err(error) => {
                    let reason = error.told();
                    tracing::warn!(view, %reason, "the view cannot be kept up: trying again");
                    Condition::Degraded(reason)
                }
            };
            if began.elapsed() > *PAUSES.end() || condition == Condition::Standby {
                pause = *PAUSES.start();
            }
            progress.send_modify(|local| local.condition = condition);
            stop.run_until_cancelled(sleep(pause)).await;
            pause = (pause * 2).min(*PAUSES.end());
        }
        progress.send_modify(|local| local.condition = Condition::Absent);
    }

    /// `Ok` when stopped.
    async fn serve<M: ReadModel>(
        &self,
        progress: &watch::Sender<Local>,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let asking = self.take_lease(M::NAME, progress);
        let Some(lease) = stop.run_until_cancelled(asking).await else {
            return Ok(());
        };
        let mut worker = Worker::<M>::open(self, lease?, progress).await?;
        worker.follow(stop).await?;
        self.consumers.release(&worker.applier.lease).await?;
        Ok(())
    }

    pub(crate) async fn take_lease(
        &self,
        view: &'static str,
        progress: &watch::Sender<Local>,
    ) -> Result<Lease, Error> {
        let patience = self.options.patience;
        timeout(patience, self.consumers.register(&[view])).await??;
        loop {
            let asked = self.consumers.acquire(view, self.owner, self.options.lease);
            if let Some(lease) = timeout(patience, asked).await?? {
                return Ok(lease);
            }
            progress.send_modify(|local| local.condition = Condition::Standby);
            sleep(ASK_EVERY).await;
        }
    }
}

struct Worker<'a, M: ReadModel> {
    applier: Applier<M>,
    subscription: Subscription,
    progress: &'a watch::Sender<Local>,
    /// Everything up to here shows; the checkpoint may be behind when nothing had to be folded.
    reached: Position,
    /// When the checkpoint moved or the lease was prolonged.
    wrote: Instant,
    /// When parked events were looked at.
    looked: Instant,
}

impl<'a, M: ReadModel> Worker<'a, M> {
    async fn open(
        engine: &Engine,
        lease: Lease,
        progress: &'a watch::Sender<Local>,
    ) -> Result<Self, Error> {
        let reached = lease.position;
        let table = Table::named(M::NAME);
        let applier =
            timeout(engine.options.patience, Applier::open(engine, table, lease)).await??;
        let worker = Self {
            subscription: engine.log.subscribe(reached, categories::<M>()),
            applier,
            progress,
            reached,
            wrote: Instant::now(),
            looked: Instant::now(),
        };
        worker.tell();
        Ok(worker)
    }

    /// `Ok` when stopped.
    async fn follow(&mut self, stop: &CancellationToken) -> Result<(), Error> {
        let patience = self.applier.engine.options.patience;
        loop {
            let next_chore = self.next_chore();
            let delivery = tokio::select! {
                biased;
                () = stop.cancelled() => return self.move_checkpoint().await,
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
            self.applier.apply(events, to).await?;
            self.wrote = Instant::now();
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

    async fn move_checkpoint(&mut self) -> Result<(), Error> {
        if self.reached > self.applier.lease.position {
            self.applier.apply(Vec::new(), self.reached).await?;
        }
        Ok(())
    }

    async fn retry_parked(&mut self) -> Result<(), Error> {
        let streams: Vec<StreamName> = {
            let client = self.applier.engine.pool.get().await?;
            let parked = handover::parked_from(&client, M::NAME).await?;
            self.applier.parked = parked.into_keys().collect();
            handover::retryable(&client, M::NAME, RETRIED_STREAMS).await?
        };
        for stream in streams {
            self.applier.retry(&stream).await?;
        }
        self.tell();
        Ok(())
    }

    fn tell(&self) {
        self.progress.send_replace(Local {
            condition: Condition::Working,
            position: self.reached,
            parked_streams: self.applier.parked.len(),
        });
    }
}
