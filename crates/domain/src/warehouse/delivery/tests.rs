use super::*;
use crate::testing::given;

fn request(qty: i64) -> Command {
    Command::RequestDelivery {
        product: Name::new("TV").unwrap(),
        qty: Quantity::new(qty).unwrap(),
        customer_id: Id::new("c1").ok(),
    }
}

fn requested() -> Event {
    Event::DeliveryRequested {
        product: Name::new("TV").unwrap(),
        qty: Quantity::new(10).unwrap(),
        customer_id: Id::new("c1").ok(),
    }
}

mod request_delivery {
    use super::*;

    #[test]
    fn is_put_on_record() {
        given::<Delivery>([]).when(request(10)).then([requested()]);
    }

    #[test]
    fn is_done_when_requested() {
        given::<Delivery>([requested()]).when(request(10)).then_nothing();
        given::<Delivery>([requested(), Event::Delivered]).when(request(10)).then_nothing();
    }

    #[test]
    fn refuses_another_one_under_its_id() {
        given::<Delivery>([requested()]).when(request(11)).then_refused(Refusal::DeliveryExists);
    }
}

mod complete_delivery {
    use super::*;

    #[test]
    fn delivers_once() {
        given::<Delivery>([requested()]).when(Command::CompleteDelivery).then([Event::Delivered]);
        given::<Delivery>([requested()])
            .when(Command::CompleteDelivery)
            .and_again(Command::CompleteDelivery)
            .then_nothing();
    }

    #[test]
    fn refuses_an_unknown_delivery() {
        given::<Delivery>([])
            .when(Command::CompleteDelivery)
            .then_refused(Refusal::UnknownDelivery);
    }
}

#[test]
fn says_what_it_is_of() {
    let delivery = given::<Delivery>([requested()]).state();
    assert_eq!(delivery.product(), Name::new("TV").ok().as_ref());
    assert_eq!(delivery.qty(), Quantity::new(10).ok());
    assert_eq!(delivery.customer_id(), Id::new("c1").ok().as_ref());
    assert!(!delivery.delivered());
}
