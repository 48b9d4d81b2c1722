//! How much time commands spend on what, for all aggregates of this process together.

use eventlog::{Durations, Spent};
use std::time::Instant;

/// Waiting for other commands of the same stream.
pub(crate) static QUEUE: Spent = Spent::nothing();
/// Reading a stream.
pub(crate) static READ: Spent = Spent::nothing();
pub(crate) static DECIDE: Spent = Spent::nothing();
/// Until the log says that it is stored.
static APPEND: Spent = Spent::nothing();
/// The same, in buckets.
pub static APPENDS: Durations = Durations::durations();

/// Waits until the log says that it is stored.
pub(crate) async fn appending<F: Future>(append: F) -> F::Output {
    let begin = Instant::now();
    let done = append.await;
    let took = begin.elapsed();
    APPEND.add(took);
    APPENDS.took(took);
    done
}

/// Each stage by its name.
pub fn all() -> [(&'static str, &'static Spent); 4] {
    [("queue", &QUEUE), ("read", &READ), ("decide", &DECIDE), ("append", &APPEND)]
}
