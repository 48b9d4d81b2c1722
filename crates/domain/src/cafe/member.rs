//! A member: a customer who collects a point for each cup.
//!
//! 1. A customer registers, may withdraw, and may register again; the points stay.
//! 2. An order earns its points once, one for each cup. They stay earned once even when reversed.
//! 3. Points are for those who were a validated member when the order was accepted, however late
//!    that becomes known here.
//! 4. The points of an order can be taken back, once.

use crate::{Aggregate, Id, Instant, Kind, Quantity, shared::personal::Personal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    MembershipRegistered {
        name: Personal,
        validated: bool,
        at: Instant,
    },
    MembershipWithdrawn {
        at: Instant,
    },
    /// `point` is the balance afterwards.
    PointSaved {
        order_id: Id,
        qty: Quantity,
        point: i64,
    },
    /// `point` is the balance afterwards.
    PointReversed {
        order_id: Id,
        qty: Quantity,
        point: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Register { name: Personal, validated: bool, at: Instant },
    Withdraw { at: Instant },
    SavePoint { order_id: Id, qty: Quantity, accepted_at: Instant },
    ReversePoint { order_id: Id },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such member")]
    UnknownMember,
    #[error("the customer is registered with other data")]
    AlreadyRegistered,
    #[error("the customer was no valid member when the order was accepted")]
    NotAMember,
    #[error("no points were saved for this order")]
    NoPointsForOrder,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownMember => "unknown-member",
            Self::AlreadyRegistered => "already-registered",
            Self::NotAMember => "not-a-member",
            Self::NoPointsForOrder => "no-points-for-order",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownMember => Kind::Unknown,
            Self::AlreadyRegistered | Self::NotAMember | Self::NoPointsForOrder => Kind::Rule,
        }
    }
}

/// One member, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Oldest first; only the last may be without an end.
    memberships: Vec<Membership>,
    orders: BTreeMap<Id, Points>,
    point: i64,
}

#[derive(Clone, Debug)]
struct Membership {
    name: Personal,
    validated: bool,
    from: Instant,
    until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Points {
    qty: Quantity,
    reversed: bool,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Member {
    const CATEGORY: &'static str = "cafe.member";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Register { name, validated, at } => self.register(name, *validated, *at),
            Command::Withdraw { at } => self.withdraw(*at),
            Command::SavePoint { order_id, qty, accepted_at } => {
                self.save_point(order_id, *qty, *accepted_at)
            }
            Command::ReversePoint { order_id } => self.reverse_point(order_id),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::MembershipRegistered { name, validated, at } => {
                self.memberships.push(Membership {
                    name: name.clone(),
                    validated: *validated,
                    from: *at,
                    until: None,
                });
            }
            Event::MembershipWithdrawn { at } => {
                self.memberships.iter_mut().for_each(|one| one.end(*at));
            }
            Event::PointSaved { order_id, qty, point } => {
                self.remember(order_id, *qty, *point, false)
            }
            Event::PointReversed { order_id, qty, point } => {
                self.remember(order_id, *qty, *point, true);
            }
        }
    }

    fn is_for(&self, id: &str, customer: &Id) -> bool {
        id == customer.as_str()
    }
}

impl Member {
    /// Whether the customer ever registered.
    pub fn exists(&self) -> bool {
        !self.memberships.is_empty()
    }

    /// Whether orders that are accepted now earn points.
    pub fn valid(&self) -> bool {
        self.current().is_some_and(|one| one.validated)
    }

    /// As last registered.
    pub fn name(&self) -> Option<&Personal> {
        self.memberships.last().map(|one| &one.name)
    }

    /// The balance.
    pub fn point(&self) -> i64 {
        self.point
    }

    fn register(&self, name: &Personal, validated: bool, at: Instant) -> Decision {
        if let Some(current) = self.current() {
            let same = current.name == *name && current.validated == validated;
            return if same { Ok(vec![]) } else { Err(Refusal::AlreadyRegistered) };
        }
        let name = name.clone();
        Ok(vec![Event::MembershipRegistered { name, validated, at }])
    }

    fn withdraw(&self, at: Instant) -> Decision {
        if !self.exists() {
            return Err(Refusal::UnknownMember);
        }
        if self.current().is_none() {
            return Ok(vec![]);
        }
        Ok(vec![Event::MembershipWithdrawn { at }])
    }

    fn save_point(&self, order_id: &Id, qty: Quantity, accepted_at: Instant) -> Decision {
        if self.orders.contains_key(order_id) {
            return Ok(vec![]);
        }
        if !self.memberships.iter().any(|one| one.earns_at(accepted_at)) {
            return Err(Refusal::NotAMember);
        }
        let point = self.point + qty.get();
        let order_id = order_id.clone();
        Ok(vec![Event::PointSaved { order_id, qty, point }])
    }

    fn reverse_point(&self, order_id: &Id) -> Decision {
        if !self.exists() {
            return Err(Refusal::UnknownMember);
        }
        let saved = self.orders.get(order_id).ok_or(Refusal::NoPointsForOrder)?;
        if saved.reversed {
            return Ok(vec![]);
        }
        let (order_id, qty) = (order_id.clone(), saved.qty);
        let point = self.point - qty.get();
        Ok(vec![Event::PointReversed { order_id, qty, point }])
    }

    fn current(&self) -> Option<&Membership> {
        self.memberships.last().filter(|one| one.until.is_none())
    }

    fn remember(&mut self, order_id: &Id, qty: Quantity, point: i64, reversed: bool) {
        self.orders.insert(order_id.clone(), Points { qty, reversed });
        self.point = point;
    }
}

impl Membership {
    fn end(&mut self, at: Instant) {
        self.until.get_or_insert(at);
    }

    fn earns_at(&self, at: Instant) -> bool {
        self.validated && self.from <= at && self.until.is_none_or(|until| at <= until)
    }
}

#[cfg(test)]
mod tests;
