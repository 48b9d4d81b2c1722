//! What the present task works for.

use uuid::Uuid;

tokio::task_local! {
    static HERE: Here;
}

/// What is being done, and for which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here {
    /// The correlation id, which is the trace's.
    pub correlation: Uuid,
    /// The span under way; 0 when it is not collected.
    pub span: u64,
    /// The route, or the policy. Never an id.
    pub doing: &'static str,
}

/// What the present task works for, if that is one thing.
pub fn here() -> Option<Here> {
    HERE.try_with(|here| *here).ok()
}

/// Does something for a request.
pub async fn within<F: Future>(here: Here, work: F) -> F::Output {
    HERE.scope(here, work).await
}

/// What goes on in another task for the same request.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let from = here();
    async move {
        match from {
            Some(from) => within(from, work).await,
            None => work.await,
        }
    }
}
