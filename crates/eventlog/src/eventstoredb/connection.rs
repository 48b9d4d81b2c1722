//! The supervisor of a client: hands it out, hears how its calls went, and replaces it when it is
//! of no more use.
//!
//! A client whose first connection failed is dead for good, and one whose node went away calls that
//! node for ever: only a new client helps.

use eventstore::{Client, ClientSettings, ClientSettingsParseError, Error};
use futures::FutureExt;
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// After this many failures in a row that say the server is gone, the client is replaced.
const FAILURES: u32 = 3;

/// What the client says of every append that was pending when its session ended. The connection may
/// be well.
const SESSION_CLOSED: &str = "Batch-append stream has been closed";

#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error(transparent)]
    Client(#[from] Error),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("the client gave up: {0}")]
    Broken(String),
    #[error("the answer stopped before its end")]
    CutShort,
}

impl CallError {
    /// What the client panicked with.
    pub fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).into());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Broken(text.unwrap_or_else(|| "panicked".to_owned()))
    }

    /// The append's session ended because of another append.
    pub fn is_session_closed(&self) -> bool {
        matches!(self, Self::Client(Error::ServerError(text)) if text.contains(SESSION_CLOSED))
    }

    /// Asking again leads to the same answer.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Client(
                Error::AccessDenied | Error::ResourceDeleted | Error::UnsupportedFeature,
            ) => true,
            Self::Client(Error::Grpc { code, .. }) => {
                matches!(
                    i32::from(*code),
                    grpc::INVALID_ARGUMENT | grpc::NOT_FOUND | grpc::PERMISSION_DENIED
                )
            }
            _ => false,
        }
    }
}

/// The gRPC status codes that are told apart.
pub(super) mod grpc {
    pub const INVALID_ARGUMENT: i32 = 3;
    pub const NOT_FOUND: i32 = 5;
    pub const ALREADY_EXISTS: i32 = 6;
    pub const PERMISSION_DENIED: i32 = 7;
}

/// Reads a connection string. A new client sleeps for its discovery interval before it first
/// connects; half a second by default, which every recovery would wait for, so it is less here
/// unless the string says otherwise.
pub(super) fn settings(url: &str) -> Result<ClientSettings, ClientSettingsParseError> {
    let given = url.parse::<ClientSettings>()?;
    if url.to_ascii_lowercase().contains("discoveryinterval=") {
        return Ok(given);
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}discoveryInterval=50").parse()
}

pub(super) struct Connection {
    settings: ClientSettings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    client: Option<Client>,
    generation: u64,
    failures: u32,
    answered: Option<Instant>,
}

/// A client, and which one in the row of its connection's clients.
pub(super) struct Lease {
    pub client: Client,
    pub generation: u64,
}

impl Connection {
    pub fn new(settings: ClientSettings) -> Self {
        Self { settings, state: Mutex::default() }
    }

    /// Within a Tokio runtime.
    pub fn lease(&self) -> Result<Lease, CallError> {
        let mut state = self.state();
        let client = match &state.client {
            Some(client) => client.clone(),
            None => Client::new(self.settings.clone())?,
        };
        state.client = Some(client.clone());
        Ok(Lease { client, generation: state.generation })
    }

    /// Waits for a call on a leased client, at most `limit`, and takes note of how it went.
    pub async fn watch<T>(
        &self,
        generation: u64,
        limit: Duration,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let begun = Instant::now();
        // The client has panics of its own for answers it does not understand.
        let outcome = match timeout(limit, AssertUnwindSafe(call).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(payload)) => Err(CallError::panicked(&*payload)),
            Err(_) => Err(CallError::TimedOut(limit)),
        };
        self.note(generation, begun, outcome.as_ref().err());
        outcome
    }

    /// Takes note of how a call that began then went.
    pub fn note(&self, generation: u64, begun: Instant, error: Option<&CallError>) {
        let mut state = self.state();
        if state.generation != generation || error.is_some_and(CallError::is_session_closed) {
            return;
        }
        match error.map_or(Weight::None, Weight::of) {
            Weight::None => {
                state.failures = 0;
                state.answered = Some(Instant::now());
                return;
            }
            Weight::One => state.failures += 1,
            // A server that answers others in the meantime has dropped one call, no more.
            Weight::Silence if state.answered > Some(begun) => state.failures += 1,
            Weight::Silence | Weight::All => state.failures = FAILURES,
        }
        if state.failures >= FAILURES {
            *state = State { generation: generation + 1, ..State::default() };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much an error says against the client.
enum Weight {
    /// It is an answer.
    None,
    One,
    Silence,
    All,
}

impl Weight {
    fn of(error: &CallError) -> Self {
        match error {
            CallError::Client(
                Error::ConnectionClosed
                | Error::GrpcConnectionError(_)
                | Error::InitializationError(_)
                | Error::InternalClientError
                | Error::IllegalStateError(_),
            )
            | CallError::Broken(_) => Self::All,
            CallError::Client(
                Error::ServerError(_) | Error::NotLeaderException(_) | Error::DeadlineExceeded,
            )
            | CallError::CutShort => Self::One,
            CallError::TimedOut(_) => Self::Silence,
            CallError::Client(_) => Self::None,
        }
    }
}
