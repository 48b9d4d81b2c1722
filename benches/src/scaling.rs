//! Scaling on paper: what each part costs is measured (`bench parts`), and from that is computed what
//! becomes too little first when more is asked, and what then has to be added (`bench scaling`).
//! What it says of a café chain that grows is in `docs/scaling.md`.

mod measured;
pub mod parts;
mod plan;
mod table;

use crate::BenchError;
use measured::Measured;
use plan::{Machines, Plan, Wanted};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Each how many times the first.
const GROWTH: [u32; 4] = [1, 10, 100, 1000];

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What `bench parts` measured. [default: the newest in bench/results]
    file: Option<PathBuf>,
    /// Orders per second at first.
    #[arg(long, default_value_t = 10.0)]
    orders: f64,
    /// Queries for each order.
    #[arg(long, default_value_t = 10.0)]
    queries: f64,
    /// Cores of each machine.
    #[arg(long, default_value_t = 4)]
    cores: u32,
    /// Cores of the largest machine for PostgreSQL.
    #[arg(long, default_value_t = 16)]
    database_cores: u32,
    /// Which part of a machine may be busy at the peak.
    #[arg(long, default_value_t = 0.6)]
    busy: f64,
}

/// Prints what is to be added as it grows.
pub fn run(args: &Args) -> Result<(), BenchError> {
    let Some(file) = args.file.clone().or_else(|| newest(Path::new(crate::RESULTS))) else {
        let why = "nothing is measured yet: bench parts".to_owned();
        return Err(BenchError::Start { program: "scaling".to_owned(), why });
    };
    let measured: Measured =
        serde_json::from_str(&fs::read_to_string(file)?).map_err(io::Error::other)?;
    Ok(write!(io::stdout(), "{}", table::of(&measured, &plans(&measured, args)))?)
}

fn plans(measured: &Measured, args: &Args) -> Vec<Plan> {
    let machines = Machines {
        cores: f64::from(args.cores),
        database_cores: f64::from(args.database_cores),
        busy: args.busy,
    };
    let wanted = |times| Wanted {
        times,
        orders: args.orders * f64::from(times),
        queries: args.orders * args.queries * f64::from(times),
    };
    GROWTH.map(|times| Plan::of(measured, machines, wanted(times))).into()
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_ours = |file: &PathBuf| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(parts::PREFIX))
    };
    files.filter(is_ours).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// The document shows what the program says of what is measured.
    #[test]
    fn the_document_is_what_the_program_prints() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let file = newest(&root.join(crate::RESULTS)).expect("bench parts was run");
        let measured: Measured = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let args = Line::parse_from(["scaling"]).args;
        let printed = table::of(&measured, &plans(&measured, &args));
        let document = fs::read_to_string(root.join("docs/scaling.md")).unwrap();
        let shown = document.split_once("<!-- scaling:begin -->\n").unwrap().1;
        let shown = shown.split_once("<!-- scaling:end -->").unwrap().0;
        assert_eq!(shown, printed, "put the output of `bench scaling` into docs/scaling.md");
    }
}
