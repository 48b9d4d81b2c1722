//! Names and telephone numbers are sealed before anything is decided about them, with a key for each
//! person, and opened on their way to whoever may see them: `docs/personal-data.md`. To forget a
//! person is to destroy the key.
//!
//! Keys are rows of `people.keys`, wrapped by a [master key](Masters). A process remembers the keys it
//! uses for [a few seconds](AGE), so it shows what was forgotten elsewhere for no longer.

mod cache;
mod key;
mod masters;
mod table;

pub use cache::AGE;
pub use masters::{InvalidMasters, Masters};
pub use table::{Forgotten, Receipt};

use crate::clock::{self, Clock, NoRandomness};
use cache::Cache;
use deadpool_postgres::{Pool, PoolError};
use domain::shared::personal::{Person, Personal};
use key::Key;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How often a key is looked for that somebody else is just making.
const ATTEMPTS: usize = 5;

/// How many keys are wrapped anew at once.
const REWRAPPED_AT_ONCE: i64 = 500;

/// The keys of the people. Cheap to clone.
#[derive(Clone)]
pub struct People {
    ring: Arc<Ring>,
    /// What is opened asks here.
    queries: Pool,
}

struct Ring {
    pool: Pool,
    clock: Arc<dyn Clock>,
    /// None in a process that neither seals nor opens.
    masters: Option<Masters>,
    cache: Mutex<Cache>,
}

