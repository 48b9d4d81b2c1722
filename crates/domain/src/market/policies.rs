//! When this happened, ask that.
//!
//! Each ask has a name of its own, `when_<fact>_<request>`, from which the id of what is asked is
//! made: asking again, in any order, changes nothing.

use super::{item, payment, reservation, review};
use crate::{Aggregate, Fact, Id, Instant};
use chrono::Duration;
use serde::{Deserialize, Serialize};

mod items;
mod payments;

/// What a deployment may choose.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a payment may be without an outcome before the gateway is asked what became of it.
    pub payment_grace: Duration,
}

/// The policies whose outcome a request waits for.
pub const SYNC: &[&str] = &[
    "when_payment_approved_note_paid",
    "when_payment_approved_note_hold_paid",
    "when_hold_unpaid_cancel_payment",
    "when_payment_cancel_requested_refund",
    "when_payment_canceled_note_refunded",
    "when_reservation_cancel_requested_release",
    "when_item_released_note_released",
    "when_rented_item_note_lent",
    "when_returned_item_note_returned",
    "when_returned_item_ask_review",
    "when_review_submitted_delist",
    "when_item_deleted_complete_review",
    "when_delist_refused_refuse_review",
];

/// What a fact asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Ask {
    Item {
        id: Id,
        command: item::Command,
    },
    Reservation {
        id: Id,
        command: reservation::Command,
    },
    Payment {
        id: Id,
        command: payment::Command,
    },
    Review {
        id: Id,
        command: review::Command,
    },
    /// Ask the gateway what became of a charge, and record it.
    SettlePayment {
        reservation: Id,
        attempt: u32,
    },
    /// Ask the gateway whether a failed attempt was charged after all, and give that back.
    WatchLateCharge {
        reservation: Id,
        attempt: u32,
    },
    /// Give back what the payment says is due.
    Refund {
        reservation: Id,
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
            Self::Item { .. } => Some(item::Item::CATEGORY),
            Self::Reservation { .. } => Some(reservation::Reservation::CATEGORY),
            Self::Review { .. } => Some(review::Review::CATEGORY),
            Self::Payment { .. }
            | Self::SettlePayment { .. }
            | Self::WatchLateCharge { .. }
            | Self::Refund { .. } => Some(payment::Payment::CATEGORY),
            Self::At { .. } | Self::Cancel { .. } => None,
        }
    }
}

/// Each with the name of its policy.
pub type Asks = Vec<(&'static str, Ask)>;

/// What a fact of the market asks for.
pub fn react(fact: &Fact<super::Event>, rules: &Rules) -> Asks {
    // All that happens here happens to something with an id; what does not asks for nothing.
    let Ok(id) = Id::new(fact.of.clone()) else {
        return vec![];
    };
    match &fact.event {
        super::Event::Item(event) => items::to_item(id, event),
        super::Event::Reservation(event) => to_reservation(id, event),
        super::Event::Payment(event) => payments::to_payment(id, fact.at, event, rules),
        super::Event::Review(event) => to_review(id, event),
    }
}

fn to_reservation(id: Id, event: &reservation::Event) -> Asks {
    use reservation::Event;
    match event {
        Event::Reserved { item_no, customer_id, customer_name, item_price, .. } => {
            let command = item::Command::Hold {
                reservation_no: id,
                customer_id: customer_id.clone(),
                customer_name: customer_name.clone(),
                item_price: *item_price,
            };
            vec![("when_reserved_hold", of_item(item_no, command))]
        }
        Event::ReservationCancelRequested { item_no } => {
            let command = item::Command::Release { reservation_no: id };
            let release = of_item(item_no, command);
            vec![("when_reservation_cancel_requested_release", release)]
        }
        Event::ReservationCancelled => {
            let command = payment::Command::Close;
            let close = Ask::Payment { id, command };
            vec![("when_reservation_cancelled_close_payment", close)]
        }
        Event::ReservationConfirmed { .. }
        | Event::ReservationRejected { .. }
        | Event::ReservationCancelDenied
        | Event::ReservationPaid { .. }
        | Event::ReservationRefunded { .. }
        | Event::ReservationLent
        | Event::ReservationReturned => vec![],
    }
}

fn to_review(id: Id, event: &review::Event) -> Asks {
    use review::Event;
    match event {
        Event::ReviewSubmitted { item_no, submission, .. } => {
            let command = item::Command::Delist { reservation_no: id, submission: *submission };
            vec![("when_review_submitted_delist", of_item(item_no, command))]
        }
        Event::ReviewRequested { .. } | Event::Reviewed { .. } | Event::ReviewRefused { .. } => {
            vec![]
        }
    }
}

fn of_item(item_no: &Id, command: item::Command) -> Ask {
    let id = item_no.clone();
    Ask::Item { id, command }
}

fn of_reservation(reservation_no: &Id, command: reservation::Command) -> Ask {
    let id = reservation_no.clone();
    Ask::Reservation { id, command }
}

#[cfg(test)]
mod tests;
