use super::*;
use crate::testing::given;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

const WHY: &str = "파손";

fn stock_in(delivery: &str, count: i64) -> Command {
    Command::StockIn { delivery_id: id(delivery), qty: qty(count), customer_id: None }
}

fn in_stock(delivery: &str, count: i64, on_hand: i64) -> Event {
    Event::InStock { delivery_id: id(delivery), qty: qty(count), customer_id: None, on_hand }
}

fn ship(count: i64, lot: Option<&str>) -> Command {
    Command::Ship { shipment_id: id("s1"), qty: qty(count), lot: lot.map(id) }
}

fn shipped(count: i64, lots: impl IntoIterator<Item = Taken>, on_hand: i64) -> Event {
    Event::Shipped {
        shipment_id: id("s1"),
        qty: qty(count),
        lots: lots.into_iter().collect(),
        on_hand,
    }
}

fn ship_down_to(remaining: u32, lot: &str) -> Command {
    Command::ShipDownTo { shipment_id: id("s1"), lot: id(lot), remaining }
}

fn dispose(count: i64, lot: Option<&str>) -> Command {
    Command::Dispose { qty: qty(count), lot: lot.map(id), reason: Name::new(WHY).unwrap() }
}

fn dispose_of_rest(lot: &str) -> Command {
    let lot = id(lot);
    Command::DisposeOfRest { lot }
}

fn obsolete(count: i64, why: &str, lots: impl IntoIterator<Item = Taken>, on_hand: i64) -> Event {
    Event::Obsolete {
        qty: qty(count),
        lots: lots.into_iter().collect(),
        reason: why.to_owned(),
        on_hand,
    }
}

fn taken(lot: &str, count: i64, left: i64) -> Taken {
    Taken { delivery_id: id(lot), customer_id: None, qty: qty(count), left }
}

fn two_lots() -> [Event; 2] {
    [in_stock("d1", 5, 5), in_stock("d2", 10, 15)]
}

mod stock_in {
    use super::*;

    #[test]
    fn makes_a_lot_of_each_delivery() {
        given::<StockItem>([in_stock("d1", 5, 5)])
            .when(stock_in("d2", 10))
            .then([in_stock("d2", 10, 15)]);
        let stock = given::<StockItem>(two_lots()).state();
        assert_eq!(stock.on_hand(), 15);
        assert_eq!(stock.left(&id("d2")), Some(10));
        assert_eq!(stock.left(&id("d3")), None);
    }

    #[test]
    fn makes_one_lot_whatever_is_repeated() {
        given::<StockItem>([]).when(stock_in("d1", 5)).and_again(stock_in("d1", 5)).then_nothing();
        given::<StockItem>([in_stock("d1", 5, 5), shipped(5, [taken("d1", 5, 0)], 0)])
            .when(stock_in("d1", 5))
            .then_nothing();
    }
}

mod ship {
    use super::*;

    #[test]
    fn takes_from_the_oldest_lots_first() {
        given::<StockItem>(two_lots()).when(ship(7, None)).then([shipped(
            7,
            [taken("d1", 5, 0), taken("d2", 2, 8)],
            8,
        )]);
    }

    #[test]
    fn passes_over_closed_lots() {
        let emptied = shipped(5, [taken("d1", 5, 0)], 10);
        given::<StockItem>(two_lots().into_iter().chain([emptied]))
            .when(ship(1, None))
            .then([shipped(1, [taken("d2", 1, 9)], 9)]);
    }

    #[test]
    fn takes_from_the_lot_that_is_named() {
        given::<StockItem>(two_lots()).when(ship(4, Some("d2"))).then([shipped(
            4,
            [taken("d2", 4, 6)],
            11,
        )]);
    }

    #[test]
    fn takes_the_last_one() {
        given::<StockItem>([in_stock("d1", 5, 5)]).when(ship(5, None)).then([shipped(
            5,
            [taken("d1", 5, 0)],
            0,
        )]);
    }

    #[test]
    fn refuses_more_than_is_there() {
        given::<StockItem>([in_stock("d1", 5, 5)])
            .when(ship(6, None))
            .then_refused(Refusal::NotEnough { asked: 6, on_hand: 5 });
    }

