use super::*;
use crate::{Refusal as _, testing::given};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn request_for(amount: Option<i64>, unit_fee: Option<i64>) -> Request {
    Request {
        product_id: id("2"),
        product_name: Name::new("MACBOOK").unwrap(),
        qty: qty(10),
        amount: amount.map(won),
        unit_fee: unit_fee.map(won),
        customer_id: Some(id("c1")),
    }
}

fn request(amount: Option<i64>, unit_fee: Option<i64>) -> Command {
    Command::Request(request_for(amount, unit_fee))
}

fn requested() -> Event {
    Event::RentalRequested {
        product_id: id("2"),
        product_name: Name::new("MACBOOK").unwrap(),
        qty: qty(10),
        amount: won(10),
        customer_id: Some(id("c1")),
    }
}

fn confirmed() -> Event {
    Event::StockConfirmed { product_id: id("2"), qty: qty(10), amount: won(10) }
}

fn cancelled(by: CancelledBy, reason: Option<&str>, confirmed: bool) -> Event {
    Event::RentalCancellationOccured {
        by,
        reason: reason.map(str::to_owned),
        product_id: id("2"),
        qty: qty(10),
        confirmed,
    }
}

fn short() -> Command {
    Command::CancelForShortage { reason: "3 missing".to_owned() }
}

mod request {
    use super::*;

    #[test]
    fn takes_the_clients_amount_where_the_product_has_no_fee() {
        given::<Order>([]).when(request(Some(10), None)).then([requested()]);
        given::<Order>([]).when(request(None, None)).then_refused(Refusal::AmountMissing);
    }

    #[test]
    fn takes_the_products_fee_for_each() {
        given::<Order>([]).when(request(None, Some(1))).then([requested()]);
        given::<Order>([]).when(request(Some(10), Some(1))).then([requested()]);
    }

    #[test]
    fn refuses_another_amount_than_the_products() {
        let changed = Refusal::PriceChanged { amount: won(20) };
        assert_eq!(changed.kind(), Kind::Value { field: "amount" });
        given::<Order>([]).when(request(Some(10), Some(2))).then_refused(changed);
    }

    #[test]
    fn refuses_a_fee_beyond_what_can_be_paid() {
        given::<Order>([])
            .when(request(None, Some(1_000_000_000)))
            .then_refused(Refusal::AmountTooLarge);
    }

    #[test]
    fn again_is_already_so_however_far_the_order_is() {
        for history in [
            vec![requested()],
            vec![requested(), confirmed(), Event::RentalCompleted],
            vec![requested(), cancelled(CancelledBy::Shortage, None, false)],
        ] {
            given::<Order>(history.clone()).when(request(Some(10), None)).then_nothing();
            given::<Order>(history).when(request(None, None)).then_nothing();
        }
    }

    #[test]
    fn refuses_other_content_under_the_same_id() {
        let other = Request { qty: qty(11), ..request_for(Some(10), None) };
        for other in [Command::Request(other), request(Some(11), None)] {
            given::<Order>([requested()]).when(other).then_refused(Refusal::OrderExists);
        }
    }
}

mod confirm_stock {
    use super::*;

    #[test]
    fn confirms_once() {
        given::<Order>([requested()]).when(Command::ConfirmStock).then([confirmed()]);
        for history in [
            vec![requested(), confirmed()],
            vec![requested(), confirmed(), Event::RentalCompleted],
            vec![requested(), confirmed(), cancelled(CancelledBy::Customer, None, true)],
        ] {
            given::<Order>(history).when(Command::ConfirmStock).then_nothing();
        }
    }

    #[test]
    fn declines_once_what_comes_after_the_cancellation() {
        let declined = Event::StockDeclined { product_id: id("2") };
        let late = [requested(), cancelled(CancelledBy::Customer, None, false)];
        given::<Order>(late.clone()).when(Command::ConfirmStock).then([declined]);
        given::<Order>(late)
            .when(Command::ConfirmStock)
            .and_again(Command::ConfirmStock)
            .then_nothing();
    }

    #[test]
    fn refuses_an_unknown_order() {
        given::<Order>([]).when(Command::ConfirmStock).then_refused(Refusal::UnknownOrder);
    }
}

mod cancel {
    use super::*;

    #[test]
    fn says_whether_the_stock_was_confirmed() {
        let by = CancelledBy::Customer;
        given::<Order>([requested()]).when(Command::Cancel).then([cancelled(by, None, false)]);
        given::<Order>([requested(), confirmed()])
            .when(Command::Cancel)
            .then([cancelled(by, None, true)]);
    }

