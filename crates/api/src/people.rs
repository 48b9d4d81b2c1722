//! The people's keys, as a process of this program has them.

use crate::store::Store;
use async_trait::async_trait;
use commands::{
    People, PeopleError,
    clock::{Clock, NoRandomness},
    people::{InvalidMasters, Masters},
};
use domain::shared::personal::Personal;
use projections::row::{BoxError, Opener};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// The master key of the embedded default, in the data directory.
const FILE: &str = "master-key";

/// What it is called.
const OWN: &str = "own";

/// Why names and telephone numbers could be neither kept nor read.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    #[error("the master key {} cannot be read or made", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error("{} holds no master key", .0.display())]
    Invalid(PathBuf, #[source] InvalidMasters),
    #[error("the master key {} is gone", .0.display())]
    Lost(PathBuf),
    #[error("there is no master key")]
    Random(#[from] NoRandomness),
    #[error("the master key is not the right one")]
    People(#[from] PeopleError),
}

/// The keys, wrapped by these master keys or else by that of the data directory, which is made when
/// nothing was ever sealed. Refuses what does not unwrap what is there.
pub async fn people(
    masters: Option<Masters>,
    store: &Store,
    clock: Arc<dyn Clock>,
) -> Result<People, MasterError> {
    let masters = match masters {
        Some(masters) => masters,
        None => own(store).await?,
    };
    let people = People::new(store.pool.clone(), store.queries.clone(), Some(masters), clock);
    people.check().await?;
    Ok(people)
}

/// For those who neither seal nor open anything.
pub fn without_keys(store: &Store, clock: Arc<dyn Clock>) -> People {
    People::new(store.pool.clone(), store.queries.clone(), None, clock)
}

async fn own(store: &Store) -> Result<Masters, MasterError> {
    let file = store.data_dir.join(FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if !People::has_no_masters(&store.pool).await? {
                return Err(MasterError::Lost(file));
            }
            let made = Masters::make(OWN)?;
            write(&file, &made).map_err(|error| MasterError::File(file.clone(), error))?;
            tracing::info!(file = %file.display(), "a master key was made; keep it with the data");
            made
        }
        Err(error) => return Err(MasterError::File(file, error)),
    };
    Masters::parse(text.trim()).map_err(|error| MasterError::Invalid(file, error))
}

/// All of it or nothing, and for nobody else to read.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(written, "{text}")?;
    written.sync_all()?;
    fs::rename(&new, file)
}

/// Opens what is personal of rows.
pub struct Opening(pub People);

#[async_trait]
impl Opener for Opening {
    async fn open(&self, fields: Vec<&mut Personal>) -> Result<(), BoxError> {
        Ok(self.0.open(fields).await?)
    }
}
