//! What holds for orders and portions whatever happens: what the policies ask is delivered in any
//! order, early, late and again, and the process restarts at any moment.

use super::{
    CancelReason, Event, MenuId, cook,
    cook::Cook,
    delivery,
    delivery::Delivery,
    menu,
    menu::Menu,
    order,
    order::Order,
    policies::{Ask, react},
};
use crate::{Aggregate, Fact, Id, Quantity, Won, shared::Name, testing::through_json};
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeMap;
use uuid::Uuid;

const ORDERS: usize = 5;
const STOCK: i64 = 6;

#[derive(Clone, Debug)]
enum Step {
    Place {
        order: usize,
        qty: i64,
    },
    Cancel {
        order: usize,
    },
    Cooked {
        order: usize,
    },
    Delivered {
        order: usize,
    },
    Restock,
    Deliver(Index),
    DeliverAgain(Index),
    /// The process is gone, and what it had in memory with it.
    Restart,
}

#[derive(Debug, Default)]
struct Meal {
    order: Order,
    cook: Cook,
    delivery: Delivery,
    /// The customer was answered that it is cancelled.
    promised: bool,
}

#[derive(Debug)]
struct World {
    menu: Menu,
    meals: BTreeMap<Id, Meal>,
    facts: Vec<(String, Event)>,
    pending: Vec<Ask>,
    done: Vec<Ask>,
}

