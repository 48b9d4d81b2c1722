//! A promise that the answer waits for: the same policies, run by the request itself. The reactor
//! runs them later, too, and finds them done; after a crash in between, it carries them on.

use super::{Reactive, reactive::meta_of};
use crate::Error;
use domain::{Event, Fact};
use eventlog::trace::{Kind, Span, within};
use std::collections::VecDeque;
use uuid::Uuid;

/// Runs those policies among `sync` that the facts, and what follows from them, call for.
///
/// Stops at the first error, a refusal included; what is stored by then stays, and the reactor
/// goes on with it. Gives all facts that were stored on the way, in order.
pub async fn run_inline<R: Reactive>(
    context: &R,
    facts: Vec<Fact<Event>>,
    correlation_id: Uuid,
    sync: &[&str],
) -> Result<Vec<Fact<Event>>, Error> {
    let mut waiting: VecDeque<_> = facts.into();
    let mut stored = Vec::new();
    while let Some(fact) = waiting.pop_front() {
        let reaction = context.react(&fact, correlation_id).await?;
        for (policy, ask) in &reaction.asks {
            if sync.contains(policy) {
                let meta = meta_of(fact.id, correlation_id, policy);
                let span = Span::here(Kind::Internal, policy);
                let work = context.perform(ask, &meta);
                let led_to = within(span.doing(correlation_id, policy), work).await?;
                stored.extend(led_to.iter().cloned());
                waiting.extend(led_to);
            }
        }
    }
    Ok(stored)
}
