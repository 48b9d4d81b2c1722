//! The bounded intake, over HTTP, around a command that ends when it may.

use api::http::{
    body::Patience,
    idempotency::{Ledger, Once, run_commands},
    intake::{Intake, Limits},
};
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use commands::clock::SystemClock;
use deadpool_postgres::{Manager, Pool};
use futures::{StreamExt, stream::FuturesUnordered};
use reqwest::Client;
use std::sync::Arc;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use tokio_postgres::{Config, NoTls};
use tokio_util::task::TaskTracker;

/// The command that is run: it says that it began, and ends when it may.
struct Thing {
    began: Notify,
    may_end: Semaphore,
}

async fn make(State(thing): State<Arc<Thing>>) -> StatusCode {
    thing.began.notify_one();
    thing.may_end.acquire().await.unwrap().forget();
    StatusCode::NO_CONTENT
}

/// Whoever is impatient stops waiting when the command has begun.
async fn leave_early(State(thing): State<Arc<Thing>>, request: Request, next: Next) -> Response {
    if !request.headers().contains_key("impatient") {
        return next.run(request).await;
    }
    tokio::select! {
        answer = next.run(request) => answer,
        () = thing.began.notified() => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

async fn admit(
    State((intake, once)): State<(Arc<Intake>, Arc<Once>)>,
    mut request: Request,
    next: Next,
) -> Response {
    match intake.admit(&mut request) {
        Ok(_place) => run_commands(&once, Patience::default(), request, next).await,
        Err(overloaded) => overloaded.into_response(),
    }
}

/// One command runs, one waits.
async fn serve(thing: Arc<Thing>) -> String {
    // Without keys nothing is looked up, so nobody connects.
    let pool = Pool::builder(Manager::new(Config::new(), NoTls)).build().unwrap();
    let once = Once::new(Ledger::new(pool), TaskTracker::new(), SystemClock::shared());
    let intake = Intake::new(Limits { commands: 1, waiting: 1, queries: 1 });
    let router = Router::new()
        .route("/things", post(make).get(StatusCode::OK))
        .with_state(thing.clone())
        .layer(from_fn_with_state((Arc::new(intake), once), admit))
        .layer(from_fn_with_state(thing, leave_early));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/things", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

#[tokio::test]
async fn a_command_has_its_place_until_it_is_done_whether_or_not_somebody_waits_for_it() {
    let thing = Arc::new(Thing { began: Notify::new(), may_end: Semaphore::new(0) });
    let url = serve(thing.clone()).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let left = client.post(&url).header("impatient", "yes").send().await.unwrap();
    assert_eq!(left.status(), StatusCode::REQUEST_TIMEOUT);

    let two = [client.post(&url).send(), client.post(&url).send()];
    let mut answers: FuturesUnordered<_> = two.into_iter().collect();
    let refused = answers.next().await.unwrap().unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(client.get(&url).send().await.unwrap().status(), StatusCode::OK);

    thing.may_end.add_permits(2);
    let waited = answers.next().await.unwrap().unwrap();
    assert_eq!(waited.status(), StatusCode::NO_CONTENT);
    thing.may_end.add_permits(1);
    assert_eq!(client.post(&url).send().await.unwrap().status(), StatusCode::NO_CONTENT);
}
