//! What is kept in tables and cannot be folded from the log: it goes with it.

use deadpool_postgres::Transaction;
use eventlog::{
    Position,
    archive::{ArchiveError, TableRow, Writer},
};
use futures::TryStreamExt;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

const CHECKPOINTS: &str = "consumers.checkpoints";
const PARKED: &str = "consumers.parked";

/// With their rows as JSON. Checkpoints come first: an import has to know them before the rest.
const TABLES: [(&str, &str); 10] = [
    (
        CHECKPOINTS,
        "select jsonb_build_object('name', name, 'commit_position', commit_position,
             'prepare_position', prepare_position)::text
         from consumers.checkpoints where split_part(name, '#', 1) not like '%\\_\\_old'",
    ),
    (
        PARKED,
        "select to_jsonb(t)::text from consumers.parked t
         where split_part(consumer, '#', 1) not like '%\\_\\_old'",
    ),
    ("consumers.skipped", "select to_jsonb(t)::text from consumers.skipped t"),
    ("commands.notices", "select to_jsonb(t)::text from commands.notices t order by number"),
    ("commands.timers", "select to_jsonb(t)::text from commands.timers t"),
    ("commands.paused", "select to_jsonb(t)::text from commands.paused t"),
    ("api.keys", "select to_jsonb(t)::text from api.keys t"),
    ("people.masters", "select to_jsonb(t)::text from people.masters t"),
    ("people.keys", "select to_jsonb(t)::text from people.keys t"),
    ("people.receipts", "select to_jsonb(t)::text from people.receipts t"),
];

#[derive(Debug, thiserror::Error)]
pub(super) enum KeptError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("the archive has a row that is none: {0}")]
    Row(String),
    #[error("the database refused")]
    Database(#[from] tokio_postgres::Error),
}

/// All rows, as they are at the moment of the transaction.
pub(super) async fn write(moment: &Transaction<'_>, writer: &mut Writer) -> Result<(), KeptError> {
    for (table, select) in TABLES {
        let none: [&str; 0] = [];
        let mut rows = pin!(moment.query_raw(select, none).await?);
        while let Some(row) = rows.try_next().await? {
            let row = serde_json::from_str(row.get(0));
            let row = row.map_err(|error| KeptError::Row(error.to_string()))?;
            writer.row(TableRow { table: table.to_owned(), row })?;
        }
    }
    Ok(())
}

/// Where the archive's followers are, and what they have parked.
pub(super) struct Keeping {
    checkpoints: BTreeMap<String, Position>,
    parked: Vec<Position>,
}

impl Keeping {
    pub(super) fn of(
        rows: impl Iterator<Item = Result<TableRow, ArchiveError>>,
    ) -> Result<Self, KeptError> {
        let mut keeping = Self { checkpoints: BTreeMap::new(), parked: Vec::new() };
        for row in rows {
            let TableRow { table, row } = row?;
            match (table.as_str(), row.get("name").and_then(Value::as_str)) {
                (CHECKPOINTS, Some(name)) => {
                    keeping.checkpoints.insert(name.to_owned(), position(&row)?);
                }
                (PARKED, _) => keeping.parked.push(position(&row)?),
                _ => {}
            }
        }
        Ok(keeping)
    }

    pub(super) fn checkpoints(&self) -> impl Iterator<Item = (&str, Position)> {
        self.checkpoints.iter().map(|(name, position)| (name.as_str(), *position))
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = Position> {
        self.checkpoints.values().chain(&self.parked).copied()
    }
}

fn position(row: &Map<String, Value>) -> Result<Position, KeptError> {
    let half = |name: &str| {
        let half = row.get(name).and_then(Value::as_i64);
        half.map(|half| half as u64).ok_or_else(|| KeptError::Row(format!("it has no {name}")))
    };
    Ok(Position { commit: half("commit_position")?, prepare: half("prepare_position")? })
}

/// One row into its table, unless it is there. What is parked comes along with its follower, at
/// its place in the new log.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    row: TableRow,
    moved: &BTreeSet<String>,
    new: impl Fn(Position) -> Position,
) -> Result<(), KeptError> {
    let TableRow { table, mut row } = row;
    if !TABLES.iter().any(|(known, _)| *known == table) {
        return Err(KeptError::Row(format!("{table} is no table of ours")));
    }
    let conflict = match table.as_str() {
        CHECKPOINTS => return Ok(()),
        PARKED => {
            let consumer = row.get("consumer").and_then(Value::as_str).unwrap_or_default();
            if !moved.contains(consumer) {
                return Ok(());
            }
            let Position { commit, prepare } = new(position(&row)?);
            row.insert("commit_position".to_owned(), Value::from(commit as i64));
            row.insert("prepare_position".to_owned(), Value::from(prepare as i64));
            "(consumer, stream, version) do update set
                 commit_position = excluded.commit_position, prepare_position = excluded.prepare_position"
        }
        _ => "do nothing",
    };
    let columns = columns(transaction, &table, &row).await?;
    let insert = format!(
        "insert into {table} ({columns}) overriding system value
         select {columns} from jsonb_populate_record(null::{table}, $1::text::jsonb)
         on conflict {conflict}"
    );
    let (insert, row) =
        (transaction.prepare_cached(&insert).await?, Value::Object(row).to_string());
    transaction.execute(&insert, &[&row]).await?;
    Ok(())
}

/// Those of the row that the table has, quoted: an archive may be older than the table.
async fn columns(
    transaction: &Transaction<'_>,
    table: &str,
    row: &Map<String, Value>,
) -> Result<String, KeptError> {
    let select = "select quote_ident(attname) from pg_attribute
         where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attname = any($2)
         order by attnum";
    let named: Vec<_> = row.keys().map(String::as_str).collect();
    let known = transaction.prepare_cached(select).await?;
    let known = transaction.query(&known, &[&table, &named]).await?;
    Ok(known.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join(", "))
}

/// Notices are numbered after those that came along.
pub(super) async fn go_on_counting(transaction: &Transaction<'_>) -> Result<(), KeptError> {
    let go_on = "select setval(pg_get_serial_sequence('commands.notices', 'number'), max(number))
         from commands.notices having max(number) is not null";
    transaction.execute(go_on, &[]).await?;
    Ok(())
}
