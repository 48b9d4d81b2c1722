//! Accepting connections, and serving them over HTTP/1.1 by a clock: a client that is slow to ask, or
//! to take its answer, is cut off, so that nobody holds a connection for nothing.
//!
//! There are so many connections at once. Beyond them a few more are taken to say so (503
//! `too-many-connections`) and to be told of health, and whatever is beyond those is closed. A stop
//! closes idle connections at once; a request that is under way gets its answer.

mod answered;
mod connection;
mod framing;
mod gate;
mod refused;
mod watch;
mod watched;

pub use connection::Peer;
pub use gate::Gate;

use super::problem::Causes;
use connection::Connection;
use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How many connections are taken beyond the limit, to be answered that there are too many.
const RESERVE: usize = 256;

/// How long a connection of the reserve may take for its request or for its answer.
const RESERVE_TIME: Duration = Duration::from_secs(2);

/// How long nothing is accepted after the system refused to, as when files have run out.
const PAUSE: Duration = Duration::from_millis(50);

/// How often the log says that connections cannot be taken.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// What a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// How long the head of a request may take to come.
    pub head: Duration,
    /// How long a connection may be without a request.
    pub idle: Duration,
    /// How long an answer may be stuck because its client does not read.
    pub write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let [head, idle, write] = [10, 75, 30].map(Duration::from_secs);
        Self { connections: 20_000, head, idle, write }
    }
}

impl Limits {
    /// Those of a connection beyond the limit.
    fn of_reserve(self) -> Self {
        let [head, write] = [self.head, self.write].map(|time| time.min(RESERVE_TIME));
        Self { head, write, ..self }
    }
}

/// Serves until `stop`, and then until every connection is done.
pub async fn serve(listener: TcpListener, gate: Gate, limits: Limits, stop: CancellationToken) {
    let mut server = Server::new(gate, limits, stop.clone());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => server.take(stream, peer),
            Err(error) => server.not_accepted(&error).await,
        }
    }
    drop(listener);
    server.connections.close();
    server.connections.wait().await;
}

struct Server {
    gate: Gate,
    limits: Limits,
    stop: CancellationToken,
    connections: TaskTracker,
    places: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    said: Option<Instant>,
}

impl Server {
    fn new(gate: Gate, limits: Limits, stop: CancellationToken) -> Self {
        Self {
            gate,
            limits,
            stop,
            connections: TaskTracker::new(),
            places: Arc::new(Semaphore::new(limits.connections)),
            reserve: Arc::new(Semaphore::new(RESERVE)),
            said: None,
        }
    }

    fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            self.spawn(stream, peer, place, self.limits, false);
            return;
        }
        self.say(|| tracing::warn!("too many connections; more are refused"));
        if let Ok(place) = self.reserve.clone().try_acquire_owned() {
            self.spawn(stream, peer, place, self.limits.of_reserve(), true);
        }
    }

    fn spawn(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: OwnedSemaphorePermit,
        limits: Limits,
        is_reserve: bool,
    ) {
        // Without it a small answer may wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        // What was handed to the system is its to deliver. It gives up after the same time, or an event
        // stream whose few events fit into its buffers would be kept for somebody who is gone.
        let longest = u32::try_from(limits.write.as_millis()).unwrap_or(u32::MAX);
        let _ = setsockopt(&stream, TcpUserTimeout, &longest);
        let (gate, stop) = (self.gate.clone(), self.stop.clone());
        let connection = Connection { gate, peer, limits, is_reserve, stop };
        self.connections.spawn(async move {
            connection.serve(stream).await;
            drop(place);
        });
    }

    /// A client that left before it was taken is nobody's fault. Otherwise files or memory have run
    /// out, and asking again at once would only keep a processor busy.
    async fn not_accepted(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionReset) {
            return;
        }
        self.say(|| tracing::error!(error = %Causes(error), "a connection cannot be accepted"));
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn say(&mut self, line: impl FnOnce()) {
        if self.said.is_none_or(|said| said.elapsed() > SAY_EVERY) {
            self.said = Some(Instant::now());
            line();
        }
    }
}
