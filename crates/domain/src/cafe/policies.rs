//! When this happened, ask that.
//!
//! Each ask has a name of its own, `when_<fact>_<request>`, from which the id of what is asked is
//! made: asking again, in any order, changes nothing.

use super::{member, order, ticket};
use crate::{Aggregate, Fact, Id, Instant, Quantity};
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// How long to wait after an unusable answer before looking whether there was a charge after all.
const LATE_CHARGE_AFTER: Duration = Duration::minutes(1);

/// What a deployment may choose.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a ticket waits for the store before it is rejected.
    pub accept_timeout: Duration,
    /// How long a payment may be without an outcome before the gateway is asked what became of it.
    pub payment_grace: Duration,
}

/// What a fact asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Ask {
    Order {
        id: Id,
        command: order::Command,
    },
    Ticket {
        id: Id,
        command: ticket::Command,
    },
    Member {
        id: Id,
        command: member::Command,
    },
    /// Ask the gateway what became of a charge, and record it.
    SettlePayment {
        order: Id,
        attempt: u32,
    },
    /// Ask the gateway whether a failed attempt was charged after all, and give that back.
    WatchLateCharge {
        order: Id,
        attempt: u32,
    },
    /// Give back what the order says is due.
    Refund {
        order: Id,
    },
    /// Ask this when it is due, unless the key is forgotten before. The first with a key wins.
    At {
        key: String,
        due: Instant,
        ask: Box<Ask>,
    },
    /// Forget what waits under this key.
    Cancel {
        key: String,
    },
}

impl Ask {
    /// The part whose pause makes this wait.
    pub fn part(&self) -> Option<&'static str> {
        match self {
            Self::Ticket { .. } => Some(ticket::Ticket::CATEGORY),
            Self::Member { .. } => Some(member::Member::CATEGORY),
            Self::Order { .. }
            | Self::SettlePayment { .. }
            | Self::WatchLateCharge { .. }
            | Self::Refund { .. } => Some(order::Order::CATEGORY),
            Self::At { .. } | Self::Cancel { .. } => None,
        }
    }
}

