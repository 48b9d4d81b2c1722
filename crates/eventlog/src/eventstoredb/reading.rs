//! Reading: a stream, the end of the log, and how a stream stands to an append.

use super::{
    connection::{CallError, Connection},
    encoding::{decode, is_system, sound},
};
use crate::{Append, Appended, LogError, Position, RecordedEvent, StreamName};
use eventstore::{
    Client, Error, ReadAllOptions, ReadEvent, ReadStreamOptions, ResolvedEvent, StreamPosition,
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How much is asked for in one call.
const PAGE: usize = 1024;

/// How long one call may take.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(5);

/// How long a read is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(50);

/// The health check must not wait as long.
const END_LIMIT: Duration = Duration::from_secs(2);

/// How far back one call looks for the last event that is not the server's own.
const END_PAGE: usize = 64;

#[derive(Clone)]
pub(super) struct Reader {
    pub(super) connection: Arc<Connection>,
}

/// How a stream stands to an append whose outcome is not known.
pub(super) enum Standing {
    /// It is on record.
    Stored(Appended),
    /// Other events are where its events would be. The version is the stream's last.
    Taken(Option<u64>),
    /// Nothing is there yet.
    Open(Option<u64>),
}

/// Part of a stream, in order. Nothing at all when the stream does not exist.
#[derive(Default)]
struct Page {
    events: Vec<eventstore::RecordedEvent>,
    /// The version of the stream's last event, when the end of the stream came into view.
    last: Option<u64>,
}

impl Reader {
    pub fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    pub async fn stream(
        &self,
        stream: &StreamName,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let mut events = Vec::new();
        let mut from = from_version;
        while events.len() < limit {
            let asked = PAGE.min(limit - events.len());
            let page = self.page_with_patience(stream, from, asked).await?;
            let Some(last) = page.events.last() else {
                break;
            };
            from = last.revision + 1;
            for event in &page.events {
                events.push(decode(event)?);
            }
            if page.events.len() < asked {
                break;
            }
        }
        Ok(events)
    }

    /// The position of the last event that is not the server's own.
    pub async fn end(&self) -> Result<Position, LogError> {
        // Twice, because the first may meet a client that died with a connection long gone.
        match self.end_once().await {
            Err(error) if !error.is_final() => self.end_once().await,
            outcome => outcome,
        }
        .map_err(LogError::unreachable)
    }

    /// Looks where the append's events would be.
    pub async fn standing(&self, append: &Append, limit: Duration) -> Result<Standing, CallError> {
        let (stream, next) = (append.stream(), append.expected().next());
        let page = self.page(stream, next, append.events().len(), limit).await?;
        let ours = append.events().iter().map(|event| event.id);
        if page.events.iter().map(|event| event.id).eq(ours)
            && let Some(last) = page.events.last()
            && let Some(position) = sound(last.position)
        {
            return Ok(Standing::Stored(Appended { version: last.revision, position }));
        }
        if page.events.is_empty() {
            return Ok(Standing::Open(page.last));
        }
        let last = match page.last {
            Some(last) => Some(last),
            None => self.last_version(stream, limit).await?,
        };
        Ok(Standing::Taken(last))
    }

    async fn page_with_patience(
        &self,
        stream: &StreamName,
        from: u64,
        count: usize,
    ) -> Result<Page, LogError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.page(stream, from, count, CALL_LIMIT).await {
                Ok(page) => return Ok(page),
                Err(error) if error.is_final() || Instant::now() + PAUSE > deadline => {
                    return Err(LogError::unreachable(error));
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn page(
        &self,
        stream: &StreamName,
        from: u64,
        count: usize,
        limit: Duration,
    ) -> Result<Page, CallError> {
        let options = ReadStreamOptions::default()
            .position(StreamPosition::Position(from))
            .forwards()
            .max_count(count);
        let lease = self.connection.lease()?;
        let call = read_page(&lease.client, stream, &options, count);
        self.connection.watch(lease.generation, limit, call).await
    }

    async fn last_version(
        &self,
        stream: &StreamName,
        limit: Duration,
    ) -> Result<Option<u64>, CallError> {
        let options = ReadStreamOptions::default().position(StreamPosition::End).max_count(1);
        let lease = self.connection.lease()?;
        let call = read_page(&lease.client, stream, &options, 1);
        let page = self.connection.watch(lease.generation, limit, call).await?;
        Ok(page.events.last().map(|event| event.revision))
    }

    async fn end_once(&self) -> Result<Position, CallError> {
        let lease = self.connection.lease()?;
        let call = read_end(&lease.client);
        self.connection.watch(lease.generation, END_LIMIT, call).await
    }
}

async fn read_page(
    client: &Client,
    stream: &StreamName,
    options: &ReadStreamOptions,
    count: usize,
) -> Result<Page, CallError> {
    let mut page = Page::default();
    let mut read = match client.read_stream(stream.as_str(), options).await {
        Err(Error::ResourceNotFound) => return Ok(page),
        read => read?,
    };
    loop {
        match read.next_read_event().await {
            Ok(Some(ReadEvent::Event(event))) => page.events.extend(original(event)),
            Ok(Some(ReadEvent::LastStreamPosition(version))) => page.last = Some(version),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(Error::ResourceNotFound) => return Ok(page),
            Err(error) => return Err(error.into()),
        }
    }
    // The server marks the end of a stream, so fewer events without the mark are an answer that a
    // closing connection cut off; to the client that looks like a good end.
    if page.events.len() < count && page.last.is_none() {
        return Err(CallError::CutShort);
    }
    Ok(page)
}

async fn read_end(client: &Client) -> Result<Position, CallError> {
    let mut reached = None;
    loop {
        let before = reached.map_or(StreamPosition::End, StreamPosition::Position);
        let options = ReadAllOptions::default().position(before).backwards().max_count(END_PAGE);
        let mut read = client.read_all(&options).await?;
        let mut seen = 0;
        while let Some(event) = read.next().await?.and_then(original) {
            seen += 1;
            reached = Some(event.position);
            if !is_system(&event) {
                return Ok(sound(event.position).unwrap_or_default());
            }
        }
        if seen == END_PAGE {
            continue;
        }
        // Nothing marks the end of an answer about `$all`: fewer events than asked for are all
        // there are only if the first of all is among them.
        return match read_first(client).await? == reached {
            true => Ok(Position::START),
            false => Err(CallError::CutShort),
        };
    }
}

/// Where the first event of all lies, be it the server's own.
async fn read_first(client: &Client) -> Result<Option<eventstore::Position>, CallError> {
    let options = ReadAllOptions::default().position(StreamPosition::Start).max_count(1);
    let mut read = client.read_all(&options).await?;
    Ok(read.next().await?.and_then(original).map(|event| event.position))
}

/// The event that lies at the place, a link rather than what it points to.
pub(super) fn original(event: ResolvedEvent) -> Option<eventstore::RecordedEvent> {
    event.link.or(event.event)
}
