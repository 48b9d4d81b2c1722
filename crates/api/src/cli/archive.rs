//! `export` and `import`: the log as a file, with what cannot be folded from it.

mod kept;
mod progress;

use super::{Failure, rebuild};
use crate::{config::StoreArgs, store::Store};
use clap::Args;
use commands::{
    clock::{Clock, SystemClock},
    reactor,
};
use deadpool_postgres::{PoolError, Transaction};
use eventlog::{
    Delivery, EventLog, LogError, Position,
    archive::{Archive, ArchiveError, Filled, Header, Reader, Writer, fill},
    consumer::moving::{self, MoveError, Place},
};
use kept::{Keeping, KeptError};
use progress::Counted;
use std::{
    collections::BTreeMap,
    io::{Write, stdout},
    path::{Path, PathBuf},
};

#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The file to write. One that was cut off is continued.
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// What `export` wrote.
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the followers of the log cannot go on from the archive")]
    Move(#[from] MoveError),
    #[error(transparent)]
    Kept(#[from] KeptError),
    #[error("the database cannot be reached")]
    Pool(#[from] PoolError),
    #[error("the database refused")]
    Database(#[from] tokio_postgres::Error),
}

/// Writes all events up to now, and the rows of one moment before that.
pub async fn export(args: ExportArgs) -> Result<(), Failure> {
    let store = Store::attach_for_long_work(args.store).await?;
    let exported = write(&store, &args.file).await.map_err(|error| failed(&store, &error));
    let closed = store.close().await;
    let (events, rows) = exported?;
    let file = args.file.display();
    writeln!(
        stdout(),
        "{file} has {events} events and {rows} rows. Keep it as you keep the database: docs/moving.md"
    )?;
    closed
}

async fn write(store: &Store, file: &Path) -> Result<(u64, u64), Error> {
    let mut client = store.pool.get().await?;
    // One moment for all rows. The log is read after it, so it has all that they build upon.
    let moment =
        client.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
    let moment = moment.read_only(true).start().await?;
    moment.simple_query("select from consumers.checkpoints").await?;
    let header = Header::new(SystemClock.new_id(), SystemClock.now());
    let mut writer = Writer::open(file, &header)?;
    let end = store.log.end().await?;
    write_events(&*store.log, end, &mut writer).await?;
    kept::write(&moment, &mut writer).await?;
    Ok(writer.finish()?)
}

async fn write_events(
    log: &dyn EventLog,
    end: Position,
    writer: &mut Writer,
) -> Result<(), ArchiveError> {
    let mut shown = Counted::new("exported");
    let mut deliveries = log.subscribe(writer.last(), Vec::new());
    while writer.last() < end {
        let events = match deliveries.next().await {
            Some(Delivery::Events(events)) => events,
            Some(Delivery::Checkpoint(_)) => continue,
            Some(Delivery::CaughtUp) | None => break,
        };
        for event in events.iter().filter(|event| event.position <= end) {
            writer.event(event)?;
        }
        shown.show(writer.events());
        if events.last().is_some_and(|last| last.position >= end) {
            break;
        }
    }
    Ok(())
}

/// Fills the log, puts the followers where they are in it, and rebuilds all views. Done again, it
/// goes on where it was interrupted.
pub async fn import(args: ImportArgs) -> Result<(), Failure> {
    let archive = Reader::check(&args.file).map_err(|error| unread(&error))?;
    let store = Store::attach_for_long_work(args.store).await?;
    let read = read(&store, &args.file, &archive).await.map_err(|error| failed(&store, &error));
    let rebuilt = match read {
        Ok(filled) => {
            let Filled { events, appended, .. } = filled;
            writeln!(stdout(), "the log has all {events} events; {appended} of them are new")?;
            rebuild::all(&store).await
        }
        Err(failure) => Err(failure),
    };
    let closed = store.close().await;
    rebuilt.and(closed)
}

async fn read(store: &Store, file: &Path, archive: &Archive) -> Result<Filled, Error> {
    let keeping = Keeping::of(Reader::rows(file)?)?;
    let mut shown = Counted::new("imported");
    let asked: Vec<_> = keeping.positions().collect();
    let filled = fill(&*store.log, file, &asked, &mut |events| shown.show(events)).await?;
    let mut client = store.pool.get().await?;
    let transaction = client.transaction().await?;
    carry(&transaction, file, archive, &keeping, &filled).await?;
    transaction.commit().await?;
    Ok(filled)
}

async fn carry(
    transaction: &Transaction<'_>,
    file: &Path,
    archive: &Archive,
    keeping: &Keeping,
    filled: &Filled,
) -> Result<(), Error> {
    let new = |old| filled.position(old).unwrap_or_default();
    let places: BTreeMap<_, _> = keeping
        .checkpoints()
        .map(|(name, old)| (name.to_owned(), Place { old, new: new(old) }))
        .collect();
    // What a reactor has done is in the log and in the rows that come along; a view is rebuilt.
    let is_reactor = |consumer: &str| reactor::context_of(consumer).is_some();
    let moved = moving::follow(transaction, archive.header.id, &places, is_reactor).await?;
    for row in Reader::rows(file)? {
        kept::put(transaction, row?, &moved, new).await?;
    }
    Ok(kept::go_on_counting(transaction).await?)
}

fn failed(store: &Store, error: &Error) -> Failure {
    match error {
        Error::Archive(error) => unread(error),
        Error::Move(MoveError::Working(_)) => {
            Failure::of(error, "Stop every `jangteo serve` on this database, and import again.")
        }
        Error::Move(MoveError::Elsewhere(_)) => Failure::of(
            error,
            "Import into the database that the log was exported from, with nothing done since, or into an empty one.",
        ),
        Error::Move(MoveError::Database(_))
        | Error::Kept(_)
        | Error::Log(_)
        | Error::Pool(_)
        | Error::Database(_) => store.failed(error),
    }
}

fn unread(error: &ArchiveError) -> Failure {
    let next = match error {
        ArchiveError::CutOff { .. } => "Export it again: that goes on where it was cut off.",
        ArchiveError::Damaged { .. } => "Take another copy of it. Nothing was imported.",
        ArchiveError::Complete { .. } => "Choose another name for a new one.",
        ArchiveError::OtherLog { .. } => {
            "Import into an empty log, or into one that has the archive's first events."
        }
        ArchiveError::File { .. } => "See that the file is there and can be read or written.",
        ArchiveError::Append { .. } | ArchiveError::Log(_) => {
            "See that the event log is up and nobody else writes, and do it again: it goes on where it was."
        }
    };
    Failure::of(error, next)
}
