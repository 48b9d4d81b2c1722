//! What holds for a stock and its orders whatever happens: the policies' asks are delivered in any
//! order, early, late and again, the gateway answers as it likes, and shortages are found at any
//! time.

use super::{
    Event, bill,
    bill::Bill,
    inventory,
    inventory::Inventory,
    order,
    order::{Order, Request, Status},
    policies::{Ask, react},
    shipment,
    shipment::Shipment,
};
use crate::{Aggregate, Fact, Id, Quantity, Won, shared::Name, testing::through_json};
use chrono::DateTime;
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeMap;
use uuid::Uuid;

const STOCK: i64 = 10;
const FEE: i64 = 10;
const ORDERS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Request { order: usize, qty: i64 },
    Cancel { order: usize },
    ReportMissing { order: usize, qty: i64 },
    Courier { order: usize, command: shipment::Command },
    Gateway(Gateway),
    Deliver(Index),
    DeliverAgain(Index),
}

/// How the gateway behaves from now on.
#[derive(Clone, Copy, Debug, Default)]
enum Gateway {
    #[default]
    Approves,
    Declines,
    ChargesLess,
    /// Nothing happens, and whoever asked asks again.
    Away,
    /// Charges, and nobody hears of it.
    Mute,
}

#[derive(Debug)]
struct Charge {
    amount: i64,
    declined: bool,
    refunded: bool,
}

