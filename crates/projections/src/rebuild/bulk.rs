//! Rows in memory, as many as may be. When there are too many, those that were not touched for the
//! longest time go into the table, and come back when they are needed.

use super::{decode::Chunk, indexes::Indexes};
use crate::{
    Error,
    apply::Applier,
    fold::{ToPark, after, keys},
    pipelined::Pipelined,
    read_model::ReadModel,
};
use domain::{Event, Fact};
use eventlog::{
    Position,
    consumer::{Hold, Share, advance, park},
};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

/// A row in memory.
struct Slot<R> {
    /// `None`: there is no such row.
    row: Option<R>,
    /// The chunk in which it was last touched.
    touched: u32,
}

/// What is folded, and in memory.
pub(super) struct Bulk<M: ReadModel> {
    rows: HashMap<String, Slot<M::Row>>,
    /// Written at the end, with the checkpoint.
    to_park: Vec<ToPark>,
    /// Everything up to here is folded.
    position: Position,
    /// How many rows memory may hold.
    limit: usize,
    /// Counts the chunks.
    now: u32,
    /// Hashes of the keys whose rows are in the table: a few bytes for each, so that only those are
    /// looked for which are there.
    spilled: HashSet<u64>,
    hasher: RandomState,
}

impl<M: ReadModel> Bulk<M> {
    /// `limit` is how many rows memory may hold after a chunk.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            rows: HashMap::new(),
            to_park: Vec::new(),
            position: Position::START,
            limit,
            now: 0,
            spilled: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Rows in memory and in the table.
    pub(super) fn count(&self) -> u64 {
        let kept = self.rows.values().filter(|slot| slot.row.is_some()).count();
        (kept + self.spilled.len()) as u64
    }

    /// Folds a chunk, and then makes room when there are too many rows.
    pub(super) async fn fold(
        &mut self,
        applier: &mut Applier<M>,
        indexes: &mut Indexes,
        chunk: &Chunk,
    ) -> Result<(), Error> {
        self.now += 1;
        if !self.spilled.is_empty() {
            self.bring_back(applier, indexes, chunk).await?;
        }
        for event in &chunk.events {
            let stream = &event.place.stream;
            if !M::CATEGORIES.contains(&stream.category())
                || applier.is_given_up(stream, event.place.version)
            {
                continue;
            }
            if !applier.parked.is_empty() && applier.parked.contains(stream) {
                self.to_park.push((event.place.clone(), Hold::Behind));
                continue;
            }
            let folded = event.fact.as_ref().map_err(String::clone);
            if let Err(reason) =
                folded.and_then(|fact| self.fold_one(fact, event.place.version, applier.share))
            {
                applier.parked.insert(stream.clone());
                self.to_park.push((event.place.clone(), Hold::Poison { reason }));
            }
        }
        self.position = self.position.max(chunk.reached);
        if self.rows.len() >= self.limit { self.spill(applier).await } else { Ok(()) }
    }

    fn fold_one(&mut self, fact: &Fact<Event>, version: u64, share: Share) -> Result<(), String> {
        let keys = keys::<M>(fact, share)?;
        let before = |key: &str| self.rows.get(key).and_then(|slot| slot.row.clone());
        for (key, row) in after::<M>(fact, version, keys, before)? {
            self.rows.insert(key, Slot { row, touched: self.now });
        }
        Ok(())
    }

    fn hash(&self, key: &str) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Loads the rows that the chunk touches and that are in the table, and takes them out of it.
    async fn bring_back(
        &mut self,
        applier: &mut Applier<M>,
        indexes: &mut Indexes,
        chunk: &Chunk,
    ) -> Result<(), Error> {
        let facts = chunk.events.iter().filter_map(|event| event.fact.as_ref().ok());
        // A panic shows again when the fact is folded.
        let keys = facts.flat_map(|fact| keys::<M>(fact, applier.share).unwrap_or_default());
        let away =
            |key: &String| self.spilled.contains(&self.hash(key)) && !self.rows.contains_key(key);
        let needed: HashSet<String> = keys.filter(away).collect();
        if needed.is_empty() {
            return Ok(());
        }
        indexes.make_primary(&applier.engine.pool).await?;
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        let mut client = applier.engine.pool.get().await?;
        let transaction = client.transaction().await?;
        let loaded = applier.table.load(&transaction, needed.clone()).await?;
        applier.table.delete(&transaction, &needed).await?;
        applier.hold(&transaction).await?;
        transaction.commit().await?;
        for (key, row) in loaded {
            if row.is_some() {
                self.spilled.remove(&self.hasher.hash_one(&key));
            }
            self.rows.insert(key, Slot { row, touched: self.now });
        }
        Ok(())
    }

    /// Moves the half that was not touched for longest into the table.
    async fn spill(&mut self, applier: &mut Applier<M>) -> Result<(), Error> {
        let mut times: Vec<u32> = self.rows.values().map(|slot| slot.touched).collect();
        let middle = times.len() / 2;
        let (_, &mut middle, _) = times.select_nth_unstable(middle);
        let old: Vec<(String, Slot<M::Row>)> =
            self.rows.extract_if(|_, slot| slot.touched <= middle).collect();
        let transaction = Pipelined::on(&applier.engine.pool).await?;
        transaction.begin(applier.engine.options.lease).await?;
        let rows = old.iter().filter_map(|(_, slot)| slot.row.as_ref());
        applier.table.fill(transaction.client()?, rows).await?;
        applier.hold(transaction.client()?).await?;
        transaction.commit().await?;
        for (key, _) in old.iter().filter(|(_, slot)| slot.row.is_some()) {
            let hash = self.hash(key);
            self.spilled.insert(hash);
        }
        Ok(())
    }

    /// Writes what is in memory and parked, and moves the checkpoint.
    pub(super) async fn finish(self, applier: &mut Applier<M>) -> Result<(), Error> {
        let transaction = Pipelined::on(&applier.engine.pool).await?;
        transaction.begin(applier.engine.options.lease).await?;
        let client = transaction.client()?;
        let rows = self.rows.values().filter_map(|slot| slot.row.as_ref());
        applier.table.fill(client, rows).await?;
        for (event, hold) in &self.to_park {
            park(client, &applier.lease.name, event, hold).await?;
        }
        let mut lease = applier.lease.clone();
        advance(client, &mut lease, self.position, applier.engine.options.lease).await?;
        transaction.commit().await?;
        applier.lease = lease;
        Ok(())
    }
}
