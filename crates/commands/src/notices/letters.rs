//! What staff sees of the outbox, and can do: list notices, and send dead letters again.

use super::{Channel, State, outbox::channel};

use chrono::{DateTime, Utc};
use deadpool_postgres::{Pool, PoolError};
use domain::shared::personal::Personal;
use std::time::Duration;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

const LIST: &str = "
    select number, fact_id, channel, recipient, body, state, attempts, created_at, due, sent_at,
        last_error
    from commands.notices
    where ($1::text is null or state = $1) and ($2::text is null or channel = $2) and number > $3
    order by number limit $4";

/// By an index, which has them apart from all that was sent.
const WAITING: &str = "
    select count(*) filter (where state = 'pending'), count(*) filter (where state = 'dead'),
        coalesce(extract(epoch from now() - min(created_at) filter (where state = 'pending')),
            0)::float8
    from commands.notices where state in ('pending', 'dead')";

const AGAIN: &str = "state = 'pending', attempts = 0, due = now(), last_error = null";

/// A notice as staff may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// Its place among all notices, growing.
    pub number: i64,
    pub fact_id: Uuid,
    pub channel: Channel,
    /// To be shown as [`masked`] only.
    pub recipient: Personal,
    pub body: String,
    pub state: State,
    /// Tries begun, since it was last sent again.
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    /// When the next try may begin; of a pending one.
    pub due: Option<DateTime<Utc>>,
    pub sent_at: Option<DateTime<Utc>>,
    /// Of the last try, if it failed.
    pub last_error: Option<String>,
}

/// Which notices to list, in the order they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Select {
    pub state: Option<State>,
    pub channel: Option<Channel>,
    /// Those after this number.
    pub after: i64,
    pub limit: i64,
}

/// How many notices are not sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    pub pending: i64,
    pub dead: i64,
    /// For how long the first of those that are pending has waited.
    pub oldest: Duration,
}

/// What became of the wish to send a notice again.
#[derive(Clone, Debug, PartialEq)]
pub enum Resent {
    /// It will be sent, as if for the first time; also one that was pending anyway.
    Pending(Letter),
    /// It was sent already: nothing was changed.
    AlreadySent,
    Unknown,
}

pub async fn waiting(pool: &Pool) -> Result<Waiting, PoolError> {
    let client = pool.get().await?;
    let row = client.query_one(&client.prepare_cached(WAITING).await?, &[]).await?;
    // Clocks may be set back.
    let oldest = Duration::try_from_secs_f64(row.get(2)).unwrap_or_default();
    Ok(Waiting { pending: row.get(0), dead: row.get(1), oldest })
}

/// Reads a page of notices.
pub async fn list(pool: &Pool, select: &Select) -> Result<Vec<Letter>, PoolError> {
    let client = pool.get().await?;
    let statement = client.prepare_cached(LIST).await?;
    let (state, channel) = (select.state.map(State::as_str), select.channel.map(Channel::as_str));
    let params: [&(dyn ToSql + Sync); 4] = [&state, &channel, &select.after, &select.limit];
    let rows = client.query(&statement, &params).await?;
    Ok(rows.iter().map(letter).collect())
}

/// Gives a dead letter all its tries again. The receiver knows it by the same id.
pub async fn resend(pool: &Pool, fact_id: Uuid) -> Result<Resent, PoolError> {
    let client = pool.get().await?;
    let again =
        format!("update commands.notices set {AGAIN} where fact_id = $1 and state = 'dead'");
    client.execute(&again, &[&fact_id]).await?;
    let one = "select * from commands.notices where fact_id = $1";
    let found = client.query_opt(one, &[&fact_id]).await?;
    Ok(match found.as_ref().map(letter) {
        None => Resent::Unknown,
        Some(Letter { state: State::Sent, .. }) => Resent::AlreadySent,
        Some(letter) => Resent::Pending(letter),
    })
}

/// Gives all dead letters their tries again; how many there were.
pub async fn resend_dead(pool: &Pool) -> Result<u64, PoolError> {
    let client = pool.get().await?;
    let again = format!("update commands.notices set {AGAIN} where state = 'dead'");
    Ok(client.execute(&again, &[]).await?)
}

/// The last four characters of a recipient, fewer of a short one: enough to recognise it, too
/// little to call it. Nothing of one that is sealed.
pub fn masked(recipient: &Personal) -> Option<String> {
    recipient.plain().map(end)
}

fn end(recipient: &str) -> String {
    let length = recipient.chars().count();
    let shown = (length / 2).min(4);
    let end: String = recipient.chars().skip(length - shown).collect();
    format!("…{end}")
}

fn letter(row: &Row) -> Letter {
    let state = State::named(row.get("state")).unwrap_or(State::Pending);
    let due: DateTime<Utc> = row.get("due");
    Letter {
        number: row.get("number"),
        fact_id: row.get("fact_id"),
        channel: channel(row),
        recipient: Personal::from_text(row.get("recipient")),
        body: row.get("body"),
        state,
        attempts: row.get("attempts"),
        created_at: row.get("created_at"),
        due: (state == State::Pending).then_some(due),
        sent_at: row.get("sent_at"),
        last_error: row.get("last_error"),
    }
}

#[cfg(test)]
mod tests {
    use super::end;

    #[test]
    fn shows_the_end_of_a_recipient_at_most() {
        let shown = ["010-1234-5678", "112", "고객", "1", ""].map(end);
        assert_eq!(shown, ["…5678", "…2", "…객", "…", "…"]);
    }
}
