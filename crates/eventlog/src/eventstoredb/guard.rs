//! Keeps a subscription of the client from taking its task with it.
//!
//! When the server ends a subscription without an error, which a closing connection can look like
//! as well, the client asks the ended stream again and again and never yields, so that no timeout
//! around it fires. The one thing it does each time is log that it received an unknown message. A
//! poll therefore runs under a [`Listener`] in place of the log, which lets everything through, and
//! unwinds out of the client when it says so too often within one poll.

use super::connection::CallError;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber, dispatcher,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::Interest,
};

const TARGET: &str = "eventstore::commands";
const COMPLAINT: &str = "Received an unknown subscription message";

/// Messages of a newer server are unknown too, but they do not come all at once.
const TOLERATED: u32 = 1000;

pub(super) struct Guard {
    listening: Dispatch,
    complaints: Arc<AtomicU32>,
}

/// What the unwinding carries.
struct EndedWithoutError;

impl Guard {
    /// Lets through to the log of whoever makes it.
    pub fn new() -> Self {
        let complaints = Arc::new(AtomicU32::new(0));
        let listener = Listener {
            log: dispatcher::get_default(Dispatch::clone),
            complaints: complaints.clone(),
        };
        Self { listening: Dispatch::new(listener), complaints }
    }

    /// What `call` gives, or that it spun or panicked. Then what it borrowed is of no more use.
    pub async fn run<T>(&self, call: impl Future<Output = T>) -> Result<T, CallError> {
        let mut call = pin!(call);
        std::future::poll_fn(|cx| {
            self.complaints.store(0, Ordering::Relaxed);
            let poll = || dispatcher::with_default(&self.listening, || call.as_mut().poll(cx));
            match catch_unwind(AssertUnwindSafe(poll)) {
                Ok(poll) => poll.map(Ok),
                Err(payload) if payload.is::<EndedWithoutError>() => {
                    Poll::Ready(Err(CallError::CutShort))
                }
                Err(payload) => Poll::Ready(Err(CallError::panicked(&*payload))),
            }
        })
        .await
    }
}

struct Listener {
    log: Dispatch,
    complaints: Arc<AtomicU32>,
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = self.log.register_callsite(metadata);
        if may_complain(metadata) { Interest::always() } else { interest }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        may_complain(metadata) || self.log.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::current().max(LevelFilter::WARN))
    }

    fn event(&self, event: &Event<'_>) {
        if may_complain(event.metadata()) && complains(event) {
            let earlier = self.complaints.fetch_add(1, Ordering::Relaxed);
            if earlier >= TOLERATED {
                resume_unwind(Box::new(EndedWithoutError));
            }
            if earlier > 0 {
                return;
            }
        }
        if self.log.enabled(event.metadata()) {
            self.log.event(event);
        }
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.log.new_span(span)
    }

    fn record(&self, span: &span::Id, values: &span::Record<'_>) {
        self.log.record(span, values);
    }

    fn record_follows_from(&self, span: &span::Id, follows: &span::Id) {
        self.log.record_follows_from(span, follows);
    }

    fn enter(&self, span: &span::Id) {
        self.log.enter(span);
    }

    fn exit(&self, span: &span::Id) {
        self.log.exit(span);
    }

    fn clone_span(&self, span: &span::Id) -> span::Id {
        self.log.clone_span(span)
    }

    fn try_close(&self, span: span::Id) -> bool {
        self.log.try_close(span)
    }
}

fn may_complain(metadata: &Metadata<'_>) -> bool {
    *metadata.level() == Level::WARN && metadata.target() == TARGET
}

fn complains(event: &Event<'_>) -> bool {
    let mut message = Message(false);
    event.record(&mut message);
    message.0
}

/// Whether an event's message is the complaint.
struct Message(bool);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 |= format!("{value:?}") == COMPLAINT;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log that is switched off, as `RUST_LOG=off` leaves it.
    struct Off;

    impl Subscriber for Off {
        fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
            Interest::never()
        }

        fn enabled(&self, _: &Metadata<'_>) -> bool {
            false
        }

        fn max_level_hint(&self) -> Option<LevelFilter> {
            Some(LevelFilter::OFF)
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            panic!("let through to a log that is off: {event:?}");
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    fn complain() {
        tracing::warn!(target: TARGET, "{COMPLAINT}");
    }

    #[tokio::test]
    async fn stops_a_call_that_spins_with_the_log_on_or_off() {
        let spin = || async {
            loop {
                complain();
            }
        };
        let outcome: Result<(), _> = Guard::new().run(spin()).await;
        assert!(matches!(outcome, Err(CallError::CutShort)));

        let guard = dispatcher::with_default(&Dispatch::new(Off), Guard::new);
        let outcome: Result<(), _> = guard.run(spin()).await;
        assert!(matches!(outcome, Err(CallError::CutShort)));
    }

    #[tokio::test]
    async fn lets_a_call_through_that_complains_now_and_then() {
        let call = async {
            for _ in 0..3 {
                for _ in 0..TOLERATED {
                    complain();
                }
                tokio::task::yield_now().await;
            }
            for _ in 0..2 * TOLERATED {
                tracing::warn!(target: TARGET, "something else");
            }
            7
        };
        assert_eq!(Guard::new().run(call).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let call = async {
            assert_eq!(1, 2, "no such answer");
        };
        let outcome = Guard::new().run(call).await;
        assert!(matches!(outcome, Err(CallError::Broken(why)) if why.contains("no such answer")));
    }
}
