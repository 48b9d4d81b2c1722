//! What holds for the stock whatever happens: goods are delivered, shipped and disposed of in any
//! order, and what the policies ask is delivered early, late and again.

use super::{
    Event, delivery,
    delivery::Delivery,
    policies::{Ask, react},
    stock_item,
    stock_item::StockItem,
};
use crate::{Aggregate, Fact, Id, Quantity, shared::Name, testing::through_json};
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeMap;
use uuid::Uuid;

const DELIVERIES: usize = 5;

#[derive(Clone, Debug)]
enum Step {
    Request {
        delivery: usize,
        qty: i64,
    },
    Stock(Leaving),
    Deliver(Index),
    DeliverAgain(Index),
    /// The process is gone, and what it had in memory with it.
    Restart,
}

#[derive(Clone, Debug)]
enum Leaving {
    Ship { qty: i64, lot: Option<usize> },
    ShipDownTo { remaining: u32, lot: usize },
    Dispose { qty: i64, lot: Option<usize> },
    DisposeOfRest { lot: usize },
}

#[derive(Debug, Default)]
struct World {
    deliveries: BTreeMap<Id, Delivery>,
    stock: StockItem,
    facts: Vec<(String, Event)>,
    pending: Vec<Ask>,
    done: Vec<Ask>,
}

impl World {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Request { delivery, qty } => {
                let command = delivery::Command::RequestDelivery {
                    product: tv(),
                    qty: Quantity::new(*qty).unwrap(),
                    customer_id: None,
                };
                self.delivery(lot(*delivery), &command);
            }
            Step::Stock(leaving) => self.leave(leaving),
            Step::Deliver(index) if !self.pending.is_empty() => {
                let ask = self.pending.remove(index.index(self.pending.len()));
                self.deliver(ask);
            }
            Step::DeliverAgain(index) if !self.done.is_empty() => {
                let ask = self.done[index.index(self.done.len())].clone();
                self.deliver(ask);
            }
            Step::Restart => self.restart(),
            Step::Deliver(_) | Step::DeliverAgain(_) => {}
        }
    }

    fn deliver(&mut self, ask: Ask) {
        match ask.clone() {
            Ask::Delivery { id, command } => self.delivery(id, &command),
            Ask::StockItem { command, .. } => self.stock_idempotent(&command),
        }
        self.done.push(ask);
    }

    fn settle(&mut self) {
        while let Some(ask) = self.pending.pop() {
            self.deliver(ask);
        }
    }

    fn delivery(&mut self, id: Id, command: &delivery::Command) {
        let state = self.deliveries.entry(id.clone()).or_default();
        let events = obey(state, command);
        assert!(state.decide(command).unwrap_or_default().is_empty());
        self.record(id.as_str(), events.into_iter().map(Event::Delivery));
    }

    /// What a policy asks of the stock, which is done once.
    fn stock_idempotent(&mut self, command: &stock_item::Command) {
        let events = obey(&mut self.stock, command);
        assert!(self.stock.decide(command).unwrap_or_default().is_empty());
        self.record("TV", events.into_iter().map(Event::StockItem));
    }

    fn leave(&mut self, leaving: &Leaving) {
        let shipment_id = Id::new(format!("s{}", self.facts.len())).unwrap();
        let reason = Name::new("old").unwrap();
        let command = match *leaving {
            Leaving::Ship { qty, lot: from } => stock_item::Command::Ship {
                shipment_id,
                qty: Quantity::new(qty).unwrap(),
                lot: from.map(lot),
            },
            Leaving::ShipDownTo { remaining, lot: of } => {
                stock_item::Command::ShipDownTo { shipment_id, lot: lot(of), remaining }
            }
            Leaving::Dispose { qty, lot: from } => stock_item::Command::Dispose {
                qty: Quantity::new(qty).unwrap(),
                lot: from.map(lot),
                reason,
            },
            Leaving::DisposeOfRest { lot: of } => {
                stock_item::Command::DisposeOfRest { lot: lot(of) }
            }
        };
        let events = obey(&mut self.stock, &command);
        self.record("TV", events.into_iter().map(Event::StockItem));
    }

    fn restart(&mut self) {
        self.deliveries.clear();
        self.stock = StockItem::default();
        for (of, event) in &self.facts {
            match event {
                Event::Delivery(event) => {
                    let id = Id::new(of.clone()).unwrap();
                    self.deliveries.entry(id).or_default().evolve(event);
                }
                Event::StockItem(event) => self.stock.evolve(event),
            }
        }
        // The reactor starts from an old checkpoint: everything is asked for again.
        self.pending.append(&mut self.done);
    }

    fn record(&mut self, of: &str, events: impl Iterator<Item = Event>) {
        for event in events {
            let fact = Fact {
                id: Uuid::from_u128(self.facts.len() as u128),
                of: of.to_owned(),
                at: chrono::DateTime::UNIX_EPOCH,
                event,
            };
            let asks = react(&fact);
            self.pending.extend(asks.into_iter().map(|(_, ask)| ask));
            self.facts.push((fact.of, fact.event));
        }
    }

    /// Holds at every moment.
    fn check(&self) {
        let mut ledger = 0;
        let mut lots: BTreeMap<Id, i64> = BTreeMap::new();
        for event in self.stock_facts() {
            let on_hand = match event {
                stock_item::Event::InStock { delivery_id, qty, on_hand, .. } => {
                    let before = lots.insert(delivery_id.clone(), qty.get());
                    assert_eq!(before, None, "one lot for each delivery");
                    ledger += qty.get();
                    *on_hand
                }
                stock_item::Event::Shipped { qty, lots: from, on_hand, .. }
                | stock_item::Event::Obsolete { qty, lots: from, on_hand, .. } => {
                    let taken: i64 = from.iter().map(|lot| lot.qty.get()).sum();
                    assert_eq!(taken, qty.get(), "{event:?}");
                    for one in from {
                        let left = lots.get_mut(&one.delivery_id).unwrap();
                        *left -= one.qty.get();
                        assert_eq!(*left, one.left, "{event:?}");
                        assert!(*left >= 0, "{event:?}");
                    }
                    ledger -= qty.get();
                    *on_hand
                }
            };
            assert_eq!(on_hand, ledger, "{event:?}");
            assert!(on_hand >= 0, "{event:?}");
            assert_eq!(lots.values().sum::<i64>(), ledger, "{event:?}");
        }
        assert_eq!(self.stock.on_hand(), ledger);
        for (lot, left) in &lots {
            assert_eq!(self.stock.left(lot), Some(*left));
        }
    }

    /// Holds once nothing is on its way any more.
    fn check_settled(&self) {
        self.check();
        for (id, delivery) in &self.deliveries {
            assert_eq!(delivery.delivered(), delivery.exists());
            assert_eq!(self.stock.left(id).is_some(), delivery.exists());
        }
    }

    fn stock_facts(&self) -> impl Iterator<Item = &stock_item::Event> {
        self.facts.iter().filter_map(|(_, event)| match event {
            Event::StockItem(event) => Some(event),
            Event::Delivery(_) => None,
        })
    }
}

