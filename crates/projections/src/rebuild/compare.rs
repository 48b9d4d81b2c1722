//! Is the new table what the view is? Row for row, both at one position.

use super::{
    shadow::{PATIENCE, PAUSE, Shadow},
    swap::{HOLD, stop_writers},
};
use crate::{Error, read_model::ReadModel, row::Row};
use deadpool_postgres::Transaction;
use eventlog::Position;
use futures::future::try_join_all;
use tokio::time::{Instant, sleep};
use tokio_postgres::IsolationLevel;

/// How many differing keys are named.
const NAMED: i64 = 1000;

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Where both were; of shares at different positions, the first.
    pub position: Position,
    /// The view's rows.
    pub rows: i64,
    /// The rows that the log leads to.
    pub folded: i64,
    /// How many keys have different rows, or a row in only one of the two.
    pub differing: i64,
    /// The first of these keys, in order.
    pub keys: Vec<String>,
}

impl Compared {
    pub fn is_equal(&self) -> bool {
        self.differing == 0
    }
}

impl<M: ReadModel> Shadow<M> {
    /// Compares with the view, which goes on meanwhile.
    pub(super) async fn compare(&mut self) -> Result<Compared, Error> {
        let deadline = Instant::now() + PATIENCE;
        let pool = self.engine.pool.clone();
        loop {
            let mut client = pool.get().await?;
            let snapshot = client.build_transaction();
            let snapshot = snapshot.isolation_level(IsolationLevel::RepeatableRead).read_only(true);
            let snapshot = snapshot.start().await?;
            if let Some(position) = self.meet(&snapshot).await? {
                return compare::<M>(&snapshot, &self.name, position).await;
            }
            if Instant::now() >= deadline {
                return Err(self.behind().await?);
            }
            sleep(PAUSE).await;
        }
    }

    /// Takes the snapshot when each share is where the view's is, and gives the first position.
    async fn meet(&mut self, snapshot: &Transaction<'_>) -> Result<Option<Position>, Error> {
        let mut client = self.engine.pool.clone().get().await?;
        let stopped = client.transaction().await?;
        let Some(live) = stop_writers(&stopped, M::NAME).await? else {
            return Ok(None);
        };
        let by = Instant::now() + HOLD;
        let meeting = self.parts.iter_mut().zip(&live).map(|(part, live)| part.meet(*live, by));
        if !try_join_all(meeting).await?.into_iter().all(|there| there) {
            return Ok(None);
        }
        // The first statement of a transaction takes its snapshot.
        snapshot.batch_execute("set local enable_seqscan = on; select 1").await?;
        stopped.rollback().await?;
        Ok(Some(self.position()))
    }
}

async fn compare<M: ReadModel>(
    snapshot: &Transaction<'_>,
    folded: &str,
    position: Position,
) -> Result<Compared, Error> {
    let live = checksum(snapshot, M::NAME).await?;
    let new = checksum(snapshot, folded).await?;
    let mut compared =
        Compared { position, rows: live.0, folded: new.0, differing: 0, keys: Vec::new() };
    if live != new {
        let key = M::Row::COLUMNS[0].name;
        let differing = format!(
            "select coalesce(a.{key}, b.{key}), count(*) over ()
             from {} a full join {folded} b on a.{key} = b.{key}
             where a::text is distinct from b::text order by 1 limit $1",
            M::NAME
        );
        let rows = snapshot.query(&differing, &[&NAMED]).await?;
        compared.differing = rows.first().map_or(0, |row| row.get(1));
        compared.keys = rows.iter().map(|row| row.get(0)).collect();
    }
    Ok(compared)
}

/// The number of rows, and a sum over their contents.
async fn checksum(snapshot: &Transaction<'_>, table: &str) -> Result<(i64, String), Error> {
    let select = format!(
        "select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text from {table} t"
    );
    let row = snapshot.query_one(&select, &[]).await?;
    Ok((row.get(0), row.get(1)))
}
