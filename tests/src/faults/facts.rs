//! What is on record, counted.

use super::load::{Done, Memory};
use domain::cafe::order::payment_key;
use eventlog::{EventLog, Position};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The whole log.
pub struct Facts {
    pub end: Position,
    /// How often each thing happened: what, and to which order, item or shipment.
    counts: BTreeMap<(String, String), usize>,
    /// The ids of what is on record in each stream, in order.
    streams: BTreeMap<String, Vec<Uuid>>,
    /// The attempt that paid for each order: the key that the gateway knows.
    paid: BTreeMap<String, String>,
    /// How often each attempt was given back, by that key. Money that comes for an attempt after it
    /// was closed goes back, too.
    refunds: BTreeMap<String, usize>,
}

impl Facts {
    pub async fn read(log: &dyn EventLog) -> Self {
        let end = log.end().await.unwrap();
        let (counts, streams) = (BTreeMap::new(), BTreeMap::new());
        let (paid, refunds) = (BTreeMap::new(), BTreeMap::new());
        let mut facts = Self { end, counts, streams, paid, refunds };
        let mut ids = BTreeSet::new();
        let mut scan = log.scan(Position::START, end, Vec::new());
        while let Some(page) = scan.next().await {
            let counted = page.each(|event| {
                assert!(ids.insert(event.id), "{event:?} is on record twice");
                let of = subject(event.event_type, event.stream, event.payload);
                facts.note_money(event.event_type, &of, event.payload);
                *facts.counts.entry((event.event_type.to_owned(), of)).or_default() += 1;
                facts.streams.entry(event.stream.to_owned()).or_default().push(event.id);
            });
            counted.unwrap();
        }
        facts
    }

    fn note_money(&mut self, event_type: &str, order: &str, payload: &str) {
        let key = || payment_key(order, attempt(payload));
        match event_type {
            "cafe.PaymentCompleted" => _ = self.paid.insert(order.to_owned(), key()),
            "cafe.Refunded" => *self.refunds.entry(key()).or_default() += 1,
            _ => {}
        }
    }

    /// All that is wrong with them, for what the clients know and what the gateway charged.
    pub fn wrong(&self, memory: &Memory, charges: &BTreeMap<String, Value>) -> Vec<String> {
        let missing = memory.acknowledged.iter().flat_map(|done| self.missing(done));
        let orders =
            self.doubled().into_iter().chain(self.loose_ends()).chain(self.not_given_back());
        missing.chain(orders).chain(self.uncalled_for(memory)).chain(self.unlike(charges)).collect()
    }

    /// What is on record of an order and of its ticket.
    pub fn of_order(&self, order: &str) -> BTreeSet<Uuid> {
        let streams = ["cafe.order", "cafe.ticket"].map(|of| format!("{of}-{order}"));
        streams.iter().filter_map(|stream| self.streams.get(stream)).flatten().copied().collect()
    }

    pub fn shipments(&self) -> usize {
        self.counts.keys().filter(|(what, _)| what == "warehouse.Shipped").count()
    }

    fn count(&self, what: &str, of: &str) -> usize {
        self.counts.get(&(what.to_owned(), of.to_owned())).copied().unwrap_or_default()
    }

    /// What is not there once, though it was acknowledged.
    fn missing(&self, done: &Done) -> Vec<String> {
        let (leaves, of): (&[&str], _) = match done {
            Done::Order(order) => (&["cafe.PaymentCompleted", "cafe.TicketOpened"], order),
            Done::Accepted(order) => (&["cafe.OrderReceived", "cafe.OrderAccepted"], order),
            Done::Rejected(order) => (&["cafe.OrderRejected", "cafe.OrderRefused"], order),
            Done::Item(item) => (&["market.ItemRegistered"], item),
            Done::Shipment(shipment) => (&["warehouse.Shipped"], shipment),
        };
        let missing = leaves.iter().filter(|what| self.count(what, of) != 1);
        missing.map(|what| format!("{done:?} has not one {what}")).collect()
    }

