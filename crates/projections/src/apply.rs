//! Folding a batch of events into a table and moving the checkpoint, in one transaction.
//!
//! Rows are read before the transaction begins. That is safe because the checkpoint moves only from
//! where the lease says, under the lease's fence: had anybody written since, it would not.

use crate::{
    Engine, Error, Work,
    fold::{ParkedStreams, Step, ToPark, fold},
    pipelined::Pipelined,
    read_model::ReadModel,
    table::{Rows, Table},
};
use deadpool_postgres::{Client, GenericClient};
use eventlog::{
    Position, RecordedEvent, StreamName,
    consumer::{Hold, Lease, Parked, Share, advance, handover, hold, park, unpark},
    trace::spans_of,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// The one writer of the rows of a share of the keys, as long as it holds the lease: of a view's
/// live table, or of the one that a rebuild fills.
pub(crate) struct Applier<M: ReadModel> {
    pub(crate) engine: Engine,
    pub(crate) table: Table<M::Row>,
    /// The keys whose rows are its.
    pub(crate) share: Share,
    pub(crate) lease: Lease,
    pub(crate) parked: ParkedStreams,
    /// Events that a person gave up.
    skipped: HashSet<(StreamName, u64)>,
    work: Arc<Work>,
}

impl<M: ReadModel> Applier<M> {
    /// What was parked goes with the lease; what a person gave up goes with the view.
    pub(crate) async fn open(
        engine: &Engine,
        table: Table<M::Row>,
        share: Share,
        lease: Lease,
    ) -> Result<Self, Error> {
        let client = engine.pool.get().await?;
        let parked = handover::parked_from(&client, &lease.name).await?;
        let skipped = handover::skipped(&client, M::NAME).await?;
        let parked = parked.into_keys().collect();
        let work = engine.work_of(M::NAME);
        Ok(Self { engine: engine.clone(), table, share, lease, parked, skipped, work })
    }

    /// Folds events that follow the checkpoint, and moves it to `to`. An event that the database
    /// does not take is found by halving the batch, and parked.
    pub(crate) async fn apply(
        &mut self,
        events: Vec<Arc<RecordedEvent>>,
        to: Position,
    ) -> Result<(), Error> {
        // They end when all is visible.
        let _spans = spans_of(events.iter().map(|event| &event.metadata), M::NAME);
        let mut pieces = vec![events];
        while let Some(mut piece) = pieces.pop() {
            let end = if pieces.is_empty() {
                to
            } else {
                piece.last().map_or(to, |event| event.position)
            };
            let steps = self.work.decode.on(|| self.steps(&piece));
            match self.write(steps, end, None).await {
                Err(error) if error.is_about_the_rows() && piece.len() > 1 => {
                    let second = piece.split_off(piece.len() / 2);
                    pieces.extend([second, piece]);
                }
                Err(error) if error.is_about_the_rows() => {
                    self.write(poison(&piece, &error), end, None).await?;
                }
                written => written?,
            }
        }
        Ok(())
    }

    /// Tries the parked events of a stream again, in order, until one still cannot be folded.
    pub(crate) async fn retry(&mut self, stream: &StreamName) -> Result<(), Error> {
        self.parked.remove(stream);
        for parked in self.engine.parked.of_stream(&self.lease.name, stream).await? {
            let Some(event) = parked.read(&*self.engine.log).await? else {
                self.parked.insert(stream.clone());
                hold(&self.engine.pool.get().await?, &parked, &Hold::gone()).await?;
                break;
            };
            let event = [Arc::new(event)];
            let here = self.lease.position;
            match self.write(self.steps(&event), here, Some(&parked)).await {
                Err(error) if error.is_about_the_rows() => {
                    self.write(poison(&event, &error), here, Some(&parked)).await?;
                }
                written => written?,
            }
            if self.parked.contains(stream) {
                break;
            }
        }
        Ok(())
    }

    /// Prolongs the lease without moving the checkpoint.
    pub(crate) async fn renew(&self) -> Result<(), Error> {
        let renewed = self.engine.consumers.renew(&self.lease, self.engine.options.lease);
        if renewed.await? { Ok(()) } else { Err(Error::Fenced(self.lease.name.clone())) }
    }

    /// Fails when the lease is lost; nobody takes it until the transaction ends.
    pub(crate) async fn hold(&self, transaction: &impl GenericClient) -> Result<(), Error> {
        let mut lease = self.lease.clone();
        let here = lease.position;
        Ok(advance(transaction, &mut lease, here, self.engine.options.lease).await?)
    }

    /// Whether a person gave this event up.
    pub(crate) fn is_given_up(&self, stream: &StreamName, version: u64) -> bool {
        !self.skipped.is_empty() && self.skipped.contains(&(stream.clone(), version))
    }

    /// Decodes events, without those that a person gave up.
    pub(crate) fn steps(&self, events: &[Arc<RecordedEvent>]) -> Vec<Step> {
        let wanted = events.iter().filter(|event| !self.is_given_up(&event.stream, event.version));
        wanted.map(|event| Step::of::<M>(event.clone(), self.share)).collect()
    }

    async fn write(
        &mut self,
        steps: Vec<Step>,
        to: Position,
        retried: Option<&Parked>,
    ) -> Result<(), Error> {
        let keys: HashSet<&str> = steps.iter().flat_map(Step::keys).map(String::as_str).collect();
        let mut rows = {
            let client = self.engine.pool.get().await?;
            self.work.read.waiting(self.table.load(&client, keys.into_iter().collect())).await?
        };
        let (mut parked, events) = (self.parked.clone(), steps.len());
        let to_park = self.work.fold.on(|| fold::<M>(&mut rows, steps, &mut parked));
        let work = self.work.clone();
        work.write.waiting(self.commit(&rows, &to_park, to, retried)).await?;
        work.took(events);
        self.parked = parked;
        Ok(())
    }

    /// The table first and the checkpoint last: a rebuild locks in this order too.
    async fn commit(
        &mut self,
        rows: &Rows<M::Row>,
        to_park: &[ToPark],
        to: Position,
        retried: Option<&Parked>,
    ) -> Result<(), Error> {
        let transaction = Pipelined::on(&self.engine.pool).await?;
        let (client, ttl) = (transaction.client()?, self.engine.options.lease);
        let mut lease = self.lease.clone();
        let (begun, written, parked, moved, noted) = futures::join!(
            transaction.begin(ttl),
            self.table.write(client, rows),
            self.park(client, to_park, retried),
            advance(client, &mut lease, to, ttl),
            self.note(client, retried),
        );
        // The first failure is the cause of the others.
        let moved = moved.map_err(Error::from);
        let failed = begun.and(written).and(parked).and(moved).and(noted);
        if let Err(error) = failed {
            transaction.roll_back().await?;
            return Err(error);
        }
        transaction.commit().await?;
        self.lease = lease;
        Ok(())
    }

    /// Rows that an event changes long after its turn are found by nobody who follows the log.
    async fn note(&self, client: &Client, retried: Option<&Parked>) -> Result<(), Error> {
        if retried.is_some() {
            handover::rewritten(client, &self.lease.name).await?;
        }
        Ok(())
    }

    async fn park(
        &self,
        client: &Client,
        to_park: &[ToPark],
        retried: Option<&Parked>,
    ) -> Result<(), Error> {
        if let Some(parked) = retried.filter(|_| to_park.is_empty()) {
            unpark(client, parked).await?;
        }
        for (event, hold) in to_park {
            park(client, &self.lease.name, event, hold).await?;
        }
        Ok(())
    }
}

/// Makes the server end a transaction whose client is silent for so long.
pub(crate) fn idle_limit(silence: Duration) -> String {
    format!("set local idle_in_transaction_session_timeout = {}", silence.as_millis())
}

fn poison(events: &[Arc<RecordedEvent>], error: &Error) -> Vec<Step> {
    let reason = error.refused().unwrap_or_else(|| error.told());
    events.iter().map(|event| Step::poison(event.clone(), reason.clone())).collect()
}
