use super::*;
use crate::{
    Quantity, Won,
    cafe::{Event, menu_item},
    shared::Name,
};
use chrono::DateTime;
use order::{Command, PaymentFailure};
use uuid::Uuid;

fn at(minute: i64) -> Instant {
    DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap()
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn coffee() -> Name {
    Name::new("IceAmericano").unwrap()
}

fn cups() -> Quantity {
    Quantity::new(2).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn after(event: Event) -> Vec<(&'static str, Ask)> {
    let rules =
        Rules { accept_timeout: Duration::minutes(15), payment_grace: Duration::minutes(2) };
    let fact = Fact { id: Uuid::from_u128(1), of: "o1".to_owned(), at: at(0), event };
    react(&fact, &rules)
}

fn tell(command: Command) -> Ask {
    let id = id("o1");
    Ask::Order { id, command }
}

fn forget(key: &str) -> Ask {
    let key = key.to_owned();
    Ask::Cancel { key }
}

fn failed(reason: PaymentFailure) -> Event {
    Event::Order(order::Event::PaymentFailed { attempt: 2, reason, detail: None })
}

fn received(customer_id: Option<Id>) -> Event {
    Event::Ticket(ticket::Event::OrderReceived { product: coffee(), qty: cups(), customer_id })
}

mod order_selected {
    use super::*;

    #[test]
    fn has_the_payment_settled_in_time() {
        let selected = order::Event::OrderSelected {
            product: coffee(),
            qty: cups(),
            price: won(2000),
            amount: won(4000),
            customer_id: None,
            phone: None,
            attempt: 2,
        };
        let settle = Ask::At {
            key: "settle-payment/o1/2".to_owned(),
            due: at(2),
            ask: Box::new(Ask::SettlePayment { order: id("o1"), attempt: 2 }),
        };
        let expected = vec![("when_order_selected_settle_payment", settle)];
        assert_eq!(after(Event::Order(selected)), expected);
    }
}

mod payment_completed {
    use super::*;

    #[test]
    fn reaches_the_store() {
        let completed = order::Event::PaymentCompleted {
            attempt: 2,
            amount: won(4000),
            charge_id: "charge-1".to_owned(),
            product: coffee(),
            qty: cups(),
            customer_id: Some(id("c1")),
        };
        let command = ticket::Command::Receive {
            product: coffee(),
            qty: cups(),
            customer_id: Some(id("c1")),
        };
        let id = id("o1");
        let expected = vec![
            ("when_payment_completed_receive", Ask::Ticket { id, command }),
            ("when_payment_completed_forget_settling", forget("settle-payment/o1/2")),
        ];
        assert_eq!(after(Event::Order(completed)), expected);
    }
}

mod payment_failed {
    use super::*;

    fn forgotten() -> (&'static str, Ask) {
        ("when_payment_failed_forget_settling", forget("settle-payment/o1/2"))
    }

    #[test]
    fn goes_nowhere_when_declined() {
        assert_eq!(after(failed(PaymentFailure::Declined)), [forgotten()]);
    }

    #[test]
    fn is_watched_when_nobody_knows_what_the_gateway_did() {
        let watch = Ask::At {
            key: "late-charge/o1/2".to_owned(),
            due: at(1),
            ask: Box::new(Ask::WatchLateCharge { order: id("o1"), attempt: 2 }),
        };
        let expected = [forgotten(), ("when_payment_failed_watch_late_charge", watch)];
        assert_eq!(after(failed(PaymentFailure::Unavailable)), expected);
    }
}

mod order_cancel_requested {
    use super::*;

    #[test]
    fn is_decided_by_the_store() {
        let ask = Ask::Ticket { id: id("o1"), command: ticket::Command::DecideCancel };
        let expected = [("when_order_cancel_requested_decide_cancel", ask)];
        assert_eq!(after(Event::Order(order::Event::OrderCancelRequested)), expected);
    }
}

mod order_turned_down {
    use super::*;

    #[test]
    fn gives_the_money_back() {
        let refund = Ask::Refund { order: id("o1") };
        let refused = order::Event::OrderRefused { reason: None };
        let expected = [("when_order_refused_refund", refund.clone())];
        assert_eq!(after(Event::Order(refused)), expected);
        let expected = [("when_order_canceled_refund", refund)];
        assert_eq!(after(Event::Order(order::Event::OrderCanceled)), expected);
    }
}

mod ticket_opened {
    use super::*;

    #[test]
    fn expires_in_time() {
        let opened =
            ticket::Event::TicketOpened { product: coffee(), qty: cups(), customer_id: None };
        let expire = Ask::At {
            key: "accept/o1".to_owned(),
            due: at(15),
            ask: Box::new(Ask::Ticket { id: id("o1"), command: ticket::Command::Expire }),
        };
        assert_eq!(after(Event::Ticket(opened)), [("when_ticket_opened_expire", expire)]);
    }
}

mod order_received {
    use super::*;

    #[test]
    fn is_noted_by_the_order() {
        let expected = [
            ("when_order_received_note_accepted", tell(Command::NoteAccepted)),
            ("when_order_received_forget_expiry", forget("accept/o1")),
        ];
        assert_eq!(after(received(None)), expected);
    }

    #[test]
    fn earns_the_customer_points_as_of_now() {
        let points = Ask::Member {
            id: id("c1"),
            command: member::Command::SavePoint {
                order_id: id("o1"),
                qty: cups(),
                accepted_at: at(0),
            },
        };
        let asks = after(received(Some(id("c1"))));
        assert_eq!(asks.last(), Some(&("when_order_received_save_point", points)));
    }
}

mod order_rejected {
    use super::*;

    #[test]
    fn is_noted_by_the_order_with_the_reason() {
        let reason = Some("no ice".to_owned());
        let rejected = ticket::Event::OrderRejected { reason: reason.clone() };
        let expected = [
            ("when_order_rejected_note_refused", tell(Command::NoteRefused { reason })),
            ("when_order_rejected_forget_expiry", forget("accept/o1")),
        ];
        assert_eq!(after(Event::Ticket(rejected)), expected);
    }
}

mod order_cancel_decided {
    use super::*;

    #[test]
    fn is_noted_by_the_order() {
        let confirmed = Event::Ticket(ticket::Event::OrderCancelConfirmed);
        let expected = [
            ("when_order_cancel_confirmed_note_canceled", tell(Command::NoteCanceled)),
            ("when_order_cancel_confirmed_forget_expiry", forget("accept/o1")),
        ];
        assert_eq!(after(confirmed), expected);
        let denied = Event::Ticket(ticket::Event::OrderCancelDenied);
        let note = tell(Command::NoteCancelDenied);
        let expected = [("when_order_cancel_denied_note_cancel_denied", note)];
        assert_eq!(after(denied), expected);
    }
}

mod coffee_made {
    use super::*;

    #[test]
    fn is_noted_by_the_order() {
        let expected = [("when_coffee_made_note_made", tell(Command::NoteMade))];
        assert_eq!(after(Event::Ticket(ticket::Event::CoffeeMade)), expected);
    }
}

mod picked_up {
    use super::*;

    #[test]
    fn is_noted_by_the_order() {
        let expected = [("when_picked_up_note_picked_up", tell(Command::NotePickedUp))];
        assert_eq!(after(Event::Ticket(ticket::Event::PickedUp)), expected);
    }
}

mod price_set {
    use super::*;

    #[test]
    fn asks_for_nothing() {
        let price = won(2000);
        assert_eq!(after(Event::MenuItem(menu_item::Event::PriceSet { price })), []);
    }
}

mod ask {
    use super::*;

    #[test]
    fn waits_for_the_part_it_is_for() {
        let order = id("o1");
        let refund = Ask::Refund { order };
        assert_eq!(refund.part(), Some("cafe.order"));
        let ticket = Ask::Ticket { id: id("o1"), command: ticket::Command::Expire };
        assert_eq!(ticket.part(), Some("cafe.ticket"));
        assert_eq!(forget("accept/o1").part(), None);
    }

    #[test]
    fn comes_back_from_json_as_it_was() {
        let timer = Ask::At {
            key: "accept/o1".to_owned(),
            due: at(15),
            ask: Box::new(tell(Command::NotePaid {
                attempt: 1,
                amount: won(4000),
                charge_id: "charge-1".to_owned(),
            })),
        };
        let text = serde_json::to_string(&timer).unwrap();
        let back: Ask = serde_json::from_str(&text).unwrap();
        assert_eq!(back, timer);
    }
}
