//! One connection, from its acceptance to its end.

use super::{
    Limits,
    answered::Answered,
    gate::{Gate, starting},
    watch::{REST_AFTER, UnderWay, Watch},
    watched::Watched,
};
use crate::http::{health, problem::Problem, protection::protect};
use axum::{
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// How large the head of a request may be, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;

/// How much is read or written at once at most.
const BUFFER: usize = 128 * 1024;

/// How long a client that may still be sending is listened to, so that it gets to see its answer.
const LINGER: Duration = Duration::from_secs(1);

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Who is at the other end, of a request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

pub struct Connection {
    pub gate: Gate,
    pub peer: SocketAddr,
    pub limits: Limits,
    pub is_reserve: bool,
    pub stop: CancellationToken,
}

/// Why nothing more is exchanged at present.
enum End {
    /// It is over, as the protocol or one of both sides wanted.
    Done,
    /// There is no request.
    Rests,
    /// The client took too long, or the service stops.
    Cut,
}

impl Connection {
    /// Nothing but the stream is kept while there is no request, for most connections are idle most
    /// of the time.
    pub async fn serve(self, stream: TcpStream) {
        let (mut stream, mut unread) = (stream, Bytes::new());
        // Whoever connects does so to ask.
        let mut patience = self.limits.head;
        while !unread.is_empty() || self.is_asked(&stream, patience).await {
            match self.talk(stream, unread).await {
                Some(rest) => (stream, unread) = rest,
                None => return,
            }
            patience = self.limits.idle.saturating_sub(REST_AFTER);
        }
    }

    /// Whether there is something to read. That a stream says to be readable is not enough.
    async fn is_asked(&self, stream: &TcpStream, patience: Duration) -> bool {
        let mut first = [0];
        tokio::select! {
            seen = stream.peek(&mut first) => seen.is_ok_and(|len| len > 0),
            () = self.stop.cancelled() => false,
            () = sleep(patience) => false,
        }
    }

    /// Answers requests until there are none for a while. None: the connection has ended.
    async fn talk(&self, stream: TcpStream, unread: Bytes) -> Option<(TcpStream, Bytes)> {
        let watch = Watch::new(self.limits);
        let service = service_fn(|request| {
            let (under_way, is_ambiguous) = watch.begin();
            self.answer(request, under_way, is_ambiguous)
        });
        let stream = TokioIo::new(Watched::new(stream, unread, watch.clone()));
        let mut http = self.protocol().serve_connection(stream, service);
        let mut stopped = pin!(self.stop.cancelled());
        let mut alarm = pin!(sleep(self.limits.idle));
        let mut is_stopping = false;
        let talking = poll_fn(|cx| {
            if !is_stopping && stopped.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                Pin::new(&mut http).graceful_shutdown();
            }
            if let Poll::Ready(ended) = Pin::new(&mut http).poll(cx) {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return Poll::Ready(End::Done);
            }
            if is_stopping && watch.is_free() {
                return Poll::Ready(End::Cut);
            }
            poll_clock(&watch, alarm.as_mut(), cx)
        });
        let end = talking.await;
        let parts = http.into_parts();
        let mut stream = parts.io.into_inner().into_inner();
        match end {
            End::Rests => return Some((stream, parts.read_buf)),
            End::Done if watch.is_open() => linger(&mut stream).await,
            // What it does not read shall not stay in the system's memory.
            End::Cut if watch.is_stuck() => _ = stream.set_zero_linger(),
            End::Done | End::Cut => {}
        }
        None
    }

    fn protocol(&self) -> http1::Builder {
        let mut protocol = http1::Builder::new();
        protocol
            .keep_alive(!self.is_reserve)
            .header_read_timeout(None)
            .max_header_size(LARGEST_HEAD)
            .max_buf_size(BUFFER);
        protocol
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        under_way: UnderWay,
        is_ambiguous: bool,
    ) -> Result<Response<Answered>, Infallible> {
        let answer = match self.admit(&request, is_ambiguous) {
            Ok(()) => self.pass_on(request).await,
            Err(problem) => last(problem),
        };
        Ok(answer.map(|body| Answered::new(body, under_way)))
    }

    fn admit(&self, request: &Request<Incoming>, is_ambiguous: bool) -> Result<(), Problem> {
        if is_ambiguous {
            let detail = "a request has Content-Length or Transfer-Encoding, not both";
            return Err(Problem::malformed(detail));
        }
        if self.is_reserve && !request.uri().path().starts_with(health::PATH) {
            let detail = "too many are connected; nothing was done, ask again in a moment";
            return Err(Problem::unavailable("too-many-connections", detail, RETRY_AFTER));
        }
        Ok(())
    }

    async fn pass_on(&self, mut request: Request<Incoming>) -> Response {
        let Some(mut router) = self.gate.router() else { return starting(request.uri().path()) };
        request.extensions_mut().insert(Peer(self.peer));
        match router.call(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }
}

/// An answer after which the connection is closed.
fn last(problem: Problem) -> Response {
    let close = HeaderValue::from_static("close");
    let problem = problem.headers(|headers| _ = headers.insert(header::CONNECTION, close));
    protect(problem.into_response(), false)
}

/// Ready when the connection is to be cut or to rest. A request that is answered in time leaves the
/// alarm as it is: when it rings too early, it is set anew.
fn poll_clock(watch: &Watch, mut alarm: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<End> {
    loop {
        let (deadline, rests_at) = (watch.deadline(), watch.rests_at());
        let Some(next) = [deadline, rests_at].into_iter().flatten().min() else {
            return Poll::Pending;
        };
        if alarm.is_elapsed() || alarm.deadline() > next {
            alarm.as_mut().reset(next);
        }
        ready!(alarm.as_mut().poll(cx));
        let now = Instant::now();
        let is_past = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if is_past(deadline) {
            return Poll::Ready(End::Cut);
        }
        if is_past(rests_at) {
            return Poll::Ready(End::Rests);
        }
    }
}

/// Closing while something comes in would take the answer from the client before it has read it. That
/// nothing more will be written, the client was told already.
async fn linger(stream: &mut TcpStream) {
    let listening = async {
        let mut ignored = [0; 4096];
        while stream.read(&mut ignored).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whatever comes of it, the connection is closed.
    let _ = timeout(LINGER, listening).await;
}
