use super::*;
use crate::testing::given;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn add(stock: i64) -> Command {
    Command::Add {
        name: Name::new("비빔밥").unwrap(),
        price: Won::new(9000).ok(),
        stock: qty(stock),
    }
}

fn added(stock: i64) -> Event {
    Event::MenuAdded {
        name: Name::new("비빔밥").unwrap(),
        price: Won::new(9000).ok(),
        stock: qty(stock),
    }
}

fn reserve(order: &str, count: i64) -> Command {
    let (order_id, qty) = (id(order), qty(count));
    Command::Reserve { order_id, qty }
}

fn reserved(order: &str, count: i64, left: i64) -> Event {
    Event::PortionsReserved { order_id: id(order), qty: qty(count), left }
}

fn release(order: &str) -> Command {
    let order_id = id(order);
    Command::Release { order_id }
}

fn released(order: &str, qty: i64, left: i64) -> Event {
    let order_id = id(order);
    Event::PortionsReleased { order_id, qty, left }
}

fn short(order: &str, asked: i64, left: i64) -> Event {
    Event::CookQtyChecked { order_id: id(order), asked: qty(asked), left }
}

mod add {
    use super::*;

    #[test]
    fn puts_it_on_the_menu() {
        given::<Menu>([]).when(add(20)).then([added(20)]);
        assert_eq!(given::<Menu>([added(20)]).state().stock(), 20);
    }

    #[test]
    fn is_done_when_added() {
        given::<Menu>([added(20), reserved("o1", 1, 19)]).when(add(20)).then_nothing();
    }

    #[test]
    fn refuses_another_one_under_its_id() {
        given::<Menu>([added(20)]).when(add(30)).then_refused(Refusal::MenuExists);
    }
}

mod restock {
    use super::*;

    #[test]
    fn adds_portions() {
        given::<Menu>([added(20), reserved("o1", 20, 0)])
            .when(Command::Restock { qty: qty(5) })
            .then([Event::Restocked { qty: qty(5), left: 5 }]);
    }

    #[test]
    fn refuses_what_is_not_on_the_menu() {
        given::<Menu>([]).when(Command::Restock { qty: qty(5) }).then_refused(Refusal::UnknownMenu);
    }
}

mod reserve {
    use super::*;

    #[test]
    fn takes_exactly_what_is_asked_for() {
        given::<Menu>([added(20)]).when(reserve("o1", 3)).then([reserved("o1", 3, 17)]);
    }

    #[test]
    fn takes_the_last_one() {
        given::<Menu>([added(3), reserved("o1", 2, 1)])
            .when(reserve("o2", 1))
            .then([reserved("o2", 1, 0)]);
    }

    #[test]
    fn takes_nothing_when_there_is_not_enough() {
        given::<Menu>([added(3)]).when(reserve("o1", 4)).then([short("o1", 4, 3)]);
        let menu = given::<Menu>([added(3), short("o1", 4, 3)]).state();
        assert_eq!((menu.stock(), menu.reserved()), (3, 0));
    }

    #[test]
    fn answers_an_order_once() {
        given::<Menu>([added(3)]).when(reserve("o1", 3)).and_again(reserve("o1", 3)).then_nothing();
        let more = Event::Restocked { qty: qty(5), left: 8 };
        given::<Menu>([added(3), short("o1", 4, 3), more]).when(reserve("o1", 4)).then_nothing();
    }

    #[test]
    fn gives_nothing_to_an_order_that_was_cancelled_before() {
        given::<Menu>([added(3), released("o1", 0, 3)]).when(reserve("o1", 1)).then_nothing();
    }

    #[test]
    fn has_nothing_of_what_is_not_on_the_menu() {
        given::<Menu>([]).when(reserve("o1", 1)).then([short("o1", 1, 0)]);
    }
}

mod release {
    use super::*;

    #[test]
    fn brings_the_portions_back_once() {
        given::<Menu>([added(20), reserved("o1", 3, 17)])
            .when(release("o1"))
            .then([released("o1", 3, 20)]);
        given::<Menu>([added(20), reserved("o1", 3, 17)])
            .when(release("o1"))
            .and_again(release("o1"))
            .then_nothing();
    }

    #[test]
    fn is_on_record_for_an_order_that_has_none_yet() {
        given::<Menu>([added(20)]).when(release("o1")).then([released("o1", 0, 20)]);
    }

    #[test]
    fn has_nothing_to_bring_back_for_an_order_that_got_none() {
        given::<Menu>([added(3), short("o1", 4, 3)]).when(release("o1")).then_nothing();
    }
}
