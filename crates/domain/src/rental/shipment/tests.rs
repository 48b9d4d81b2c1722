use super::*;
use crate::{Refusal as _, testing::given};

fn product() -> Id {
    Id::new("2").unwrap()
}

fn qty() -> Quantity {
    Quantity::new(10).unwrap()
}

fn start() -> Command {
    Command::Start { product_id: product(), qty: qty() }
}

fn started() -> Event {
    Event::DeliveryStarted { product_id: product(), qty: qty() }
}

fn stop() -> Command {
    Command::Stop { product_id: product() }
}

fn stopped() -> Event {
    Event::DeliveryStopped { product_id: product() }
}

fn called_back() -> Event {
    Event::RetrieveStarted { product_id: product(), qty: qty() }
}

fn retrieved() -> Event {
    Event::RetrieveCompleted { product_id: product() }
}

mod start {
    use super::*;

    #[test]
    fn sends_the_goods_once() {
        given::<Shipment>([]).when(start()).then([started()]);
        given::<Shipment>([]).when(start()).and_again(start()).then_nothing();
    }

    #[test]
    fn sends_nothing_that_was_stopped_before() {
        given::<Shipment>([stopped()]).when(start()).then_nothing();
    }
}

mod stop {
    use super::*;

    #[test]
    fn keeps_what_has_not_left() {
        given::<Shipment>([]).when(stop()).then([stopped()]);
    }

    #[test]
    fn calls_back_what_has_left() {
        given::<Shipment>([started()]).when(stop()).then([called_back()]);
        given::<Shipment>([started(), Event::ItemDelivered]).when(stop()).then([called_back()]);
    }

    #[test]
    fn again_is_already_so() {
        for history in [
            vec![stopped()],
            vec![started(), called_back()],
            vec![started(), called_back(), retrieved()],
        ] {
            given::<Shipment>(history).when(stop()).then_nothing();
        }
    }
}

mod deliver {
    use super::*;

    #[test]
    fn ends_a_delivery_once() {
        given::<Shipment>([started()]).when(Command::Deliver).then([Event::ItemDelivered]);
        given::<Shipment>([started()])
            .when(Command::Deliver)
            .and_again(Command::Deliver)
            .then_nothing();
    }

    #[test]
    fn refuses_what_is_not_on_its_way() {
        for (history, refusal) in [
            (vec![], Refusal::UnknownShipment),
            (vec![stopped()], Refusal::DeliveryStopped),
            (vec![started(), called_back()], Refusal::RetrieveStarted),
            (vec![started(), called_back(), retrieved()], Refusal::RetrieveStarted),
        ] {
            given::<Shipment>(history).when(Command::Deliver).then_refused(refusal);
        }
    }
}

mod complete_retrieval {
    use super::*;

    #[test]
    fn ends_a_retrieval_once() {
        let history = [started(), called_back()];
        given::<Shipment>(history.clone()).when(Command::CompleteRetrieval).then([retrieved()]);
        given::<Shipment>(history)
            .when(Command::CompleteRetrieval)
            .and_again(Command::CompleteRetrieval)
            .then_nothing();
    }

    #[test]
    fn refuses_what_was_not_called_back() {
        for (history, refusal) in [
            (vec![], Refusal::UnknownShipment),
            (vec![started()], Refusal::NotCalledBack),
            (vec![started(), Event::ItemDelivered], Refusal::NotCalledBack),
            (vec![stopped()], Refusal::NotCalledBack),
        ] {
            given::<Shipment>(history).when(Command::CompleteRetrieval).then_refused(refusal);
        }
    }
}

#[test]
fn a_shipment_says_how_it_stands() {
    let says = |history: &[Event]| {
        let shipment = given::<Shipment>(history.iter().cloned()).state();
        shipment.status().map(Status::as_str)
    };
    assert_eq!(says(&[]), None);
    assert_eq!(says(&[stopped()]), Some("stopped"));
    let history = [started(), Event::ItemDelivered, called_back(), retrieved()];
    let words = [1, 2, 3, 4].map(|n| says(&history[..n]).unwrap());
    assert_eq!(words, ["started", "delivered", "retrieving", "retrieved"]);
}

#[test]
fn refusals_have_the_published_codes() {
    let codes = [
        (Refusal::UnknownShipment, "unknown-shipment"),
        (Refusal::DeliveryStopped, "delivery-stopped"),
        (Refusal::RetrieveStarted, "retrieve-started"),
        (Refusal::NotCalledBack, "not-called-back"),
    ];
    for (refusal, code) in codes {
        assert_eq!(refusal.code(), code);
    }
    assert_eq!(Refusal::UnknownShipment.kind(), Kind::Unknown);
}
