//! The composition root: everything that runs is put together here.

use crate::{
    config::Config,
    http::{
        health::Health,
        idempotency::{Ledger, Once},
        router::{Layers, router},
        views::Views,
    },
    routes,
    store::Store,
};
use axum::Router;
use commands::{
    cafe::Cafe,
    clock::{Clock, SystemClock},
    notices::{Delivery, LogSink},
    parts::Parts,
    payment::{
        HttpGateway, PaymentGateway, Simulator,
        http::{InvalidGateway, Limits},
        simulator::{Behaviour, JournalError},
    },
    reactor::{Reactor, consumer_name, fire},
    timers::Timers,
};
use deadpool_postgres::PoolError;
use domain::{Context, cafe::policies::Rules};
use futures::FutureExt;
use projections::{Engine, Options, registry};
use reqwest::Url;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long after an order was selected the gateway is asked what became of its payment: longer
/// than the request itself can take with it.
const PAYMENT_GRACE: chrono::Duration = chrono::Duration::seconds(5);

/// How often expired idempotency keys are removed.
const CLEAN_EVERY: Duration = Duration::from_secs(600);

/// The charges of the simulator, in the data directory.
const CHARGES: &str = "charges.jsonl";

#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    #[error("PAYMENT_URL cannot be used")]
    Gateway(#[from] InvalidGateway),
    #[error("the payment simulator cannot start")]
    Simulator(#[from] JournalError),
    #[error("the data directory cannot be made")]
    DataDir(#[from] std::io::Error),
    #[error("the list of paused parts cannot be read")]
    Parts(#[from] PoolError),
}

/// The service, running. What [`Service::router`] gives is still to be served.
pub struct Service {
    pub router: Router,
    pub cafe: Cafe,
    /// Cancelled first: the service is not ready any more.
    stopping: CancellationToken,
    /// Commands under way.
    commands: TaskTracker,
    workers: JoinSet<()>,
    stop_workers: CancellationToken,
}

impl Service {
    /// Puts everything together and starts the workers that the role asks for.
    pub async fn start(config: &Config, store: &Store) -> Result<Self, WiringError> {
        let clock = SystemClock::shared();
        let stop_workers = CancellationToken::new();
        let parts = Parts::default();
        parts.look(&store.pool).await?;
        let cafe = cafe(config, store, &clock, &parts)?;
        let engine = engine(store);
        let stopping = CancellationToken::new();
        let health = Health::new(
            store.log.clone(),
            store.pool.clone(),
            followers(&config.contexts),
            stopping.clone(),
        );
        let commands = TaskTracker::new();
        let ledger = Ledger::new(store.pool.clone());
        let once = Once::new(ledger.clone(), commands.clone(), clock.clone());
        let mut workers = match config.role.works() {
            true => start_workers(config, store, &cafe, &parts, &engine, &stop_workers),
            false => JoinSet::new(),
        };
        workers.spawn(parts.follow(store.pool.clone(), stop_workers.clone()));
        workers.spawn(health.clone().watch());
        workers.spawn(ledger.keep_clean(CLEAN_EVERY, stop_workers.clone()));
        let views = Views { engine, pool: store.pool.clone() };
        let contexts = contexts(
            config,
            routes::cafe::Cafe { commands: cafe.clone(), views, clock: clock.clone() },
        );
        let router = router(contexts, Layers { key: config.key.clone(), once, health, clock });
        Ok(Self { router, cafe, stopping, commands, workers, stop_workers })
    }

    /// Says that no more requests should come.
    pub fn not_ready(&self) {
        self.stopping.cancel();
    }

    /// Waits for the commands under way, and then stops the workers, which give their leases back.
    pub async fn stop(mut self) {
        self.not_ready();
        self.commands.close();
        self.commands.wait().await;
        self.stop_workers.cancel();
        while self.workers.join_next().await.is_some() {}
    }
}

/// The café without what leaves the process: for commands from the command line.
pub async fn cafe_for_staff(store: &Store) -> Result<Cafe, WiringError> {
    let parts = Parts::default();
    parts.look(&store.pool).await?;
    let gateway = Arc::new(Simulator::open(None, Behaviour::default())?);
    let rules =
        Rules { accept_timeout: chrono::Duration::minutes(15), payment_grace: PAYMENT_GRACE };
    Ok(Cafe::new(store.log.clone(), SystemClock::shared(), parts, gateway, rules))
}

/// The views' engine, as a process of its own.
pub fn engine(store: &Store) -> Engine {
    Engine::new(store.log.clone(), store.pool.clone(), SystemClock.new_id(), Options::default())
}

fn cafe(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    parts: &Parts,
) -> Result<Cafe, WiringError> {
    let gateway = gateway(config.payment_url.as_ref(), &store.data_dir)?;
    // A year at most, so it fits.
    let accept_timeout =
        chrono::Duration::milliseconds(config.cafe_accept_timeout.as_millis() as i64);
    let rules = Rules { accept_timeout, payment_grace: PAYMENT_GRACE };
    Ok(Cafe::new(store.log.clone(), clock.clone(), parts.clone(), gateway, rules))
}

fn gateway(url: Option<&Url>, data_dir: &Path) -> Result<Arc<dyn PaymentGateway>, WiringError> {
    if let Some(url) = url {
        return Ok(Arc::new(HttpGateway::new(url.as_str(), Limits::default())?));
    }
    tracing::info!("there is no PAYMENT_URL: payments are simulated, and no money moves");
    std::fs::create_dir_all(data_dir)?;
    let journal = data_dir.join(CHARGES);
    Ok(Arc::new(Simulator::open(Some(journal), Behaviour::default())?))
}

fn contexts(config: &Config, cafe: routes::cafe::Cafe) -> Router {
    if !config.role.answers() {
        return Router::new();
    }
    config.contexts.iter().fold(Router::new(), |router, context| match context {
        Context::Cafe => router.merge(routes::cafe::routes(cafe.clone())),
    })
}

/// Who should follow the log for these contexts, here or elsewhere.
fn followers(contexts: &[Context]) -> Vec<String> {
    let reactors = contexts.iter().map(|context| consumer_name(*context));
    let views = registry::VIEWS.iter().map(|view| view.name());
    let views = views.filter(|name| {
        Context::of_category(name).is_some_and(|context| contexts.contains(&context))
    });
    reactors.chain(views.map(str::to_owned)).collect()
}

fn start_workers(
    config: &Config,
    store: &Store,
    cafe: &Cafe,
    parts: &Parts,
    engine: &Engine,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut workers = engine.start(&config.contexts, stop);
    for context in &config.contexts {
        match context {
            Context::Cafe => {
                let owner = SystemClock.new_id();
                let cafe = Arc::new(cafe.clone());
                let reactor =
                    Reactor::new(cafe, store.log.clone(), store.pool.clone(), parts.clone(), owner);
                workers.spawn(reactor.run(stop.clone()));
            }
        }
    }
    let names = config.contexts.iter().map(|context| context.name().to_owned()).collect();
    let timers = Timers::new(store.pool.clone(), names);
    let (cafe, cancel) = (cafe.clone(), stop.clone());
    workers.spawn(timers.run(cancel, move |timer| {
        let cafe = cafe.clone();
        async move { fire(&cafe, timer).await }.boxed()
    }));
    workers.spawn(Delivery::new(store.pool.clone(), Arc::new(LogSink)).run(stop.clone()));
    workers
}
