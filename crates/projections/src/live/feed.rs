//! One view that is listened to: what is shared by those who listen and the one who follows.

use super::{
    Common,
    board::{Board, Number, Told},
    follower::Follower,
    mark::Mark,
    past::Past,
    text::Behind,
    wanted::Scope,
};
use crate::{
    Error,
    read_model::ReadModel,
    row::{self, Row},
    table::{Rows, Table},
};
use eventlog::Position;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

pub(super) struct Feed<M: ReadModel> {
    pub(super) common: Arc<Common>,
    table: Table<M::Row>,
    state: Mutex<State<M::Row>>,
    /// Taken by whoever starts it.
    starting: tokio::sync::Mutex<()>,
}

pub(super) struct State<R> {
    /// Whether somebody follows the log.
    pub(super) is_on: bool,
    pub(super) position: Position,
    pub(super) generation: i64,
    pub(super) past: Past,
    pub(super) board: Board<R>,
    pub(super) behind: Option<Behind>,
}

impl<R: Row> State<R> {
    /// Everything up to here is told.
    pub(super) fn come_to(&mut self, position: Position) {
        self.position = position;
        self.board.reached(position);
    }

    /// Everything that was told is up to here.
    pub(super) fn mark(&self) -> Mark {
        Mark { position: self.position, generation: Some(self.generation) }
    }
}

/// Where somebody is who begins to read.
pub(super) struct Here {
    pub(super) mark: Mark,
    /// What was touched since the mark that was asked for, if that is known.
    pub(super) missed: Option<Vec<(String, Position)>>,
    pub(super) behind: Option<Behind>,
}

impl<M: ReadModel> Feed<M> {
    pub(super) fn new(common: Arc<Common>) -> Self {
        let state = State {
            is_on: false,
            position: Position::START,
            generation: 0,
            past: Past::from(Position::START),
            board: Board::new(),
            behind: None,
        };
        Self {
            common,
            table: Table::named(M::NAME),
            state: Mutex::new(state),
            starting: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<M::Row>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens from now on; what is there is still to be read.
    pub(super) async fn join(
        self: &Arc<Self>,
        scope: &Arc<Scope<M::Row>>,
    ) -> Result<(Number, mpsc::Receiver<Told>), Error> {
        if let Some(joined) = self.join_if_on(scope) {
            return Ok(joined);
        }
        let _one = self.starting.lock().await;
        if let Some(joined) = self.join_if_on(scope) {
            return Ok(joined);
        }
        let look = self.common.engine.look(M::NAME).await?;
        {
            let mut state = self.state();
            state.is_on = true;
            (state.position, state.generation) = (look.reached, look.generation);
            state.past = Past::from(look.reached);
            state.behind = look.is_parked.then_some(Behind::Parked);
        }
        let follower = Follower::new(self.clone(), &look);
        tokio::spawn(follower.run());
        self.join_if_on(scope).ok_or(Error::LogClosed)
    }

    fn join_if_on(&self, scope: &Arc<Scope<M::Row>>) -> Option<(Number, mpsc::Receiver<Told>)> {
        let mut state = self.state();
        let may = state.is_on && !self.common.stopping.is_cancelled();
        may.then(|| state.board.join(scope.clone()))
    }

    /// Where whoever begins to read now goes on from afterwards.
    pub(super) fn here(&self, since: Option<Mark>) -> Here {
        let state = self.state();
        let same = |mark: &Mark| mark.generation.is_none_or(|one| one == state.generation);
        let missed = since.filter(same).and_then(|mark| state.past.since(mark.position));
        Here { mark: state.mark(), missed, behind: state.behind }
    }

    /// The rows of these keys as they are now. One that cannot be read, as by a program that is
    /// older than the view's worker, is left out.
    pub(super) async fn rows(&self, keys: &[&str]) -> Result<Rows<M::Row>, Error> {
        let mut rows: Rows<M::Row> = keys.iter().map(|key| ((*key).to_owned(), None)).collect();
        if keys.is_empty() {
            return Ok(rows);
        }
        let client = self.common.pool.get().await?;
        let statement = client.prepare_cached(&self.table.load).await?;
        for found in client.query(&statement, &[&keys]).await? {
            let key: String = found.try_get(0)?;
            match M::Row::read(&found) {
                Ok(row) => drop(rows.insert(key, Some(row))),
                Err(error) => {
                    tracing::warn!(view = M::NAME, %error, "a row cannot be read");
                    rows.remove(&key);
                }
            }
        }
        row::open(&*self.common.opener, rows.values_mut().flatten()).await?;
        Ok(rows)
    }
}
