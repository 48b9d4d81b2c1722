//! The command line: `jangteo <command>`.

mod demo;
mod failure;
mod key;
mod notices;
mod openapi;
mod parked;
mod parts;
mod people;
mod rebuild;
mod sample_data;
mod serve;
mod stream;
mod timeline;
mod token;
mod views;

pub use failure::Failure;

use crate::{
    config::{ServeArgs, StoreArgs},
    payment_simulator::{self, PaymentSimulatorArgs},
};
use clap::{Parser, Subcommand};

/// Five small systems as one service: commands over an event log, views in PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "jangteo", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests and follow the log.
    Serve(Box<ServeArgs>),
    /// Fold views from the log anew, while they are read, and swap them in.
    Rebuild(rebuild::RebuildArgs),
    /// Compare views with the log, row for row.
    Verify(rebuild::VerifyArgs),
    /// Where each follower of the log stands: how far behind, whose, and what is parked.
    Views(views::ViewsArgs),
    /// The events of one stream, such as cafe.order-1.
    Stream(stream::StreamArgs),
    /// Every fact that belongs to a thing, such as cafe.order o1, across all that took part.
    Timeline(timeline::TimelineArgs),
    /// Messages to customers: list those given up, and send them again.
    Notices(notices::NoticesArgs),
    /// Events that a follower could not handle yet: list, show, retry, skip.
    Parked(parked::ParkedArgs),
    /// Pause a part for maintenance, such as cafe.ticket, in every process.
    Pause(parts::PauseArgs),
    /// End a part's pause.
    Resume(parts::ResumeArgs),
    /// Make a token (JWT) for somebody, signed with the first of JANGTEO_AUTH_SECRETS.
    Token(token::TokenArgs),
    /// Keys for machines: create, list, revoke.
    Key(key::KeyArgs),
    /// The keys that seal names and phone numbers: wrap them by another master key.
    People(people::PeopleArgs),
    /// Create the sample data. Again changes nothing.
    SampleData {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Print the description of the HTTP interface (OpenAPI 3.1), as /openapi.json has it.
    Openapi(openapi::OpenapiArgs),
    /// Play a walkthrough against a running server, and check each step.
    Demo(demo::DemoArgs),
    /// Serve a payment gateway that moves no money, and misbehaves if told to.
    PaymentSimulator(PaymentSimulatorArgs),
}

impl Cli {
    /// What is logged unless `RUST_LOG` says otherwise: a service tells of its doings, a command
    /// answers on standard output.
    pub fn default_filter(&self) -> &'static str {
        match self.command {
            Command::Serve(_) => "info,refinery_core=warn,tokio_postgres=warn",
            Command::Rebuild(_)
            | Command::Verify(_)
            | Command::Views(_)
            | Command::Stream(_)
            | Command::Timeline(_)
            | Command::Notices(_)
            | Command::Parked(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Token(_)
            | Command::Key(_)
            | Command::People(_)
            | Command::SampleData { .. }
            | Command::Openapi(_)
            | Command::Demo(_)
            | Command::PaymentSimulator(_) => "warn",
        }
    }
}

/// Does what the command line says.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Rebuild(args) => rebuild::run(args).await,
        Command::Verify(args) => rebuild::verify(args).await,
        Command::Views(args) => views::run(args).await,
        Command::Stream(args) => stream::run(args).await,
        Command::Timeline(args) => timeline::run(args).await,
        Command::Notices(args) => notices::run(args).await,
        Command::Parked(args) => parked::run(args).await,
        Command::Pause(args) => parts::pause(args).await,
        Command::Resume(args) => parts::resume(args).await,
        Command::Token(args) => token::run(args),
        Command::Key(args) => key::run(args).await,
        Command::People(args) => people::run(args).await,
        Command::SampleData { store } => sample_data::run(store).await,
        Command::Openapi(args) => openapi::run(&args),
        Command::Demo(args) => demo::run(args).await,
        Command::PaymentSimulator(args) => {
            let next = "Choose another port with --listen, or another --journal.";
            payment_simulator::run(args).await.map_err(|error| Failure::of(&error, next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_can_be_read() {
        Cli::command().debug_assert();
    }
}
