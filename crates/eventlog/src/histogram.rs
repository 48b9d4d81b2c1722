//! How large or how long things are, counted in buckets: what `/metrics` shows of requests and
//! appends.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Counts of values up to each of its bounds, since the process began. Counting costs two additions.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: [u64; N],
    /// Each without those of the buckets before it.
    counts: [AtomicU64; N],
    beyond: AtomicU64,
    sum: AtomicU64,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Each bound, and how many values are not above it.
    pub buckets: Vec<(u64, u64)>,
    /// How many there are.
    pub count: u64,
    pub sum: u64,
}

/// Of durations, in nanoseconds.
pub type Durations = Histogram<13>;

/// From half a millisecond to ten seconds, in microseconds.
const DURATIONS: [u64; 13] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

impl<const N: usize> Histogram<N> {
    /// `bounds` grow.
    pub const fn new(bounds: [u64; N]) -> Self {
        let (counts, beyond) = ([const { AtomicU64::new(0) }; N], AtomicU64::new(0));
        Self { bounds, counts, beyond, sum: AtomicU64::new(0) }
    }

    pub fn count(&self, value: u64) {
        let bucket = self.bounds.iter().position(|bound| value <= *bound);
        bucket.map_or(&self.beyond, |bucket| &self.counts[bucket]).fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    pub fn told(&self) -> Counted {
        let mut count = 0;
        let buckets = self.bounds.iter().zip(&self.counts).map(|(bound, of_bucket)| {
            count += of_bucket.load(Relaxed);
            (*bound, count)
        });
        let buckets = buckets.collect();
        let count = count + self.beyond.load(Relaxed);
        Counted { buckets, count, sum: self.sum.load(Relaxed) }
    }
}

impl Durations {
    pub const fn durations() -> Self {
        let mut bounds = DURATIONS;
        let mut at = 0;
        while at < bounds.len() {
            bounds[at] *= 1_000;
            at += 1;
        }
        Self::new(bounds)
    }

    pub fn took(&self, time: Duration) {
        // 584 years at most.
        self.count(time.as_nanos() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_first_bucket_that_it_fits_into() {
        let histogram = Histogram::new([1, 10]);
        [0, 1, 2, 10, 11].into_iter().for_each(|value| histogram.count(value));
        let expected = Counted { buckets: vec![(1, 2), (10, 4)], count: 5, sum: 24 };
        assert_eq!(histogram.told(), expected);
    }

    #[test]
    fn durations_are_in_nanoseconds() {
        let histogram = Durations::durations();
        histogram.took(Duration::from_micros(501));
        let told = histogram.told();
        assert_eq!((told.buckets[0], told.buckets[1]), ((500_000, 0), (1_000_000, 1)));
        assert_eq!((told.count, told.sum), (1, 501_000));
    }
}