/// Each with the name of its policy.
pub type Asks = Vec<(&'static str, Ask)>;

/// What a fact of the café asks for.
pub fn react(fact: &Fact<super::Event>, rules: &Rules) -> Asks {
    // Orders, tickets and members are known by an id; what is not asks for nothing.
    let Ok(id) = Id::new(fact.of.clone()) else {
        return vec![];
    };
    match &fact.event {
        super::Event::Order(event) => to_order(id, fact.at, event, rules),
        super::Event::Ticket(event) => to_ticket(id, fact.at, event, rules),
        super::Event::Member(_) | super::Event::MenuItem(_) => vec![],
    }
}

fn to_order(id: Id, at: Instant, event: &order::Event, rules: &Rules) -> Asks {
    use order::Event;
    match event {
        Event::OrderSelected { attempt, .. } => {
            order_selected(id, *attempt, at + rules.payment_grace)
        }
        Event::PaymentCompleted { attempt, product, qty, customer_id, .. } => {
            let (product, qty, customer_id) = (product.clone(), *qty, customer_id.clone());
            let receive = ticket::Command::Receive { product, qty, customer_id };
            payment_completed(id, *attempt, receive)
        }
        Event::PaymentFailed { attempt, reason, .. } => payment_failed(id, *attempt, *reason, at),
        Event::OrderCancelRequested => order_cancel_requested(id),
        Event::OrderRefused { .. } => {
            vec![("when_order_refused_refund", Ask::Refund { order: id })]
        }
        Event::OrderCanceled => vec![("when_order_canceled_refund", Ask::Refund { order: id })],
        Event::OrderAccepted
        | Event::CancelDenied
        | Event::Refunded { .. }
        | Event::OrderMade
        | Event::OrderPickedUp => vec![],
    }
}

fn order_selected(order: Id, attempt: u32, due: Instant) -> Asks {
    let key = settle_key(&order, attempt);
    let ask = Box::new(Ask::SettlePayment { order, attempt });
    vec![("when_order_selected_settle_payment", Ask::At { key, due, ask })]
}

fn payment_completed(id: Id, attempt: u32, command: ticket::Command) -> Asks {
    let key = settle_key(&id, attempt);
    vec![
        ("when_payment_completed_receive", Ask::Ticket { id, command }),
        ("when_payment_completed_forget_settling", Ask::Cancel { key }),
    ]
}

fn payment_failed(order: Id, attempt: u32, reason: order::PaymentFailure, at: Instant) -> Asks {
    let key = settle_key(&order, attempt);
    let mut asks = vec![("when_payment_failed_forget_settling", Ask::Cancel { key })];
    if reason == order::PaymentFailure::Unavailable {
        let watch = Ask::At {
            key: format!("late-charge/{order}/{attempt}"),
            due: at + LATE_CHARGE_AFTER,
            ask: Box::new(Ask::WatchLateCharge { order, attempt }),
        };
        asks.push(("when_payment_failed_watch_late_charge", watch));
    }
    asks
}

fn order_cancel_requested(id: Id) -> Asks {
    let command = ticket::Command::DecideCancel;
    vec![("when_order_cancel_requested_decide_cancel", Ask::Ticket { id, command })]
}

fn to_ticket(id: Id, at: Instant, event: &ticket::Event, rules: &Rules) -> Asks {
    use order::Command;
    use ticket::Event;
    match event {
        Event::TicketOpened { .. } => {
            vec![("when_ticket_opened_expire", expire_later(id, at + rules.accept_timeout))]
        }
        Event::OrderReceived { qty, customer_id, .. } => {
            order_received(id, at, *qty, customer_id.as_ref())
        }
        Event::OrderRejected { reason } => order_rejected(id, reason.clone()),
        Event::OrderCancelConfirmed => order_cancel_confirmed(id),
        Event::OrderCancelDenied => {
            let note = tell(id, Command::NoteCancelDenied);
            vec![("when_order_cancel_denied_note_cancel_denied", note)]
        }
        Event::CoffeeMade => vec![("when_coffee_made_note_made", tell(id, Command::NoteMade))],
        Event::PickedUp => {
            vec![("when_picked_up_note_picked_up", tell(id, Command::NotePickedUp))]
        }
    }
}

fn order_received(id: Id, at: Instant, qty: Quantity, customer: Option<&Id>) -> Asks {
    let note = tell(id.clone(), order::Command::NoteAccepted);
    let mut asks = vec![
        ("when_order_received_note_accepted", note),
        ("when_order_received_forget_expiry", forget_expiry(&id)),
    ];
    if let Some(member) = customer {
        let points = save_point(member.clone(), id, qty, at);
        asks.push(("when_order_received_save_point", points));
    }
    asks
}

fn order_rejected(id: Id, reason: Option<String>) -> Asks {
    let forget = forget_expiry(&id);
    let note = tell(id, order::Command::NoteRefused { reason });
    vec![("when_order_rejected_note_refused", note), ("when_order_rejected_forget_expiry", forget)]
}

fn order_cancel_confirmed(id: Id) -> Asks {
    let forget = forget_expiry(&id);
    let note = tell(id, order::Command::NoteCanceled);
    vec![
        ("when_order_cancel_confirmed_note_canceled", note),
        ("when_order_cancel_confirmed_forget_expiry", forget),
    ]
}

fn tell(id: Id, command: order::Command) -> Ask {
    Ask::Order { id, command }
}

fn forget_expiry(ticket: &Id) -> Ask {
    let key = accept_key(ticket);
    Ask::Cancel { key }
}

fn expire_later(id: Id, due: Instant) -> Ask {
    let key = accept_key(&id);
    let command = ticket::Command::Expire;
    let ask = Box::new(Ask::Ticket { id, command });
    Ask::At { key, due, ask }
}

fn save_point(member: Id, order_id: Id, qty: Quantity, accepted_at: Instant) -> Ask {
    let command = member::Command::SavePoint { order_id, qty, accepted_at };
    Ask::Member { id: member, command }
}

fn settle_key(order: &Id, attempt: u32) -> String {
    format!("settle-payment/{order}/{attempt}")
}

fn accept_key(ticket: &Id) -> String {
    format!("accept/{ticket}")
}

#[cfg(test)]
mod tests;
