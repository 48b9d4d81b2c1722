//! The worker that keeps the table: one for all contexts, under a lease. It reads no event's
//! content, so there is nothing that it could not handle.

use super::NAME;
use crate::{
    Engine, Error,
    apply::idle_limit,
    progress::{Condition, Local, Place},
    worker::Ended,
};
use domain::Context;
use eventlog::{
    Delivery, Position, RecordedEvent, Subscription,
    consumer::{Lease, Seat, Share, advance},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_postgres::types::ToSql;
use tokio_util::sync::CancellationToken;

/// How long facts are gathered before they are written: many at once cost little more than one.
const GATHER: Duration = Duration::from_millis(50);

const INSERT: &str = "
    insert into shared.timeline
        (correlation_id, commit_position, prepare_position, stream, version)
    select * from unnest($1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::int8[])
    on conflict do nothing";

impl Engine {
    /// Keeps the timeline until `stop`, as [`Engine::keep`] keeps a view.
    pub async fn keep_timeline(&self, stop: &CancellationToken) {
        let all = self.progress.of(NAME);
        all.cut(&[Share::WHOLE]);
        let (place, stop) = (all.place(Share::WHOLE), stop.child_token());
        self.keep_up(NAME, &place, &stop, || self.serve_timeline(&place, &stop)).await;
        all.cut(&[]);
    }

    async fn serve_timeline(
        &self,
        place: &Place,
        stop: &CancellationToken,
    ) -> Result<Ended, Error> {
        self.shares(NAME).await?;
        let seat = self.roster.join(NAME);
        let asking = self.take_lease(NAME, Share::WHOLE, place);
        let Some(lease) = stop.run_until_cancelled(asking).await else {
            return Ok(Ended::Stopped);
        };
        let mut keeper = Keeper::new(self, lease?, place);
        let ended = keeper.follow(stop, &seat).await?;
        self.consumers.release(&keeper.lease).await?;
        Ok(ended)
    }
}

struct Keeper<'a> {
    engine: &'a Engine,
    lease: Lease,
    subscription: Subscription,
    place: &'a Place,
    /// Delivered, and not yet in the table.
    gathered: Vec<Arc<RecordedEvent>>,
    reached: Position,
    /// When the checkpoint fell behind what was delivered.
    behind: Option<Instant>,
    /// When the checkpoint moved or the lease was prolonged.
    wrote: Instant,
}

impl<'a> Keeper<'a> {
    fn new(engine: &'a Engine, lease: Lease, place: &'a Place) -> Self {
        let categories = Context::ALL.iter().flat_map(|context| context.parts());
        let categories = categories.map(|&category| category.to_owned()).collect();
        let reached = lease.position;
        let subscription = engine.log.subscribe(reached, categories);
        let (gathered, behind, wrote) = (Vec::new(), None, Instant::now());
        let keeper = Self { engine, lease, subscription, place, gathered, reached, behind, wrote };
        keeper.tell();
        keeper
    }

    async fn follow(&mut self, stop: &CancellationToken, seat: &Seat) -> Result<Ended, Error> {
        let (patience, batch) = (self.engine.options.patience, self.engine.options.batch);
        loop {
            let due = self.due();
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.end(Ended::Stopped).await,
                () = seat.asked_to_leave() => return self.end(Ended::Left).await,
                delivery = self.subscription.next() => {
                    self.gather(delivery.ok_or(Error::LogClosed)?);
                }
                () = sleep_until(due) => {}
            }
            if self.gathered.len() >= batch || Instant::now() >= self.due() {
                timeout(patience, self.write()).await??;
            }
        }
    }

    async fn end(&mut self, how: Ended) -> Result<Ended, Error> {
        self.write().await?;
        Ok(how)
    }

    fn gather(&mut self, delivery: Delivery) {
        let before = self.reached;
        match delivery {
            Delivery::Events(events) => {
                self.gathered.extend(events.into_iter().filter(|event| event.position > before));
                let last = self.gathered.last().map(|event| event.position);
                self.reached = self.reached.max(last.unwrap_or(before));
            }
            Delivery::Checkpoint(position) => self.reached = self.reached.max(position),
            Delivery::CaughtUp => {}
        }
        if self.reached > self.lease.position {
            self.behind.get_or_insert_with(Instant::now);
        }
        self.tell();
    }

    /// When to write next.
    fn due(&self) -> Instant {
        let options = &self.engine.options;
        match self.behind {
            Some(since) if self.gathered.is_empty() => since + options.idle_checkpoint,
            Some(since) => since + GATHER,
            None => self.wrote + options.lease / 3,
        }
    }

    /// Writes what was gathered and moves the checkpoint; prolongs the lease when there is nothing.
    async fn write(&mut self) -> Result<(), Error> {
        if self.reached > self.lease.position {
            self.commit().await?;
        } else if !self.engine.consumers.renew(&self.lease, self.engine.options.lease).await? {
            return Err(Error::Fenced(NAME.to_owned()));
        }
        self.gathered.clear();
        (self.behind, self.wrote) = (None, Instant::now());
        self.tell();
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Error> {
        let (options, events) = (&self.engine.options, &self.gathered);
        let requests: Vec<_> = events.iter().map(|event| event.metadata.correlation_id).collect();
        let commits: Vec<_> = events.iter().map(|event| event.position.commit as i64).collect();
        let prepares: Vec<_> = events.iter().map(|event| event.position.prepare as i64).collect();
        let streams: Vec<_> = events.iter().map(|event| event.stream.as_str()).collect();
        let versions: Vec<_> = events.iter().map(|event| event.version as i64).collect();
        let mut client = self.engine.pool.get().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(&idle_limit(options.lease)).await?;
        let insert = transaction.prepare_cached(INSERT).await?;
        let columns: [&(dyn ToSql + Sync); 5] =
            [&requests, &commits, &prepares, &streams, &versions];
        transaction.execute(&insert, &columns).await?;
        let mut lease = self.lease.clone();
        advance(&transaction, &mut lease, self.reached, options.lease).await?;
        transaction.commit().await?;
        self.lease = lease;
        Ok(())
    }

    fn tell(&self) {
        let position = if self.gathered.is_empty() { self.reached } else { self.lease.position };
        let condition = Condition::Working;
        self.place.tell(Local { condition, position, parked_streams: 0 });
    }
}
