//! What an item's facts ask for.

use super::{Ask, Asks, of_reservation};
use crate::{
    Id,
    market::{item::Event, payment, reservation::Command, review},
    shared::{Name, personal::Personal},
};

pub(super) fn to_item(item_no: Id, event: &Event) -> Asks {
    match event {
        Event::ItemHeld { reservation_no, item_name, item_price, .. } => {
            let (item_name, item_price) = (item_name.clone(), *item_price);
            let confirm = Command::Confirm { item_name, item_price };
            let confirm = of_reservation(reservation_no, confirm);
            vec![("when_item_held_confirm", confirm)]
        }
        Event::HoldRefused { reservation_no, reason } => {
            let reject = Command::Reject { reason: *reason };
            let reject = of_reservation(reservation_no, reject);
            vec![("when_hold_refused_reject", reject)]
        }
        Event::ItemReleased { reservation_no } => {
            let note = of_reservation(reservation_no, Command::NoteReleased);
            vec![("when_item_released_note_released", note)]
        }
        Event::HoldUnpaid { reservation_no, attempt } => hold_unpaid(reservation_no, *attempt),
        Event::RentedItem { reservation_no } => {
            let note = of_reservation(reservation_no, Command::NoteLent);
            vec![("when_rented_item_note_lent", note)]
        }
        Event::ReturnedItem { reservation_no, customer_id, customer_name, item_name } => {
            returned((item_no, item_name), reservation_no, (customer_id, customer_name))
        }
        Event::ItemDeleted { .. } | Event::DelistRefused { .. } => answered_review(event),
        Event::ItemRegistered { .. } | Event::HoldPaid { .. } => vec![],
    }
}

fn hold_unpaid(reservation_no: &Id, attempt: u32) -> Asks {
    let (id, command) = (reservation_no.clone(), payment::Command::Cancel { attempt });
    let cancel = Ask::Payment { id, command };
    vec![("when_hold_unpaid_cancel_payment", cancel)]
}

fn returned(
    (item_no, item_name): (Id, &Name),
    reservation_no: &Id,
    (customer_id, customer_name): (&Id, &Personal),
) -> Asks {
    let note = of_reservation(reservation_no, Command::NoteReturned);
    let command = review::Command::Ask {
        item_no,
        item_name: item_name.clone(),
        customer_id: customer_id.clone(),
        customer_name: customer_name.clone(),
    };
    let id = reservation_no.clone();
    vec![
        ("when_returned_item_note_returned", note),
        ("when_returned_item_ask_review", Ask::Review { id, command }),
    ]
}

/// The outcome of a review's submission, where the fact is one.
fn answered_review(event: &Event) -> Asks {
    let (policy, id, command) = match event {
        Event::ItemDeleted { reservation_no: Some(id), submission: Some(submission), .. } => {
            let submission = *submission;
            let complete = review::Command::Complete { submission };
            ("when_item_deleted_complete_review", id, complete)
        }
        Event::DelistRefused { reservation_no, submission, reason } => {
            let (submission, reason) = (*submission, *reason);
            let refuse = review::Command::Refuse { submission, reason };
            ("when_delist_refused_refuse_review", reservation_no, refuse)
        }
        Event::ItemRegistered { .. }
        | Event::ItemDeleted { .. }
        | Event::ItemHeld { .. }
        | Event::HoldRefused { .. }
        | Event::ItemReleased { .. }
        | Event::HoldPaid { .. }
        | Event::HoldUnpaid { .. }
        | Event::RentedItem { .. }
        | Event::ReturnedItem { .. } => return vec![],
    };
    let id = id.clone();
    vec![(policy, Ask::Review { id, command })]
}
