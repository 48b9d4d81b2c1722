//! A transaction whose statements can be sent together, without waiting for each other.

use crate::Error;
use deadpool_postgres::{Client, Pool};
use std::time::Duration;

/// Dropped before it has ended, it closes its connection, and the server rolls back.
pub(crate) struct Pipelined(Option<Client>);

impl Pipelined {
    pub(crate) async fn on(pool: &Pool) -> Result<Self, Error> {
        Ok(Self(Some(pool.get().await?)))
    }

    /// The connection. A statement that follows one that failed fails, too.
    pub(crate) fn client(&self) -> Result<&Client, Error> {
        self.0.as_ref().ok_or(Error::Silent)
    }

    /// To be sent before everything else. The server ends the transaction when its client is silent
    /// for so long: a worker that stops in the middle must not keep its rows from the next one.
    ///
    /// The commit does not wait for the disk. What a view loses with the server's memory it loses
    /// together with its checkpoint, and folds again.
    pub(crate) async fn begin(&self, silence: Duration) -> Result<(), Error> {
        let begin = format!(
            "begin; set local synchronous_commit = off;
             set local idle_in_transaction_session_timeout = {}",
            silence.as_millis()
        );
        Ok(self.client()?.batch_execute(&begin).await?)
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.end("commit").await
    }

    /// Does something last, and commits, in one round trip.
    pub(crate) async fn commit_with(self, last: &str) -> Result<(), Error> {
        self.end(&format!("{last}; commit")).await
    }

    pub(crate) async fn roll_back(self) -> Result<(), Error> {
        self.end("rollback").await
    }

    async fn end(mut self, how: &str) -> Result<(), Error> {
        self.client()?.batch_execute(how).await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Pipelined {
    fn drop(&mut self) {
        if let Some(open) = self.0.take() {
            drop(Client::take(open));
        }
    }
}
