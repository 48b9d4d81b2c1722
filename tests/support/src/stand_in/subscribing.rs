//! `Streams/Read` as a subscription to `$all`.

use super::{
    faults::{SubscriptionFault, status},
    reading,
    service::Shared,
    store::Record,
    wire::{
        AllOptions, Empty, FilterOptions, Position, ReadOptions, ReadResp, SubscriptionConfirmation,
    },
};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, codegen::BoxStream};

/// What the server looks at between two checkpoints when the filter does not say.
const DEFAULT_WINDOW: u32 = 32;

/// How much the server reads at a time.
const PAGE: usize = 32;

/// The one regular expression that clients send: all but system streams.
const NOT_SYSTEM: &str = r"^[^\$].*";

pub(super) fn subscribe(
    shared: &Shared,
    options: ReadOptions,
) -> Result<BoxStream<ReadResp>, Status> {
    let all = options.all.ok_or_else(|| Status::unimplemented("a subscription to one stream"))?;
    let (answers, stream) = mpsc::channel(PAGE);
    let subscriber = Subscriber {
        shared: shared.clone(),
        filter: options.filter.map(Filter::read).transpose()?,
        seen: start(shared, &all),
        unmarked: None,
        considered: 0,
        failing: None,
        answers,
    };
    tokio::spawn(subscriber.run());
    Ok(Box::pin(ReceiverStream::new(stream)))
}

/// Exclusive: the event at the given position has been seen. The greatest position means the end.
fn start(shared: &Shared, options: &AllOptions) -> usize {
    match (options.position, &options.end) {
        (Some(position), _) => shared.store.count_before(position, true),
        (None, Some(_)) => shared.store.len(),
        (None, None) => 0,
    }
}

struct Subscriber {
    shared: Shared,
    filter: Option<Filter>,
    /// How many events of the log have been considered.
    seen: usize,
    /// The last event considered since the last checkpoint.
    unmarked: Option<Position>,
    /// How many events have been considered since the last checkpoint.
    considered: u32,
    /// After this many events the subscription fails.
    failing: Option<(usize, Code)>,
    answers: Sender<Result<ReadResp, Status>>,
}

/// The subscription is over: the client has gone, or a fault said so.
struct Stopped;

impl Subscriber {
    async fn run(mut self) -> Result<(), Stopped> {
        self.send(confirmation()).await?;
        if let Some(fault) = self.shared.faults.subscription() {
            self.strike(fault).await?;
        }
        let mut growth = self.shared.store.growth();
        let mut live = false;
        loop {
            growth.borrow_and_update();
            self.deliver().await?;
            if !live {
                self.checkpoint().await?;
                self.send(caught_up()).await?;
                live = true;
            }
            tokio::select! {
                grown = growth.changed() => grown.map_err(|_| Stopped)?,
                () = self.answers.closed() => return Err(Stopped),
            }
        }
    }

    async fn strike(&mut self, fault: SubscriptionFault) -> Result<(), Stopped> {
        match fault {
            SubscriptionFault::Error(code) => self.fail(code).await,
            SubscriptionFault::ErrorAfter(events, code) => {
                self.failing = Some((events, code));
                Ok(())
            }
            SubscriptionFault::End => Err(Stopped),
            SubscriptionFault::Checkpoint(commit, prepare) => {
                self.send(checkpoint(Position { commit, prepare })).await
            }
        }
    }

    /// Everything on record that has not been considered yet.
    async fn deliver(&mut self) -> Result<(), Stopped> {
        loop {
            let page = self.shared.store.page(self.seen, PAGE);
            if page.is_empty() {
                return Ok(());
            }
            for record in page {
                self.seen += 1;
                self.considered += 1;
                self.unmarked = Some(record.position);
                if self.passes(&record) {
                    self.count_down().await?;
                    self.send(reading::event(&record)).await?;
                }
                if self.filter.as_ref().is_some_and(|filter| self.considered >= filter.window) {
                    self.checkpoint().await?;
                }
            }
        }
    }

    fn passes(&self, record: &Record) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.passes(record))
    }

    async fn count_down(&mut self) -> Result<(), Stopped> {
        match &mut self.failing {
            Some((0, code)) => {
                let code = *code;
                self.fail(code).await
            }
            Some((left, _)) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Filtered subscriptions only.
    async fn checkpoint(&mut self) -> Result<(), Stopped> {
        self.considered = 0;
        match (self.unmarked.take(), &self.filter) {
            (Some(position), Some(_)) => self.send(checkpoint(position)).await,
            _ => Ok(()),
        }
    }

    async fn fail(&mut self, code: Code) -> Result<(), Stopped> {
        drop(self.answers.send(Err(status(code))).await);
        Err(Stopped)
    }

    async fn send(&self, message: ReadResp) -> Result<(), Stopped> {
        self.answers.send(Ok(message)).await.map_err(|_| Stopped)
    }
}

struct Filter {
    on_stream: bool,
    excludes_system: bool,
    prefixes: Vec<String>,
    window: u32,
}

impl Filter {
    fn read(options: FilterOptions) -> Result<Self, Status> {
        let on_stream = options.stream_identifier.is_some();
        let expression = options
            .stream_identifier
            .or(options.event_type)
            .ok_or_else(|| Status::invalid_argument("a filter takes an expression"))?;
        if !expression.regex.is_empty() && expression.regex != NOT_SYSTEM {
            return Err(Status::invalid_argument("an unknown regular expression"));
        }
        Ok(Self {
            on_stream,
            excludes_system: !expression.regex.is_empty(),
            prefixes: expression.prefix,
            window: options.max.unwrap_or(DEFAULT_WINDOW),
        })
    }

    /// A regular expression wins over prefixes; with neither, nothing passes.
    fn passes(&self, record: &Record) -> bool {
        let subject = if self.on_stream { &record.stream } else { &record.event_type };
        if self.excludes_system {
            !subject.starts_with('$')
        } else {
            self.prefixes.iter().any(|prefix| subject.starts_with(prefix))
        }
    }
}

fn confirmation() -> ReadResp {
    ReadResp {
        confirmation: Some(SubscriptionConfirmation { subscription_id: "stand-in".to_owned() }),
        ..ReadResp::default()
    }
}

fn checkpoint(position: Position) -> ReadResp {
    ReadResp { checkpoint: Some(position), ..ReadResp::default() }
}

fn caught_up() -> ReadResp {
    ReadResp { caught_up: Some(Empty {}), ..ReadResp::default() }
}
