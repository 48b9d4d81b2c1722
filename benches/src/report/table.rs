//! The report for people: the figures, and below where the time goes.

use super::row::{Row, Stage};
use std::io::{self, Write};

pub fn print(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let head = ("id", "what", "figure", "unit", "p50 ms", "p99 ms", "ratio", "of");
    let (id, what, figure, unit, p50, p99, ratio, of) = head;
    writeln!(
        out,
        "{id:<5} {what:<52} {figure:>10} {unit:<5} {p50:>8} {p99:>8} {ratio:>7} {of:<9} goal, reached; errors"
    )?;
    rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))?;
    let costing: Vec<_> = rows
        .iter()
        .filter(|row| !row.costs.cpu_micros.is_empty() || !row.costs.stages.is_empty())
        .collect();
    if !costing.is_empty() {
        writeln!(out, "\nwhere the time of one command, query or fact goes")?;
    }
    costing.into_iter().try_for_each(|row| write!(out, "{}", costs(row)))
}

fn line(row: &Row) -> String {
    let Row { id, what, figure, unit, of, ratio, goal, reached, p50_ms, p99_ms, errors, .. } = row;
    let number = |value: &Option<f64>, digits| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let (ratio, p50, p99) = (number(ratio, 3), number(p50_ms, 2), number(p99_ms, 2));
    let reached = match reached {
        Some(true) => ", yes",
        Some(false) => ", NO",
        None => "",
    };
    let (of, goal) = (of.unwrap_or_default(), goal.as_deref().unwrap_or_default());
    let errors: Vec<_> = errors.iter().map(|(what, count)| format!("{count} × {what}")).collect();
    let errors = if errors.is_empty() { String::new() } else { format!("; {}", errors.join(", ")) };
    format!(
        "{id:<5} {what:<52} {figure:>10.1} {unit:<5} {p50:>8} {p99:>8} {ratio:>7} {of:<9} {goal}{reached}{errors}"
    )
}

/// One line for the processors, and one for the command and each view.
fn costs(row: &Row) -> String {
    let cpu: Vec<_> =
        row.costs.cpu_micros.iter().map(|(who, micros)| format!("{who} {micros:.1} µs")).collect();
    let mut text = format!("{:<5} {}\n", row.id, row.what);
    if !cpu.is_empty() {
        text += &format!("      {:<20} {}\n", "processors", cpu.join(", "));
    }
    for group in row.costs.stages.chunk_by(|one, next| one.of == next.of) {
        let of = group.first().map_or("", |first| &first.of);
        let stages: Vec<_> = group.iter().map(stage).collect();
        text += &format!("      {of:<20} {}\n", stages.join(", "));
    }
    text
}

fn stage(stage: &Stage) -> String {
    let Stage { stage, times, amount, unit, .. } = stage;
    match times {
        Some(times) if *stage == "facts" => format!("{times:.2} {stage}"),
        Some(times) => format!("{stage} {times:.3} × {:.1} {unit}", amount / times),
        None => format!("{stage} {amount:.2} {unit}"),
    }
}
