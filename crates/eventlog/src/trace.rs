//! Traces: what a request led to, as spans with a beginning and an end, wherever that was done.
//!
//! A trace has the id that events carry as their correlation id, so whoever handles an event knows
//! its trace, in whatever process. The span of a command has an id made from the command's, which
//! events carry, too: what follows from an event knows what it follows from. Which traces are
//! collected is decided by the trace's id alone, so all processes decide alike.
//!
//! Without a collector a span is nothing, and costs one look at an atomic.

mod here;
mod parent;
mod span;

pub use here::{Here, carried, here, within};
pub use parent::{TRACEPARENT, parse};
pub use span::{Kind, Record, Span, Value, spans_of};

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// How many spans wait to be sent; more are dropped.
const WAITING: usize = 8192;

/// The part of a trace's id that is random, whoever made it.
const RANDOM: u64 = (1 << 56) - 1;

static TRACER: OnceLock<Tracer> = OnceLock::new();

/// Where spans go.
struct Tracer {
    /// Traces below it are collected.
    threshold: u64,
    /// A moment, and its time in nanoseconds since 1970.
    began: (Instant, u64),
    ids: AtomicU64,
    sink: mpsc::Sender<Record>,
    dropped: AtomicU64,
}

/// Begins to collect this share of all traces. `now` is in nanoseconds since 1970; `seed` is random.
/// `None` when that was begun before.
pub fn collect(share: f64, now: u64, seed: u64) -> Option<mpsc::Receiver<Record>> {
    let (sink, spans) = mpsc::channel(WAITING);
    let threshold = (share.clamp(0.0, 1.0) * (RANDOM + 1) as f64) as u64;
    let (began, ids) = ((Instant::now(), now), AtomicU64::new(seed));
    let tracer = Tracer { threshold, began, ids, sink, dropped: AtomicU64::new(0) };
    TRACER.set(tracer).ok().map(|()| spans)
}

/// How many spans found no place.
pub fn dropped() -> u64 {
    TRACER.get().map_or(0, |tracer| tracer.dropped.load(Relaxed))
}

/// Whether a trace is among those that are collected.
pub fn is_collected(trace: Uuid) -> bool {
    tracer_of(trace).is_some()
}

fn tracer_of(trace: Uuid) -> Option<&'static Tracer> {
    TRACER.get().filter(|tracer| tracer.collects(trace))
}

impl Tracer {
    fn collects(&self, trace: Uuid) -> bool {
        (trace.as_u128() as u64 & RANDOM) < self.threshold
    }

    fn now(&self) -> u64 {
        let (began, at) = self.began;
        at + began.elapsed().as_nanos() as u64
    }

    /// Never twice the same, and never 0: numbers in a row, well mixed (splitmix64).
    fn id(&self) -> u64 {
        let mut id = self.ids.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (id ^ (id >> 31)).max(1)
    }

    fn send(&self, record: Record) {
        if self.sink.try_send(record).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }
}

/// The span of a command, whoever asks.
fn id_of(command: Uuid) -> u64 {
    let (high, low) = command.as_u64_pair();
    (high ^ low).max(1)
}

#[cfg(test)]
mod tests;
