//! The worker of one view: follows the log under a lease and keeps the view's table.

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
use futures::future::join_all;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How often a worker on standby asks for the lease.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How long the lease is left to another, who has less to do.
const STAND_BACK: Duration = Duration::from_secs(2);
/// How often parked events are looked at while there are any.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many parked streams are tried in one go.
const RETRIED_STREAMS: i64 = 100;
/// A batch of so many events shows load: the next one is gathered for a while.
const MANY: usize = 32;
const GATHER: Duration = Duration::from_millis(8);
/// Between two tries while something fails.
const PAUSES: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(2);

/// Why a worker ends without having failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was stopped.
    Stopped,
    /// Another process has less to do and takes over.
    Left,
}

impl Engine {
    /// Keeps the view `M` until `stop`: goes on after every failure, and gives the leases back at
    /// the end. Any number of workers may be asked to keep the same view, here and elsewhere; they
    /// share its shares.
    pub async fn keep<M: ReadModel>(&self, stop: &CancellationToken) {
        let all = self.progress.of(M::NAME);
        while !stop.is_cancelled() {
            let shares = match self.shares(M::NAME).await {
                Ok(shares) => shares,
                Err(error) => {
                    all.place(Share::WHOLE).tell_condition(degraded(M::NAME, &error));
                    stop.run_until_cancelled(sleep(ASK_EVERY)).await;
                    continue;
                }
            };
            all.cut(&shares);
            // When the view is cut anew, all its workers here begin anew.
            let round = stop.child_token();
            let keeping = shares.iter().map(|share| self.keep_share::<M>(*share, &round));
            join_all(keeping).await;
        }
        all.cut(&[]);
    }

    /// Into which shares the work of a view is cut; a new one is whole.
    pub(crate) async fn shares(&self, view: &'static str) -> Result<Vec<Share>, Error> {
        Ok(timeout(self.options.patience, self.consumers.shares(view)).await??)
    }

    async fn keep_share<M: ReadModel>(&self, share: Share, stop: &CancellationToken) {
        let place = self.progress.of(M::NAME).place(share);
        self.keep_up(M::NAME, &place, stop, || self.serve::<M>(share, &place, stop)).await;
    }

    /// Serves a share of a view until it is stopped, or the view is cut anew: then it cancels
    /// `stop`.
    pub(crate) async fn keep_up<F>(
        &self,
        view: &'static str,
        place: &Place,
        stop: &CancellationToken,
        serve: impl Fn() -> F,
    ) where
        F: Future<Output = Result<Ended, Error>>,
    {
        let mut pause = *PAUSES.start();
        loop {
            let began = Instant::now();
            let condition = match serve().await {
                Ok(Ended::Stopped) => break,
                Ok(Ended::Left) => {
                    place.tell_condition(Condition::Standby);
                    stop.run_until_cancelled(sleep(STAND_BACK)).await;
                    Condition::Standby
                }
                Err(Error::Cut(_)) => break stop.cancel(),
                Err(Error::Fenced(_)) => {
                    tracing::info!(view, "the lease is lost: asking for it again");
                    Condition::Standby
                }
                Err(error) => degraded(view, &error),
            };
            if began.elapsed() > *PAUSES.end() || condition == Condition::Standby {
                pause = *PAUSES.start();
            }
            place.tell_condition(condition);
            stop.run_until_cancelled(sleep(pause)).await;
            pause = (pause * 2).min(*PAUSES.end());
        }
        place.tell_condition(Condition::Standby);
    }

    async fn serve<M: ReadModel>(
        &self,
        share: Share,
        place: &Place,
        stop: &CancellationToken,
    ) -> Result<Ended, Error> {
        let seat = self.roster.join(&share.consumer(M::NAME));
        let asking = self.take_lease(M::NAME, share, place);
        let Some(lease) = stop.run_until_cancelled(asking).await else {
            return Ok(Ended::Stopped);
        };
        let mut worker = Worker::<M>::open(self, share, lease?, place).await?;
        let ended = worker.follow(stop, &seat).await?;
        self.consumers.release(&worker.applier.lease).await?;
        Ok(ended)
    }

    pub(crate) async fn take_lease(
        &self,
        view: &'static str,
        share: Share,
        place: &Place,
    ) -> Result<Lease, Error> {
        let (patience, consumer) = (self.options.patience, share.consumer(view));
        loop {
            let asked = self.consumers.acquire(&consumer, self.owner, self.options.lease);
            if let Some(lease) = timeout(patience, asked).await?? {
                return Ok(lease);
            }
            if !self.shares(view).await?.contains(&share) {
                return Err(Error::Cut(view));
            }
            place.tell_condition(Condition::Standby);
            sleep(ASK_EVERY).await;
        }
    }
}

fn degraded(view: &'static str, error: &Error) -> Condition {
    let reason = error.told();
    tracing::warn!(view, %reason, "the view cannot be kept up: trying again");
    Condition::Degraded(reason)
}

struct Worker<'a, M: ReadModel> {
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
    async fn open(
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

    async fn follow(&mut self, stop: &CancellationToken, seat: &Seat) -> Result<Ended, Error> {
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
