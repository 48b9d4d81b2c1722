//! One client of the load. It orders coffee and pays for it, looks at the order, and then the store
//! accepts it, rejects it or does nothing; it puts a thing on the market, and takes goods from the
//! warehouse. Every command has a key.
//!
//! Half of the customers are stubborn: they ask with the same key again until they are answered. The
//! others leave it at one try. All go on to the next process when one does not do as it should.

use super::{
    PATIENCE,
    load::{Done, PRODUCT, Shared},
};
use crate::{
    cafe::coffee,
    client::{Answer, Client, try_answer},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// How often one comes, at most: tests run side by side.
const EVERY: Duration = Duration::from_millis(200);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Customer {
    number: usize,
    /// One for each process.
    targets: Vec<Client>,
    /// How often it went on to the next.
    turns: usize,
    shared: Arc<Shared>,
}

impl Customer {
    pub fn new(number: usize, targets: &[Client], shared: &Arc<Shared>) -> Self {
        Self { number, targets: targets.to_vec(), turns: number / 2, shared: shared.clone() }
    }

    pub async fn run(mut self) {
        let mut rounds = interval(EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for round in 0.. {
            rounds.tick().await;
            if *self.shared.over.borrow() {
                return;
            }
            let name = format!("{}-{round}", self.number);
            self.buy_coffee(&name, round).await;
            self.offer(&name).await;
            self.take_goods(&name).await;
        }
    }

    async fn buy_coffee(&mut self, order: &str, round: usize) {
        let ordered = self.command("/cafe/orders", order, coffee(order)).await;
        let Some(Answer { position: Some(position), .. }) = ordered else { return };
        self.shared.remember(Done::Order(order.to_owned()));
        self.look(order, &position).await;
        let (answer, done) = match round % 3 {
            0 => ("accept", Done::Accepted(order.to_owned())),
            1 => ("reject", Done::Rejected(order.to_owned())),
            _ => return,
        };
        if self.store_sees(order).await {
            let path = format!("/cafe/tickets/{order}/{answer}");
            if self.command(&path, &format!("{answer}-{order}"), json!({})).await.is_some() {
                self.shared.remember(done);
            }
        }
    }

    /// Whoever is shown its order sees it paid.
    async fn look(&mut self, order: &str, position: &str) {
        let path = format!("/cafe/order-status/{order}");
        let request = self.target().request(Method::GET, &path).header("Min-Position", position);
        match try_answer(request).await {
            Ok(shown) if shown.status == StatusCode::OK => {
                assert_eq!(shown.body["paymentStatus"], "paid", "{shown:?}");
            }
            failed => self.note(&path, failed),
        }
    }

    /// Waits until the order has come to the store. A stubborn customer sees to it that it does.
    async fn store_sees(&mut self, order: &str) -> bool {
        let (path, begun) = (format!("/cafe/tickets/{order}"), Instant::now());
        loop {
            match try_answer(self.target().request(Method::GET, &path)).await {
                Ok(shown) if shown.status == StatusCode::OK => return true,
                Ok(shown) if shown.status == StatusCode::NOT_FOUND => {}
                failed => self.note(&path, failed),
            }
            if !self.is_stubborn() && *self.shared.over.borrow() {
                return false;
            }
            assert!(begun.elapsed() < PATIENCE, "the store is never told of {order}");
            sleep(PAUSE).await;
        }
    }

    async fn offer(&mut self, item: &str) {
        let body = json!({ "itemNo": item, "itemName": "Camera", "itemPrice": 100 });
        if self.command("/market/items", &format!("item-{item}"), body).await.is_some() {
            self.shared.remember(Done::Item(item.to_owned()));
        }
    }

    async fn take_goods(&mut self, name: &str) {
        let (path, key) = (format!("/warehouse/stock/{PRODUCT}/ship"), format!("ship-{name}"));
        let Some(shipped) = self.command(&path, &key, json!({ "qty": 1 })).await else {
            self.shared.memory().unknown_shipments.insert(key);
            return;
        };
        let shipment = shipped.body["shipmentId"].as_str().expect("a shipment");
        self.shared.remember(Done::Shipment(shipment.to_owned()));
    }

    /// The good answer to a command, if there is one.
    async fn command(&mut self, path: &str, key: &str, body: Value) -> Option<Answer> {
        let begun = Instant::now();
        loop {
            let request = self.target().request(Method::POST, path).json(&body);
            match try_answer(request.header("Idempotency-Key", key)).await {
                Ok(answer) if answer.status.is_success() => return Some(answer),
                failed => self.note(path, failed),
            }
            if !self.is_stubborn() {
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} with {key} is never answered");
            sleep(PAUSE).await;
        }
    }

    /// A failure, which must be one that asks for a repeat.
    fn note(&mut self, path: &str, failed: Result<Answer, reqwest::Error>) {
        if let Ok(answer) = &failed {
            let code = answer.body["code"].as_str().unwrap_or_default();
            let repeats = answer.status == StatusCode::SERVICE_UNAVAILABLE
                || ["concurrent-change", "still-running"].contains(&code);
            assert!(repeats, "{path}: {answer:?}");
        }
        self.turns += 1;
        self.shared.memory().failures.push(format!("{path}: {failed:?}"));
    }

    fn target(&self) -> &Client {
        &self.targets[self.turns % self.targets.len()]
    }

    fn is_stubborn(&self) -> bool {
        self.number.is_multiple_of(2)
    }
}
