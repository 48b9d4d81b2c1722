//! The `Idempotency-Key` layer on a real database, over HTTP, around a route that counts.

use api::http::{
    body::Patience,
    idempotency::{Ledger, Once, migrate, run_commands},
    problem::Problem,
};
use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use commands::{Meta, clock::SystemClock};
use deadpool_postgres::{Manager, Pool};
use reqwest::Client;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use support::postgres::Database;
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{Instant, sleep},
};
use tokio_postgres::NoTls;
use tokio_util::task::TaskTracker;

/// How often the route ran, and permission to end a run.
struct Counted {
    runs: AtomicU32,
    may_end: Semaphore,
}

/// One process with the layer.
struct Process {
    url: String,
    counted: Arc<Counted>,
    tasks: TaskTracker,
}

async fn pool(database: &Database) -> Pool {
    let pool = Pool::builder(Manager::new(database.config(), NoTls)).max_size(8).build().unwrap();
    migrate(&pool).await.unwrap();
    pool
}

/// The route waits for a permit; with `permits` at hand it does not.
async fn process(pool: &Pool, permits: usize) -> Process {
    let tasks = TaskTracker::new();
    let clock = SystemClock::shared();
    let once = Once::new(Ledger::new(pool.clone()), tasks.clone(), clock);
    process_with(once, tasks, permits).await
}

async fn hasty_process(pool: &Pool) -> Process {
    let (tasks, clock) = (TaskTracker::new(), SystemClock::shared());
    let ledger = Ledger::new(pool.clone());
    let once = Once::with_patience(Duration::from_millis(300), ledger, tasks.clone(), clock);
    process_with(once, tasks, 0).await
}

async fn process_with(once: Arc<Once>, tasks: TaskTracker, permits: usize) -> Process {
    let counted = Arc::new(Counted { runs: AtomicU32::new(0), may_end: Semaphore::new(permits) });
    let router = Router::new()
        .route("/things", post(count))
        .with_state(counted.clone())
        .layer(from_fn_with_state(once, once_for_each_key));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/things", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    Process { url, counted, tasks }
}

async fn once_for_each_key(
    State(once): State<Arc<Once>>,
    request: Request,
    next: Next,
) -> Response {
    run_commands(&once, Patience::default(), request, next).await
}

/// Answers with the number of the run and the command's id, as the header `then` says.
async fn count(
    State(counted): State<Arc<Counted>>,
    Extension(meta): Extension<Meta>,
    headers: HeaderMap,
) -> Response {
    let run = counted.runs.fetch_add(1, Ordering::SeqCst) + 1;
    counted.may_end.acquire().await.unwrap().forget();
    let body = format!("{run} {}", meta.command_id);
    match headers.get("then").map(|value| value.to_str().unwrap()) {
        Some("fail") => Problem::unavailable("down", body, Duration::from_secs(1)).into_response(),
        Some("refuse") => Problem::new(StatusCode::CONFLICT, "no", body).into_response(),
        Some("panic") => panic!("on purpose"),
        Some("stale") => {
            Problem::new(StatusCode::PRECONDITION_FAILED, "stale", body).into_response()
        }
        _ => {
            let headers = [("location", "/things/1"), ("log-position", "7-7"), ("etag", "\"7\"")];
            (StatusCode::CREATED, headers, body).into_response()
        }
    }
}

impl Process {
    fn runs(&self) -> u32 {
        self.counted.runs.load(Ordering::SeqCst)
    }

