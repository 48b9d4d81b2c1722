//! The composition root: everything that runs is put together here.

mod contexts;
mod payments;

pub use contexts::Contexts;
use contexts::Following;
use payments::Payments;

use crate::{
    config::{Config, Role},
    console::{self, Console},
    followers::{Followers, expected},
    http::{
        access::Rights,
        auth::{AuthError, Authenticator},
        docs::Documents,
        health::{Health, Own, Process},
        idempotency::{Ledger, Once},
        intake::Intake,
        metrics::{self, Metrics, Requests},
        rates::Rates,
        router::{Layers, router},
        views::Views,
    },
    people::{MasterError, Opening, people, without_keys},
    routes,
    store::Store,
};
use axum::Router;
use commands::{
    clock::{Clock, SystemClock},
    notices::{Delivery, LogSink, NoticeSink, WebhookSink, webhook::InvalidWebhook},
    parts::Parts,
    payment::{
        PaymentGateway, Simulator,
        http::InvalidGateway,
        simulator::{Behaviour, JournalError},
    },
    timers::Timers,
};
use deadpool_postgres::PoolError;
use domain::cafe::policies::Rules;
use futures::FutureExt;
use projections::{Engine, Options};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

/// How long after an order was selected the gateway is asked what became of its payment: longer
/// than the request itself can take with it.
const PAYMENT_GRACE: chrono::Duration = chrono::Duration::seconds(5);

/// How often expired idempotency keys are removed.
const CLEAN_EVERY: Duration = Duration::from_secs(600);