    #[test]
    fn refuses_more_than_is_in_the_lot() {
        given::<StockItem>(two_lots())
            .when(ship(6, Some("d1")))
            .then_refused(Refusal::NotEnough { asked: 6, on_hand: 5 });
    }

    #[test]
    fn refuses_what_was_never_kept() {
        given::<StockItem>([]).when(ship(1, None)).then_refused(Refusal::UnknownProduct);
        given::<StockItem>(two_lots()).when(ship(1, Some("d9"))).then_refused(Refusal::UnknownLot);
    }

    #[test]
    fn names_the_customer_whose_goods_leave() {
        let customers = Event::InStock {
            delivery_id: id("d1"),
            qty: qty(5),
            customer_id: Some(id("c1")),
            on_hand: 5,
        };
        let from_c1 = Taken { customer_id: Some(id("c1")), ..taken("d1", 1, 4) };
        given::<StockItem>([customers]).when(ship(1, None)).then([shipped(1, [from_c1], 4)]);
    }
}

mod ship_down_to {
    use super::*;

    #[test]
    fn ships_the_difference() {
        given::<StockItem>(two_lots()).when(ship_down_to(6, "d2")).then([shipped(
            4,
            [taken("d2", 4, 6)],
            11,
        )]);
        given::<StockItem>(two_lots()).when(ship_down_to(0, "d2")).then([shipped(
            10,
            [taken("d2", 10, 0)],
            5,
        )]);
    }

    #[test]
    fn is_done_when_so_much_remains() {
        given::<StockItem>(two_lots())
            .when(ship_down_to(6, "d2"))
            .and_again(ship_down_to(6, "d2"))
            .then_nothing();
    }

    #[test]
    fn refuses_that_more_remains_than_there_is() {
        given::<StockItem>(two_lots())
            .when(ship_down_to(6, "d1"))
            .then_refused(Refusal::NotEnough { asked: 6, on_hand: 5 });
    }

    #[test]
    fn refuses_an_unknown_lot() {
        given::<StockItem>([]).when(ship_down_to(0, "d1")).then_refused(Refusal::UnknownLot);
    }
}

mod dispose {
    use super::*;

    #[test]
    fn takes_from_the_oldest_lots_or_from_the_one_named() {
        given::<StockItem>(two_lots()).when(dispose(6, None)).then([obsolete(
            6,
            WHY,
            [taken("d1", 5, 0), taken("d2", 1, 9)],
            9,
        )]);
        given::<StockItem>(two_lots()).when(dispose(6, Some("d2"))).then([obsolete(
            6,
            WHY,
            [taken("d2", 6, 4)],
            9,
        )]);
    }

    #[test]
    fn refuses_more_than_is_there() {
        given::<StockItem>(two_lots())
            .when(dispose(16, None))
            .then_refused(Refusal::NotEnough { asked: 16, on_hand: 15 });
    }

    #[test]
    fn refuses_what_was_never_kept() {
        given::<StockItem>([]).when(dispose(1, None)).then_refused(Refusal::UnknownProduct);
    }
}

mod dispose_of_rest {
    use super::*;

    #[test]
    fn empties_the_lot() {
        given::<StockItem>(two_lots()).when(dispose_of_rest("d2")).then([obsolete(
            10,
            REST_OF_LOT,
            [taken("d2", 10, 0)],
            5,
        )]);
    }

    #[test]
    fn is_done_when_nothing_is_left() {
        given::<StockItem>(two_lots())
            .when(dispose_of_rest("d1"))
            .and_again(dispose_of_rest("d1"))
            .then_nothing();
    }

    #[test]
    fn refuses_an_unknown_lot() {
        given::<StockItem>(two_lots())
            .when(dispose_of_rest("d3"))
            .then_refused(Refusal::UnknownLot);
    }
}

#[test]
fn a_lot_is_closed_when_nothing_is_left() {
    let shown = [1, 0].map(|left| LotStatus::of(left).as_str());
    assert_eq!(shown, ["InStock", "Closed"]);
}
