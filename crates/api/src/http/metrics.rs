//! `GET /metrics`: numbers for Prometheus, read at the moment they are asked for.

use super::problem::Problem;
use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use commands::payment::{
    Breaker,
    breaker::{Counts, Standing},
};
use deadpool_postgres::PoolError;
use eventlog::{EventLog, LogError, consumer::Consumers};
use metrics::{counter, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use std::sync::Arc;

/// What there is to read.
pub struct Metrics {
    log: Arc<dyn EventLog>,
    consumers: Consumers,
    /// In front of the payment gateway, if there is one.
    breaker: Option<Arc<Breaker>>,
    recorder: PrometheusRecorder,
}

/// Why the numbers cannot be read now.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the followers' table cannot be read")]
    Followers(#[from] PoolError),
}

impl Metrics {
    pub fn new(
        log: Arc<dyn EventLog>,
        consumers: Consumers,
        breaker: Option<Arc<Breaker>>,
    ) -> Arc<Self> {
        let recorder = PrometheusBuilder::new().build_recorder();
        Arc::new(Self { log, consumers, breaker, recorder })
    }

    async fn read(&self) -> Result<String, Unread> {
        let end = self.log.end().await?;
        let followers = self.consumers.states().await?;
        with_local_recorder(&self.recorder, || {
            gauge!("jangteo_log_position").set(end.commit as f64);
            for follower in followers {
                let name = follower.name;
                let owned = f64::from(u8::from(follower.owner.is_some()));
                gauge!("jangteo_follower_owned", "follower" => name.clone()).set(owned);
                let position = follower.position.commit as f64;
                gauge!("jangteo_follower_position", "follower" => name.clone()).set(position);
                for (state, streams) in
                    [("waiting", follower.waiting_streams), ("poisoned", follower.poisoned_streams)]
                {
                    let labels = [("follower", name.clone()), ("state", state.to_owned())];
                    gauge!("jangteo_follower_parked_streams", &labels).set(streams as f64);
                }
            }
            if let Some(breaker) = &self.breaker {
                tell(breaker.standing());
            }
        });
        Ok(self.recorder.handle().render())
    }
}

fn tell((standing, counts): (Standing, Counts)) {
    let now = match standing {
        Standing::Closed => "closed",
        Standing::Open { .. } => "open",
        Standing::HalfOpen => "half_open",
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

pub fn routes(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(metrics)
}

async fn show(State(metrics): State<Arc<Metrics>>) -> Result<impl IntoResponse, Problem> {
    let text = metrics.read().await.map_err(|error| Problem::fault(&error))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}
