//! Who may write to a table that is being rebuilt: one rebuild at a time.

use super::shadow::PAUSE;
use crate::{Engine, Error, read_model::ReadModel};
use eventlog::consumer::{Lease, Share, handover};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// The leases of a table's shares.
pub(super) type Leases = Vec<(Share, Lease)>;

/// Those of the table `name`, as it is cut now.
pub(super) async fn take<M: ReadModel>(engine: &Engine, name: &str) -> Result<Leases, Error> {
    // Rebuilds of one process exclude each other too, so each is an owner of its own.
    let number = engine.rebuilds.fetch_add(1, Ordering::Relaxed);
    let owner = Uuid::new_v5(&engine.owner, &number.to_be_bytes());
    // A rebuild that was killed may still hold them for a while.
    let deadline = Instant::now() + engine.options.lease + Duration::from_secs(1);
    let mut leases = Leases::new();
    for share in engine.consumers.shares(name).await? {
        let consumer = share.consumer(name);
        let lease = loop {
            let asked = engine.consumers.acquire(&consumer, owner, engine.options.lease);
            if let Some(lease) = asked.await? {
                break lease;
            }
            if Instant::now() >= deadline {
                release(engine, leases.iter().map(|(_, lease)| lease)).await;
                return Err(Error::Rebuilding(M::NAME.to_owned()));
            }
            sleep(PAUSE).await;
        };
        leases.push((share, lease));
    }
    Ok(leases)
}

/// Those of the table `name` when it is cut into `shares`.
pub(super) async fn take_cut<M: ReadModel>(
    engine: &Engine,
    name: &str,
    shares: &[Share],
) -> Result<Leases, Error> {
    let leases = take::<M>(engine, name).await?;
    if leases.iter().map(|(share, _)| share).eq(shares) {
        return Ok(leases);
    }
    let mut client = engine.pool.get().await?;
    let transaction = client.transaction().await?;
    handover::forget(&transaction, &refs(&leases)).await?;
    handover::cut(&transaction, name, shares).await?;
    transaction.commit().await?;
    take::<M>(engine, name).await
}

/// Gives leases back. Best effort: without it, the next rebuild waits until they run out.
pub(super) async fn release(engine: &Engine, leases: impl Iterator<Item = &Lease>) {
    for lease in leases {
        let released = engine.consumers.release(lease).await;
        released.unwrap_or_else(
            |error| tracing::debug!(%error, "a rebuild's lease runs out by itself"),
        );
    }
}

pub(super) fn refs(leases: &Leases) -> Vec<&Lease> {
    leases.iter().map(|(_, lease)| lease).collect()
}
