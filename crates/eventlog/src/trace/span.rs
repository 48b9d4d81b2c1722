//! A span: something that is done for one trace, from its beginning to its end.

use super::{Here, TRACER, here, id_of, parent::told, tracer_of};
use crate::Metadata;
use std::{borrow::Cow, collections::HashSet};
use uuid::Uuid;

/// What a span is to those who look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Internal,
    /// Answers a request.
    Server,
    /// Asks another service.
    Client,
    /// Handles what was stored before.
    Consumer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Cow<'static, str>),
    Number(i64),
}

/// A span that has ended. Times are in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub struct Record {
    pub trace: Uuid,
    pub id: u64,
    /// 0 when there is none.
    pub parent: u64,
    pub name: Cow<'static, str>,
    pub kind: Kind,
    pub began: u64,
    pub ended: u64,
    /// Never personal: no ids of people or things.
    pub attributes: Vec<(&'static str, Value)>,
    pub has_failed: bool,
}

/// Ends when it is dropped. Nothing where its trace is not collected.
#[must_use = "it ends when it is dropped"]
#[derive(Debug, Default)]
pub struct Span(Option<Box<Record>>);

impl Span {
    /// `parent` is a span's id, or 0.
    pub fn begin<N: Into<Cow<'static, str>>>(
        trace: Uuid,
        parent: u64,
        kind: Kind,
        name: impl FnOnce() -> N,
    ) -> Self {
        let Some(tracer) = tracer_of(trace) else { return Self(None) };
        let (id, began) = (tracer.id(), tracer.now());
        let (name, attributes) = (name().into(), Vec::new());
        let record = Record {
            trace,
            id,
            parent,
            name,
            kind,
            began,
            ended: 0,
            attributes,
            has_failed: false,
        };
        Self(Some(Box::new(record)))
    }

    /// Within what the present task does.
    pub fn here(kind: Kind, name: &'static str) -> Self {
        match here() {
            Some(here) => Self::begin(here.correlation, here.span, kind, || name),
            None => Self(None),
        }
    }

    /// Of a command. What follows from its events finds it by the command's id.
    pub fn of_command<N: Into<Cow<'static, str>>>(
        trace: Uuid,
        command: Uuid,
        name: impl FnOnce() -> N,
    ) -> Self {
        let asked_by = here().filter(|here| here.correlation == trace).map_or(0, |here| here.span);
        let mut span = Self::begin(trace, asked_by, Kind::Internal, name);
        if let Some(record) = &mut span.0 {
            record.id = id_of(command);
        }
        span
    }

    /// Below that of a command.
    pub fn below<N: Into<Cow<'static, str>>>(
        trace: Uuid,
        command: Uuid,
        kind: Kind,
        name: impl FnOnce() -> N,
    ) -> Self {
        Self::begin(trace, id_of(command), kind, name)
    }

    /// 0 when it is nothing.
    pub fn id(&self) -> u64 {
        self.0.as_ref().map_or(0, |record| record.id)
    }

    /// With an id of its own: the command's belongs to another time that it was given.
    pub fn be_another(&mut self) {
        if let (Some(record), Some(tracer)) = (&mut self.0, TRACER.get()) {
            record.id = tracer.id();
        }
    }

    /// What is done in it.
    pub fn doing(&self, correlation: Uuid, doing: &'static str) -> Here {
        Here { correlation, span: self.id(), doing }
    }

    /// What another service is told that is asked in it. `None` when it is nothing.
    pub fn traceparent(&self) -> Option<String> {
        self.0.as_ref().map(|record| told(record.trace, record.id))
    }

    pub fn say(&mut self, name: &'static str, text: impl Into<Cow<'static, str>>) {
        if let Some(record) = &mut self.0 {
            record.attributes.push((name, Value::Text(text.into())));
        }
    }

    pub fn count(&mut self, name: &'static str, number: usize) {
        if let Some(record) = &mut self.0 {
            record.attributes.push((name, Value::Number(number as i64)));
        }
    }

    pub fn fail(&mut self) {
        if let Some(record) = &mut self.0 {
            record.has_failed = true;
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let (Some(mut record), Some(tracer)) = (self.0.take(), TRACER.get()) {
            record.ended = tracer.now();
            tracer.send(*record);
        }
    }
}

/// One span for each command whose events are handled together.
pub fn spans_of<'a>(events: impl Iterator<Item = &'a Metadata>, name: &'static str) -> Vec<Span> {
    if TRACER.get().is_none() {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let commands = events.filter(|event| seen.insert(event.command_id));
    let spans = commands
        .map(|event| Span::below(event.correlation_id, event.command_id, Kind::Consumer, || name));
    spans.filter(|span| span.0.is_some()).collect()
}
