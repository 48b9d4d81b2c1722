//! The tables of the schema `people`.

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, GenericClient, Transaction};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

/// A key that is not destroyed.
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) person: String,
    pub(super) wrapped: Vec<u8>,
    pub(super) master: String,
}

/// What is answered to whoever wanted somebody to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub receipt_id: Uuid,
    pub person: String,
    /// How many keys were destroyed.
    pub keys: i64,
    pub at: DateTime<Utc>,
}

/// What became of the wish to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    pub receipt: Receipt,
    /// Whether something was destroyed just now. Otherwise it is the receipt of before.
    pub just_now: bool,
}

/// The key that the person has, or this one. None when another was made at the same moment.
const MAKE: &str = "
    with made as (
        insert into people.keys (key_id, person, wrapped, master) values ($1, $2, $3, $4)
        on conflict (person) where wrapped is not null do nothing
        returning key_id, person, wrapped, master)
    select key_id, person, wrapped, master from made
    union all
    select key_id, person, wrapped, master from people.keys
    where person = $2 and wrapped is not null
    limit 1";

const READ: &str = "
    select key_id, person, wrapped, master from people.keys
    where key_id = any($1) and wrapped is not null";

const DESTROY: &str = "
    update people.keys set wrapped = null, forgotten_at = now()
    where person = $1 and wrapped is not null";

const RECEIPT: &str = "
    insert into people.receipts (receipt_id, person, keys) values ($1, $2, $3)
    returning receipt_id, person, keys, at";

const LAST_RECEIPT: &str = "
    select receipt_id, person, keys, at from people.receipts
    where person = $1 order by at desc limit 1";

const KNOW_MASTER: &str = "
    insert into people.masters (id, canary) values ($1, $2) on conflict (id) do nothing";

const MISSING_MASTER: &str = "
    select id from people.masters as master
    where id <> all($1) and exists (
        select from people.keys where keys.master = master.id and wrapped is not null)
    order by id limit 1";

const NOT_WRAPPED_BY: &str = "
    select key_id, person, wrapped, master from people.keys
    where wrapped is not null and master <> $1
    order by key_id limit $2 for update";

const REWRAP: &str = "update people.keys set wrapped = $2, master = $3 where key_id = $1";

pub(super) async fn make(client: &Client, new: &Stored) -> Result<Option<Stored>, Error> {
    let statement = client.prepare_cached(MAKE).await?;
    let Stored { id, person, wrapped, master } = new;
    let found = client.query_opt(&statement, &[id, person, wrapped, master]).await?;
    Ok(found.as_ref().map(stored))
}

pub(super) async fn read(client: &Client, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
    let statement = client.prepare_cached(READ).await?;
    Ok(client.query(&statement, &[&ids]).await?.iter().map(stored).collect())
}

/// Destroys what there is and gives the receipt of it, or the last one when there was nothing.
pub(super) async fn forget(
    client: &mut Client,
    person: &str,
    receipt_id: Uuid,
) -> Result<Option<Forgotten>, Error> {
    let transaction = client.transaction().await?;
    let destroyed = transaction.execute(DESTROY, &[&person]).await? as i64;
    let row = match destroyed {
        0 => transaction.query_opt(LAST_RECEIPT, &[&person]).await?,
        keys => Some(transaction.query_one(RECEIPT, &[&receipt_id, &person, &keys]).await?),
    };
    transaction.commit().await?;
    let receipt = |row: Row| Receipt {
        receipt_id: row.get("receipt_id"),
        person: row.get("person"),
        keys: row.get("keys"),
        at: row.get("at"),
    };
    Ok(row.map(receipt).map(|receipt| Forgotten { receipt, just_now: destroyed > 0 }))
}

/// The canary by which the master key is known here, which is this one if it was not known.
pub(super) async fn know_master(
    client: &Client,
    id: &str,
    canary: &[u8],
) -> Result<Vec<u8>, Error> {
    client.execute(KNOW_MASTER, &[&id, &canary]).await?;
    let known = client.query_one("select canary from people.masters where id = $1", &[&id]).await?;
    Ok(known.get("canary"))
}

/// A master key that wraps keys and is none of these.
pub(super) async fn missing_master(client: &Client, ids: &[&str]) -> Result<Option<String>, Error> {
    let missing = client.query_opt(MISSING_MASTER, &[&ids]).await?;
    Ok(missing.map(|row| row.get("id")))
}

pub(super) async fn has_no_masters(client: &Client) -> Result<bool, Error> {
    let known = client.query_one("select exists (select from people.masters)", &[]).await?;
    Ok(!known.get::<_, bool>(0))
}

/// Keys that another master key wraps; nobody else changes them meanwhile.
pub(super) async fn not_wrapped_by(
    transaction: &Transaction<'_>,
    master: &str,
    limit: i64,
) -> Result<Vec<Stored>, Error> {
    let statement = transaction.prepare_cached(NOT_WRAPPED_BY).await?;
    Ok(transaction.query(&statement, &[&master, &limit]).await?.iter().map(stored).collect())
}

pub(super) async fn rewrap(
    transaction: &Transaction<'_>,
    id: Uuid,
    wrapped: &[u8],
    master: &str,
) -> Result<(), Error> {
    let statement = transaction.prepare_cached(REWRAP).await?;
    transaction.execute(&statement, &[&id, &wrapped, &master]).await.map(drop)
}

fn stored(row: &Row) -> Stored {
    Stored {
        id: row.get("key_id"),
        person: row.get("person"),
        wrapped: row.get("wrapped"),
        master: row.get("master"),
    }
}
