//! An open loop: requests come at a steady rate, whether or not those before are answered.

use crate::{
    client::{Answer, Client},
    load::{Outcome, micros},
};
use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

/// Begins `each` of so many, so many of them per second, with its number and when it was due. Returns
/// when all are done: how many per second were begun.
pub async fn steady<F>(rate: u32, number: u64, each: impl Fn(u64, Instant) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut running, begin) = (JoinSet::new(), Instant::now());
    for number in 0..number {
        let due = ticks.tick().await.into_std();
        running.spawn(each(number, due));
    }
    let rate = number as f64 / begin.elapsed().as_secs_f64();
    while running.join_next().await.is_some() {}
    rate
}

/// Connections that are free, and what came of all requests over them.
pub struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<Client>>,
    outcome: Mutex<Outcome>,
}

impl Pool {
    pub fn of(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, idle: Mutex::default(), outcome: Mutex::default() })
    }

    /// Over a free connection, or a new one when there is none. An answer in which nothing was
    /// `found` is an error.
    pub async fn send<T>(
        &self,
        request: &[u8],
        since: Instant,
        found: impl Fn(&Answer) -> Option<T>,
    ) -> Option<(T, Instant)> {
        let free = lock(&self.idle).pop();
        let mut client = free.unwrap_or_else(|| Client::new(self.address));
        let answer = client.send(request).await;
        let at = Instant::now();
        let found = match &answer {
            Ok(answer) => found(answer).ok_or_else(|| format!("status {}", answer.status)),
            Err(error) => Err(io::Error::kind(error).to_string()),
        };
        lock(&self.idle).push(client);
        let mut outcome = lock(&self.outcome);
        match found {
            Ok(found) => {
                outcome.latencies.push(micros(at.saturating_duration_since(since)));
                Some((found, at))
            }
            Err(what) => {
                outcome.count_error(what);
                None
            }
        }
    }

    pub fn sorted(&self) -> Outcome {
        let mut outcome = std::mem::take(&mut *lock(&self.outcome));
        outcome.latencies.sort_unstable();
        outcome
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
