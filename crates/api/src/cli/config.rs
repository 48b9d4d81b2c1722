//! `config`: what `serve` would run with, and whether it could.

use super::Failure;
use crate::config::{Files, Mistakes, ServeArgs, Setting, settings, table};
use clap::{ArgMatches, Args};
use std::io::{Write, stdout};

#[derive(Args, Clone, Debug)]
pub struct ConfigArgs {
    /// Print the table of all variables instead, as docs/configuration.md has it.
    #[arg(long)]
    table: bool,
    #[command(flatten)]
    serve: ServeArgs,
    #[arg(skip)]
    settings: Vec<Setting>,
}

impl ConfigArgs {
    /// With where each value comes from.
    pub fn learn(&mut self, given: &ArgMatches, files: &Files) {
        self.settings = settings(given, files);
    }
}

/// Fails if `serve` would.
pub fn run(args: ConfigArgs, unread: Mistakes) -> Result<(), Failure> {
    let mut out = stdout();
    if args.table {
        out.write_all(table().as_bytes())?;
        return Ok(out.flush()?);
    }
    args.settings.iter().try_for_each(|setting| writeln!(out, "{setting}"))?;
    out.flush()?;
    let checked = args.serve.check_after(unread);
    checked.map(drop).map_err(|mistakes| Failure::of(&mistakes, ""))
}
