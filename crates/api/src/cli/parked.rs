//! `parked`: events that a follower could not handle. Those behind them in the same stream wait.

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
    let parked = ParkedEvents::new(store.pool.clone());
    match args.what.unwrap_or(What::List) {
        What::List => list(parked.all().await.map_err(|error| store.failed(&error))?)?,
        What::Retry(which) => {
            let stream = StreamName::stored(which.stream.as_str());
            let found = parked
                .retry(&which.consumer, &stream)
                .await
                .map_err(|error| store.failed(&error))?;
            report(found, &which, "is tried again")?;
        }
        What::Skip { which, reason } => {
            let stream = StreamName::stored(which.stream.as_str());
            let found = parked.skip(&which.consumer, &stream, &reason).await;
            report(found.map_err(|error| store.failed(&error))?, &which, "is given up")?;
        }
    }
    store.close().await
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

fn report(found: bool, which: &Which, what: &str) -> Result<(), Failure> {
    let Which { consumer, stream } = which;
    if !found {
        let next = "`jangteo parked` lists what is.";
        return Err(Failure::new(format!("nothing of {stream} is parked for {consumer}"), next));
    }
    Ok(writeln!(stdout(), "the first parked event of {stream} {what} for {consumer}")?)
}