#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error("the keys of the people cannot be reached")]
    Pool(#[from] PoolError),
    #[error("the table of the people's keys refused a statement")]
    Statement(#[from] tokio_postgres::Error),
    #[error("there is no randomness to make a key from")]
    NoRandomness(#[from] NoRandomness),
    #[error("there is no master key")]
    NoMaster,
    #[error("the master key {0:?} is another than the one that was known here by this id")]
    WrongMaster(String),
    #[error("people's keys are wrapped by the master key {0:?}, which is not there")]
    MissingMaster(String),
    #[error("the key {0} cannot be unwrapped")]
    Damaged(Uuid),
    #[error("somebody else keeps making and destroying the key")]
    Restless,
}

impl People {
    /// Opens with `queries`, does everything else with `pool`.
    pub fn new(pool: Pool, queries: Pool, masters: Option<Masters>, clock: Arc<dyn Clock>) -> Self {
        let cache = Mutex::default();
        Self { ring: Arc::new(Ring { pool, clock, masters, cache }), queries }
    }

    /// Refuses master keys that are not those by which people's keys are wrapped, and makes known
    /// those that are new.
    pub async fn check(&self) -> Result<(), PeopleError> {
        let masters = self.masters()?;
        let client = self.ring.pool.get().await?;
        for master in masters.all() {
            let made = masters::canary(master)?;
            let known = table::know_master(&client, master.id(), &made).await?;
            if !masters::is_canary_of(master, &known) {
                return Err(PeopleError::WrongMaster(master.id().to_owned()));
            }
        }
        let ids: Vec<&str> = masters.all().map(|master| master.id()).collect();
        match table::missing_master(&client, &ids).await? {
            Some(missing) => Err(PeopleError::MissingMaster(missing)),
            None => Ok(()),
        }
    }

    /// Whether no master key has ever been used here.
    pub async fn has_no_masters(pool: &Pool) -> Result<bool, PeopleError> {
        Ok(table::has_no_masters(&pool.get().await?).await?)
    }

    /// Seals what is personal of somebody. The same text is sealed the same way for as long as the
    /// person has the same key, which is made when there is none.
    pub async fn seal(&self, person: &Person, text: &str) -> Result<Personal, PeopleError> {
        Ok(Personal::Sealed(self.key_of(person).await?.seal(text)))
    }

    /// Opens all of these, with one query at most. What cannot be opened stays sealed: its person is
    /// forgotten.
    pub async fn open(&self, fields: Vec<&mut Personal>) -> Result<(), PeopleError> {
        let sealed = fields.iter().filter_map(|field| field.sealed());
        let ids: BTreeSet<Uuid> = sealed.map(|sealed| sealed.key).collect();
        if ids.is_empty() || self.ring.masters.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        let mut keys: Vec<Arc<Key>> = Vec::with_capacity(ids.len());
        let mut unknown = Vec::new();
        {
            let cache = self.cache();
            for id in ids {
                match cache.get(id, now) {
                    Some(key) => keys.push(key),
                    None => unknown.push(id),
                }
            }
        }
        if !unknown.is_empty() {
            keys.extend(self.read(&unknown).await?);
        }
        for field in fields {
            let Some(sealed) = field.sealed() else { continue };
            let key = keys.iter().find(|key| key.id == sealed.key);
            let Some(key) = key else { continue };
            match key.open(sealed) {
                Some(text) => *field = Personal::Plain(text),
                None => tracing::warn!(key = %sealed.key, "what it sealed is damaged"),
            }
        }
        Ok(())
    }

    /// What it says; nothing when it cannot be opened any more.
    pub async fn opened(&self, field: &Personal) -> Result<Option<String>, PeopleError> {
        let mut field = field.clone();
        self.open(vec![&mut field]).await?;
        Ok(field.plain().map(str::to_owned))
    }

    /// Destroys the key of a person. When there is none the last receipt is given again; none when
    /// there never was a key.
    pub async fn forget(&self, person: &Person) -> Result<Option<Forgotten>, PeopleError> {
        let mut client = self.ring.pool.get().await?;
        let id = self.ring.clock.new_id();
        let forgotten = table::forget(&mut client, person.as_str(), id).await?;
        self.cache().forget(person);
        Ok(forgotten)
    }

    /// Wraps all keys by the first of the master keys. How many were wrapped by another.
    pub async fn rewrap(&self) -> Result<u64, PeopleError> {
        let masters = self.masters()?;
        let mut client = self.ring.pool.get().await?;
        let mut rewrapped = 0;
        loop {
            let transaction = client.transaction().await?;
            let first = masters.wrapping().id();
            let keys = table::not_wrapped_by(&transaction, first, REWRAPPED_AT_ONCE).await?;
            if keys.is_empty() {
                return Ok(rewrapped);
            }
            for stored in &keys {
                let key = unwrapped(masters, stored)?;
                let wrapped = masters.wrapping().wrap(&key, &context(&stored.person, stored.id))?;
                table::rewrap(&transaction, stored.id, &wrapped, first).await?;
            }
            transaction.commit().await?;
            rewrapped += keys.len() as u64;
        }
    }

    async fn key_of(&self, person: &Person) -> Result<Arc<Key>, PeopleError> {
        if let Some(key) = self.cache().of(person, Instant::now()) {
            return Ok(key);
        }
        let masters = self.masters()?;
        let wrapping = masters.wrapping();
        let client = self.ring.pool.get().await?;
        for _ in 0..ATTEMPTS {
            let (id, secret) = (self.ring.clock.new_id(), Zeroizing::new(clock::new_secret()?));
            let wrapped = wrapping.wrap(&secret, &context(person.as_str(), id))?;
            let new = table::Stored {
                id,
                person: person.to_string(),
                wrapped,
                master: wrapping.id().to_owned(),
            };
            let now = Instant::now();
            if let Some(stored) = table::make(&client, &new).await? {
                let secret = unwrapped(masters, &stored)?;
                let key = Arc::new(Key::new(stored.id, &secret));
                self.cache().put(person.clone(), key.clone(), now);
                return Ok(key);
            }
        }
        Err(PeopleError::Restless)
    }

    /// Those that are not destroyed.
    async fn read(&self, ids: &[Uuid]) -> Result<Vec<Arc<Key>>, PeopleError> {
        let masters = self.masters()?;
        let now = Instant::now();
        let stored = table::read(&self.queries.get().await?, ids).await?;
        let mut keys = Vec::with_capacity(stored.len());
        for stored in stored {
            let Ok(secret) = unwrapped(masters, &stored) else {
                tracing::error!(key = %stored.id, master = stored.master, "cannot be unwrapped");
                continue;
            };
            let key = Arc::new(Key::new(stored.id, &secret));
            if let Ok(person) = Person::try_from(stored.person) {
                self.cache().put(person, key.clone(), now);
            }
            keys.push(key);
        }
        Ok(keys)
    }

    fn masters(&self) -> Result<&Masters, PeopleError> {
        self.ring.masters.as_ref().ok_or(PeopleError::NoMaster)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.ring.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unwrapped(
    masters: &Masters,
    stored: &table::Stored,
) -> Result<Zeroizing<[u8; 32]>, PeopleError> {
    let master = masters.named(&stored.master);
    let master = master.ok_or_else(|| PeopleError::MissingMaster(stored.master.clone()))?;
    let key = master.unwrap(&stored.wrapped, &context(&stored.person, stored.id));
    key.ok_or(PeopleError::Damaged(stored.id))
}

/// What a key is wrapped for. It is nobody else's.
fn context(person: &str, id: Uuid) -> Vec<u8> {
    [id.as_bytes(), person.as_bytes()].concat()
}
