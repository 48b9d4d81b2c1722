//! What can go wrong around a read model. Nothing here is the business saying no.

use deadpool_postgres::PoolError;
use eventlog::{
    LogError, Position,
    consumer::{AdvanceError, refused},
};
use std::sync::Arc;
use tokio_postgres::error::SqlState;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no connection to the database of the views")]
    Pool(#[from] PoolError),
    #[error("the database of the views failed")]
    Database(#[from] tokio_postgres::Error),
    #[error("the database of the views does not answer")]
    Silent,
    /// Several shared a query.
    #[error(transparent)]
    Shared(Arc<Error>),
    /// Another worker has the lease now. Nothing was written.
    #[error("the lease of {0} is lost")]
    Fenced(String),
    /// Its keys are cut into other shares now.
    #[error("the work of {0} is cut anew")]
    Cut(&'static str),
    #[error("the event log failed")]
    Log(#[from] LogError),
    #[error("the event log was shut down")]
    LogClosed,
    #[error("a row cannot be written")]
    Row(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("what is sealed in a row cannot be opened now")]
    Sealed(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no view is named {0:?}")]
    UnknownView(String),
    #[error("{0} is being rebuilt already")]
    Rebuilding(String),
    #[error("{0} has no table from before its last rebuild")]
    NoOld(String),
    #[error("{view} is at {live} and its new table only at {shadow}: the log does not go on")]
    Behind { view: String, live: Position, shadow: Position },
    #[error("{view} has no column {column:?} to filter by")]
    UnknownFilter { view: &'static str, column: String },
}

impl Error {
    /// With its causes, in one line.
    pub(crate) fn told(&self) -> String {
        let first: &dyn std::error::Error = self;
        let causes = std::iter::successors(Some(first), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// Why the rows can be neither written nor read, when that is what it is about: trying again
    /// does not help.
    pub(crate) fn refused(&self) -> Option<String> {
        match self {
            Self::Database(error) => refused(error),
            Self::Row(_) => Some(self.told()),
            _ => None,
        }
    }

    /// Whether it is about what is in the rows.
    pub(crate) fn is_about_the_rows(&self) -> bool {
        self.refused().is_some()
    }

    /// Whether a table is not there (any more).
    pub(crate) fn is_about_a_missing_table(&self) -> bool {
        self.state() == Some(&SqlState::UNDEFINED_TABLE)
    }

    /// Whether a lock was not to be had in time.
    pub(crate) fn is_about_a_lock(&self) -> bool {
        let locked = [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED];
        self.state().is_some_and(|state| locked.contains(state))
    }

    fn state(&self) -> Option<&SqlState> {
        if let Self::Database(error) = self { error.code() } else { None }
    }
}

impl From<AdvanceError> for Error {
    fn from(error: AdvanceError) -> Self {
        match error {
            AdvanceError::Fenced(name) => Self::Fenced(name),
            AdvanceError::Database(error) => Self::Database(error),
        }
    }
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Silent
    }
}
