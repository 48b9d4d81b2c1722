//! `key`: keys for machines. What is made is shown once.

use super::{
    Failure,
    token::{id, role},
};
use crate::{
    config::StoreArgs,
    http::auth::api_keys::{KeyError, Listed, Table, new_key},
    store::Store,
};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use std::io::{Write, stderr, stdout};

#[derive(Args, Clone, Debug)]
pub struct KeyArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Make a key and print it. It cannot be shown again.
    Create(CreateArgs),
    /// All keys: whose, since when, used last.
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// End a key. Every process refuses it within five seconds.
    Revoke {
        /// The name it was given.
        name: String,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Args, Clone, Debug)]
struct CreateArgs {
    /// What it is known by, such as till-1.
    #[arg(long)]
    name: String,
    /// customer, store, kitchen, courier, manager or operator.
    #[arg(long)]
    role: String,
    /// Whom it speaks of. [default: its name]
    #[arg(long)]
    sub: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

pub async fn run(args: KeyArgs) -> Result<(), Failure> {
    match args.what {
        What::Create(args) => create(args).await,
        What::List { store } => list(store).await,
        What::Revoke { name, store } => revoke(&name, store).await,
    }
}

async fn create(args: CreateArgs) -> Result<(), Failure> {
    let (name, role) = (id("--name", args.name)?, role(&args.role)?);
    let subject = args.sub.map_or(Ok(name.clone()), |sub| id("--sub", sub))?;
    let store = Store::attach(args.store).await?;
    let made = async {
        let key = new_key()?;
        let added = Table::new(store.pool.clone()).add(&key, &name, role, &subject).await?;
        Ok::<_, KeyError>(added.then_some(key))
    };
    let made = made.await.map_err(|error| store.failed(&error));
    store.close().await?;
    let key = made?.ok_or_else(|| {
        let next = format!("Choose another name, or end it with `jangteo key revoke {name}`.");
        Failure::new(format!("there is a key named {name} already"), next)
    })?;
    writeln!(stdout(), "{key}")?;
    let note = "Keep it now: it is stored nowhere. It is sent as Authorization: Bearer <key>.";
    writeln!(stderr(), "{note}")?;
    Ok(())
}

async fn list(store: StoreArgs) -> Result<(), Failure> {
    let store = Store::attach(store).await?;
    let listed = Table::new(store.queries.clone()).list().await;
    let listed = listed.map_err(|error| store.failed(&error));
    store.close().await?;
    let listed = listed?;
    if listed.is_empty() {
        writeln!(stdout(), "there are no keys")?;
    }
    listed.iter().try_for_each(print)?;
    Ok(())
}

fn print(key: &Listed) -> std::io::Result<()> {
    let Listed { name, role, subject, .. } = key;
    let (created, used) = (time(key.created_at), key.last_used_at.map_or("never".to_owned(), time));
    let revoked = key.revoked_at.map(|at| format!(" revoked {}", time(at))).unwrap_or_default();
    writeln!(stdout(), "{name} {role}:{subject} created {created} used {used}{revoked}")
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn revoke(name: &str, store: StoreArgs) -> Result<(), Failure> {
    let store = Store::attach(store).await?;
    let revoked = Table::new(store.pool.clone()).revoke(name).await;
    let revoked = revoked.map_err(|error| store.failed(&error));
    store.close().await?;
    if !revoked? {
        let what = format!("no key in use is named {name}");
        return Err(Failure::new(what, "`jangteo key list` shows all."));
    }
    writeln!(stdout(), "{name} is revoked; every process refuses it within five seconds.")?;
    Ok(())
}
