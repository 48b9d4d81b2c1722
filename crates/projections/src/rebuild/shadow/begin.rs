//! What a table is before the first event: under a lease, and empty or as it was left.

use super::{PAUSE, Shadow};
use crate::{
    Engine, Error,
    apply::Applier,
    read_model::ReadModel,
    rebuild::{Origin, Then, bulk::Bulk, indexes::Indexes, renewal::Renewal},
    table::Table,
};
use eventlog::consumer::{Lease, handover};
use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

impl<M: ReadModel> Shadow<M> {
    /// Waits for the lease for as long as a rebuild that was killed may still hold it.
    pub(crate) async fn begin(engine: &Engine, origin: Origin) -> Result<Self, Error> {
        let name = format!("{}{}", M::NAME, origin.suffix());
        engine.consumers.register(&[M::NAME]).await?;
        if matches!(origin, Origin::Old) {
            must_exist::<M>(engine, &name).await?;
        }
        let mut lease = lease::<M>(engine, &name).await?;
        let renewal = Renewal::of(engine, &lease);
        let (bulk, indexes, compares) = match origin {
            Origin::Anew { rows, then } => {
                let indexes = empty::<M>(engine, &name, &mut lease).await?;
                (Some(Bulk::new(rows)), indexes, then != Then::Swap)
            }
            Origin::Old => (None, Indexes::default(), false),
        };
        Ok(Self {
            applier: Applier::open(engine, Table::named(&name), lease).await?,
            name,
            bulk,
            indexes,
            compares,
            rows: 0,
            compared: None,
            swapped: false,
            took: BTreeMap::new(),
            _renewal: renewal,
        })
    }
}

async fn must_exist<M: ReadModel>(engine: &Engine, name: &str) -> Result<(), Error> {
    let client = engine.pool.get().await?;
    let found = client.query_one("select to_regclass($1::text) is not null", &[&name]).await?;
    let known = handover::checkpoint(&client, name).await?;
    match found.get(0) && known.is_some() {
        true => Ok(()),
        false => Err(Error::NoOld(M::NAME.to_owned())),
    }
}

async fn lease<M: ReadModel>(engine: &Engine, name: &str) -> Result<Lease, Error> {
    engine.consumers.register(&[name]).await?;
    let deadline = Instant::now() + engine.options.lease + Duration::from_secs(1);
    // Rebuilds of one process exclude each other too, so each is an owner of its own.
    let number = engine.rebuilds.fetch_add(1, Ordering::Relaxed);
    let owner = Uuid::new_v5(&engine.owner, &number.to_be_bytes());
    while Instant::now() < deadline {
        if let Some(lease) = engine.consumers.acquire(name, owner, engine.options.lease).await? {
            return Ok(lease);
        }
        sleep(PAUSE).await;
    }
    Err(Error::Rebuilding(M::NAME.to_owned()))
}

/// An empty table at the beginning of the log, without indexes.
pub(super) async fn empty<M: ReadModel>(
    engine: &Engine,
    name: &str,
    lease: &mut Lease,
) -> Result<Indexes, Error> {
    let mut client = engine.pool.get().await?;
    let transaction = client.transaction().await?;
    let create = format!(
        "drop table if exists {name}; create table {name} (like {} including all)",
        M::NAME
    );
    transaction.batch_execute(&create).await?;
    let indexes = Indexes::take_off(&transaction, name).await?;
    handover::restart(&transaction, lease).await?;
    transaction.commit().await?;
    Ok(indexes)
}
