//! Customers who put things on the market and look at them, each request once.

use reqwest::Client;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

const CUSTOMERS: usize = 16;

pub struct Load {
    customers: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answered: AtomicUsize,
    failures: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Load {
    pub fn start(url: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let mut customers = JoinSet::new();
        for number in 0..CUSTOMERS {
            customers.spawn(offer_and_look(url.to_owned(), number, shared.clone()));
        }
        Self { customers, shared }
    }

    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// How many requests there were, all of which must have had a good answer.
    pub async fn end(self) -> usize {
        self.shared.over.store(true, Ordering::Relaxed);
        let Self { customers, shared } = self;
        customers.join_all().await;
        let failures = shared.failures.lock().unwrap();
        let answered = shared.answered.load(Ordering::Relaxed);
        assert!(failures.is_empty(), "{} of {}: {failures:#?}", failures.len(), answered);
        answered
    }
}

async fn offer_and_look(url: String, number: usize, shared: Arc<Shared>) {
    let client = Client::builder().timeout(Duration::from_secs(40)).build().unwrap();
    let mut count = 0;
    while !shared.over.load(Ordering::Relaxed) {
        count += 1;
        let item = format!("item-{number}-{count}");
        let body = json!({ "itemNo": item, "itemName": "Camera", "itemPrice": 100 });
        let offered = client.post(format!("{url}/market/items")).json(&body);
        let offered = shared.answer(&item, offered.header("Idempotency-Key", &item)).await;
        let Some((position, _)) = offered else { continue };
        // Perhaps of the other process: it shows what this one acknowledged.
        let shown = client.get(format!("{url}/market/item-info/{item}"));
        let shown = shared.answer(&item, shown.header("Min-Position", position)).await;
        if let Some((_, body)) = shown {
            assert_eq!(body["itemNo"], item, "{body}");
        }
    }
}

impl Shared {
    /// The good answer, with its `Log-Position` if it has one; anything else is noted.
    async fn answer(
        &self,
        what: &str,
        request: reqwest::RequestBuilder,
    ) -> Option<(String, Value)> {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let answer = async {
            let response = request.send().await.map_err(|error| format!("{error:?}"))?;
            let position = response.headers().get("Log-Position").cloned();
            let position = position.and_then(|value| Some(value.to_str().ok()?.to_owned()));
            let status = response.status();
            let body = response.text().await.map_err(|error| format!("{error:?}"))?;
            let good = status.is_success().then(|| serde_json::from_str(&body).ok()).flatten();
            Ok((position.unwrap_or_default(), good.ok_or(format!("{status}: {body}"))?))
        };
        let answer: Result<_, String> = answer.await;
        answer
            .map_err(|failed| self.failures.lock().unwrap().push(format!("{what}: {failed}")))
            .ok()
    }
}
