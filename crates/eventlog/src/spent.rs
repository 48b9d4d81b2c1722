//! How much time goes into something, summed up: what `/metrics` shows of the stages of a command
//! and of a view.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// How often something was done and how long that took in all, since the process began. Counting
/// costs two readings of the clock and two additions.
#[derive(Debug, Default)]
pub struct Spent {
    times: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Spent {
    pub const fn nothing() -> Self {
        Self { times: AtomicU64::new(0), nanoseconds: AtomicU64::new(0) }
    }

    /// Does it, and counts it.
    pub fn on<T>(&self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let done = work();
        self.add(begin.elapsed());
        done
    }

    /// Waits for it, and counts it. One that is given up does not count.
    pub async fn waiting<F: Future>(&self, work: F) -> F::Output {
        let begin = Instant::now();
        let done = work.await;
        self.add(begin.elapsed());
        done
    }

    /// How often, and how long in all.
    pub fn told(&self) -> (u64, Duration) {
        let nanoseconds = self.nanoseconds.load(Relaxed);
        (self.times.load(Relaxed), Duration::from_nanos(nanoseconds))
    }

    /// Counts what was measured elsewhere.
    pub fn add(&self, took: Duration) {
        // It takes 584 years to fill it.
        self.nanoseconds.fetch_add(took.as_nanos() as u64, Relaxed);
        self.times.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sums_up_what_was_done_and_waited_for() {
        let spent = Spent::nothing();
        assert_eq!(spent.on(|| 7), 7);
        assert_eq!(spent.waiting(async { 8 }).await, 8);
        drop(spent.waiting(std::future::pending::<()>()));
        let (times, took) = spent.told();
        assert_eq!(times, 2);
        assert!(took > Duration::ZERO);
    }
}
