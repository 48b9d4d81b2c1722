//! How much is measured: all of it, or just enough to see that it works.

use crate::load::Shape;
use std::time::Duration;

/// The sizes are those of the log, in facts: multiples of 5000, so that all orders in it are whole.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub shape: Shape,
    /// Orders to accept.
    pub accepts: u64,
    pub sizes: Sizes,
    /// How often what needs no load is measured; the one in the middle counts.
    pub runs: usize,
    /// Rows that one connection inserts.
    pub inserts: u64,
}

/// Facts in the log for each rebuild.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub small: u64,
    pub middle: u64,
    pub large: u64,
}

impl Scale {
    pub fn full(connections: usize, threads: usize, seconds: u64) -> Self {
        let (warm_up, measured) = (Duration::from_secs(2), Duration::from_secs(seconds));
        Self {
            shape: Shape { connections, threads, warm_up, measured },
            accepts: 10_000,
            sizes: Sizes { small: 100_000, middle: 1_000_000, large: 5_000_000 },
            runs: 3,
            inserts: 200_000,
        }
    }

    /// Figures of this mean nothing.
    pub fn quick(connections: usize, threads: usize) -> Self {
        let (warm_up, measured) = (Duration::from_millis(500), Duration::from_secs(2));
        Self {
            shape: Shape { connections, threads, warm_up, measured },
            accepts: 1_000,
            sizes: Sizes { small: 5_000, middle: 10_000, large: 20_000 },
            runs: 1,
            inserts: 5_000,
        }
    }
}
