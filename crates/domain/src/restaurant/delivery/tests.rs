use super::*;
use crate::testing::given;

fn cancel(reason: CancelReason) -> Command {
    Command::Cancel { reason }
}

fn cancelled(reason: CancelReason) -> Event {
    Event::ShippedCancelled { reason }
}

const REASONS: [CancelReason; 2] = [CancelReason::Cancelled, CancelReason::QtyOver];
const DELIVERED: [Event; 2] = [Event::Shipped, Event::DeliveryCompleted];

fn literal(history: impl IntoIterator<Item = Event>) -> Option<&'static str> {
    let delivery = given::<Delivery>(history).state();
    delivery.status().map(Status::as_str)
}

mod start {
    use super::*;

    #[test]
    fn takes_it_out_once() {
        given::<Delivery>([]).when(Command::Start).then([Event::Shipped]);
        given::<Delivery>(DELIVERED).when(Command::Start).then_nothing();
        assert_eq!(literal([Event::Shipped]), Some("DELIVERY : COOK FIN"));
    }

    #[test]
    fn refuses_what_is_cancelled() {
        for reason in REASONS {
            given::<Delivery>([cancelled(reason)])
                .when(Command::Start)
                .then_refused(Refusal::OrderCancelled);
        }
    }
}

mod complete {
    use super::*;

    #[test]
    fn delivers_once() {
        given::<Delivery>([Event::Shipped])
            .when(Command::Complete)
            .then([Event::DeliveryCompleted]);
        given::<Delivery>([Event::Shipped])
            .when(Command::Complete)
            .and_again(Command::Complete)
            .then_nothing();
        assert_eq!(literal(DELIVERED), Some("DELIVERY : DELIVERY FIN"));
    }

    #[test]
    fn refuses_what_is_not_on_its_way() {
        given::<Delivery>([]).when(Command::Complete).then_refused(Refusal::UnknownDelivery);
        for reason in REASONS {
            given::<Delivery>([cancelled(reason)])
                .when(Command::Complete)
                .then_refused(Refusal::OrderCancelled);
        }
    }
}

mod cancel {
    use super::*;

    #[test]
    fn is_on_record_once() {
        for reason in REASONS {
            given::<Delivery>([]).when(cancel(reason)).then([cancelled(reason)]);
            given::<Delivery>([]).when(cancel(reason)).and_again(cancel(reason)).then_nothing();
        }
        let shown = REASONS.map(|reason| literal([cancelled(reason)]));
        assert_eq!(shown, [Some("DELIVERY : ORDER CANCELED"), Some("DELIVERY : QTY OVER")]);
    }

    #[test]
    fn refuses_what_is_on_its_way() {
        given::<Delivery>([Event::Shipped])
            .when(cancel(CancelReason::Cancelled))
            .then_refused(Refusal::AlreadyShipped);
        given::<Delivery>(DELIVERED)
            .when(cancel(CancelReason::Cancelled))
            .then_refused(Refusal::AlreadyShipped);
    }
}
