use super::*;
use crate::{Refusal as _, testing::given};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn register_for(fee: Option<i64>) -> Command {
    Command::Register {
        product_name: Name::new("MACBOOK").unwrap(),
        qty: qty(100),
        unit_fee: fee.map(|fee| Won::new(fee).unwrap()),
    }
}

fn register() -> Command {
    register_for(Some(10))
}

fn registered() -> Event {
    Event::InventoryRegistered {
        product_name: Name::new("MACBOOK").unwrap(),
        qty: qty(100),
        unit_fee: Won::new(10).ok(),
    }
}

fn reserve(order: &str, count: i64) -> Command {
    Command::Reserve { order_id: id(order), qty: qty(count) }
}

fn reserved(order: &str, count: i64, left: i64) -> Event {
    Event::StockReserved { order_id: id(order), qty: qty(count), left }
}

fn release(order: &str) -> Command {
    Command::Release { order_id: id(order) }
}

fn released(order: &str, count: i64, left: i64) -> Event {
    Event::StockReleased { order_id: id(order), qty: qty(count), left }
}

fn short(order: &str, asked: i64, left: i64) -> Event {
    Event::InventoryStockShortage { order_id: id(order), asked: qty(asked), left }
}

fn report(order: &str, count: i64) -> Command {
    Command::ReportMissing { order_id: id(order), qty: qty(count) }
}

fn missing(order: &str, count: i64, left: i64, held: i64) -> Event {
    Event::StockMissing { order_id: id(order), qty: qty(count), left, held }
}

mod register {
    use super::*;

    #[test]
    fn puts_all_there_is_into_stock() {
        given::<Inventory>([]).when(register()).then([registered()]);
        let stock = given::<Inventory>([registered()]).state();
        assert_eq!((stock.left(), stock.held(), stock.registered()), (100, 0, Some(qty(100))));
        assert_eq!(stock.name().map(Name::as_str), Some("MACBOOK"));
        assert_eq!(stock.unit_fee(), Won::new(10).ok());
    }

    #[test]
    fn again_is_already_so() {
        given::<Inventory>([registered(), reserved("o1", 10, 90)]).when(register()).then_nothing();
    }

    #[test]
    fn refuses_other_data() {
        given::<Inventory>([registered()])
            .when(register_for(None))
            .then_refused(Refusal::AlreadyRegistered);
    }
}

mod reserve {
    use super::*;

    #[test]
    fn takes_what_is_asked_for() {
        given::<Inventory>([registered()]).when(reserve("o1", 10)).then([reserved("o1", 10, 90)]);
    }

    #[test]
    fn takes_the_last_one() {
        given::<Inventory>([registered(), reserved("o1", 99, 1)])
            .when(reserve("o2", 1))
            .then([reserved("o2", 1, 0)]);
        given::<Inventory>([registered()]).when(reserve("o1", 100)).then([reserved("o1", 100, 0)]);
    }

    #[test]
    fn records_being_short_and_takes_nothing() {
        let shortage = given::<Inventory>([registered(), reserved("o1", 95, 5)]);
        shortage.when(reserve("o2", 6)).then([short("o2", 6, 5)]);
        let stock = given::<Inventory>([registered(), short("o1", 110, 100)]).state();
        assert_eq!((stock.left(), stock.held()), (100, 0));
    }

    #[test]
    fn happens_once_for_an_order() {
        for history in [
            vec![registered(), reserved("o1", 10, 90)],
            vec![registered(), reserved("o1", 10, 90), released("o1", 10, 100)],
            vec![registered(), short("o1", 110, 100)],
        ] {
            given::<Inventory>(history).when(reserve("o1", 10)).then_nothing();
        }
    }

    #[test]
    fn refuses_an_unknown_product() {
        given::<Inventory>([]).when(reserve("o1", 1)).then_refused(Refusal::UnknownProduct);
        assert_eq!(Refusal::UnknownProduct.kind(), Kind::Unknown);
    }
}

