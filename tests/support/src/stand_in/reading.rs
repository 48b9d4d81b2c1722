//! `Streams/Read`: a counted read of a stream or of `$all`.

use super::{
    faults::{ReadFault, status},
    service::Shared,
    store::Record,
    subscribing,
    wire::{
        AllOptions, Id, ReadEvent, ReadOptions, ReadReq, ReadResp, RecordedEvent, StreamIdentifier,
        StreamNotFound, StreamOptions,
    },
};
use futures::stream;
use std::{collections::HashMap, sync::Arc};
use tonic::{
    Request, Response, Status,
    codegen::{BoxFuture, BoxStream},
    server::ServerStreamingService,
};

const BACKWARDS: i32 = 1;

pub(super) struct Read(pub Shared);

impl ServerStreamingService<ReadReq> for Read {
    type Response = ReadResp;
    type ResponseStream = BoxStream<ReadResp>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<ReadReq>) -> Self::Future {
        let shared = self.0.clone();
        Box::pin(async move {
            shared.faults.wait().await;
            let options = request.into_inner().options.unwrap_or_default();
            if options.subscription.is_some() {
                return Ok(Response::new(subscribing::subscribe(&shared, options)?));
            }
            let messages = match shared.faults.read() {
                Some(ReadFault::Refuse(code)) => return Err(status(code)),
                Some(ReadFault::CutShort) => Vec::new(),
                Some(ReadFault::Pass) | None => counted(&shared, &options)?,
            };
            Ok(Response::new(Box::pin(stream::iter(messages.into_iter().map(Ok)))))
        })
    }
}

fn counted(shared: &Shared, options: &ReadOptions) -> Result<Vec<ReadResp>, Status> {
    let count = options.count.unwrap_or(0).min(usize::MAX as u64) as usize;
    if count == 0 {
        return Err(Status::invalid_argument("a read takes a count"));
    }
    let backwards = options.direction == BACKWARDS;
    match (&options.stream, &options.all) {
        (Some(stream), _) => {
            let marks_the_end =
                options.control.as_ref().is_some_and(|control| control.compatibility > 0);
            Ok(read_stream(shared, stream, backwards, count, marks_the_end))
        }
        (None, Some(all)) => Ok(read_all(shared, all, backwards, count)),
        (None, None) => Err(Status::invalid_argument("a read takes a stream")),
    }
}

fn read_stream(
    shared: &Shared,
    options: &StreamOptions,
    backwards: bool,
    count: usize,
    marks_the_end: bool,
) -> Vec<ReadResp> {
    let identifier = options.stream_identifier.clone().unwrap_or_default();
    let Some(events) = shared.store.stream(&identifier.read()) else {
        return vec![not_found(identifier)];
    };
    let last = events.len() as u64 - 1;
    let from = match (options.revision, &options.end) {
        (Some(revision), _) => revision,
        (None, Some(_)) => last,
        (None, None) => 0,
    };
    let (chosen, complete): (Vec<_>, bool) = if backwards {
        let chosen: Vec<_> = events[..=from.min(last) as usize].iter().rev().collect();
        let complete = chosen.len() <= count;
        (chosen, complete)
    } else {
        let chosen: Vec<_> = events.iter().skip(from as usize).collect();
        let complete = chosen.len() <= count;
        (chosen, complete)
    };
    let mut messages: Vec<_> = chosen.into_iter().take(count).map(event).collect();
    if complete && marks_the_end {
        messages.extend((from > last + 1).then(|| first_stream_position(last + 1)));
        messages.push(last_stream_position(last));
    }
    messages
}

/// Forwards the event at the given position is included, backwards it is not.
fn read_all(shared: &Shared, options: &AllOptions, backwards: bool, count: usize) -> Vec<ReadResp> {
    let before = match (options.position, &options.end) {
        (Some(position), _) => shared.store.count_before(position, false),
        (None, Some(_)) => shared.store.len(),
        (None, None) => 0,
    };
    if backwards {
        let first = before.saturating_sub(count);
        let page = shared.store.page(first, before - first);
        page.iter().rev().map(event).collect()
    } else {
        shared.store.page(before, count).iter().map(event).collect()
    }
}

pub(super) fn event(record: &Arc<Record>) -> ReadResp {
    let metadata = HashMap::from([
        ("type".to_owned(), record.event_type.clone()),
        ("content-type".to_owned(), record.content_type.clone()),
        ("created".to_owned(), "17000000000000000".to_owned()),
    ]);
    let event = RecordedEvent {
        id: Some(Id::new(record.id)),
        stream_identifier: Some(StreamIdentifier::new(&record.stream)),
        stream_revision: record.revision,
        prepare_position: record.position.prepare,
        commit_position: record.position.commit,
        metadata,
        custom_metadata: record.custom_metadata.clone(),
        data: record.data.clone(),
    };
    ReadResp {
        event: Some(ReadEvent {
            event: Some(event),
            commit_position: Some(record.position.commit),
        }),
        ..ReadResp::default()
    }
}

fn not_found(identifier: StreamIdentifier) -> ReadResp {
    ReadResp {
        stream_not_found: Some(StreamNotFound { stream_identifier: Some(identifier) }),
        ..ReadResp::default()
    }
}

fn first_stream_position(revision: u64) -> ReadResp {
    ReadResp { first_stream_position: Some(revision), ..ReadResp::default() }
}

fn last_stream_position(revision: u64) -> ReadResp {
    ReadResp { last_stream_position: Some(revision), ..ReadResp::default() }
}
