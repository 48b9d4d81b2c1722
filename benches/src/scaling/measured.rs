//! What the parts cost, as measured, and what they cost at a rate between.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of one machine and one run. Cores are processor seconds per second.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    pub date: String,
    pub conditions: BTreeMap<String, String>,
    /// One api and one worker: no orders, some, and as many as the machine does.
    pub loads: Vec<Load>,
    /// As many as the machine does, with no worker that follows.
    pub unfollowed: Load,
    /// The same with a worker and a second api that is asked nothing.
    pub second_api: Load,
    /// The same with one api and a second worker.
    pub second_worker: Load,
    /// Queries and no orders.
    pub queries: Load,
    pub stored: Stored,
}

/// Bytes on disk for each order, with indexes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Stored {
    pub log: f64,
    /// Views, checkpoints, the timeline.
    pub other: f64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// Orders or queries.
    pub per_second: f64,
    /// Facts in the log for each order.
    pub facts: f64,
    pub cores: Cores,
    /// Of the write-ahead log, for each order.
    pub wal_bytes: f64,
    /// Of the disk, for each order.
    pub flushes: f64,
    /// How long the view that takes longest is at work for each order, in microseconds.
    pub view_micros: f64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Cores {
    pub api: f64,
    pub worker: f64,
    /// The second api, or the second worker.
    pub other: f64,
    pub postgres: f64,
}

impl Load {
    /// Of one order or query, in seconds of one core.
    pub fn each(&self, part: impl Fn(&Cores) -> f64) -> f64 {
        part(&self.cores) / self.per_second.max(1.0)
    }
}

impl Measured {
    /// With as many orders as the machine does.
    pub fn full(&self) -> Load {
        self.loads.last().copied().unwrap_or_default()
    }

    /// Cores that a part takes at so many orders per second: on a line between the two rates that were
    /// measured beside it, and above them all in proportion to the highest.
    pub fn cores(&self, orders: f64, part: impl Fn(&Cores) -> f64) -> f64 {
        let full = self.full();
        if orders >= full.per_second {
            return full.each(part) * orders;
        }
        let pairs = self.loads.iter().zip(self.loads.iter().skip(1));
        let around = |(_, above): &(&Load, &Load)| orders <= above.per_second;
        let Some((below, above)) = pairs.into_iter().find(around) else { return 0.0 };
        let share = (orders - below.per_second) / (above.per_second - below.per_second);
        let (low, high) = (part(&below.cores), part(&above.cores));
        (high - low).mul_add(share, low)
    }

    /// What one more process costs that follows the log and does nothing else: cores of its own, and of
    /// PostgreSQL, for each fact per second.
    pub fn follower(&self) -> [f64; 2] {
        let own = self.second_api.each(|cores| cores.other) / self.full().facts.max(1.0);
        [own, self.more(&self.second_api, |cores| cores.postgres).max(0.0)]
    }

    /// The same of one more worker that has its part of the work: what all workers together take more,
    /// which is at least what it takes to follow.
    pub fn joining_worker(&self) -> [f64; 2] {
        let workers = self.more(&self.second_worker, |cores| cores.worker + cores.other);
        let postgres = self.more(&self.second_worker, |cores| cores.postgres);
        [workers.max(self.follower()[0]), postgres.max(0.0)]
    }

    /// What `part` takes more for each fact when there is a process more.
    fn more(&self, with: &Load, part: fn(&Cores) -> f64) -> f64 {
        let full = self.full();
        (with.each(part) - full.each(part)) / full.facts.max(1.0)
    }

    /// The one of several runs that is in the middle by what it takes of all processors for each order.
    pub fn middle(mut runs: Vec<Load>) -> Load {
        let all = |load: &Load| {
            load.each(|cores| cores.api + cores.worker + cores.other + cores.postgres)
        };
        runs.sort_by(|one, other| all(one).total_cmp(&all(other)));
        runs.get(runs.len() / 2).copied().unwrap_or_default()
    }

    /// Which part of PostgreSQL's work is the log's and the commands', and not the views'.
    pub fn part_of_log(&self) -> f64 {
        let all = self.full().each(|cores| cores.postgres);
        let log = self.unfollowed.each(|cores| cores.postgres);
        if all > 0.0 { (log / all).min(1.0) } else { 1.0 }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Made up, so that figures can be computed in one's head: at 1000 orders/s, 3000 facts/s, an api, a
    /// worker and PostgreSQL take half a core, a tenth of one and one.
    pub fn made_up() -> Measured {
        let load = |per_second: f64, api, worker, other, postgres| Load {
            per_second,
            facts: 3.0,
            cores: Cores { api, worker, other, postgres },
            wal_bytes: 4000.0,
            flushes: 0.1,
            view_micros: 50.0,
        };
        Measured {
            date: "2026-01-31T000000Z".to_owned(),
            conditions: BTreeMap::new(),
            loads: vec![
                load(0.0, 0.01, 0.01, 0.0, 0.02),
                load(100.0, 0.11, 0.03, 0.0, 0.22),
                load(1000.0, 0.5, 0.1, 0.0, 1.0),
            ],
            unfollowed: load(1000.0, 0.4, 0.0, 0.0, 0.6),
            second_api: load(1000.0, 0.5, 0.1, 0.03, 1.06),
            second_worker: load(1000.0, 0.5, 0.07, 0.06, 1.0),
            queries: load(10_000.0, 0.3, 0.0, 0.0, 0.1),
            stored: Stored { log: 1500.0, other: 900.0 },
        }
    }

    #[test]
    fn cores_lie_between_what_was_measured_and_grow_in_proportion_above() {
        let at = |orders| (made_up().cores(orders, |cores| cores.api) * 1e6).round() / 1e6;
        assert_eq!(
            [0.0, 50.0, 100.0, 550.0, 1000.0, 4000.0].map(at),
            [0.01, 0.06, 0.11, 0.305, 0.5, 2.0]
        );
    }

    #[test]
    fn more_processes_cost_what_they_take_beyond_the_first() {
        let close = |one: f64, other: f64| (one - other).abs() < 1e-12;
        let ([own, postgres], [workers, none]) = (made_up().follower(), made_up().joining_worker());
        assert!(close(own, 1e-5) && close(postgres, 2e-5), "{own} {postgres}");
        assert!(close(workers, 1e-5) && close(none, 0.0), "{workers} {none}");
        assert!(close(made_up().part_of_log(), 0.6));
    }
}
