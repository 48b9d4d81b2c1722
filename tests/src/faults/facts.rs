//! What is on record, counted.

use super::load::{Done, Memory};
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
}

impl Facts {
    pub async fn read(log: &dyn EventLog) -> Self {
        let end = log.end().await.unwrap();
        let mut facts = Self { end, counts: BTreeMap::new(), streams: BTreeMap::new() };
        let mut ids = BTreeSet::new();
        let mut scan = log.scan(Position::START, end, Vec::new());
        while let Some(page) = scan.next().await {
            let counted = page.each(|event| {
                assert!(ids.insert(event.id), "{event:?} is on record twice");
                let of = subject(event.event_type, event.stream, event.payload);
                *facts.counts.entry((event.event_type.to_owned(), of)).or_default() += 1;
                facts.streams.entry(event.stream.to_owned()).or_default().push(event.id);
            });
            counted.unwrap();
        }
        facts
    }

    /// All that is wrong with them, for what the clients know and what the gateway charged.
    pub fn wrong(&self, memory: &Memory, charges: &BTreeMap<String, Value>) -> Vec<String> {
        let missing = memory.acknowledged.iter().flat_map(|done| self.missing(done));
        let orders = self.doubled().into_iter().chain(self.loose_ends());
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
            Done::Rejected(order) => {
                (&["cafe.OrderRejected", "cafe.OrderRefused", "cafe.Refunded"], order)
            }
            Done::Item(item) => (&["market.ItemRegistered"], item),
            Done::Shipment(shipment) => (&["warehouse.Shipped"], shipment),
        };
        let missing = leaves.iter().filter(|what| self.count(what, of) != 1);
        missing.map(|what| format!("{done:?} has not one {what}")).collect()
    }

    /// What happened more than once. Only a payment that was not reached may be tried again.
    fn doubled(&self) -> Vec<String> {
        let repeatable = ["cafe.OrderSelected", "cafe.PaymentFailed"];
        let doubled = self
            .counts
            .iter()
            .filter(|((what, _), count)| **count > 1 && !repeatable.contains(&what.as_str()));
        doubled.map(|(fact, count)| format!("{fact:?} {count} times")).collect()
    }

    /// What was begun and has not come to its end.
    fn loose_ends(&self) -> Vec<String> {
        let is_loose = |what: &str, of: &str, begun: usize| {
            let ends: &[&str] = match what {
                "cafe.OrderSelected" => &["cafe.PaymentCompleted", "cafe.PaymentFailed"],
                "cafe.PaymentCompleted" => &["cafe.TicketOpened"],
                "cafe.OrderReceived" => &["cafe.OrderAccepted"],
                "cafe.OrderRejected" => &["cafe.OrderRefused"],
                "cafe.OrderRefused" => &["cafe.Refunded"],
                _ => return false,
            };
            ends.iter().map(|end| self.count(end, of)).sum::<usize>() != begun
        };
        let loose = self.counts.iter().filter(|((what, of), begun)| is_loose(what, of, **begun));
        loose.map(|(fact, _)| format!("{fact:?} has no end")).collect()
    }

    /// More goods went out than anybody asked for: a repeat that was taken for a new command.
    fn uncalled_for(&self, memory: &Memory) -> Option<String> {
        let is_shipment = |done: &&Done| matches!(done, Done::Shipment(_));
        let known = memory.acknowledged.iter().filter(is_shipment).count();
        let asked = known + memory.unknown_shipments.len();
        let shipped = self.shipments();
        (shipped > asked).then(|| format!("{shipped} shipments for {asked} commands"))
    }

    /// Money that the gateway has and no order accounts for, and the other way round.
    fn unlike(&self, charges: &BTreeMap<String, Value>) -> Vec<String> {
        let mut held: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for charge in charges.values().filter(|charge| charge["status"] == "approved") {
            let order = held.entry(charge["reference"].as_str().expect("an order")).or_default();
            order.0 += charge["amount"].as_i64().expect("an amount");
            order.1 += charge["refund"]["amount"].as_i64().unwrap_or_default();
        }
        for (_, order) in self.counts.keys().filter(|(what, _)| what == "cafe.PaymentCompleted") {
            held.entry(order).or_default();
        }
        let price = crate::cafe::coffee("any")["price"].as_i64().expect("a price");
        let due = |what: &str, order: &str| self.count(what, order) as i64 * price;
        let unlike = held.iter().filter(|(order, (charged, refunded))| {
            (due("cafe.PaymentCompleted", order), due("cafe.Refunded", order))
                != (*charged, *refunded)
        });
        unlike.map(|(order, money)| format!("{order}: charged and refunded {money:?}")).collect()
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
