use super::*;
use domain::{
    Instant, Quantity, Won,
    cafe::{
        member::{self, Member},
        order::{Command, Event, Order},
    },
    shared::Name,
    testing::personal,
};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn place(customer: Option<&str>) -> Command {
    Command::Place {
        product: Name::new("라떼").unwrap(),
        qty: Quantity::new(1).unwrap(),
        price: Some(Won::new(4500).unwrap()),
        listed: None,
        customer_id: customer.map(id),
        phone: None,
    }
}

fn placed_by(customer: Option<&str>) -> Order {
    let mut order = Order::default();
    for event in order.decide(&place(customer)).unwrap() {
        order.evolve(&event);
    }
    order
}

fn of(owner: &str) -> Guard {
    Guard { owner: Some(id(owner)), expected: None }
}

fn expecting(versions: Versions) -> Guard {
    Guard { owner: None, expected: Some(Expected { category: Order::CATEGORY, versions }) }
}

/// What becomes of a command for an order at version 1: the code of its refusal, the version it is
/// stale at, or how many events.
fn outcome(guard: &Guard, order: &Order, command: &Command) -> Result<usize, String> {
    code(guard.decide(command, "o1", order, 1))
}

fn code<T>(decided: Result<Vec<T>, Error>) -> Result<usize, String> {
    decided.map(|events| events.len()).map_err(|error| match error {
        Error::Refused(refused) => refused.code.to_owned(),
        Error::Stale { version } => format!("stale at {version}"),
        other => panic!("{other}"),
    })
}

fn refused(code: &str) -> Result<usize, String> {
    Err(code.to_owned())
}

#[test]
fn what_is_anothers_or_nobodys_is_unknown_to_a_customer() {
    let unknown = code(Order::default().decide(&Command::RequestCancel).map_err(|refusal| {
        let refused: Refused = refusal.into();
        Error::Refused(refused)
    }));
    assert_eq!(unknown, refused("unknown-order"));
    for whose in [Some("lee"), None] {
        let order = placed_by(whose);
        assert_eq!(outcome(&of("min"), &order, &Command::RequestCancel), unknown);
        assert_eq!(outcome(&of("min"), &order, &place(Some("min"))), refused("order-exists"));
    }
    assert_eq!(
        outcome(&of("lee"), &placed_by(Some("lee")), &Command::RequestCancel),
        refused("not-paid")
    );
    assert_eq!(outcome(&of("lee"), &placed_by(Some("lee")), &place(Some("lee"))), Ok(0));
}

#[test]
fn with_what_would_be_no_change_anothers_id_is_taken() {
    let register = member::Command::Register {
        name: personal("김민"),
        validated: true,
        at: Instant::UNIX_EPOCH,
    };
    let mut member = Member::default();
    for event in member.decide(&register).unwrap() {
        member.evolve(&event);
    }
    assert_eq!(code(of("lee").decide(&register, "min", &member, 1)), refused("id-taken"));
    assert_eq!(code(of("min").decide(&register, "min", &member, 1)), Ok(0));
}

#[test]
fn a_thing_that_is_not_there_belongs_to_whoever_makes_it() {
    let made = of("min").decide(&place(Some("min")), "o1", &Order::default(), 0);
    assert!(matches!(made.unwrap()[..], [Event::OrderSelected { .. }]));
}

#[test]
fn a_version_is_expected_of_one_kind_of_thing() {
    let order = placed_by(None);
    let again = place(None);
    for (versions, expected) in [
        (Versions::Any, Ok(0)),
        (Versions::OneOf(vec![7, 1]), Ok(0)),
        (Versions::OneOf(vec![2]), refused("stale at 1")),
        (Versions::OneOf(vec![]), refused("stale at 1")),
    ] {
        assert_eq!(outcome(&expecting(versions), &order, &again), expected);
    }
    let mut elsewhere = expecting(Versions::OneOf(vec![7]));
    elsewhere.expected.as_mut().unwrap().category = "cafe.ticket";
    assert_eq!(outcome(&elsewhere, &order, &again), Ok(0));
}

#[test]
fn nothing_has_no_version_and_neither_has_what_is_anothers() {
    for versions in [Versions::Any, Versions::OneOf(vec![0])] {
        let guard = expecting(versions);
        assert_eq!(
            code(guard.decide(&place(None), "o1", &Order::default(), 0)),
            refused("stale at 0")
        );
        let guard = Guard { owner: Some(id("min")), ..guard };
        let anothers = placed_by(Some("lee"));
        assert_eq!(outcome(&guard, &anothers, &Command::RequestCancel), refused("stale at 0"));
    }
}
