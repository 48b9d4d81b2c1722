//! Where the time of commands goes: processor time by process, from /proc, and stages as the
//! service sums them up in `/metrics`.

pub mod cpu;
pub mod stages;

use crate::{
    BenchError,
    database::Database,
    report::{Costs, Stage},
};
use cpu::Processors;
use stages::{Numbers, stages};
use std::net::SocketAddr;

/// Reads the meters of a service and its database.
pub struct Meter<'a> {
    pub address: SocketAddr,
    /// Of the service.
    pub process: u32,
    /// Of PostgreSQL, the one that starts the others.
    pub server: u32,
    pub database: &'a Database,
}

/// What the meters say before a load.
pub struct Reading {
    processors: Processors,
    numbers: Numbers,
}

impl Meter<'_> {
    pub async fn read(&self) -> Result<Reading, BenchError> {
        let numbers = self.numbers().await?;
        Ok(Reading { processors: self.processors()?, numbers })
    }

    /// To be called at the load's end, before anything else.
    pub fn processors(&self) -> Result<Processors, BenchError> {
        Ok(Processors::of(&[
            ("client", cpu::used(std::process::id())?),
            ("service", cpu::used(self.process)?),
            ("postgres", cpu::used_with_children(self.server)?),
        ]))
    }

    /// What each of so many commands cost: processor time from `before` to `end`, stages until now,
    /// when what followed from the commands is done, too.
    pub async fn costs(
        &self,
        before: &Reading,
        end: &Processors,
        commands: u64,
    ) -> Result<Costs, BenchError> {
        let (mut grown, commands) = (self.numbers().await?, commands.max(1) as f64);
        for (name, number) in &mut grown {
            let then = before.numbers.get(name).copied().unwrap_or(0.0);
            *number = (*number - then) / commands;
        }
        let mut stages = stages(&grown);
        stages.extend(DATABASE.map(|(stage, unit)| {
            let amount = grown.get(stage).copied().unwrap_or(0.0);
            Stage { stage, times: None, amount, unit, ..Stage::none("PostgreSQL") }
        }));
        Ok(Costs { cpu_micros: before.processors.each(end, commands), stages })
    }

    async fn numbers(&self) -> Result<Numbers, BenchError> {
        let mut numbers = stages::ask(self.address).await?;
        let written = self.database.written().await?;
        numbers.extend(
            DATABASE.iter().zip(written).map(|((name, _), number)| ((*name).to_owned(), number)),
        );
        Ok(numbers)
    }
}

/// What PostgreSQL counts itself, for everything that runs on it.
const DATABASE: [(&str, &str); 2] = [("write-ahead log", "bytes"), ("flushes", "")];
