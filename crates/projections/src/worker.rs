//! The worker of one view: follows the log under a lease and keeps the view's table.

mod following;

use crate::{
    Engine, Error,
    progress::{Condition, Place},
    read_model::ReadModel,
};
use eventlog::consumer::{Lease, Share};
use following::Worker;
use futures::future::join_all;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often a worker on standby asks for the lease.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How long the lease is left to another, who has less to do.
const STAND_BACK: Duration = Duration::from_secs(2);
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
        self.consumers.release(worker.lease()).await?;
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
