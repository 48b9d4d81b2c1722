//! Sharing the work: a process that holds more leases than another, which would take one of them,
//! gives one up.

use deadpool_postgres::{Pool, PoolError};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the processes look at who has what.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long after it was last seen a process counts.
const SEEN: Duration = Duration::from_secs(3);

/// What this process would do, and what the others do.
#[derive(Clone, Debug)]
pub struct Roster {
    pool: Pool,
    owner: Uuid,
    seats: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

/// That this process would be a consumer, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    roster: Roster,
    consumer: String,
    leave: Arc<Notify>,
}

/// A process, and what it would do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Worker {
    owner: Uuid,
    wants: Vec<String>,
}

impl Roster {
    /// `owner` is the process, as in its leases; `pool` the database of the consumers.
    pub fn new(pool: Pool, owner: Uuid) -> Self {
        Self { pool, owner, seats: Arc::default() }
    }

    /// As in the leases of this process.
    pub fn owner(&self) -> Uuid {
        self.owner
    }

    /// Says that this process would be `consumer`.
    pub fn join(&self, consumer: &str) -> Seat {
        let leave = Arc::new(Notify::new());
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.insert(consumer.to_owned(), leave.clone());
        Seat { roster: self.clone(), consumer: consumer.to_owned(), leave }
    }

    /// Sees to it, until `stop`, that no process has much less to do than this one. While the
    /// database cannot be asked, all stays as it is.
    pub async fn balance(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
            match self.surplus().await {
                Ok(surplus) => self.ask_to_leave(&surplus),
                Err(error) => tracing::debug!(%error, "who follows the log is not known"),
            }
        }
        let gone = self.forget().await;
        gone.unwrap_or_else(|error| tracing::debug!(%error, "others learn of it in 3 s"));
    }

    fn ask_to_leave(&self, consumers: &[String]) {
        let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        for consumer in consumers {
            if let Some(leave) = seats.get(consumer) {
                tracing::info!(consumer, "left to a process that has less to do");
                leave.notify_waiters();
            }
        }
    }

    /// The leases that this process should give up.
    async fn surplus(&self) -> Result<Vec<String>, PoolError> {
        let wants: Vec<String> = {
            let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
            seats.keys().cloned().collect()
        };
        let client = self.pool.get().await?;
        let seen = "insert into consumers.workers (owner, wants) values ($1, $2)
             on conflict (owner) do update set wants = excluded.wants, seen_at = now()";
        client.execute(&client.prepare_cached(seen).await?, &[&self.owner, &wants]).await?;
        let others = "with gone as (
                 delete from consumers.workers where seen_at < now() - interval '1 hour')
             select owner, wants from consumers.workers
             where seen_at > now() - $1 * interval '1 second' order by owner";
        let others = client.prepare_cached(others).await?;
        let workers = client.query(&others, &[&SEEN.as_secs_f64()]).await?;
        let held = "select name, owner from consumers.checkpoints
             where owner is not null and expires_at >= now() order by name";
        let held = client.query(&client.prepare_cached(held).await?, &[]).await?;
        let workers: Vec<_> = workers
            .iter()
            .map(|row| Worker { owner: row.get("owner"), wants: row.get("wants") })
            .collect();
        let held: Vec<(String, Uuid)> =
            held.iter().map(|row| (row.get("name"), row.get("owner"))).collect();
        Ok(surplus(self.owner, &workers, &held))
    }

    async fn forget(&self) -> Result<(), PoolError> {
        let client = self.pool.get().await?;
        client.execute("delete from consumers.workers where owner = $1", &[&self.owner]).await?;
        Ok(())
    }
}

impl Seat {
    /// Waits until another process should do this instead.
    pub async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.roster.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.get(&self.consumer).is_some_and(|seat| Arc::ptr_eq(seat, &self.leave)) {
            seats.remove(&self.consumer);
        }
    }
}

/// What `owner` holds and should give up: each goes to a process that would take it and that still
/// has less to do afterwards than `owner` has without it, or as much.
fn surplus(owner: Uuid, workers: &[Worker], held: &[(String, Uuid)]) -> Vec<String> {
    let mut loads: HashMap<Uuid, usize> = HashMap::new();
    for (_, holder) in held {
        *loads.entry(*holder).or_default() += 1;
    }
    let load = |loads: &HashMap<Uuid, usize>, owner| loads.get(&owner).copied().unwrap_or(0);
    let mut surplus = Vec::new();
    for (consumer, _) in held.iter().filter(|(_, holder)| *holder == owner) {
        let takers = workers.iter().filter(|worker| {
            worker.owner != owner && worker.wants.iter().any(|wanted| wanted == consumer)
        });
        let Some(taker) = takers.min_by_key(|worker| load(&loads, worker.owner)) else {
            continue;
        };
        if load(&loads, taker.owner) + 2 <= load(&loads, owner) {
            *loads.entry(owner).or_default() -= 1;
            *loads.entry(taker.owner).or_default() += 1;
            surplus.push(consumer.clone());
        }
    }
    surplus
}

#[cfg(test)]
mod tests {
    use super::{Worker, surplus};
    use uuid::Uuid;

    fn process(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn worker(number: u128, wants: &[&str]) -> Worker {
        let wants = wants.iter().map(|consumer| (*consumer).to_owned()).collect();
        Worker { owner: process(number), wants }
    }

    fn held(by: &[(&str, u128)]) -> Vec<(String, Uuid)> {
        by.iter().map(|(consumer, number)| ((*consumer).to_owned(), process(*number))).collect()
    }

    #[test]
    fn who_comes_new_gets_half() {
        let all = ["a", "b", "c", "d", "e"];
        let workers = [worker(1, &all), worker(2, &all)];
        let held = held(&[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)]);
        assert_eq!(surplus(process(1), &workers, &held), ["a", "b"]);
        assert!(surplus(process(2), &workers, &held).is_empty());
    }

    #[test]
    fn one_more_than_another_is_fair() {
        let all = ["a", "b", "c"];
        let workers = [worker(1, &all), worker(2, &all)];
        let held = held(&[("a", 1), ("b", 1), ("c", 2)]);
        assert!(surplus(process(1), &workers, &held).is_empty());
    }

    #[test]
    fn nothing_goes_to_who_does_not_want_it() {
        let workers = [worker(1, &["a", "b", "c"]), worker(2, &["c"])];
        let held = held(&[("a", 1), ("b", 1), ("c", 1)]);
        assert_eq!(surplus(process(1), &workers, &held), ["c"]);
    }

    #[test]
    fn alone_one_keeps_all() {
        let workers = [worker(1, &["a", "b"])];
        assert!(surplus(process(1), &workers, &held(&[("a", 1), ("b", 1)])).is_empty());
    }
}
