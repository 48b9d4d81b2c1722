//! `parked`: events that a follower could not handle. Those behind them in the same stream wait.

mod show;

use super::Failure;
use crate::{config::StoreArgs, store::Store};
use clap::{Args, Subcommand};
use eventlog::{
    StreamName,
    consumer::{Parked, ParkedEvents},
};
use std::io::{Write, stdout};

#[derive(Args, Clone, Debug)]
pub struct ParkedArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// All parked events, by follower and stream.
    List,
    /// Everything about a parked stream: its first event, why it waits, and what to do.
    Show {
        #[command(flatten)]
        which: Which,
        /// The event's content too, which may be personal.
        #[arg(long)]
        payload: bool,
    },
    /// Try the first parked event of a stream at once.
    Retry(Which),
    /// Give the first parked event of a stream up, for ever.
    Skip {
        #[command(flatten)]
        which: Which,
        /// Why; it is kept.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Args, Clone, Debug)]
struct Which {
    /// The follower, such as cafe.order_status or reactor.cafe.
    consumer: String,
    /// The stream, such as cafe.order-1.
    stream: String,
}

pub async fn run(args: ParkedArgs) -> Result<(), Failure> {
    let store = Store::attach(args.store).await?;
    let done = settle(&store, args.what.unwrap_or(What::List)).await;
    let closed = store.close().await;
    done.and(closed)
}

async fn settle(store: &Store, what: What) -> Result<(), Failure> {
    let parked = ParkedEvents::new(store.pool.clone());
    match what {
        What::List => list(parked.all().await.map_err(|error| store.failed(&error))?),
        What::Show { which, payload } => {
            let stream = which.stream();
            for consumer in which.consumers(store, &parked).await? {
                let events = parked.of_stream(&consumer, &stream).await;
                let events = events.map_err(|error| store.failed(&error))?;
                show::show(store, &events, payload).await?;
            }
            Ok(())
        }
        What::Retry(which) => {
            for consumer in which.consumers(store, &parked).await? {
                let found = parked.retry(&consumer, &which.stream()).await;
                found.map_err(|error| store.failed(&error))?;
                tell(&consumer, &which, "is tried again")?;
            }
            Ok(())
        }
        What::Skip { which, reason } => {
            for consumer in which.consumers(store, &parked).await? {
                let found = parked.skip(&consumer, &which.stream(), &reason).await;
                found.map_err(|error| store.failed(&error))?;
                tell(&consumer, &which, "is given up")?;
            }
            Ok(())
        }
    }
}

impl Which {
    fn stream(&self) -> StreamName {
        StreamName::stored(self.stream.as_str())
    }

    /// Those for which the stream is parked: the follower itself, or those with a share of its work.
    async fn consumers(
        &self,
        store: &Store,
        parked: &ParkedEvents,
    ) -> Result<Vec<String>, Failure> {
        let Self { consumer, stream } = self;
        let found = parked.consumers(consumer, &self.stream()).await;
        let found = found.map_err(|error| store.failed(&error))?;
        if found.is_empty() {
            let next = "`jangteo parked` lists what is.";
            return Err(Failure::new(
                format!("nothing of {stream} is parked for {consumer}"),
                next,
            ));
        }
        Ok(found)
    }
}

fn list(parked: Vec<Parked>) -> Result<(), Failure> {
    let mut out = stdout();
    if parked.is_empty() {
        writeln!(out, "nothing is parked")?;
    }
    for event in parked {
        let Parked {
            consumer,
            stream,
            version,
            event_type,
            state,
            reason,
            attempts,
            parked_at,
            ..
        } = event;
        writeln!(
            out,
            "{consumer} {stream} {version} {event_type} {state} (tries: {attempts}, since {parked_at}): {reason}"
        )?;
    }
    Ok(())
}

fn tell(consumer: &str, which: &Which, what: &str) -> Result<(), Failure> {
    let stream = &which.stream;
    Ok(writeln!(stdout(), "the first parked event of {stream} {what} for {consumer}")?)
}
