use super::*;
use crate::testing::given;

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn set(price: i64) -> Command {
    Command::SetPrice { price: won(price) }
}

fn price_set(price: i64) -> Event {
    Event::PriceSet { price: won(price) }
}

mod set_price {
    use super::*;

    #[test]
    fn sets_the_price() {
        given::<MenuItem>([]).when(set(2000)).then([price_set(2000)]);
        let item = given::<MenuItem>([price_set(2000)]).state();
        assert_eq!(item.price(), Some(won(2000)));
    }

    #[test]
    fn sets_another_price() {
        given::<MenuItem>([price_set(2000)]).when(set(2500)).then([price_set(2500)]);
    }

    #[test]
    fn is_done_when_it_has_this_price() {
        given::<MenuItem>([]).when(set(2000)).and_again(set(2000)).then_nothing();
    }

    #[test]
    fn has_no_price_before() {
        assert_eq!(MenuItem::default().price(), None);
    }
}
