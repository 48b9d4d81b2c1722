//! One line of the report.

use crate::load::{Outcome, percentile};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub id: &'static str,
    pub what: String,
    pub figure: f64,
    pub unit: &'static str,
    /// What the figure is compared with, measured in the same run.
    pub of: Option<&'static str>,
    /// The figure as a part of that.
    pub ratio: Option<f64>,
    pub goal: Option<String>,
    pub reached: Option<bool>,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub errors: BTreeMap<String, u64>,
    #[serde(flatten)]
    pub costs: Costs,
}

/// Where the time of a command, or of a fact, goes.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// Processor time of each process, in microseconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cpu_micros: BTreeMap<&'static str, f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// Stages of several commands overlap, and those of several views.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// A view, or whatever else; empty: the command itself.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub of: String,
    pub stage: &'static str,
    /// How often it comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<f64>,
    /// How long it takes, or how much it is, in all.
    pub amount: f64,
    pub unit: &'static str,
}

impl Stage {
    /// Nothing took no time.
    pub fn none(of: &str) -> Self {
        Self { of: of.to_owned(), stage: "facts", times: Some(0.0), amount: 0.0, unit: "µs" }
    }

    pub fn add(&mut self, other: &Self) {
        self.amount += other.amount;
        self.times = Some(self.times.unwrap_or(0.0) + other.times.unwrap_or(0.0));
    }
}

/// A figure that others are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub name: &'static str,
    pub figure: f64,
}

impl Row {
    pub fn plain(
        id: &'static str,
        what: impl Into<String>,
        figure: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            id,
            what: what.into(),
            figure,
            unit,
            of: None,
            ratio: None,
            goal: None,
            reached: None,
            p50_ms: None,
            p99_ms: None,
            errors: BTreeMap::new(),
            costs: Costs::default(),
        }
    }

    /// Requests per second, and how long they took.
    pub fn rate(id: &'static str, what: impl Into<String>, outcome: &Outcome) -> Self {
        Self::plain(id, what, outcome.per_second(), "/s").with_latency(outcome)
    }

    pub fn with_latency(mut self, outcome: &Outcome) -> Self {
        self.p50_ms = percentile(&outcome.latencies, 0.5);
        self.p99_ms = percentile(&outcome.latencies, 0.99);
        self.errors.clone_from(&outcome.errors);
        self
    }

    /// As a part of a limit, if that was measured.
    pub fn of(mut self, limit: Option<Limit>) -> Self {
        let limit = limit.filter(|limit| limit.figure > 0.0);
        self.of = limit.map(|limit| limit.name);
        self.ratio = limit.map(|limit| self.figure / limit.figure);
        self
    }

    pub fn goal(mut self, goal: impl Into<String>, reached: bool) -> Self {
        self.goal = Some(goal.into());
        self.reached = Some(reached);
        self
    }

    /// The goal is this part of the limit, or more.
    pub fn at_least(self, part: f64) -> Self {
        match self.ratio {
            Some(ratio) => self.goal(format!("≥ {part}"), ratio >= part),
            None => self,
        }
    }

    pub fn costing(mut self, costs: Costs) -> Self {
        self.costs = costs;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_a_part_of_a_limit() {
        let limit = Some(Limit { name: "L1", figure: 200.0 });
        let row = Row::plain("C1", "", 60.0, "/s").of(limit).at_least(0.3);
        assert_eq!((row.ratio, row.reached), (Some(0.3), Some(true)));
        assert_eq!(row.at_least(0.31).reached, Some(false));
        assert_eq!(Row::plain("C1", "", 60.0, "/s").of(None).at_least(0.3).reached, None);
    }
}