    async fn send(&self, key: &str, body: &str, then: &str) -> (u16, String) {
        let request =
            Client::new().post(&self.url).header("Idempotency-Key", key).header("then", then);
        let response = request.body(body.to_owned()).send().await.unwrap();
        if response.status() == StatusCode::CREATED.as_u16() {
            assert_eq!(response.headers()["location"], "/things/1");
            assert_eq!(response.headers()["log-position"], "7-7");
            assert_eq!(response.headers()["etag"], "\"7\"");
        }
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not in time");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_hundred_at_once_are_one_run_with_one_answer() {
    let database = Database::create().await;
    let here = process(&pool(&database).await, 100).await;
    let sent = (0..100).map(|_| here.send("k", "{}", "ok"));
    let answers: HashSet<_> = futures::future::join_all(sent).await.into_iter().collect();
    assert_eq!((here.runs(), answers.len()), (1, 1));
}

#[tokio::test]
async fn an_answer_is_kept_for_other_processes_and_later_ones() {
    let database = Database::create().await;
    let pool = pool(&database).await;
    let (one, other) = (process(&pool, 9).await, process(&pool, 9).await);
    let first = one.send("k", "{}", "ok").await;
    assert_eq!(other.send("k", "{}", "ok").await, first);
    assert_eq!((one.runs(), other.runs()), (1, 0));
    let refused = one.send("r", "{}", "refuse").await;
    assert_eq!((refused.0, other.send("r", "{}", "refuse").await), (409, refused));
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let database = Database::create().await;
    let here = process(&pool(&database).await, 9).await;
    assert_eq!(here.send("k", "{}", "ok").await.0, 201);
    let (status, answer) = here.send("k", "{\"qty\":2}", "ok").await;
    assert!(status == 422 && answer.contains("idempotency-key-reused"), "{status} {answer}");
}

#[tokio::test]
async fn a_failure_is_not_kept_and_the_repeat_is_the_same_command() {
    let database = Database::create().await;
    let here = process(&pool(&database).await, 9).await;
    let (status, failed) = here.send("k", "{}", "fail").await;
    assert_eq!(status, 503);
    let (status, done) = here.send("k", "{}", "ok").await;
    assert_eq!((status, here.runs()), (201, 2));
    let command_id = done.split(' ').nth(1).unwrap();
    assert!(failed.contains(command_id), "{failed} {done}");
}

#[tokio::test]
async fn a_panic_frees_the_key() {
    let database = Database::create().await;
    let here = process(&pool(&database).await, 9).await;
    assert_eq!(here.send("k", "{}", "panic").await.0, 500);
    assert_eq!(here.send("k", "{}", "ok").await.0, 201);
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_nothing() {
    let database = Database::create().await;
    let here = process(&pool(&database).await, 0).await;
    let request = Client::new().post(&here.url).header("Idempotency-Key", "k").body("{}");
    let hangs_up = request.timeout(Duration::from_millis(200)).send().await;
    assert!(hangs_up.is_err_and(|error| error.is_timeout()));
    here.counted.may_end.add_permits(1);
    until(|| here.tasks.is_empty()).await;
    let (status, answer) = here.send("k", "{}", "ok").await;
    assert!(status == 201 && answer.starts_with("1 "), "{status} {answer}");
}

#[tokio::test]
async fn another_process_waits_for_the_one_that_runs() {
    let database = Database::create().await;
    let pool = pool(&database).await;
    let (one, other) = (process(&pool, 0).await, process(&pool, 9).await);
    let first = one.send("k", "{}", "ok");
    let second = async {
        until(|| one.runs() == 1).await;
        let waiting = other.send("k", "{}", "ok");
        let release = async {
            until(|| !other.tasks.is_empty()).await;
            one.counted.may_end.add_permits(1);
        };
        tokio::join!(waiting, release).0
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first, other.runs()), (second, 0));
}

#[tokio::test]
async fn whoever_has_waited_long_enough_is_told_and_later_has_the_answer() {
    let database = Database::create().await;
    let pool = pool(&database).await;
    let (one, other) = (hasty_process(&pool).await, hasty_process(&pool).await);
    let first = one.send("k", "{}", "ok");
    let repeats = async {
        until(|| one.runs() == 1).await;
        for process in [&one, &other] {
            let began = Instant::now();
            let (status, told) = process.send("k", "{}", "ok").await;
            assert!(status == 409 && told.contains("still-running"), "{status} {told}");
            assert!(began.elapsed() >= Duration::from_millis(300));
            let (status, told) = process.send("k", "{\"qty\":2}", "ok").await;
            assert!(status == 422 && told.contains("idempotency-key-reused"), "{status} {told}");
        }
        one.counted.may_end.add_permits(1);
    };
    let (first, ()) = tokio::join!(first, repeats);
    assert_eq!((first.0, other.send("k", "{}", "ok").await), (201, first));
    assert_eq!((one.runs(), other.runs()), (1, 0));
}

#[tokio::test]
async fn what_was_stale_may_be_decided_again_with_the_same_key() {
    let database = Database::create().await;
    let here = process(&pool(&database).await, 9).await;
    let (status, stale) = here.send("k", "{}", "stale").await;
    assert_eq!(status, 412);
    let (status, done) = here.send("k", "{}", "ok").await;
    assert!(status == 201 && stale.contains(done.split(' ').nth(1).unwrap()), "{stale} {done}");
    assert_eq!(here.send("k", "{}", "ok").await, (status, done));
    assert_eq!(here.runs(), 2);
}

#[tokio::test]
async fn what_a_killed_process_left_is_taken_over() {
    let database = Database::create().await;
    let pool = pool(&database).await;
    let killed =
        "insert into api.idempotency (caller, key, fingerprint, owner, leased_until, expires_at)
         select caller, 'k', fingerprint, gen_random_uuid(), now() + interval '1 second', expires_at
         from api.idempotency where key = 'same request'";
    let here = process(&pool, 9).await;
    assert_eq!(here.send("same request", "{}", "ok").await.0, 201);
    assert_eq!(pool.get().await.unwrap().execute(killed, &[]).await.unwrap(), 1);
    let began = Instant::now();
    let (status, answer) = here.send("k", "{}", "ok").await;
    assert!(status == 201 && answer.starts_with("2 "), "{status} {answer}");
    assert!(began.elapsed() > Duration::from_millis(500), "before the lease was over");
}

#[tokio::test]
async fn expired_keys_are_removed() {
    let database = Database::create().await;
    let pool = pool(&database).await;
    let here = process(&pool, 9).await;
    here.send("old", "{}", "ok").await;
    here.send("new", "{}", "ok").await;
    let age =
        "update api.idempotency set expires_at = now() - interval '1 second' where key = 'old'";
    pool.get().await.unwrap().execute(age, &[]).await.unwrap();
    assert_eq!(Ledger::new(pool).clean().await.unwrap(), 1);
    assert!(here.send("old", "{\"other\":1}", "ok").await.1.starts_with("3 "));
}
