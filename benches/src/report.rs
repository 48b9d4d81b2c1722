//! What was measured, where and how: a table for people, a file for comparisons.

use crate::load::{Outcome, percentile};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub id: &'static str,
    pub what: String,
    pub figure: f64,
    pub unit: &'static str,
    /// Of requests per second, those of L1.
    pub of_l1: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub errors: BTreeMap<String, u64>,
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
            of_l1: None,
            p50_ms: None,
            p99_ms: None,
            errors: BTreeMap::new(),
        }
    }

    /// Requests per second; `l1` are those of the limit.
    pub fn of(
        id: &'static str,
        what: impl Into<String>,
        outcome: &Outcome,
        l1: Option<f64>,
    ) -> Self {
        let figure = outcome.per_second();
        let of_l1 = l1.filter(|l1| *l1 > 0.0).map(|l1| figure / l1);
        Self { of_l1, ..Self::plain(id, what, figure, "/s") }.with_latency(outcome)
    }

    pub fn with_latency(mut self, outcome: &Outcome) -> Self {
        self.p50_ms = percentile(&outcome.latencies, 0.5);
        self.p99_ms = percentile(&outcome.latencies, 0.99);
        self.errors.clone_from(&outcome.errors);
        self
    }
}

/// Rows, and what has to be known to read them.
#[derive(Debug, Serialize)]
pub struct Report {
    pub date: String,
    pub conditions: BTreeMap<String, String>,
    pub rows: Vec<Row>,
}

/// The machine, and the program on it; `data` is the folder of the database.
pub fn machine(data: &Path) -> BTreeMap<String, String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let commit = printed("git", &["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]);
    let program = std::env::current_exe().unwrap_or_default();
    let build = program.parent().and_then(Path::file_name).unwrap_or_default();
    let cores = std::thread::available_parallelism().ok().map(|cores| cores.to_string());
    let known = [
        ("cores", cores),
        ("cpu", model.map(|(_, model)| model.to_owned())),
        ("kernel", printed("uname", &["-sr"])),
        ("file system", printed("df", &["--output=fstype", &data.to_string_lossy()])),
        ("commit", commit),
        ("build profile", Some(build.to_string_lossy().into_owned())),
    ];
    known
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or("unknown".to_owned())))
        .collect()
}

/// Now, as `2026-01-31T235959Z`.
pub fn date() -> Option<String> {
    printed("date", &["-u", "+%Y-%m-%dT%H%M%SZ"])
}

/// The last line that the program printed.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().last().map(|line| line.trim().to_owned())
}

impl Report {
    pub fn print(&self) -> io::Result<()> {
        let mut out = io::stdout();
        writeln!(out, "\n{:<30} {}", "date", self.date)?;
        self.conditions.iter().try_for_each(|(name, value)| writeln!(out, "{name:<30} {value}"))?;
        writeln!(out)?;
        let head = ("id", "what", "figure", "unit", "of L1", "p50 ms", "p99 ms");
        let (id, what, figure, unit, of_l1, p50, p99) = head;
        writeln!(
            out,
            "{id:<5} {what:<50} {figure:>10} {unit:<5} {of_l1:>7} {p50:>8} {p99:>8}  errors"
        )?;
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", row.line()))
    }

    /// Returns the file.
    pub fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let file = folder.join(format!("{}.json", self.date));
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        fs::write(&file, json)?;
        Ok(file)
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { id, what, figure, unit, of_l1, p50_ms, p99_ms, errors } = self;
        let number = |value: &Option<f64>, digits| {
            value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
        };
        let (of_l1, p50, p99) = (number(of_l1, 3), number(p50_ms, 2), number(p99_ms, 2));
        let errors: Vec<_> =
            errors.iter().map(|(what, count)| format!("{count} × {what}")).collect();
        let errors = if errors.is_empty() { "0".to_owned() } else { errors.join(", ") };
        format!(
            "{id:<5} {what:<50} {figure:>10.1} {unit:<5} {of_l1:>7} {p50:>8} {p99:>8}  {errors}"
        )
    }
}
