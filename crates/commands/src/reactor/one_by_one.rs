//! A batch that leaves behind what the database refuses: finding the fact it is about.

use super::{Effects, Interrupted, Reactive, Reactor, Session};
use eventlog::{RecordedEvent, consumer::Hold};
use std::sync::Arc;

impl<R: Reactive> Reactor<R> {
    /// Handles the facts of a batch again, one after the other, and parks what cannot be stored.
    /// What was done before is found done.
    pub(super) async fn take_one_by_one(
        &self,
        session: &mut Session,
        events: Vec<Arc<RecordedEvent>>,
    ) -> Result<(), Interrupted> {
        let end = session.handled;
        for event in events {
            session.handled = event.position;
            let effects = self.handle(&session.parked, vec![event.clone()]).await?;
            if let Err(error) = self.store(session, effects).await {
                let Some(reason) = error.refused() else { return Err(error) };
                let waits = Effects::parking(event, Hold::Poison { reason });
                self.store(session, waits).await?;
            }
        }
        session.handled = end;
        Ok(())
    }
}
