//! What a context tells the reactor: what its facts lead to, and how to do it.

use crate::{
    Error, Guard, Meta,
    notices::Notice,
    timers::{Timer, TimerError},
};
use async_trait::async_trait;
use domain::{Context, Event, Fact};
use eventlog::trace::{Kind, Span, within};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// What one fact leads to.
#[derive(Debug)]
pub struct Reaction<A> {
    /// Named requests, in order.
    pub asks: Vec<(&'static str, A)>,
    pub set: Vec<Timer>,
    /// Keys of timers that are no longer needed.
    pub cancel: Vec<String>,
    pub notices: Vec<Notice>,
}

impl<A> Reaction<A> {
    pub fn none() -> Self {
        Self { asks: vec![], set: vec![], cancel: vec![], notices: vec![] }
    }
}

/// A context whose facts have consequences.
#[async_trait]
pub trait Reactive: Send + Sync + 'static {
    /// JSON inside timers.
    type Ask: DeserializeOwned + Send + Sync;

    fn context(&self) -> Context;

    /// What a fact leads to. May read aggregates, stores nothing.
    async fn react(
        &self,
        fact: &Fact<Event>,
        correlation_id: Uuid,
    ) -> Result<Reaction<Self::Ask>, Error>;

    /// Does what was asked, and gives the facts that it stored, now or its first time. Doing it
    /// again changes nothing.
    async fn perform(&self, ask: &Self::Ask, meta: &Meta) -> Result<Vec<Fact<Event>>, Error>;
}

/// Does what a timer asks, as the command that its fact and its key make. A refusal is an outcome
/// like any other.
pub async fn fire<R: Reactive>(context: &R, timer: Timer) -> Result<(), TimerError> {
    let ask = serde_json::from_str(&timer.ask).map_err(TimerError::failed)?;
    let meta = Meta {
        command_id: Uuid::new_v5(&timer.cause.fact_id, timer.key.as_bytes()),
        correlation_id: timer.cause.correlation_id,
        causation_id: Some(timer.cause.fact_id),
        actor: "timer".to_owned(),
        may_be_repeat: false,
        guard: Guard::default(),
    };
    let trace = timer.cause.correlation_id;
    let span = Span::begin(trace, 0, Kind::Consumer, || "timer");
    match within(span.doing(trace, "timer"), context.perform(&ask, &meta)).await {
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
        Err(Error::PartDown { .. }) => Err(TimerError::PartDown),
        Err(error) => Err(TimerError::failed(error)),
    }
}

/// Where the command comes from that a policy asks because of a fact.
pub(super) fn meta_of(fact_id: Uuid, correlation_id: Uuid, policy: &str) -> Meta {
    Meta {
        command_id: Uuid::new_v5(&fact_id, policy.as_bytes()),
        correlation_id,
        causation_id: Some(fact_id),
        actor: "policy".to_owned(),
        may_be_repeat: false,
        guard: Guard::default(),
    }
}
