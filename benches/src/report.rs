//! What was measured, where and how: a table for people, a file for comparisons.

mod machine;
mod row;
mod table;

pub use machine::{date, machine};
pub use row::{Costs, Limit, Row, Stage};

use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Rows, and what has to be known to read them.
#[derive(Debug, Serialize)]
pub struct Report {
    pub date: String,
    pub conditions: BTreeMap<String, String>,
    pub rows: Vec<Row>,
}

impl Report {
    pub fn print(&self) -> io::Result<()> {
        let mut out = io::stdout();
        writeln!(out, "\n{:<30} {}", "date", self.date)?;
        self.conditions.iter().try_for_each(|(name, value)| writeln!(out, "{name:<30} {value}"))?;
        writeln!(out)?;
        table::print(&self.rows, &mut out)
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