fn obey<A: Aggregate>(state: &mut A, command: &A::Command) -> Vec<A::Event> {
    let events = state.decide(command).unwrap_or_default();
    for event in &events {
        state.evolve(&through_json::<A>(event));
    }
    events
}

fn tv() -> Name {
    Name::new("TV").unwrap()
}

fn lot(number: usize) -> Id {
    Id::new(format!("d{number}")).unwrap()
}

fn any_lot() -> impl Strategy<Value = Option<usize>> {
    prop::option::of(0..DELIVERIES)
}

fn leaving() -> impl Strategy<Value = Leaving> {
    prop_oneof![
        4 => (1..15i64, any_lot()).prop_map(|(qty, lot)| Leaving::Ship { qty, lot }),
        2 => (0..15u32, 0..DELIVERIES)
            .prop_map(|(remaining, lot)| Leaving::ShipDownTo { remaining, lot }),
        2 => (1..15i64, any_lot()).prop_map(|(qty, lot)| Leaving::Dispose { qty, lot }),
        1 => (0..DELIVERIES).prop_map(|lot| Leaving::DisposeOfRest { lot }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..DELIVERIES, 1..20i64)
            .prop_map(|(delivery, qty)| Step::Request { delivery, qty }),
        5 => leaving().prop_map(Step::Stock),
        5 => any::<Index>().prop_map(Step::Deliver),
        2 => any::<Index>().prop_map(Step::DeliverAgain),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_hand_is_what_came_in_less_what_went_out_and_the_lots_add_up(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut world = World::default();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.settle();
        world.check_settled();
    }
}
