//! A quantity of which orders reserve a part: all or nothing, and never more than there is.
//!
//! Each order is answered once: it holds its part, or is turned down, or has given its part back.
//! One that gives back before it reserved never will.

use super::{Id, Quantity};
use std::collections::BTreeMap;

/// What is free, and what each order was answered.
#[derive(Clone, Debug, Default)]
pub struct Reservations {
    free: i64,
    orders: BTreeMap<Id, Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Holds(Quantity),
    TurnedDown,
    GaveBack,
}

/// What asking to reserve leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The order was answered before.
    Already,
    /// There is enough, and so much is free afterwards.
    Enough { left: i64 },
    /// Only so much is free.
    Short { left: i64 },
}

/// What an order gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// 0 when the order had not reserved anything yet.
    pub qty: i64,
    /// Free afterwards.
    pub left: i64,
}

/// What an order holds and what is free, after a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub held: i64,
    pub free: i64,
}

impl Reservations {
    pub fn free(&self) -> i64 {
        self.free
    }

    /// What the order was answered, if it was.
    pub fn answer(&self, order: &Id) -> Option<Answer> {
        self.orders.get(order).copied()
    }

    /// What the orders hold together.
    pub fn held(&self) -> i64 {
        let held = self.orders.values().map(|answer| match answer {
            Answer::Holds(qty) => qty.get(),
            Answer::TurnedDown | Answer::GaveBack => 0,
        });
        held.sum()
    }

    pub fn ask(&self, order: &Id, qty: Quantity) -> Asked {
        let left = self.free - qty.get();
        match self.answer(order) {
            Some(_) => Asked::Already,
            None if left >= 0 => Asked::Enough { left },
            None => Asked::Short { left: self.free },
        }
    }

    /// `None` when the order has nothing to give back and never will.
    pub fn back(&self, order: &Id) -> Option<GivenBack> {
        let qty = match self.answer(order) {
            Some(Answer::Holds(qty)) => qty.get(),
            None => 0,
            Some(Answer::TurnedDown | Answer::GaveBack) => return None,
        };
        let left = self.free + qty;
        Some(GivenBack { qty, left })
    }

    /// What is left when `qty` turns out not to be there: first what the order holds is less, then
    /// what is free. `None` when that is more than there is.
    pub fn without(&self, order: &Id, qty: Quantity) -> Option<Left> {
        let had = match self.answer(order) {
            Some(Answer::Holds(had)) => had.get(),
            None | Some(Answer::TurnedDown | Answer::GaveBack) => 0,
        };
        let held = (had - qty.get()).max(0);
        let free = self.free - (qty.get() - (had - held));
        (free >= 0).then_some(Left { held, free })
    }

    /// Remembers that there is more.
    pub fn add(&mut self, qty: Quantity) {
        self.free += qty.get();
    }

    pub fn hold(&mut self, order: &Id, qty: Quantity) {
        self.free -= qty.get();
        self.orders.insert(order.clone(), Answer::Holds(qty));
    }

    pub fn turn_down(&mut self, order: &Id) {
        self.orders.insert(order.clone(), Answer::TurnedDown);
    }

    /// Remembers a loss. An order that holds nothing any more has nothing to give back.
    pub fn lose(&mut self, order: &Id, left: Left) {
        self.free = left.free;
        let answer = Quantity::new(left.held).map_or(Answer::GaveBack, Answer::Holds);
        self.orders.insert(order.clone(), answer);
    }

    pub fn give_back(&mut self, order: &Id) {
        if let Some(Answer::Holds(qty)) = self.orders.insert(order.clone(), Answer::GaveBack) {
            self.free += qty.get();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::new(text).unwrap()
    }

    fn qty(count: i64) -> Quantity {
        Quantity::new(count).unwrap()
    }

    #[test]
    fn a_loss_is_first_the_orders_and_then_everybodys() {
        let mut stock = ten();
        stock.hold(&id("o1"), qty(4));
        assert_eq!(stock.without(&id("o1"), qty(3)), Some(Left { held: 1, free: 6 }));
        assert_eq!(stock.without(&id("o1"), qty(11)), None);
        let left = stock.without(&id("o1"), qty(6)).unwrap();
        stock.lose(&id("o1"), left);
        assert_eq!((stock.free(), stock.held()), (4, 0));
        assert_eq!(stock.back(&id("o1")), None);
    }

    fn ten() -> Reservations {
        let mut ten = Reservations::default();
        ten.add(qty(10));
        ten
    }

    #[test]
    fn the_last_one_can_be_held_and_no_more() {
        let mut stock = ten();
        assert_eq!(stock.ask(&id("o1"), qty(11)), Asked::Short { left: 10 });
        assert_eq!(stock.ask(&id("o1"), qty(10)), Asked::Enough { left: 0 });
        stock.hold(&id("o1"), qty(10));
        assert_eq!((stock.free(), stock.held()), (0, 10));
        assert_eq!(stock.ask(&id("o2"), qty(1)), Asked::Short { left: 0 });
    }

    #[test]
    fn an_order_is_answered_once() {
        let mut stock = ten();
        stock.hold(&id("o1"), qty(1));
        stock.turn_down(&id("o2"));
        for order in ["o1", "o2"] {
            assert_eq!(stock.ask(&id(order), qty(1)), Asked::Already);
        }
        assert_eq!(stock.back(&id("o2")), None);
    }

    #[test]
    fn what_was_held_comes_back_once() {
        let mut stock = ten();
        stock.hold(&id("o1"), qty(4));
        assert_eq!(stock.back(&id("o1")), Some(GivenBack { qty: 4, left: 10 }));
        stock.give_back(&id("o1"));
        assert_eq!((stock.free(), stock.held()), (10, 0));
        assert_eq!(stock.back(&id("o1")), None);
        assert_eq!(stock.ask(&id("o1"), qty(4)), Asked::Already);
    }

    #[test]
    fn giving_back_first_means_never_to_reserve() {
        let mut stock = ten();
        assert_eq!(stock.back(&id("o1")), Some(GivenBack { qty: 0, left: 10 }));
        stock.give_back(&id("o1"));
        assert_eq!(stock.free(), 10);
        assert_eq!(stock.ask(&id("o1"), qty(1)), Asked::Already);
    }
}
