//! `notices`: messages to customers. Those given up after the last try can be sent again.

use super::Failure;
use crate::{config::StoreArgs, store::Store};
use clap::{Args, Subcommand, ValueEnum};
use commands::notices::{self, Channel, Letter, Resent, Select, State};
use std::io::{Write, stdout};
use uuid::Uuid;

const PAGE: i64 = 500;

#[derive(Args, Clone, Debug)]
pub struct NoticesArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Notices, oldest first; those given up unless told otherwise.
    List {
        #[arg(long, value_enum, default_value_t = Which::Dead)]
        state: Which,
    },
    /// Send notices again that were given up. The receiver knows them by the same ids.
    Resend {
        /// The ids of the events they tell of.
        #[arg(required_unless_present = "all")]
        event_ids: Vec<Uuid>,
        /// All that were given up.
        #[arg(long, conflicts_with = "event_ids")]
        all: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    All,
    Pending,
    Sent,
    Dead,
}

impl Which {
    fn state(self) -> Option<State> {
        match self {
            Self::All => None,
            Self::Pending => Some(State::Pending),
            Self::Sent => Some(State::Sent),
            Self::Dead => Some(State::Dead),
        }
    }
}

pub async fn run(args: NoticesArgs) -> Result<(), Failure> {
    let store = Store::attach(args.store).await?;
    let done = match args.what.unwrap_or(What::List { state: Which::Dead }) {
        What::List { state } => list(&store, state).await,
        What::Resend { all: true, .. } => resend_all(&store).await,
        What::Resend { event_ids, .. } => resend(&store, &event_ids).await,
    };
    let closed = store.close().await;
    done.and(closed)
}

async fn list(store: &Store, which: Which) -> Result<(), Failure> {
    let mut select = Select { state: which.state(), channel: None, after: 0, limit: PAGE };
    let mut is_empty = true;
    loop {
        let page = notices::list(&store.pool, &select).await;
        let page = page.map_err(|error| store.failed(&error))?;
        page.iter().try_for_each(print)?;
        is_empty &= page.is_empty();
        match page.last().filter(|_| page.len() as i64 == PAGE) {
            Some(last) => select.after = last.number,
            None => break,
        }
    }
    if is_empty {
        writeln!(stdout(), "there are none")?;
    }
    Ok(())
}

/// Id, state, tries, channel, recipient, text, and what went wrong.
fn print(letter: &Letter) -> std::io::Result<()> {
    let Letter { fact_id, channel, body, state, attempts, last_error, .. } = letter;
    let recipient = notices::masked(&letter.recipient).unwrap_or_else(|| "…".to_owned());
    let (channel, state) = (Channel::as_str(*channel), State::as_str(*state));
    let error = last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    writeln!(
        stdout(),
        "{fact_id} {state} (tries: {attempts}) {channel} {recipient} {body:?}{error}"
    )
}

async fn resend_all(store: &Store) -> Result<(), Failure> {
    let count = notices::resend_dead(&store.pool).await.map_err(|error| store.failed(&error))?;
    Ok(writeln!(stdout(), "{count} are sent again")?)
}

/// Stops at the first that cannot be sent again.
async fn resend(store: &Store, event_ids: &[Uuid]) -> Result<(), Failure> {
    for id in event_ids {
        let resent = notices::resend(&store.pool, *id).await;
        match resent.map_err(|error| store.failed(&error))? {
            Resent::Pending(_) => writeln!(stdout(), "{id} is sent again")?,
            Resent::AlreadySent => {
                return Err(Failure::new(
                    format!("{id} was sent already"),
                    "Only notices that were given up are sent again; `jangteo notices list` lists them.",
                ));
            }
            Resent::Unknown => {
                let next = "`jangteo notices list` lists those that were given up.";
                return Err(Failure::new(format!("no notice tells of event {id}"), next));
            }
        }
    }
    Ok(())
}
