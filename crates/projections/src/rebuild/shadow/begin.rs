//! What a table is before the first event: under its leases, and empty or as it was left.

use super::Shadow;
use crate::{
    Engine, Error,
    read_model::ReadModel,
    rebuild::{
        Origin, Then,
        indexes::Indexes,
        leases::{self, Leases},
        part::Part,
    },
};
use eventlog::consumer::handover;
use futures::future::try_join_all;
use std::collections::BTreeMap;

impl<M: ReadModel> Shadow<M> {
    /// Waits for the leases for as long as a rebuild that was killed may still hold them.
    pub(crate) async fn begin(engine: &Engine, origin: Origin) -> Result<Self, Error> {
        let name = format!("{}{}", M::NAME, origin.suffix());
        let live = engine.consumers.shares(M::NAME).await?;
        let (leases, indexes, rows, compares) = match origin {
            Origin::Anew { rows, then, shares } => {
                let shares = shares.unwrap_or(live);
                let mut leases = leases::take_cut::<M>(engine, &name, &shares).await?;
                let indexes = empty::<M>(engine, &name, &mut leases).await?;
                let each = (rows / leases.len()).max(1);
                (leases, indexes, Some(each), then != Then::Swap)
            }
            Origin::Old => {
                must_exist::<M>(engine, &name).await?;
                (leases::take::<M>(engine, &name).await?, Indexes::default(), None, false)
            }
        };
        Ok(Self {
            engine: engine.clone(),
            parts: parts(engine, &name, leases, rows).await?,
            name,
            indexes,
            compares,
            rows: 0,
            compared: None,
            swapped: false,
            took: BTreeMap::new(),
        })
    }
}

pub(super) async fn parts<M: ReadModel>(
    engine: &Engine,
    name: &str,
    leases: Leases,
    rows: Option<usize>,
) -> Result<Vec<Part<M>>, Error> {
    try_join_all(leases.into_iter().map(|held| Part::open(engine, name, held, rows))).await
}

async fn must_exist<M: ReadModel>(engine: &Engine, name: &str) -> Result<(), Error> {
    let client = engine.pool.get().await?;
    let found = client.query_one("select to_regclass($1::text) is not null", &[&name]).await?;
    let known = handover::checkpoints(&client, name).await?;
    match found.get(0) && !known.is_empty() {
        true => Ok(()),
        false => Err(Error::NoOld(M::NAME.to_owned())),
    }
}

/// An empty table at the beginning of the log, without indexes.
pub(super) async fn empty<M: ReadModel>(
    engine: &Engine,
    name: &str,
    leases: &mut Leases,
) -> Result<Indexes, Error> {
    let mut client = engine.pool.get().await?;
    let transaction = client.transaction().await?;
    let create = format!(
        "drop table if exists {name}, {live}__gone;
         create table {name} (like {live} including all)",
        live = M::NAME
    );
    transaction.batch_execute(&create).await?;
    let indexes = Indexes::take_off(&transaction, name).await?;
    for (_, lease) in leases {
        handover::restart(&transaction, lease).await?;
    }
    transaction.commit().await?;
    Ok(indexes)
}
