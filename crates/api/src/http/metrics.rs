//! `GET /metrics`: numbers for Prometheus, read at the moment they are asked for.
//!
//! What is far away may not answer; then its families have no numbers, and all others are told.

mod requests;
mod standing;
mod text;
mod work;

pub use requests::Requests;

use super::{
    access::OPERATORS,
    health::{Health, PATIENCE},
    live::Streams,
    operation::{Routes, question},
};
use crate::{
    followers::{Followers, expected},
    telemetry::traces,
};
use axum::{extract::State, http::header, response::IntoResponse};
use chrono::{DateTime, Utc};
use commands::{notices, payment::Breaker};
use deadpool_postgres::Pool;
use domain::Context;
use eventlog::consumer::Standing;
use projections::Engine;
use std::{collections::HashSet, sync::Arc};
use text::{Kind, Text};
use tokio::time::timeout;

/// Of the text that Prometheus reads.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4";

/// What there is to read.
pub struct Metrics {
    pub followers: Followers,
    /// In front of the payment gateway, if there is one.
    pub breaker: Option<Arc<Breaker>>,
    /// Keeps the views.
    pub engine: Engine,
    pub health: Arc<Health>,
    pub requests: Arc<Requests>,
    /// Those who listen to live views.
    pub streams: Streams,
    /// For workers and commands.
    pub pool: Pool,
    pub queries: Pool,
    /// When this process began.
    pub since: DateTime<Utc>,
}

impl Metrics {
    async fn read(&self) -> String {
        let (report, standings, waiting) = tokio::join!(
            self.health.report(),
            timeout(PATIENCE, self.followers.standings()),
            timeout(PATIENCE, notices::waiting(&self.queries)),
        );
        let mut text = Text::default();
        self.tell_process(&mut text);
        standing::tell_health(&mut text, &report);
        self.requests.tell(&mut text);
        work::tell_commands(&mut text);
        let standings = standings.ok().and_then(Result::ok);
        let help = "Where the log ends.";
        let mut family = text.family("jangteo_log_position", Kind::Gauge, help);
        if let Some(standings) = &standings {
            family.tell(&[], standings.end.commit);
        }
        // Whoever runs them, and not those of a rebuild.
        let known: HashSet<_> = expected(&Context::ALL).into_iter().collect();
        let followers = standings.iter().flat_map(|standings| &standings.followers);
        let is_known = |one: &&Standing| known.contains(one.follower());
        standing::tell_followers(&mut text, &followers.filter(is_known).collect::<Vec<_>>());
        work::tell_views(&mut text, &self.engine.work());
        standing::tell_breaker(&mut text, self.breaker.as_ref().map(|one| one.standing()));
        standing::tell_notices(&mut text, waiting.ok().and_then(Result::ok).as_ref());
        let (sent, lost) = traces::counts();
        let help = "Spans of traces, by whether the collector took them.";
        let mut family = text.family("jangteo_trace_spans_total", Kind::Counter, help);
        family.tell(&[("outcome", "sent")], sent);
        family.tell(&[("outcome", "lost")], lost);
        let help = "Those who listen to live views of this process.";
        text.family("jangteo_live_listeners", Kind::Gauge, help).tell(&[], self.streams.open());
        let pools = [("work", self.pool.clone()), ("queries", self.queries.clone())];
        standing::tell_pools(&mut text, &pools);
        text.into_string()
    }

    fn tell_process(&self, text: &mut Text) {
        let help = "1, with the version of the program.";
        let mut family = text.family("jangteo_build_info", Kind::Gauge, help);
        family.tell(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        let help = "When this process began, in seconds since 1970.";
        let mut family = text.family("process_start_time_seconds", Kind::Gauge, help);
        family.tell(&[], self.since.timestamp());
    }
}

pub fn routes() -> Routes<Arc<Metrics>> {
    let asking = question("Numbers for Prometheus", OPERATORS).gives_text(MEDIA_TYPE);
    Routes::default().get("/metrics", show, asking)
}

async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], metrics.read().await)
}
