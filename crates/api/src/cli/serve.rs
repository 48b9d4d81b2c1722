//! `serve`: answers requests and follows the log, until SIGINT or SIGTERM.

use super::{Failure, people::unsealed};
use crate::{
    config::{Config, Database, Mistakes, ServeArgs},
    http::{
        problem::Causes,
        server::{self, Gate},
    },
    sample_data,
    store::{Store, unopened},
    telemetry::traces::Traces,
    wiring::{Service, WiringError},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::{
    io::{self, Write, stdout},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How long requests and workers that are under way may go on after a stop signal.
const GRACE: Duration = Duration::from_secs(10);

/// `unread` is what is wrong with the files of secrets.
pub async fn run(args: ServeArgs, unread: Mistakes) -> Result<(), Failure> {
    let config = args.check_after(unread).map_err(|mistakes| Failure::of(&mistakes, ""))?;
    // Before anything else, so that a stop signal during the start stops the private PostgreSQL too.
    let stop = stop_signal()?;
    open_many_files();
    let traces = Traces::begin(config.traces.clone()).map_err(|error| Failure::of(&error, ""))?;
    let front = Front::open(&config).await?;
    let store = Store::open(&config.store).await.map_err(|error| unopened(&error))?;
    let served = serve(&config, &store, front, stop).await;
    let closed = store.close().await;
    traces.end().await;
    served.and(closed)
}

/// What clients see: there from the beginning, to say that the rest is starting.
struct Front {
    address: SocketAddr,
    gate: Gate,
    /// Cancelled when nothing more is accepted.
    closing: CancellationToken,
    server: AbortOnDropHandle<()>,
}

impl Front {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let listener = listen(config.listen).await?;
        let address = listener.local_addr()?;
        let (gate, closing) = (Gate::default(), CancellationToken::new());
        let server = server::serve(listener, gate.clone(), config.limits.server, closing.clone());
        let server = AbortOnDropHandle::new(tokio::spawn(server));
        Ok(Self { address, gate, closing, server })
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let what = format!("{address} cannot be listened on: {error}");
        Failure::new(
            what,
            "Stop what listens there, or choose another address with JANGTEO_LISTEN.",
        )
    })
}

/// Each connection is an open file, and those who listen to live views stay connected: as many may
/// be open as the system lets us have.
fn open_many_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

async fn serve(
    config: &Config,
    store: &Store,
    front: Front,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let Front { address, gate, closing, server } = front;
    let service = Service::start(config, store, &closing).await;
    let service = service.map_err(|error| not_started(store, &error))?;
    if is_embedded_default(config) {
        load_sample_data(&service).await;
    }
    gate.open(service.router.clone());
    if stop.run_until_cancelled(service.until_ready(config.role)).await.is_some() {
        // Serving goes on when nobody reads it.
        let _ = greet(address, config);
    }
    stop.cancelled().await;
    service.not_ready();
    if !config.drain_delay.is_zero() {
        tracing::info!("asked to stop: requests are taken until those who send them know");
        sleep(config.drain_delay).await;
    }
    closing.cancel();
    tracing::info!("stopping: what is under way is finished first");
    let drain = async { (server.await, service.stop().await) };
    if timeout(GRACE, drain).await.is_err() {
        tracing::warn!("stopped with something still under way; the next start carries on");
    }
    Ok(())
}

fn not_started(store: &Store, error: &WiringError) -> Failure {
    match error {
        WiringError::Masters(error) => unsealed(store, error),
        _ => store.failed(error),
    }
}

/// With nothing configured there is something to begin with.
fn is_embedded_default(config: &Config) -> bool {
    matches!(config.store.database, Database::Embedded) && config.store.eventstore_url.is_none()
}

async fn load_sample_data(service: &Service) {
    if let Err(error) = sample_data::load(&service.contexts).await {
        tracing::warn!(error = %Causes(&error), "the sample data was not loaded; `jangteo sample-data` does it later");
    }
}

/// The address, who may ask, and three requests to try.
fn greet(address: SocketAddr, config: &Config) -> io::Result<()> {
    let token = match (config.auth.has_means(), &config.auth.key) {
        (false, _) => "",
        (true, Some(_)) => " -H \"Authorization: Bearer $JANGTEO_AUTH_KEY\"",
        (true, None) => " -H \"Authorization: Bearer $TOKEN\"",
    };
    let order = r#"{"product": "IceAmericano", "qty": 1, "price": 2000}"#;
    let mut out = stdout();
    writeln!(out, "Jangteo is ready at http://{address}")?;
    if !config.auth.has_means() {
        writeln!(out, "There is no authentication: everybody on this machine may do everything.")?;
    }
    if !config.role.answers() {
        return out.flush();
    }
    writeln!(out, "Try:")?;
    writeln!(out, "  curl{token} http://{address}/cafe/menu")?;
    writeln!(
        out,
        "  curl{token} http://{address}/cafe/orders -H 'Content-Type: application/json' -d '{order}'"
    )?;
    writeln!(out, "  curl{token} http://{address}/cafe/order-status")?;
    out.flush()
}

/// Cancelled by the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}
