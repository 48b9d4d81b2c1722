//! `GET /metrics`: numbers for Prometheus, read at the moment they are asked for.

mod stages;

use super::{
    access::OPERATORS,
    operation::{Routes, question},
    problem::Problem,
};
use crate::followers::{Followers, expected};
use axum::{extract::State, http::header, response::IntoResponse};
use commands::payment::{
    Breaker,
    breaker::{Counts, Standing as BreakerStanding},
};
use domain::Context;
use eventlog::consumer::{Standing, StandingError};
use metrics::{counter, gauge, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use projections::Engine;
use std::{collections::HashSet, sync::Arc};

/// Of the text that Prometheus reads.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4";

/// What there is to read.
pub struct Metrics {
    followers: Followers,
    /// The names of followers that there are, whoever runs them: not those of a rebuild.
    known: HashSet<String>,
    /// In front of the payment gateway, if there is one.
    breaker: Option<Arc<Breaker>>,
    /// Keeps the views.
    engine: Engine,
}

impl Metrics {
    pub fn new(followers: Followers, breaker: Option<Arc<Breaker>>, engine: Engine) -> Arc<Self> {
        let known = expected(&Context::ALL).into_iter().collect();
        Arc::new(Self { followers, known, breaker, engine })
    }

    async fn read(&self) -> Result<String, StandingError> {
        let standings = self.followers.standings().await?;
        let known = standings.followers.iter().filter(|one| self.known.contains(one.follower()));
        // A new one each time, so that a follower that is no more is not told of for ever.
        let recorder = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&recorder, || {
            gauge!("jangteo_log_position").set(standings.end.commit as f64);
            known.for_each(tell_follower);
            if let Some(breaker) = &self.breaker {
                tell(breaker.standing());
            }
        });
        Ok(recorder.handle().render() + &stages::render(&self.engine.work()))
    }
}

fn tell_follower(standing: &Standing) {
    let Standing { state, backlog, lag } = standing;
    let name = &state.name;
    let numbers = [
        (
            gauge!("jangteo_follower_owned", "follower" => name.clone()),
            state.owner.is_some().into(),
        ),
        (
            gauge!("jangteo_follower_position", "follower" => name.clone()),
            state.position.commit as f64,
        ),
        (gauge!("jangteo_follower_lag_events", "follower" => name.clone()), backlog.events as f64),
        (gauge!("jangteo_follower_lag_seconds", "follower" => name.clone()), lag.as_secs_f64()),
        (gauge!("jangteo_follower_fence", "follower" => name.clone()), state.fence as f64),
    ];
    for (gauge, number) in numbers {
        gauge.set(number);
    }
    for (kind, streams) in
        [("waiting", state.waiting_streams), ("poisoned", state.poisoned_streams)]
    {
        let labels = [("follower", name.clone()), ("state", kind.to_owned())];
        gauge!("jangteo_follower_parked_streams", &labels).set(streams as f64);
    }
}

fn tell((standing, counts): (BreakerStanding, Counts)) {
    let now = match standing {
        BreakerStanding::Closed => "closed",
        BreakerStanding::Open { .. } => "open",
        BreakerStanding::HalfOpen => "half_open",
    };
    for state in ["closed", "open", "half_open"] {
        let stands = f64::from(u8::from(state == now));
        gauge!("jangteo_payment_breaker_state", "state" => state).set(stands);
    }
    let Counts { calls, failed, refused, opened } = counts;
    counter!("jangteo_payment_calls_total").absolute(calls);
    counter!("jangteo_payment_calls_failed_total").absolute(failed);
    counter!("jangteo_payment_refused_total").absolute(refused);
    counter!("jangteo_payment_breaker_opened_total").absolute(opened);
}

pub fn routes() -> Routes<Arc<Metrics>> {
    let asking = question("Numbers for Prometheus", OPERATORS).gives_text(MEDIA_TYPE);
    Routes::default().get("/metrics", show, asking)
}

async fn show(State(metrics): State<Arc<Metrics>>) -> Result<impl IntoResponse, Problem> {
    let text = metrics.read().await.map_err(|error| Problem::fault(&error))?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text))
}