    #[test]
    fn again_is_already_so_whoever_cancelled_first() {
        let history = [requested(), confirmed(), cancelled(CancelledBy::Customer, None, true)];
        let fee = Command::CancelForFee { reason: None };
        for again in [Command::Cancel, short(), fee] {
            given::<Order>(history.clone()).when(again).then_nothing();
        }
    }

    #[test]
    fn refuses_when_the_goods_are_delivered() {
        given::<Order>([requested(), confirmed(), Event::RentalCompleted])
            .when(Command::Cancel)
            .then_refused(Refusal::AlreadyCompleted);
    }

    #[test]
    fn refuses_an_unknown_order() {
        for command in [Command::Cancel, short(), Command::CancelForFee { reason: None }] {
            given::<Order>([]).when(command).then_refused(Refusal::UnknownOrder);
        }
    }

    #[test]
    fn for_a_shortage_is_possible_whenever_one_is_found() {
        let by = CancelledBy::Shortage;
        for (history, was_confirmed) in [
            (vec![requested()], false),
            (vec![requested(), confirmed()], true),
            (vec![requested(), confirmed(), Event::RentalCompleted], true),
        ] {
            given::<Order>(history).when(short()).then([cancelled(
                by,
                Some("3 missing"),
                was_confirmed,
            )]);
        }
    }

    #[test]
    fn for_the_fee_says_why() {
        let reason = Some("limit exceeded".to_owned());
        given::<Order>([requested(), confirmed()])
            .when(Command::CancelForFee { reason })
            .then([cancelled(CancelledBy::Payment, Some("limit exceeded"), true)]);
    }
}

mod complete {
    use super::*;

    #[test]
    fn ends_a_confirmed_order_once() {
        given::<Order>([requested(), confirmed()])
            .when(Command::Complete)
            .then([Event::RentalCompleted]);
        given::<Order>([requested(), confirmed()])
            .when(Command::Complete)
            .and_again(Command::Complete)
            .then_nothing();
    }

    #[test]
    fn leaves_a_cancelled_order_cancelled() {
        given::<Order>([requested(), confirmed(), cancelled(CancelledBy::Customer, None, true)])
            .when(Command::Complete)
            .then_nothing();
    }

    #[test]
    fn refuses_before_the_stock_is_confirmed() {
        given::<Order>([requested()]).when(Command::Complete).then_refused(Refusal::NotConfirmed);
    }
}

#[test]
fn only_a_shortage_before_the_confirmation_is_out_of_stock() {
    let check = |history: Vec<Event>| given::<Order>(history).state().stock_check();
    let reason = "110 asked, 100 left";
    assert_eq!(
        check(vec![requested(), cancelled(CancelledBy::Shortage, Some(reason), false)]),
        Err(Refusal::OutOfStock { reason: reason.to_owned() })
    );
    let late = cancelled(CancelledBy::Shortage, Some("3 missing"), true);
    assert_eq!(check(vec![requested(), confirmed(), late]), Ok(()));
    let customer = cancelled(CancelledBy::Customer, None, false);
    assert_eq!(check(vec![requested(), customer]), Ok(()));
    assert_eq!(check(vec![requested()]), Ok(()));
}

#[test]
fn an_order_says_how_it_stands() {
    let state = |history: Vec<Event>| given::<Order>(history).state();
    let words = |history| state(history).status().as_str();
    assert_eq!(words(vec![requested()]), "requested");
    assert_eq!(words(vec![requested(), confirmed()]), "confirmed");
    assert_eq!(words(vec![requested(), confirmed(), Event::RentalCompleted]), "completed");
    let ended = state(vec![requested(), cancelled(CancelledBy::Payment, None, true)]);
    assert_eq!(ended.status().as_str(), "cancelled");
    assert_eq!(ended.cancelled_by().map(CancelledBy::as_str), Some("payment"));
    assert_eq!((ended.product_id(), ended.qty()), (Some(&id("2")), Some(qty(10))));
    assert_eq!((ended.amount(), ended.customer_id()), (Some(won(10)), Some(&id("c1"))));
    assert!(!Order::default().exists());
}

#[test]
fn refusals_have_the_published_codes() {
    let codes = [
        (Refusal::UnknownOrder, "unknown-order"),
        (Refusal::OrderExists, "order-exists"),
        (Refusal::PriceChanged { amount: won(1) }, "price-changed"),
        (Refusal::AmountMissing, "amount-missing"),
        (Refusal::AmountTooLarge, "amount-too-large"),
        (Refusal::NotConfirmed, "not-confirmed"),
        (Refusal::AlreadyCompleted, "already-completed"),
        (Refusal::OutOfStock { reason: String::new() }, "out-of-stock"),
    ];
    for (refusal, code) in codes {
        assert_eq!(refusal.code(), code);
    }
}
