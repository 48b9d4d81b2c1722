//! R1: `jangteo rebuild cafe.order_status`, a process of its own, of a log that nobody else uses.

use crate::{
    BenchError,
    log::Log,
    meter::cpu::{self, Processors},
    process::jangteo,
    report::{Costs, Limit, Row, Stage},
};
use serde::Deserialize;
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
    time::interval,
};

const VIEW: &str = "cafe.order_status";

/// How often the memory is looked at, whose peak the kernel keeps.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What it says how long it took, in this order.
const STAGES: [&str; 7] = ["read", "fold", "write", "index", "catchUp", "compare", "swap"];

/// The last line that a rebuild prints.
#[derive(Clone, Debug, Default, Deserialize)]
struct Done {
    stage: String,
    #[serde(default)]
    events: u64,
    #[serde(default)]
    seconds: f64,
    #[serde(default)]
    swapped: bool,
    #[serde(default)]
    stages: BTreeMap<String, f64>,
}

/// What a rebuild of the whole log came to.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    pub facts: u64,
    /// From the first look at the log until the new table is in place.
    pub seconds: f64,
    /// How long the view could not be read, in milliseconds.
    pub pause: f64,
    /// Bytes, of the process that rebuilds.
    pub memory: u64,
    costs: Costs,
}

pub async fn rebuild(log: &Log) -> Result<Rebuilt, BenchError> {
    let failed =
        |why: String| BenchError::Start { program: format!("jangteo rebuild {VIEW}"), why };
    let server = log.database.server().await?;
    let before = Processors::of(&[
        ("postgres", cpu::used_with_children(server)?),
        ("rebuild", Duration::ZERO),
    ]);
    let mut command = jangteo(&["rebuild", VIEW], &log.environment())?;
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let process = child.id().unwrap_or(0);
    let (last, memory) = watch(&mut child, process).await?;
    // It has closed its output and was not waited for, so its numbers are still there.
    let end = Processors::of(&[
        ("postgres", cpu::used_with_children(server)?),
        ("rebuild", cpu::used(process)?),
    ]);
    let status = child.wait().await?;
    let done: Done = serde_json::from_str(&last).unwrap_or_default();
    if !status.success() || done.stage != "done" || !done.swapped || done.events != log.facts {
        return Err(failed(format!("it ended with {status} and {last:?}")));
    }
    let facts = done.events as f64;
    let stage = |stage: &&'static str| {
        let amount = done.stages.get(*stage)? * 1e6 / facts;
        Some(Stage { stage, times: None, amount, ..Stage::none("") })
    };
    let stages = STAGES.iter().filter_map(stage).collect();
    let costs = Costs { cpu_micros: before.each(&end, facts), stages };
    let pause = done.stages.get("swap").copied().unwrap_or_default() * 1000.0;
    Ok(Rebuilt { facts: done.events, seconds: done.seconds, pause, memory, costs })
}

/// Until it closes its output: the last line, and the most memory it had.
async fn watch(child: &mut Child, process: u32) -> Result<(String, u64), BenchError> {
    let (mut last, mut memory) = (String::new(), 0);
    let Some(stdout) = child.stdout.take() else { return Ok((last, memory)) };
    let (mut lines, mut looks) = (BufReader::new(stdout).lines(), interval(LOOK_EVERY));
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => last = line,
                None => return Ok((last, memory)),
            },
            _ = looks.tick() => {}
        }
        memory = cpu::peak_memory(process).unwrap_or_default().max(memory);
    }
}

/// So many rebuilds one after the other: the one in the middle by speed.
pub async fn middle(log: &Log, runs: usize) -> Result<Rebuilt, BenchError> {
    let mut rebuilt = vec![rebuild(log).await?];
    while rebuilt.len() < runs {
        rebuilt.push(rebuild(log).await?);
    }
    rebuilt.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    Ok(rebuilt.swap_remove(rebuilt.len() / 2))
}

impl Rebuilt {
    fn per_second(&self) -> f64 {
        self.facts as f64 / self.seconds
    }

    fn micros(&self) -> f64 {
        self.seconds * 1e6 / self.facts as f64
    }

    pub fn row(&self, id: &'static str, what: &str, l4: Option<Limit>) -> Row {
        let what = format!("rebuild of {} facts{what}", self.facts);
        Row::plain(id, what, self.per_second(), "/s").of(l4).costing(self.costs.clone())
    }

    pub fn pause_row(&self, id: &'static str) -> Row {
        const GOAL: f64 = 50.0;
        let what = format!("the view not to be read, {} facts", self.facts);
        Row::plain(id, what, self.pause, "ms").goal(format!("< {GOAL}"), self.pause < GOAL)
    }
}

/// All of R1, smallest first; the cost of a fact is compared with that of the size in the middle.
pub fn rows(rebuilt: &[Rebuilt], middle: u64, l4: Option<Limit>) -> Vec<Row> {
    const MEMORY: f64 = 1024.0;
    const SAME: std::ops::RangeInclusive<f64> = 0.8..=1.2;
    let each = rebuilt.iter().map(|one| one.row("R1", "", l4).at_least(0.7));
    let base = rebuilt.iter().find(|one| one.facts == middle);
    let base = base.map(|one| Limit { name: "middle", figure: one.micros() });
    let costs = rebuilt.iter().map(|one| {
        let what = format!("cost of a fact, of {}", one.facts);
        let row = Row::plain("R1", what, one.micros(), "µs").of(base);
        let reached = row.ratio.is_some_and(|ratio| SAME.contains(&ratio));
        if one.facts == middle { row } else { row.goal("± 20 %", reached) }
    });
    let memory = rebuilt.iter().map(|one| {
        let megabytes = one.memory as f64 / f64::from(1 << 20);
        Row::plain("R1", format!("peak memory, {} facts", one.facts), megabytes, "MiB")
            .goal(format!("≤ {MEMORY}"), megabytes <= MEMORY)
    });
    let pauses = rebuilt.iter().map(|one| one.pause_row("R1"));
    each.chain(costs).chain(memory).chain(pauses).collect()
}