mod give_back {
    use super::*;

    fn restock(order: &str) -> Command {
        Command::Restock { order_id: id(order) }
    }

    fn returned(order: &str, count: i64, left: i64) -> Event {
        Event::StockReturned { order_id: id(order), qty: qty(count), left }
    }

    #[test]
    fn frees_what_the_order_holds() {
        let history = [registered(), reserved("o1", 10, 90), reserved("o2", 5, 85)];
        given::<Inventory>(history.clone()).when(release("o1")).then([released("o1", 10, 95)]);
        given::<Inventory>(history).when(restock("o2")).then([returned("o2", 5, 90)]);
    }

    #[test]
    fn happens_once() {
        let history = [registered(), reserved("o1", 10, 90)];
        given::<Inventory>(history.clone())
            .when(release("o1"))
            .and_again(release("o1"))
            .then_nothing();
        given::<Inventory>(history.clone())
            .when(restock("o1"))
            .and_again(restock("o1"))
            .then_nothing();
        given::<Inventory>(history).when(release("o1")).and_again(restock("o1")).then_nothing();
    }

    #[test]
    fn of_nothing_is_already_so() {
        given::<Inventory>([registered()]).when(release("o1")).then_nothing();
        given::<Inventory>([registered(), short("o1", 110, 100)])
            .when(restock("o1"))
            .then_nothing();
    }

    #[test]
    fn leaves_out_what_is_missing() {
        let history = [registered(), reserved("o1", 10, 90), missing("o1", 3, 90, 7)];
        given::<Inventory>(history).when(restock("o1")).then([returned("o1", 7, 97)]);
        let history = [registered(), reserved("o1", 10, 90), missing("o1", 10, 90, 0)];
        given::<Inventory>(history).when(release("o1")).then_nothing();
    }
}

mod report_missing {
    use super::*;

    #[test]
    fn takes_first_from_what_the_order_holds() {
        let history = [registered(), reserved("o1", 10, 90)];
        given::<Inventory>(history.clone()).when(report("o1", 3)).then([missing("o1", 3, 90, 7)]);
        given::<Inventory>(history).when(report("o1", 12)).then([missing("o1", 12, 88, 0)]);
    }

    #[test]
    fn refuses_more_than_there_is() {
        given::<Inventory>([registered(), reserved("o1", 10, 90), reserved("o2", 80, 10)])
            .when(report("o1", 21))
            .then_refused(Refusal::NotSoMany { asked: 21, held: 10, left: 10 });
    }

    #[test]
    fn happens_once_for_an_order() {
        let history = [registered(), reserved("o1", 10, 90), missing("o1", 3, 90, 7)];
        given::<Inventory>(history.clone()).when(report("o1", 3)).then_nothing();
        given::<Inventory>(history)
            .when(report("o1", 4))
            .then_refused(Refusal::AlreadyReported { qty: 3 });
    }

    #[test]
    fn refuses_an_order_that_holds_nothing() {
        for history in [
            vec![registered()],
            vec![registered(), short("o1", 110, 100)],
            vec![registered(), reserved("o1", 10, 90), released("o1", 10, 100)],
        ] {
            given::<Inventory>(history).when(report("o1", 1)).then_refused(Refusal::NothingHeld);
        }
    }
}

#[test]
fn refusals_have_the_published_codes() {
    let codes = [
        (Refusal::UnknownProduct, "unknown-product"),
        (Refusal::AlreadyRegistered, "already-registered"),
        (Refusal::NothingHeld, "nothing-held"),
        (Refusal::AlreadyReported { qty: 1 }, "already-reported"),
        (Refusal::NotSoMany { asked: 2, held: 1, left: 0 }, "insufficient-stock"),
    ];
    for (refusal, code) in codes {
        assert_eq!(refusal.code(), code);
    }
}