impl World {
    fn open() -> Self {
        let mut world = Self {
            menu: Menu::default(),
            meals: BTreeMap::new(),
            facts: vec![],
            pending: vec![],
            done: vec![],
        };
        let add = menu::Command::Add {
            name: Name::new("비빔밥").unwrap(),
            price: Won::new(9000).ok(),
            stock: qty(STOCK),
        };
        world.menu(&add);
        world
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Place { order, qty } => self.place(id(*order), *qty),
            Step::Cancel { order } => self.cancel(id(*order)),
            Step::Cooked { order } => self.cook(id(*order), &cook::Command::Complete),
            Step::Delivered { order } => self.delivery(id(*order), &delivery::Command::Complete),
            Step::Restock => self.menu(&menu::Command::Restock { qty: qty(2) }),
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

    fn place(&mut self, order: Id, count: i64) {
        let place = order::Command::Place { menu: bibimbap(), customer_id: id(0), qty: qty(count) };
        self.order(order, &place);
    }

    /// As the customer's request does it: the kitchen first, and the answer after that.
    fn cancel(&mut self, order: Id) {
        if !self.meal(&order).order.exists() {
            return;
        }
        let cancel = cook::Command::Cancel { menu: bibimbap(), reason: CancelReason::Cancelled };
        let decided = self.meal(&order).cook.decide(&cancel);
        let cooked = self.meal(&order).cook.status() == Some(cook::Status::Cooked);
        assert_eq!(decided.is_err(), cooked);
        self.cook(order.clone(), &cancel);
        self.meal(&order).promised |= !cooked;
    }

    fn deliver(&mut self, ask: Ask) {
        match ask.clone() {
            Ask::Menu { command, .. } => {
                self.menu(&command);
                assert!(self.menu.decide(&command).unwrap().is_empty());
            }
            Ask::Order { id, command } => self.order(id, &command),
            Ask::Cook { id, command } => self.cook(id, &command),
            Ask::Delivery { id, command } => self.delivery(id, &command),
        }
        self.done.push(ask);
    }

    fn settle(&mut self) {
        while let Some(ask) = self.pending.pop() {
            self.deliver(ask);
        }
    }

    fn menu(&mut self, command: &menu::Command) {
        let events = obey(&mut self.menu, command);
        self.record("1.1", events.into_iter().map(Event::Menu));
    }

    fn order(&mut self, id: Id, command: &order::Command) {
        let events = obey_once(&mut self.meal(&id).order, command);
        self.record(id.as_str(), events.into_iter().map(Event::Order));
    }

    fn cook(&mut self, id: Id, command: &cook::Command) {
        let events = obey_once(&mut self.meal(&id).cook, command);
        self.record(id.as_str(), events.into_iter().map(Event::Cook));
    }

    fn delivery(&mut self, id: Id, command: &delivery::Command) {
        let events = obey_once(&mut self.meal(&id).delivery, command);
        self.record(id.as_str(), events.into_iter().map(Event::Delivery));
    }

    fn meal(&mut self, id: &Id) -> &mut Meal {
        self.meals.entry(id.clone()).or_default()
    }

    fn restart(&mut self) {
        self.menu = Menu::default();
        for meal in self.meals.values_mut() {
            let promised = meal.promised;
            *meal = Meal { promised, ..Meal::default() };
        }
        for (of, event) in self.facts.clone() {
            let id = Id::new(of).unwrap();
            match event {
                Event::Menu(event) => self.menu.evolve(&event),
                Event::Order(event) => self.meal(&id).order.evolve(&event),
                Event::Cook(event) => self.meal(&id).cook.evolve(&event),
                Event::Delivery(event) => self.meal(&id).delivery.evolve(&event),
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

    fn count(&self, of: &Id, wanted: impl Fn(&Event) -> bool) -> usize {
        let facts = self.facts.iter();
        facts.filter(|(fact_of, event)| fact_of == of.as_str() && wanted(event)).count()
    }

    /// Holds at every moment.
    fn check(&self) {
        assert!(self.menu.stock() >= 0, "{:#?}", self.facts);
        let there = self.menu.stock() + self.menu.reserved();
        assert_eq!(there, self.ever_stocked(), "{:#?}", self.facts);
        for (id, meal) in &self.meals {
            let outcomes = self.count(id, cooked) + self.count(id, cook_cancelled);
            assert!(outcomes <= 1, "{:#?}", self.facts);
            let was_cooked = self.count(id, cooked) == 1;
            assert!(!(meal.promised && was_cooked), "{:#?}", self.facts);
            assert!(self.count(id, order_cancelled) <= self.count(id, cook_cancelled));
            assert!(self.count(id, shipped) <= self.count(id, cooked));
        }
    }

    /// Holds once nothing is on its way any more.
    fn check_settled(&self) {
        self.check();
        let placed = self.meals.values().filter(|meal| meal.order.exists());
        let mut kept = 0;
        for meal in placed {
            let states = (
                meal.order.status(),
                meal.cook.status(),
                meal.delivery.status().map(delivery::Status::as_str),
            );
            match states {
                (Some(order::Status::Ordered), Some(cook::Status::Received), None)
                | (
                    Some(order::Status::Ordered),
                    Some(cook::Status::Cooked),
                    Some("DELIVERY : COOK FIN" | "DELIVERY : DELIVERY FIN"),
                ) => kept += meal.order.qty().unwrap().get(),
                (
                    Some(order::Status::Cancelled),
                    Some(cook::Status::Cancelled),
                    Some("DELIVERY : ORDER CANCELED"),
                )
                | (
                    Some(order::Status::QtyOver),
                    Some(cook::Status::QtyOver),
                    Some("DELIVERY : QTY OVER"),
                ) => {}
                other => panic!("{other:?} in {:#?}", self.facts),
            }
            let cancelled = meal.order.status() != Some(order::Status::Ordered);
            assert!(cancelled || !meal.promised, "{:#?}", self.facts);
        }
        assert_eq!(self.menu.reserved(), kept, "{:#?}", self.facts);
    }

    fn ever_stocked(&self) -> i64 {
        let stocked = self.facts.iter().map(|(_, event)| match event {
            Event::Menu(menu::Event::MenuAdded { stock, .. }) => stock.get(),
            Event::Menu(menu::Event::Restocked { qty, .. }) => qty.get(),
            Event::Menu(_) | Event::Order(_) | Event::Cook(_) | Event::Delivery(_) => 0,
        });
        stocked.sum()
    }
}

fn obey<A: Aggregate>(state: &mut A, command: &A::Command) -> Vec<A::Event> {
    let events = state.decide(command).unwrap_or_default();
    for event in &events {
        state.evolve(&through_json::<A>(event));
    }
    events
}

/// Also sees to it that the same once more changes nothing.
fn obey_once<A: Aggregate>(state: &mut A, command: &A::Command) -> Vec<A::Event> {
    let events = obey(state, command);
    assert!(state.decide(command).unwrap_or_default().is_empty());
    events
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn id(number: usize) -> Id {
    Id::new(format!("o{number}")).unwrap()
}

fn bibimbap() -> MenuId {
    MenuId::new("1.1").unwrap()
}

fn cooked(event: &Event) -> bool {
    *event == Event::Cook(cook::Event::Cooked)
}

fn cook_cancelled(event: &Event) -> bool {
    matches!(event, Event::Cook(cook::Event::CookCancelled { .. }))
}

fn order_cancelled(event: &Event) -> bool {
    use order::Event::{OrderCancelled, OrderQtyOverCancelled};
    matches!(event, Event::Order(OrderCancelled | OrderQtyOverCancelled))
}

fn shipped(event: &Event) -> bool {
    *event == Event::Delivery(delivery::Event::Shipped)
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0..ORDERS;
    prop_oneof![
        4 => (order.clone(), 1..4i64).prop_map(|(order, qty)| Step::Place { order, qty }),
        2 => order.clone().prop_map(|order| Step::Cancel { order }),
        3 => order.clone().prop_map(|order| Step::Cooked { order }),
        2 => order.prop_map(|order| Step::Delivered { order }),
        1 => Just(Step::Restock),
        8 => any::<Index>().prop_map(Step::Deliver),
        3 => any::<Index>().prop_map(Step::DeliverAgain),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn portions_add_up_and_every_order_is_cooked_or_cancelled(
        steps in prop::collection::vec(step(), 0..80)
    ) {
        let mut world = World::open();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.settle();
        world.check_settled();
    }
}
