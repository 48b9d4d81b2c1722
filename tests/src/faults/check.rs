//! What must hold after every fault.

use super::{
    PATIENCE,
    facts::Facts,
    followers::Followers,
    load::{Done, Memory, PRODUCT, STOCK},
    scene::Scene,
    within,
};
use crate::{client::Client, service::run};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::time::Instant;
use uuid::Uuid;

impl Scene {
    /// Whatever was acknowledged is on record once, whatever was begun came to its end once, money
    /// moved once for each paid order, and all that can be asked is what the log says. `client` is
    /// of a process that answers.
    pub async fn holds(&self, memory: &Memory, client: &Client) {
        assert!(!memory.acknowledged.is_empty());
        let log = self.log().await;
        let facts = within(Instant::now(), PATIENCE, async || {
            let (facts, charges) = (Facts::read(&*log).await, self.gateway.charges().await);
            let wrong = facts.wrong(memory, &charges);
            if wrong.is_empty() { Ok(facts) } else { Err(wrong) }
        })
        .await;
        followers_are_at(&facts, client).await;
        let open = client.get("/cafe/order-status?status=init").await;
        assert_eq!(open.body, json!([]), "an intent is open");
        goods_add_up(&facts, client).await;
        timelines_are_complete(&facts, memory, client).await;
        self.views_equal_the_log(&["--all"]).await;
    }

    /// Each of the views is a fold of the log, row for row.
    pub async fn views_equal_the_log(&self, which: &[&str]) {
        let (code, printed) = run(&self.environment, &[&["verify"], which].concat()).await;
        assert_eq!(code, 0, "{printed}");
    }
}

async fn followers_are_at(facts: &Facts, client: &Client) {
    within(Instant::now(), PATIENCE, async || {
        let now = Followers::now(client).await;
        let behind: Vec<_> = now.behind(facts.end).into_iter().cloned().collect();
        if behind.is_empty() { Ok(()) } else { Err(behind) }
    })
    .await;
}

/// What is left is what was there less what went out.
async fn goods_add_up(facts: &Facts, client: &Client) {
    let shown = client.get(&format!("/warehouse/stock/{PRODUCT}")).await.body;
    assert_eq!(shown["onHand"], json!(STOCK - facts.shipments() as i64), "{shown}");
}

/// The timeline of each order has all of its facts, each once.
async fn timelines_are_complete(facts: &Facts, memory: &Memory, client: &Client) {
    let orders = memory.acknowledged.iter().filter_map(|done| match done {
        Done::Order(order) => Some(order.clone()),
        _ => None,
    });
    let checks = orders.map(async |order| {
        let shown = client.get(&format!("/cafe/orders/{order}/timeline")).await.body;
        let id = |fact: &Value| fact["eventId"].as_str().unwrap().parse::<Uuid>().unwrap();
        let ids: Vec<_> = shown.as_array().expect("a list").iter().map(id).collect();
        let once: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!((ids.len(), once), (facts.of_order(&order).len(), facts.of_order(&order)));
    });
    stream::iter(checks).buffer_unordered(8).collect::<Vec<_>>().await;
}