#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    #[error("PAYMENT_URL cannot be used")]
    Gateway(#[from] InvalidGateway),
    #[error("NOTICE_URL cannot be used")]
    Notices(#[from] InvalidWebhook),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("what is personal cannot be sealed and opened")]
    Masters(#[from] MasterError),
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
    pub contexts: Contexts,
    health: Arc<Health>,
    /// Commands under way.
    commands: TaskTracker,
    /// Ends when all of them have ended.
    workers: AbortOnDropHandle<()>,
    stop_workers: CancellationToken,
}

impl Service {
    /// Puts everything together and starts the workers that the role asks for. Event streams end
    /// when `closing` is cancelled.
    pub async fn start(
        config: &Config,
        store: &Store,
        closing: &CancellationToken,
    ) -> Result<Self, WiringError> {
        let clock = SystemClock::shared();
        let since = clock.now();
        let stop_workers = CancellationToken::new();
        let parts = Parts::default();
        parts.look(&store.pool).await?;
        let payments = Payments::new(config, store)?;
        let people = people(config.masters.clone(), store, clock.clone()).await?;
        let (gateway, rules) = (&payments.gateway, cafe_rules(config));
        let contexts = Contexts::new(store, &clock, &parts, gateway, &people, rules);
        let engine = engine(store);
        let followers = Followers::new(store.log.clone(), store.queries.clone(), clock.clone());
        let health = Arc::new(Health {
            log: store.log.clone(),
            pool: store.pool.clone(),
            queries: store.queries.clone(),
            followers: followers.clone(),
            expected: expected(&config.contexts),
            breaker: payments.breaker.clone(),
            process: Process::of(config, since),
            own: Own::default(),
            clock: clock.clone(),
        });
        let commands = TaskTracker::new();
        let ledger = Ledger::new(store.pool.clone());
        let once = Once::new(ledger.clone(), commands.clone(), clock.clone());
        let sink = notice_sink(config, &clock)?;
        let notices = Delivery::new(store.pool.clone(), sink, people.clone());
        let mut workers = match config.role.works() {
            true => start_workers(config, store, &contexts, &parts, &engine, &stop_workers),
            false => JoinSet::new(),
        };
        if config.role.works() {
            workers.spawn(notices.run(stop_workers.clone()));
        }
        workers.spawn(parts.follow(store.pool.clone(), stop_workers.clone()));
        workers.spawn(ledger.keep_clean(CLEAN_EVERY, stop_workers.clone()));
        let queries = store.queries.clone();
        let rates = Arc::new(Rates::new(config.limits.rate, config.limits.logins));
        workers.spawn(rates.clone().keep_small(stop_workers.clone()));
        let logins = rates.logins.clone();
        let authenticator =
            Authenticator::new(&config.auth, queries.clone(), clock.clone(), logins)?;
        workers.spawn(authenticator.clone().follow_issuer(stop_workers.clone()));
        let (streams, believing) = (config.limits.streams, authenticator.clone());
        let opener = Arc::new(Opening(people.clone()));
        let stop = closing.clone();
        let views = Arc::new(Views::new(engine, queries, opener, streams, believing, stop));
        let table = routes::operations();
        let pages = console::pages().operations();
        let requests = Arc::new(Requests::of(table.iter().chain(&pages)));
        let numbers = Arc::new(Metrics {
            followers: followers.clone(),
            breaker: payments.breaker,
            engine: views.engine.clone(),
            health: health.clone(),
            requests: requests.clone(),
            streams: views.streams.clone(),
            pool: store.pool.clone(),
            queries: store.queries.clone(),
            since,
        });
        let routes = match config.role.answers() {
            true => {
                let (engine, stop) = (views.engine.clone(), stop_workers.clone());
                workers.spawn(async move { engine.watch_parked(&stop).await });
                let keys = routes::people::Keys { people: people.clone(), views: views.clone() };
                let api = served(config, &contexts, &views, &clock);
                let console = Arc::new(Console {
                    contexts: config.contexts.clone(),
                    api: api.clone(),
                    table: table.clone(),
                    views,
                    followers: followers.clone(),
                    health: health.clone(),
                    clock: clock.clone(),
                });
                let pool = store.queries.clone();
                let notices = routes::notices::Notices { pool, people: people.clone() };
                api.merge(routes::notices::routes().with_state(notices))
                    .merge(routes::people::routes().with_state(keys))
                    .merge(routes::projections::routes().with_state(followers))
                    .merge(console::pages().with_state(console))
            }
            false => Router::new(),
        };
        let intake = Intake::new(config.limits.intake);
        let layers = Layers {
            authenticator,
            rates,
            rights: Rights::of(table.iter().chain(&pages)),
            requests,
            documents: Documents::of(&table),
            once,
            intake,
            patience: config.limits.body,
            health: health.clone(),
            clock,
            people,
        };
        let router = router(routes.merge(metrics::routes().with_state(numbers)), layers);
        let workers = AbortOnDropHandle::new(tokio::spawn(health.own.clone().watch(workers)));
        Ok(Self { router, contexts, health, commands, workers, stop_workers })
    }

    /// Comes back when it is ready: all that its workers follow is followed, or has not been for a
    /// while.
    pub async fn until_ready(&self, role: Role) {
        if role.works() {
            self.health.until_followed().await;
        }
        self.health.own.begin();
    }

    /// Says that no more requests should come.
    pub fn not_ready(&self) {
        self.health.own.ending.cancel();
    }

    /// Waits for the commands under way, and then stops the workers, which give their leases back.
    pub async fn stop(self) {
        self.not_ready();
        self.commands.close();
        self.commands.wait().await;
        self.stop_workers.cancel();
        // Whatever ended them.
        let _ = self.workers.await;
    }
}

/// The contexts without what leaves the process: for commands from the command line.
pub async fn contexts_for_staff(store: &Store) -> Result<Contexts, WiringError> {
    let parts = Parts::default();
    parts.look(&store.pool).await?;
    let gateway: Arc<dyn PaymentGateway> = Arc::new(Simulator::open(None, Behaviour::default())?);
    let rules =
        Rules { accept_timeout: chrono::Duration::minutes(15), payment_grace: PAYMENT_GRACE };
    let clock = SystemClock::shared();
    let people = without_keys(store, clock.clone());
    Ok(Contexts::new(store, &clock, &parts, &gateway, &people, rules))
}

/// The views' engine, as a process of its own.
pub fn engine(store: &Store) -> Engine {
    Engine::new(store.log.clone(), store.pool.clone(), SystemClock.new_id(), Options::default())
}

fn cafe_rules(config: &Config) -> Rules {
    // A year at most, so it fits.
    let accept_timeout =
        chrono::Duration::milliseconds(config.cafe_accept_timeout.as_millis() as i64);
    Rules { accept_timeout, payment_grace: PAYMENT_GRACE }
}

fn notice_sink(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn NoticeSink>, WiringError> {
    let Some((url, secrets)) = &config.notices else {
        return Ok(Arc::new(LogSink));
    };
    Ok(Arc::new(WebhookSink::new(url.clone(), secrets.clone(), clock.clone())?))
}

fn served(
    config: &Config,
    contexts: &Contexts,
    views: &Arc<Views>,
    clock: &Arc<dyn Clock>,
) -> Router {
    let each = config.contexts.iter().map(|context| contexts.routes(*context, views, clock));
    each.fold(Router::new(), Router::merge)
}

fn start_workers(
    config: &Config,
    store: &Store,
    contexts: &Contexts,
    parts: &Parts,
    engine: &Engine,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut workers = engine.start(&config.contexts, stop);
    let with = Following { store, parts, roster: engine.roster(), stop };
    for context in &config.contexts {
        contexts.follow(*context, &with, &mut workers);
    }
    let names = config.contexts.iter().map(|context| context.name().to_owned()).collect();
    let timers = Timers::new(store.pool.clone(), names);
    let contexts = contexts.clone();
    workers.spawn(timers.run(stop.clone(), move |timer| {
        let contexts = contexts.clone();
        async move { contexts.fire(timer).await }.boxed()
    }));
    workers
}