#[derive(Debug, Default)]
struct World {
    stock: Inventory,
    orders: BTreeMap<String, Order>,
    bills: BTreeMap<String, Bill>,
    shipments: BTreeMap<String, Shipment>,
    facts: Vec<(String, Event)>,
    pending: Vec<Ask>,
    delivered: Vec<Ask>,
    gateway: Gateway,
    /// By order.
    charges: BTreeMap<String, Charge>,
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn name(order: usize) -> String {
    format!("o{order}")
}

fn quantity(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

impl World {
    fn new() -> Self {
        let mut world = Self::default();
        world.stock(&inventory::Command::Register {
            product_name: Name::new("IPAD").unwrap(),
            qty: quantity(STOCK),
            unit_fee: None,
        });
        world
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Request { order, qty } => self.request(&name(*order), *qty),
            Step::Cancel { order } => self.order(&name(*order), &order::Command::Cancel),
            Step::ReportMissing { order, qty } => {
                let (order_id, qty) = (id(&name(*order)), quantity(*qty));
                self.stock(&inventory::Command::ReportMissing { order_id, qty });
            }
            Step::Courier { order, command } => self.shipment(&name(*order), command),
            Step::Gateway(gateway) => self.gateway = *gateway,
            Step::Deliver(index) if !self.pending.is_empty() => {
                let ask = self.pending.remove(index.index(self.pending.len()));
                self.deliver(ask);
            }
            Step::DeliverAgain(index) if !self.delivered.is_empty() => {
                let ask = self.delivered[index.index(self.delivered.len())].clone();
                self.deliver(ask);
            }
            Step::Deliver(_) | Step::DeliverAgain(_) => {}
        }
    }

    /// What is on its way arrives, the last first, until nothing is; what is called back is
    /// retrieved.
    fn settle(&mut self) {
        self.gateway = Gateway::Approves;
        loop {
            while let Some(ask) = self.pending.pop() {
                self.deliver(ask);
            }
            for order in 0..ORDERS {
                self.shipment(&name(order), &shipment::Command::CompleteRetrieval);
            }
            if self.pending.is_empty() {
                return;
            }
        }
    }

    fn deliver(&mut self, ask: Ask) {
        match &ask {
            Ask::Inventory { command, .. } => self.stock(command),
            Ask::Order { id, command } => self.order(id.as_str(), command),
            Ask::Bill { order, command } => self.bill(order.as_str(), command),
            Ask::Shipment { order, command } => self.shipment(order.as_str(), command),
            Ask::Collect { order } => self.collect(order.as_str()),
            Ask::GiveBack { order } => self.give_back_due(order.as_str()),
            Ask::WatchLateCharge { order } => self.give_back_late(order.as_str()),
            // A timer that fires at any moment.
            Ask::At { ask, .. } => self.pending.push((**ask).clone()),
        }
        self.delivered.push(ask);
    }

    fn request(&mut self, order: &str, qty: i64) {
        self.order(
            order,
            &order::Command::Request(Request {
                product_id: id("1"),
                product_name: Name::new("IPAD").unwrap(),
                qty: quantity(qty),
                amount: Won::new(FEE).ok(),
                unit_fee: None,
                customer_id: None,
            }),
        );
    }

    fn bill_of(&mut self, order: &str) -> &mut Bill {
        self.bills.entry(order.to_owned()).or_default()
    }

    /// Charges as long as the fee is open, and gives back what was charged though it is not.
    fn collect(&mut self, order: &str) {
        if self.bill_of(order).open().is_none() {
            return self.give_back_late(order);
        }
        let charge = |amount, declined| Charge { amount, declined, refunded: false };
        let charge = match self.gateway {
            Gateway::Away => return self.pending.push(Ask::Collect { order: id(order) }),
            Gateway::Approves | Gateway::Mute => charge(FEE, false),
            Gateway::ChargesLess => charge(FEE - 1, false),
            Gateway::Declines => charge(FEE, true),
        };
        // The same key has the same outcome.
        let known = self.charges.entry(order.to_owned()).or_insert(charge);
        let (amount, declined) = (known.amount, known.declined);
        if matches!(self.gateway, Gateway::Mute) {
            return self.pending.push(Ask::Collect { order: id(order) });
        }
        if declined {
            return self.bill(order, &bill::Command::NoteDeclined { reason: None });
        }
        let (amount, charge_id) = (Won::new(amount).unwrap(), format!("ch-{order}"));
        self.bill(order, &bill::Command::NoteReceived { amount, charge_id });
        self.give_back_late(order);
    }

    fn give_back_due(&mut self, order: &str) {
        if self.bill_of(order).refund_due().is_some() {
            self.give_back(order);
        }
    }

    fn give_back_late(&mut self, order: &str) {
        let bill = self.bill_of(order);
        let late = bill.open().is_none() && !bill.received();
        if late && self.charges.get(order).is_some_and(|charge| !charge.declined) {
            self.give_back(order);
        }
    }

    fn give_back(&mut self, order: &str) {
        let charge = self.charges.get_mut(order).unwrap();
        charge.refunded = true;
        let amount = Won::new(charge.amount).unwrap();
        let command = bill::Command::NoteRefunded { amount };
        assert!(self.bill_of(order).decide(&command).is_ok());
        self.bill(order, &command);
    }

    fn stock(&mut self, command: &inventory::Command) {
        let events = ask(&mut self.stock, command);
        self.record("1", events.into_iter().map(Event::Inventory));
    }

    fn order(&mut self, order: &str, command: &order::Command) {
        let events = ask(self.orders.entry(order.to_owned()).or_default(), command);
        self.record(order, events.into_iter().map(Event::Order));
    }

    fn bill(&mut self, order: &str, command: &bill::Command) {
        let events = ask(self.bill_of(order), command);
        self.record(order, events.into_iter().map(Event::Bill));
    }

    fn shipment(&mut self, order: &str, command: &shipment::Command) {
        let events = ask(self.shipments.entry(order.to_owned()).or_default(), command);
        self.record(order, events.into_iter().map(Event::Shipment));
    }

    fn record(&mut self, of: &str, events: impl Iterator<Item = Event>) {
        for event in events {
            let fact = Fact {
                id: Uuid::from_u128(self.facts.len() as u128),
                of: of.to_owned(),
                at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
                event,
            };
            self.pending.extend(react(&fact).into_iter().map(|(_, ask)| ask));
            self.facts.push((fact.of, fact.event));
        }
    }

    fn count(&self, order: &str, wanted: impl Fn(&Event) -> bool) -> usize {
        let facts = self.facts.iter();
        facts.filter(|(of, event)| of == order && wanted(event)).count()
    }

    /// Holds at every moment.
    fn check(&self) {
        let (left, held) = (self.stock.left(), self.stock.held());
        assert!(left >= 0 && held >= 0, "{:#?}", self.facts);
        let missing: i64 = self.facts.iter().map(|(_, event)| missing(event)).sum();
        assert_eq!(left + held + missing, STOCK, "{:#?}", self.facts);
        for order in (0..ORDERS).map(name) {
            let once = |wanted: fn(&Event) -> bool| {
                let count = self.count(&order, wanted);
                assert!(count <= 1, "{order}: {:#?}", self.facts);
                count
            };
            let (confirmed, asked) = (once(confirmed), once(asked));
            let (received, started) = (once(received), once(started));
            assert!(confirmed >= asked && asked >= received && received >= started);
            once(refunded);
            once(cancelled);
            assert!(!self.charges.contains_key(&order) || confirmed == 1);
        }
    }

    /// Holds once nothing is on its way any more.
    fn check_settled(&self) {
        self.check();
        let mut held = 0;
        for (order, state) in self.orders.iter().filter(|(_, order)| order.exists()) {
            let kept = self.charges.get(order).filter(|one| !one.declined && !one.refunded);
            let kept = kept.map_or(0, |charge| charge.amount);
            let shipment = self.shipments.get(order).and_then(Shipment::status);
            let story = || format!("{order}: {:#?}", self.facts);
            match state.status() {
                Status::Requested => panic!("the stock check has no outcome: {}", story()),
                Status::Confirmed => {
                    assert_eq!((kept, shipment), (FEE, Some(shipment::Status::Started)));
                    held += state.qty().unwrap().get();
                }
                Status::Completed => {
                    assert_eq!((kept, shipment), (FEE, Some(shipment::Status::Delivered)));
                    held += state.qty().unwrap().get();
                }
                Status::Cancelled => {
                    assert_eq!(kept, 0, "{}", story());
                    use shipment::Status::{Retrieved, Stopped};
                    let ended = matches!(shipment, None | Some(Stopped | Retrieved));
                    assert!(ended, "{}", story());
                }
            }
        }
        assert_eq!(self.stock.held(), held, "{:#?}", self.facts);
        let refunds = self.facts.iter().filter(|(_, event)| refunded(event)).count();
        let given_back = self.charges.values().filter(|charge| charge.refunded).count();
        assert_eq!(refunds, given_back, "{:#?}", self.facts);
    }
}

/// Decides and remembers, and sees to it that the same once more changes nothing.
fn ask<A: Aggregate>(state: &mut A, command: &A::Command) -> Vec<A::Event> {
    let events = state.decide(command).unwrap_or_default();
    for event in &events {
        state.evolve(&through_json::<A>(event));
    }
    let again = state.decide(command).unwrap_or_default();
    assert!(again.is_empty(), "{command:?} again: {again:?}");
    events
}

fn missing(event: &Event) -> i64 {
    match event {
        Event::Inventory(inventory::Event::StockMissing { qty, .. }) => qty.get(),
        Event::Inventory(_) | Event::Order(_) | Event::Bill(_) | Event::Shipment(_) => 0,
    }
}

fn confirmed(event: &Event) -> bool {
    matches!(event, Event::Order(order::Event::StockConfirmed { .. }))
}

fn cancelled(event: &Event) -> bool {
    matches!(event, Event::Order(order::Event::RentalCancellationOccured { .. }))
}

fn asked(event: &Event) -> bool {
    matches!(event, Event::Bill(bill::Event::FeeRequested { .. }))
}

fn received(event: &Event) -> bool {
    matches!(event, Event::Bill(bill::Event::FeeReceived { .. }))
}

fn refunded(event: &Event) -> bool {
    matches!(event, Event::Bill(bill::Event::FeeRefundCompleted { .. }))
}

fn started(event: &Event) -> bool {
    matches!(event, Event::Shipment(shipment::Event::DeliveryStarted { .. }))
}

fn gateway() -> impl Strategy<Value = Gateway> {
    prop_oneof![
        4 => Just(Gateway::Approves),
        1 => Just(Gateway::Declines),
        1 => Just(Gateway::ChargesLess),
        1 => Just(Gateway::Away),
        1 => Just(Gateway::Mute),
    ]
}

fn courier() -> impl Strategy<Value = shipment::Command> {
    prop_oneof![Just(shipment::Command::Deliver), Just(shipment::Command::CompleteRetrieval)]
}

fn step() -> impl Strategy<Value = Step> {
    let order = || 0..ORDERS;
    prop_oneof![
        3 => (order(), 1..=STOCK + 1).prop_map(|(order, qty)| Step::Request { order, qty }),
        1 => order().prop_map(|order| Step::Cancel { order }),
        1 => (order(), 1..=STOCK).prop_map(|(order, qty)| Step::ReportMissing { order, qty }),
        2 => (order(), courier()).prop_map(|(order, command)| Step::Courier { order, command }),
        1 => gateway().prop_map(Step::Gateway),
        10 => any::<Index>().prop_map(Step::Deliver),
        3 => any::<Index>().prop_map(Step::DeliverAgain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_stock_and_the_money_fit_how_each_order_ends(
        steps in prop::collection::vec(step(), 0..80)
    ) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.settle();
        world.check_settled();
    }
}
