//! The read models of the café.

pub mod menu;
pub mod order_status;
pub mod point_ledger;
pub mod points;
pub mod tickets;

use crate::row::literal;
use domain::{
    Event,
    cafe::{self, member, menu_item, order, ticket},
};

/// An event of the café, by the aggregate it happened to.
fn order_event(event: &Event) -> Option<&order::Event> {
    if let cafe::Event::Order(event) = event.cafe()? { Some(event) } else { None }
}

fn ticket_event(event: &Event) -> Option<&ticket::Event> {
    if let cafe::Event::Ticket(event) = event.cafe()? { Some(event) } else { None }
}

fn member_event(event: &Event) -> Option<&member::Event> {
    if let cafe::Event::Member(event) = event.cafe()? { Some(event) } else { None }
}

fn menu_item_event(event: &Event) -> Option<&menu_item::Event> {
    if let cafe::Event::MenuItem(event) = event.cafe()? { Some(event) } else { None }
}

literal!(order::Status: Init, PaySuccess, PayFail, OrderReceived, OrderRejected, OrderCancelRequest, OrderCancel, Made, PickedUp);
literal!(order::PaymentStatus: NotPaid, Paid, Failed, Refunded);
literal!(ticket::Status: OrderGet, Receive, Reject, OrderCanceled, Made, PickedUp);

#[cfg(test)]
mod testing;
