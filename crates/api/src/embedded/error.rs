//! Why the embedded PostgreSQL could not be had, with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded PostgreSQL could not be had.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "PostgreSQL's server programs (initdb and postgres) were not found: install them with \
         `apt-get install postgresql`, or set DATABASE_URL to a PostgreSQL of your own"
    )]
    NoPrograms,
    #[error(
        "{cluster} was made by PostgreSQL {wanted}, and only version {found} is installed: install \
         the older one with `apt-get install postgresql-{wanted}`, or use another data directory"
    )]
    OtherVersion { cluster: PathBuf, wanted: String, found: String },
    #[error(
        "the data directory {data_dir} is in use by another jangteo{}: stop that one first, or set \
         JANGTEO_DATA_DIR to another directory",
        .holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse { data_dir: PathBuf, holder: Option<String> },
    #[error(
        "{path} belongs to user {owner}: run jangteo as that user, or use another data directory"
    )]
    NotOurs { path: PathBuf, owner: u32 },
    #[error(
        "{path} cannot be entered by user {user}, as which PostgreSQL runs here: move the data \
         directory or let that user in"
    )]
    Unreachable { path: PathBuf, user: u32 },
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody \
         to run it as: run jangteo as an ordinary user"
    )]
    NoUser,
    #[error("initdb could not make a database cluster in {cluster}:\n{output}")]
    InitDb { cluster: PathBuf, output: String },
    #[error("PostgreSQL did not start; its log {log} ends with:\n{tail}")]
    DidNotStart { log: PathBuf, tail: String },
    #[error("process {pid}, a PostgreSQL left over in {cluster}, does not stop: end it by hand")]
    LeftoverStays { pid: i32, cluster: PathBuf },
    #[error("cannot {action} {path}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl EmbeddedError {
    /// What to do next, unless the error says it itself.
    pub fn next(&self) -> &'static str {
        match self {
            Self::InitDb { .. } | Self::DidNotStart { .. } | Self::Io { .. } => {
                "See that the data directory can be written and its disk has room, or set \
                 JANGTEO_DATA_DIR to another directory or DATABASE_URL to a PostgreSQL of your own."
            }
            Self::NoPrograms
            | Self::OtherVersion { .. }
            | Self::InUse { .. }
            | Self::NotOurs { .. }
            | Self::Unreachable { .. }
            | Self::NoUser
            | Self::LeftoverStays { .. } => "",
        }
    }

    /// For `map_err`: what was tried, and on what.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
