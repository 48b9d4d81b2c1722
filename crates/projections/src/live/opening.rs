//! What a listener reads first, and again when it begins anew.
//!
//! It listens already when it reads, so nothing falls between the two: what changes meanwhile is
//! told after it, perhaps once more.

use super::{
    feed::Here,
    listener::Listener,
    look::PATIENCE,
    mark::Mark,
    text::{self, RETRY, Reason},
    wanted::What,
};
use crate::{
    Error,
    live::change::{Change, in_order},
    query::{self, Page},
    read_model::ReadModel,
    row::{self, Row},
};
use eventlog::Position;
use tokio::time::timeout;

/// So many rows may match for a list to go on where it was, and so many may have changed.
const GO_ON: u32 = 1000;

impl<M: ReadModel> Listener<M> {
    /// `false` when the row is not there, or not for this caller.
    pub(super) async fn begin(
        &mut self,
        since: Option<Mark>,
        least: Option<Position>,
    ) -> Result<bool, Error> {
        let mut here = self.feed.here(since);
        // The view shows that already, so what is read now does.
        here.mark.position = here.mark.position.max(least.unwrap_or_default());
        let missed = here.missed.take();
        let text = match self.scope.what.clone() {
            What::Row(key) => {
                let Some(row) = self.row(&key).await? else { return Ok(false) };
                match missed {
                    Some(missed) if missed.iter().all(|(one, _)| *one != key) => {
                        Some(String::new())
                    }
                    missed => {
                        let reset = since.is_some() && missed.is_none();
                        Some(or_reset(reset, text::event("row", Some(here.mark), &row)))
                    }
                }
            }
            What::List(page) => match missed {
                Some(missed) => self.what_changed(&page, missed, here.mark).await?,
                None => None,
            },
        };
        let text = match text {
            Some(text) => text + &text::ready(here.mark, true),
            None => or_reset(since.is_some(), self.read(&here).await?),
        };
        self.give(RETRY.to_owned() + &text + &behind(&here));
        Ok(true)
    }

    /// Everything that is there now.
    pub(super) async fn begin_anew(&self, reason: Reason) -> Result<String, Error> {
        let _turn = match self.scope.what {
            // Those who ask for rows at the same time share a query.
            What::Row(_) => None,
            What::List(_) => self.feed.common.read_anew.acquire().await.ok(),
        };
        let here = self.feed.here(None);
        Ok(text::reset(reason) + &self.read(&here).await? + &behind(&here))
    }

    async fn read(&self, here: &Here) -> Result<String, Error> {
        match &self.scope.what {
            What::Row(key) => {
                let text = match self.row(key).await? {
                    Some(row) => text::event("row", Some(here.mark), &row),
                    None => gone::<M::Row>(key),
                };
                Ok(text + &text::ready(here.mark, true))
            }
            What::List(page) => self.page(page, here).await,
        }
    }

    /// The row, as the caller may see it.
    async fn row(&self, key: &str) -> Result<Option<M::Row>, Error> {
        let found = self.feed.common.lookups.get::<M>(key).await;
        let found = found.map_err(Error::Shared)?;
        let mut seen = found.filter(|row| self.scope.sees(row));
        row::open(&*self.feed.common.opener, &mut seen).await?;
        Ok(seen.map(|row| self.scope.shown(row)))
    }

    async fn page(&self, page: &Page, here: &Here) -> Result<String, Error> {
        // One more than is shown says whether that is all.
        let one_more = Page { limit: page.limit + 1, ..page.clone() };
        let mut rows = query::list::<M>(&self.feed.common.pool, &one_more).await?;
        let is_all = rows.len() <= page.limit as usize;
        rows.truncate(page.limit as usize);
        self.feed.state().board.settle(self.number, rows.iter().map(Row::key), None);
        row::open(&*self.feed.common.opener, &mut rows).await?;
        let shown: Vec<_> = rows.into_iter().map(|row| self.scope.shown(row)).collect();
        Ok(text::event("list", Some(here.mark), &shown) + &text::ready(here.mark, is_all))
    }

    /// How the rows stand that were touched since the listener was there before. `None` when all has
    /// to be read: because it is too much, or because it is not known whose a row was.
    async fn what_changed(
        &self,
        page: &Page,
        missed: Vec<(String, Position)>,
        here: Mark,
    ) -> Result<Option<String>, Error> {
        if missed.len() > GO_ON as usize {
            return Ok(None);
        }
        // What the listener has is among the rows that match, or is told below, or is still to be
        // told by the feed: the table may be ahead of it, and so may whoever told the listener.
        let (known, until) = match self.scope.filter() {
            Some(_) => {
                let known = query::keys::<M>(&self.feed.common.pool, page, GO_ON + 1).await?;
                let end = timeout(PATIENCE, self.feed.common.engine.log.end()).await??;
                (known, Some(end))
            }
            None => (Vec::new(), None),
        };
        if known.len() > GO_ON as usize {
            return Ok(None);
        }
        let keys: Vec<&str> = missed.iter().map(|(key, _)| key.as_str()).collect();
        let rows = self.feed.rows(&keys).await?;
        let (mut text, mut also_known) = (String::new(), Vec::new());
        for mut change in in_order(missed, rows, here.generation) {
            let is_wanted = match &change.row {
                Some(row) if !self.scope.sees(row) => continue,
                None if !self.scope.sees_all() => return Ok(None),
                row => row.as_ref().is_some_and(|row| self.scope.has(row)),
            };
            text += &String::from_utf8_lossy(&match is_wanted {
                true => change.row_text(&self.scope),
                false => change.gone_text(),
            });
            also_known.extend(is_wanted.then_some(change.key));
        }
        let known = known.iter().chain(&also_known).map(String::as_str);
        let mut state = self.feed.state();
        state.board.settle(self.number, known, until);
        let told = state.position;
        state.come_to(told);
        Ok(Some(text))
    }
}

fn gone<R: Row>(key: &str) -> String {
    let gone = Change::<R>::new(key.to_owned(), None, None).gone_text();
    String::from_utf8_lossy(&gone).into_owned()
}

fn or_reset(reset: bool, text: String) -> String {
    if reset { text::reset(Reason::TooOld) + &text } else { text }
}

fn behind(here: &Here) -> String {
    here.behind.map(text::behind).unwrap_or_default()
}
