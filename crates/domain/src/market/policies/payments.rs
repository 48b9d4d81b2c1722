//! What a payment's facts ask for.

use super::{Ask, Asks, Rules, of_item, of_reservation};
use crate::{
    Id, Instant, Won,
    market::{item, payment::Event, reservation},
};
use chrono::Duration;

/// How long to wait after an unusable answer before looking whether there was a charge after all.
const LATE_CHARGE_AFTER: Duration = Duration::minutes(1);

pub(super) fn to_payment(id: Id, at: Instant, event: &Event, rules: &Rules) -> Asks {
    match event {
        Event::PaymentRequested { attempt, .. } => {
            let settle = Ask::At {
                key: settle_key(&id, *attempt),
                due: at + rules.payment_grace,
                ask: Box::new(Ask::SettlePayment { reservation: id, attempt: *attempt }),
            };
            vec![("when_payment_requested_settle", settle)]
        }
        Event::PaymentApproved { item_no, amount, attempt, .. } => {
            approved(&id, item_no, *amount, *attempt)
        }
        Event::PaymentDeclined { attempt, .. } => {
            let forget = forget_settling(&id, *attempt);
            vec![("when_payment_declined_forget_settling", forget)]
        }
        Event::PaymentFailed { attempt, .. } => failed(id, *attempt, at),
        Event::PaymentCancelRequested { .. } => {
            let refund = Ask::Refund { reservation: id };
            vec![("when_payment_cancel_requested_refund", refund)]
        }
        Event::PaymentCanceled { amount, attempt, .. } => {
            let (attempt, amount) = (*attempt, *amount);
            let note = reservation::Command::NoteRefunded { attempt, amount };
            let note = of_reservation(&id, note);
            vec![("when_payment_canceled_note_refunded", note)]
        }
        Event::ChargeReturned { .. } | Event::PaymentClosed => vec![],
    }
}

fn approved(id: &Id, item_no: &Id, amount: Won, attempt: u32) -> Asks {
    let note = reservation::Command::NotePaid { attempt, amount };
    let hold_paid = item::Command::NotePaid { reservation_no: id.clone(), attempt };
    vec![
        ("when_payment_approved_note_paid", of_reservation(id, note)),
        ("when_payment_approved_note_hold_paid", of_item(item_no, hold_paid)),
        ("when_payment_approved_forget_settling", forget_settling(id, attempt)),
    ]
}

fn failed(reservation: Id, attempt: u32, at: Instant) -> Asks {
    let forget = forget_settling(&reservation, attempt);
    let watch = Ask::At {
        key: format!("late-charge/{reservation}/{attempt}"),
        due: at + LATE_CHARGE_AFTER,
        ask: Box::new(Ask::WatchLateCharge { reservation, attempt }),
    };
    vec![
        ("when_payment_failed_forget_settling", forget),
        ("when_payment_failed_watch_late_charge", watch),
    ]
}

fn forget_settling(reservation: &Id, attempt: u32) -> Ask {
    let key = settle_key(reservation, attempt);
    Ask::Cancel { key }
}

fn settle_key(reservation: &Id, attempt: u32) -> String {
    format!("settle-payment/{reservation}/{attempt}")
}
