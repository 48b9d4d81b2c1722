//! Traces go to a collector by OTLP over HTTP, in batches. One that is away costs nothing but its
//! spans.

use super::message::Request;
use crate::http::problem::Causes;
use commands::clock::{Clock, SystemClock};
use eventlog::trace::{self, Record};
use prost::Message;
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderMap},
};
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// How many spans are sent at once at most.
const BATCH: usize = 512;

/// How long spans are gathered.
const GATHER: Duration = Duration::from_secs(1);

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take at the end.
const LAST: Duration = Duration::from_secs(2);

/// How often the log says that it cannot be reached.
const SAY_EVERY: Duration = Duration::from_secs(60);

static SENT: AtomicU64 = AtomicU64::new(0);
static LOST: AtomicU64 = AtomicU64::new(0);

/// Where traces go.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Below it is `v1/traces`.
    pub endpoint: Url,
    /// For the collector to know who sends. May have secrets.
    pub headers: HeaderMap,
    /// Which share of all traces is collected, from 0 to 1.
    pub share: f64,
    pub service: String,
}

/// Collects traces until it is ended.
#[derive(Debug, Default)]
pub struct Traces(Option<(CancellationToken, JoinHandle<()>)>);

struct Exporter {
    settings: Settings,
    client: Client,
    url: Url,
    process: String,
    said: Option<Instant>,
}

/// How many spans were sent, and how many were lost.
pub fn counts() -> (u64, u64) {
    (SENT.load(Relaxed), LOST.load(Relaxed) + trace::dropped())
}

impl Traces {
    /// Without settings nothing is collected.
    pub fn begin(settings: Option<Settings>) -> Result<Self, reqwest::Error> {
        let Some(settings) = settings else { return Ok(Self(None)) };
        let redirect = reqwest::redirect::Policy::none();
        let client = Client::builder().timeout(PATIENCE).redirect(redirect).no_proxy().build()?;
        let clock = SystemClock;
        let (now, id) = (clock.now().timestamp_nanos_opt().unwrap_or_default(), clock.new_id());
        let (_, seed) = id.as_u64_pair();
        let Some(spans) = trace::collect(settings.share, now as u64, seed) else {
            return Ok(Self(None));
        };
        let url = below(&settings.endpoint);
        let exporter = Exporter { settings, client, url, process: id.to_string(), said: None };
        let stop = CancellationToken::new();
        let exporting = tokio::spawn(exporter.run(spans, stop.clone()));
        Ok(Self(Some((stop, exporting))))
    }

    /// Sends what is left.
    pub async fn end(self) {
        if let Some((stop, exporting)) = self.0 {
            stop.cancel();
            // What does not come to its end is lost.
            let _ = timeout(LAST, exporting).await;
        }
    }
}

fn below(endpoint: &Url) -> Url {
    let mut url = endpoint.clone();
    // Only an address without a host has no segments, and that was not let pass.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["v1", "traces"]);
    }
    url
}

impl Exporter {
    async fn run(mut self, mut spans: mpsc::Receiver<Record>, stop: CancellationToken) {
        loop {
            let mut batch = Vec::new();
            let gathering = async {
                while batch.len() < BATCH {
                    let many = BATCH - batch.len();
                    if spans.recv_many(&mut batch, many).await == 0 {
                        break;
                    }
                }
            };
            // Whatever came is sent, full or not.
            let _ = stop.run_until_cancelled(timeout(GATHER, gathering)).await;
            if stop.is_cancelled() {
                while let Ok(span) = spans.try_recv() {
                    batch.push(span);
                }
                return self.send(batch).await;
            }
            self.send(batch).await;
        }
    }

    async fn send(&mut self, batch: Vec<Record>) {
        if batch.is_empty() {
            return;
        }
        let many = batch.len() as u64;
        let body = Request::of(&self.settings.service, &self.process, batch).encode_to_vec();
        let request = self.client.post(self.url.clone()).headers(self.settings.headers.clone());
        let request = request.header(CONTENT_TYPE, "application/x-protobuf").body(body);
        let answer = request.send().await.and_then(|answer| answer.error_for_status());
        match answer {
            Ok(_) => _ = SENT.fetch_add(many, Relaxed),
            Err(error) => {
                LOST.fetch_add(many, Relaxed);
                self.say(&error.without_url());
            }
        }
    }

    fn say(&mut self, error: &reqwest::Error) {
        if self.said.is_none_or(|said| said.elapsed() > SAY_EVERY) {
            self.said = Some(Instant::now());
            tracing::warn!(error = %Causes(error), "the collector of traces does not take them");
        }
    }
}
