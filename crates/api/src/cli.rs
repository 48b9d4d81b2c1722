//! The command line: `jangteo <command>`.

mod archive;
mod config;
mod demo;
mod failure;
mod key;
mod migrate;
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
    config::{Files, Mistakes, ServeArgs, StoreArgs, unknown},
    payment_simulator::{self, PaymentSimulatorArgs},
    telemetry::logs::Format,
};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Five small systems as one service: commands over an event log, views in PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "jangteo", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// What is wrong with the files of secrets that the command needs.
    #[arg(skip)]
    unread: Mistakes,
    /// Variables that are most likely mistyped.
    #[arg(skip)]
    unknown: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests and follow the log.
    Serve(Box<ServeArgs>),
    /// Bring the schemas of the database up to date, and do nothing else.
    Migrate {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// What `serve` would run with, where each value comes from, and whether all of it is usable.
    Config(Box<config::ConfigArgs>),
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
    /// Write the log into a file, with what cannot be folded from it.
    Export(archive::ExportArgs),
    /// Bring what `export` wrote into a log of any engine, and rebuild the views.
    Import(archive::ImportArgs),
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
    /// How it is logged.
    pub fn log_format(&self) -> Format {
        match &self.command {
            Command::Serve(args) => args.observing.format(),
            _ => Format::Text,
        }
    }

    /// From the command line, the environment and the files that it names. Ends the process when
    /// the command line cannot be read or asks for help.
    pub fn given() -> Self {
        let command = Self::command();
        let files = Files::read(&command, &|name| std::env::var_os(name));
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let unknown = unknown(&command, names);
        let command = files.put_into(command);
        let matches = command.clone().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let (Command::Config(args), Some((_, given))) = (&mut cli.command, matches.subcommand())
        {
            args.learn(given, &files);
        }
        Self { unread: files.mistakes(&command, &matches), unknown, ..cli }
    }

    /// What is logged, as `RUST_LOG` says it: unless told otherwise, a service tells of its doings,
    /// and a command answers on standard output.
    pub fn logged(&self) -> String {
        match &self.command {
            Command::Serve(args) => args.observing.log().to_owned(),
            Command::Config(_)
            | Command::Migrate { .. }
            | Command::Rebuild(_)
            | Command::Verify(_)
            | Command::Views(_)
            | Command::Stream(_)
            | Command::Timeline(_)
            | Command::Notices(_)
            | Command::Parked(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Export(_)
            | Command::Import(_)
            | Command::Token(_)
            | Command::Key(_)
            | Command::People(_)
            | Command::SampleData { .. }
            | Command::Openapi(_)
            | Command::Demo(_)
            | Command::PaymentSimulator(_) => {
                let wanted = std::env::var("RUST_LOG").ok().filter(|wanted| !wanted.is_empty());
                wanted.unwrap_or_else(|| "warn".to_owned())
            }
        }
    }
}

/// Does what the command line says.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    for name in &cli.unknown {
        tracing::warn!(name, "this variable is not known; `jangteo config` lists those there are");
    }
    if !matches!(cli.command, Command::Serve(_) | Command::Config(_)) {
        cli.unread.clone().none().map_err(|mistakes| Failure::of(&mistakes, ""))?;
    }
    match cli.command {
        Command::Serve(args) => serve::run(*args, cli.unread).await,
        Command::Migrate { store } => migrate::run(store).await,
        Command::Config(args) => config::run(*args, cli.unread),
        Command::Rebuild(args) => rebuild::run(args).await,
        Command::Verify(args) => rebuild::verify(args).await,
        Command::Views(args) => views::run(args).await,
        Command::Stream(args) => stream::run(args).await,
        Command::Timeline(args) => timeline::run(args).await,
        Command::Notices(args) => notices::run(args).await,
        Command::Parked(args) => parked::run(args).await,
        Command::Pause(args) => parts::pause(args).await,
        Command::Resume(args) => parts::resume(args).await,
        Command::Export(args) => archive::export(args).await,
        Command::Import(args) => archive::import(args).await,
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
