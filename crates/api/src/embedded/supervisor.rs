//! Keeps the server running until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::Config;

use super::place::Place;
use super::postmaster::Postmaster;
use super::programs::Programs;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The task that watches the server. Dropped, the task stops the server and ends.
pub struct Supervisor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Watches over `postmaster`. The place is given up when the server has stopped.
    pub fn start(
        place: Arc<Place>,
        programs: Programs,
        config: Config,
        postmaster: Postmaster,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            watch(&place, &programs, &config, postmaster, stopped).await;
        });
        Self { stop, task }
    }

    /// Returns when the server is gone.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the embedded PostgreSQL was not stopped in order");
        }
    }
}

async fn watch(
    place: &Place,
    programs: &Programs,
    config: &Config,
    mut postmaster: Postmaster,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = &mut stopped => return postmaster.stop().await,
            status = postmaster.ended() => {
                tracing::error!(?status, log = %place.log.display(), "the embedded PostgreSQL ended; starting it again");
            }
        }
        postmaster = tokio::select! {
            _ = &mut stopped => return,
            started = start_again(place, programs, config) => started,
        };
        tracing::info!("the embedded PostgreSQL accepts connections again");
    }
}

async fn start_again(place: &Place, programs: &Programs, config: &Config) -> Postmaster {
    let mut pause = FIRST_PAUSE;
    loop {
        match Postmaster::start(place, programs, config).await {
            Ok(postmaster) => return postmaster,
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the embedded PostgreSQL stays down"
            ),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
