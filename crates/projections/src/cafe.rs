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
    match event {
        Event::Cafe(cafe::Event::Order(event)) => Some(event),
        Event::Cafe(cafe::Event::Ticket(_) | cafe::Event::Member(_) | cafe::Event::MenuItem(_)) => {
            None
        }
    }
}

fn ticket_event(event: &Event) -> Option<&ticket::Event> {
    match event {
        Event::Cafe(cafe::Event::Ticket(event)) => Some(event),
        Event::Cafe(cafe::Event::Order(_) | cafe::Event::Member(_) | cafe::Event::MenuItem(_)) => {
            None
        }
    }
}

fn member_event(event: &Event) -> Option<&member::Event> {
    match event {
        Event::Cafe(cafe::Event::Member(event)) => Some(event),
        Event::Cafe(cafe::Event::Order(_) | cafe::Event::Ticket(_) | cafe::Event::MenuItem(_)) => {
            None
        }
    }
}

fn menu_item_event(event: &Event) -> Option<&menu_item::Event> {
    match event {
        Event::Cafe(cafe::Event::MenuItem(event)) => Some(event),
        Event::Cafe(cafe::Event::Order(_) | cafe::Event::Ticket(_) | cafe::Event::Member(_)) => {
            None
        }
    }
}

literal!(order::Status: Init, PaySuccess, PayFail, OrderReceived, OrderRejected, OrderCancelRequest, OrderCancel, Made, PickedUp);
literal!(order::PaymentStatus: NotPaid, Paid, Failed, Refunded);
literal!(ticket::Status: OrderGet, Receive, Reject, OrderCanceled, Made, PickedUp);

#[cfg(test)]
mod testing;
