//! What became of the notices that were claimed, put into their rows.

use super::{Claimed, FORGOTTEN, MAX_TRIES, Outcome};
use crate::due;
use deadpool_postgres::Client;
use std::time::Duration;

/// How long nobody is asked again when nobody was there. Such a try does not count: it says nothing of
/// the notice, and takes an end when the receiver is back.
const UNREACHED: Duration = Duration::from_secs(2);

const LONGEST_BACK_OFF: Duration = Duration::from_secs(5 * 60);

/// What was claimed and not tried.
const RELEASE: &str = "
    update commands.notices as notice set attempts = notice.attempts - 1, due = now()
    from unnest($1::uuid[], $2::int[]) as untried (fact_id, attempts)
    where notice.fact_id = untried.fact_id and notice.attempts = untried.attempts
      and notice.state = 'pending'";

/// Only what is still as it was claimed: a claim that ran out belongs to somebody else.
const SETTLE: &str = "
    update commands.notices as notice
    set state = case
            when outcome.error is null then 'sent'
            when outcome.over or outcome.counts and notice.attempts >= $5 then 'dead'
            else 'pending' end,
        attempts = notice.attempts - (not outcome.counts)::int,
        sent_at = case when outcome.error is null then now() end,
        due = now() + make_interval(secs => outcome.wait),
        last_error = outcome.error
    from unnest($1::uuid[], $2::int[], $3::text[], $4::float8[], $6::bool[], $7::bool[])
        as outcome (fact_id, attempts, error, wait, over, counts)
    where notice.fact_id = outcome.fact_id
      and notice.attempts = outcome.attempts
      and notice.state = 'pending'
    returning notice.fact_id, notice.channel, notice.state, notice.last_error";

/// All at once, so that nobody sees an attempt that was none.
pub(super) async fn settle(
    client: &mut Client,
    claimed: &[Claimed],
    outcomes: &[Outcome],
) -> Result<(), tokio_postgres::Error> {
    let (mut fact_ids, mut attempts, mut errors, mut waits) = (vec![], vec![], vec![], vec![]);
    let (mut over, mut counts, mut untried, mut begun) = (vec![], vec![], vec![], vec![]);
    for (Claimed { notice, attempts: tries, .. }, outcome) in claimed.iter().zip(outcomes) {
        let error = match outcome {
            Outcome::Sent => None,
            Outcome::Failed(error) | Outcome::Unreached(error) => Some(error.as_str()),
            Outcome::Forgotten => Some(FORGOTTEN),
            Outcome::Untried => {
                untried.push(notice.fact_id);
                begun.push(*tries);
                continue;
            }
        };
        fact_ids.push(notice.fact_id);
        attempts.push(*tries);
        errors.push(error);
        over.push(matches!(outcome, Outcome::Forgotten));
        let is_unreached = matches!(outcome, Outcome::Unreached(_));
        counts.push(!is_unreached);
        let wait = if is_unreached { UNREACHED } else { due::back_off(*tries, LONGEST_BACK_OFF) };
        waits.push(wait.as_secs_f64());
    }
    let transaction = client.transaction().await?;
    let statement = transaction.prepare_cached(SETTLE).await?;
    let columns: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&fact_ids, &attempts, &errors, &waits, &MAX_TRIES, &over, &counts];
    let rows = transaction.query(&statement, &columns).await?;
    if !untried.is_empty() {
        let release = transaction.prepare_cached(RELEASE).await?;
        transaction.execute(&release, &[&untried, &begun]).await?;
    }
    transaction.commit().await?;
    for row in rows.iter().filter(|row| row.get::<_, &str>("state") == "dead") {
        let fact_id: uuid::Uuid = row.get("fact_id");
        let (channel, error): (&str, &str) = (row.get("channel"), row.get("last_error"));
        tracing::warn!(%fact_id, channel, error, "notice given up");
    }
    Ok(())
}
