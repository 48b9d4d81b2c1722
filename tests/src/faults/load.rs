//! A load that runs in the background, and what its clients remember: every command that was
//! acknowledged, every one of which nobody knows, and every request that failed.

use super::{PATIENCE, customer::Customer};
use crate::client::Client;
use reqwest::StatusCode;
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

const CUSTOMERS: usize = 8;

/// A client that waits longer hangs up.
const HANGS_UP_AFTER: Duration = Duration::from_secs(10);

/// The one product that everybody takes from.
pub const PRODUCT: &str = "rice";
/// How much of it there is.
pub const STOCK: i64 = 1_000_000;

/// A command that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Done {
    /// Placed and paid.
    Order(String),
    Accepted(String),
    /// With a refund to follow.
    Rejected(String),
    /// Put on the market's list.
    Item(String),
    Shipment(String),
}

/// What the clients know.
#[derive(Debug, Default)]
pub struct Memory {
    pub acknowledged: BTreeSet<Done>,
    /// Keys of shipments that were given up: each may have happened or not.
    pub unknown_shipments: BTreeSet<String>,
    /// Requests without a good answer, in words.
    pub failures: Vec<String>,
}

/// A load that is running.
pub struct Load {
    customers: JoinSet<()>,
    shared: Arc<Shared>,
}

/// What customers share.
#[derive(Default)]
pub struct Shared {
    memory: Mutex<Memory>,
    acknowledged: watch::Sender<usize>,
    pub over: watch::Sender<bool>,
}

impl Load {
    /// On the processes at these addresses.
    pub async fn start(urls: &[&str]) -> Self {
        let targets: Vec<_> = urls.iter().map(|url| Client::hasty(url, HANGS_UP_AFTER)).collect();
        let goods = json!({ "deliveryId": "lot", "product": PRODUCT, "qty": STOCK });
        let stocked = targets[0].post("/warehouse/deliveries", goods).await;
        assert_eq!(stocked.status, StatusCode::CREATED, "{stocked:?}");
        let shared = Arc::new(Shared::default());
        let mut customers = JoinSet::new();
        for number in 0..CUSTOMERS {
            customers.spawn(Customer::new(number, &targets, &shared).run());
        }
        Self { customers, shared }
    }

    /// Waits until so many more commands are acknowledged.
    pub async fn goes_on(&self, commands: usize) {
        let mut acknowledged = self.shared.acknowledged.subscribe();
        let wanted = *acknowledged.borrow_and_update() + commands;
        let reached = acknowledged.wait_for(|&count| count >= wanted);
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "{commands} more: {:?}", self.shared.memory().failures.last());
    }

    /// Lets the customers finish, the stubborn ones with an answer.
    pub async fn end(self) -> Memory {
        self.shared.over.send_replace(true);
        self.customers.join_all().await;
        std::mem::take(&mut self.shared.memory())
    }
}

impl Shared {
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    pub fn remember(&self, done: Done) {
        let is_new = self.memory().acknowledged.insert(done.clone());
        assert!(is_new, "{done:?} was acknowledged to somebody else");
        self.acknowledged.send_modify(|count| *count += 1);
    }
}