    /// What happened more than once. Only a payment that was not reached may be tried again, and
    /// each attempt may be given back.
    fn doubled(&self) -> Vec<String> {
        let repeatable = ["cafe.OrderSelected", "cafe.PaymentFailed", "cafe.Refunded"];
        let doubled = self
            .counts
            .iter()
            .filter(|((what, _), count)| **count > 1 && !repeatable.contains(&what.as_str()));
        let refunded = self.refunds.iter().filter(|(_, count)| **count > 1);
        let doubled = doubled.map(|(fact, count)| format!("{fact:?} {count} times"));
        doubled
            .chain(refunded.map(|(key, count)| format!("{key} given back {count} times")))
            .collect()
    }

    /// What was begun and has not come to its end.
    fn loose_ends(&self) -> Vec<String> {
        let is_loose = |what: &str, of: &str, begun: usize| {
            let ends: &[&str] = match what {
                "cafe.OrderSelected" => &["cafe.PaymentCompleted", "cafe.PaymentFailed"],
                "cafe.PaymentCompleted" => &["cafe.TicketOpened"],
                "cafe.OrderReceived" => &["cafe.OrderAccepted"],
                "cafe.OrderRejected" => &["cafe.OrderRefused"],
                _ => return false,
            };
            ends.iter().map(|end| self.count(end, of)).sum::<usize>() != begun
        };
        let loose = self.counts.iter().filter(|((what, of), begun)| is_loose(what, of, **begun));
        loose.map(|(fact, _)| format!("{fact:?} has no end")).collect()
    }

    /// Orders that the store turned down, and that were not paid back once.
    fn not_given_back(&self) -> Vec<String> {
        let refused = self.counts.keys().filter(|(what, _)| what == "cafe.OrderRefused");
        let kept = refused.filter(|(_, order)| {
            self.paid.get(order).and_then(|key| self.refunds.get(key)) != Some(&1)
        });
        kept.map(|(_, order)| format!("{order} was refused, and not given back once")).collect()
    }

    /// More goods went out than anybody asked for: a repeat that was taken for a new command.
    fn uncalled_for(&self, memory: &Memory) -> Option<String> {
        let is_shipment = |done: &&Done| matches!(done, Done::Shipment(_));
        let known = memory.acknowledged.iter().filter(is_shipment).count();
        let asked = known + memory.unknown_shipments.len();
        let shipped = self.shipments();
        (shipped > asked).then(|| format!("{shipped} shipments for {asked} commands"))
    }

    /// Money that the gateway has and no order accounts for, and the other way round. An attempt
    /// that did not pay for its order has no money, or gave it back.
    fn unlike(&self, charges: &BTreeMap<String, Value>) -> Vec<String> {
        let price = crate::cafe::coffee("any")["price"].as_i64().expect("a price");
        let approved = charges.iter().filter(|(_, charge)| charge["status"] == "approved");
        let mut held: BTreeMap<&String, (i64, i64)> = approved
            .map(|(key, charge)| {
                let amount = charge["amount"].as_i64().expect("an amount");
                (key, (amount, charge["refund"]["amount"].as_i64().unwrap_or_default()))
            })
            .collect();
        for key in self.paid.values().chain(self.refunds.keys()) {
            held.entry(key).or_default();
        }
        held.retain(|key, money| {
            let paid_back = self.refunds.contains_key(*key);
            let paid = paid_back || self.paid.values().any(|paid| paid == *key);
            *money != (i64::from(paid) * price, i64::from(paid_back) * price)
        });
        held.iter().map(|(key, money)| format!("{key}: charged and refunded {money:?}")).collect()
    }
}

/// The order, item or shipment that an event is about.
fn subject(event_type: &str, stream: &str, payload: &str) -> String {
    if event_type == "warehouse.Shipped" {
        let payload: Value = serde_json::from_str(payload).unwrap();
        return payload["shipmentId"].as_str().expect("a shipment").to_owned();
    }
    stream.split_once('-').map_or(stream, |(_, id)| id).to_owned()
}

/// The attempt to pay that an event is about.
fn attempt(payload: &str) -> u32 {
    let payload: Value = serde_json::from_str(payload).unwrap();
    u32::try_from(payload["attempt"].as_u64().expect("an attempt")).unwrap()
}
