//! What stands after a position. Positions have no gaps, so the count is a difference.

use super::rows::{at, query};
use crate::{Backlog, LogError, Position};
use deadpool_postgres::Pool;

/// One statement, so that the end and the events are of one moment.
const SELECT: &str = "
    select position,
           (select at from eventlog.events where position > $1 order by position limit 1)
    from eventlog.head";

pub(super) async fn backlog(pool: &Pool, after: Position) -> Result<Backlog, LogError> {
    let from = i64::try_from(after.commit).unwrap_or(i64::MAX);
    let rows = query(pool, SELECT, &[&from]).await?;
    let head =
        rows.first().ok_or_else(|| LogError::Foreign("eventlog.head is empty".to_owned()))?;
    let end: Position = at(head.get(0));
    Ok(Backlog {
        events: end.commit.saturating_sub(after.commit),
        is_all: true,
        oldest: head.get(1),
    })
}
