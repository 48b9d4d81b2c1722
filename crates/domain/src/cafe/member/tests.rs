use super::*;
use crate::testing::{given, personal};
use chrono::DateTime;

fn at(second: i64) -> Instant {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn cups(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn register_as(name: &str, validated: bool, second: i64) -> Command {
    Command::Register { name: personal(name), validated, at: at(second) }
}

fn withdraw(second: i64) -> Command {
    Command::Withdraw { at: at(second) }
}

fn save(order: &str, accepted_at: i64) -> Command {
    Command::SavePoint { order_id: id(order), qty: cups(3), accepted_at: at(accepted_at) }
}

fn reverse(order: &str) -> Command {
    Command::ReversePoint { order_id: id(order) }
}

fn registered(validated: bool, second: i64) -> Event {
    Event::MembershipRegistered { name: personal("민수"), validated, at: at(second) }
}

fn withdrawn(second: i64) -> Event {
    Event::MembershipWithdrawn { at: at(second) }
}

fn saved(order: &str, point: i64) -> Event {
    Event::PointSaved { order_id: id(order), qty: cups(3), point }
}

fn reversed(order: &str, point: i64) -> Event {
    Event::PointReversed { order_id: id(order), qty: cups(3), point }
}

mod register {
    use super::*;

    #[test]
    fn makes_a_member() {
        given::<Member>([]).when(register_as("민수", true, 0)).then([registered(true, 0)]);
        let member = given::<Member>([registered(true, 0)]).state();
        assert!(member.valid());
        assert_eq!(member.point(), 0);
        assert_eq!(member.name(), Some(&personal("민수")));
    }

    #[test]
    fn is_done_when_registered() {
        given::<Member>([registered(true, 0)]).when(register_as("민수", true, 9)).then_nothing();
    }

    #[test]
    fn refuses_other_data() {
        for other in [register_as("영희", true, 9), register_as("민수", false, 9)] {
            given::<Member>([registered(true, 0)])
                .when(other)
                .then_refused(Refusal::AlreadyRegistered);
        }
    }

    #[test]
    fn takes_back_who_withdrew_and_keeps_the_points() {
        let history = [registered(true, 0), saved("o1", 3), withdrawn(5)];
        given::<Member>(history.clone())
            .when(register_as("민수", true, 9))
            .then([registered(true, 9)]);
        let back = history.into_iter().chain([registered(true, 9)]);
        let member = given::<Member>(back).state();
        assert!(member.valid());
        assert_eq!(member.point(), 3);
    }
}

mod withdraw {
    use super::*;

    #[test]
    fn ends_the_membership() {
        given::<Member>([registered(true, 0)]).when(withdraw(5)).then([withdrawn(5)]);
        let member = given::<Member>([registered(true, 0), withdrawn(5)]).state();
        assert!(member.exists());
        assert!(!member.valid());
    }

    #[test]
    fn is_done_when_withdrawn() {
        given::<Member>([registered(true, 0)])
            .when(withdraw(5))
            .and_again(withdraw(6))
            .then_nothing();
    }

    #[test]
    fn refuses_who_is_unknown() {
        given::<Member>([]).when(withdraw(5)).then_refused(Refusal::UnknownMember);
    }
}

mod save_point {
    use super::*;

    #[test]
    fn earns_one_for_each_cup() {
        given::<Member>([registered(true, 0)]).when(save("o1", 1)).then([saved("o1", 3)]);
    }

    #[test]
    fn adds_to_the_balance() {
        given::<Member>([registered(true, 0), saved("o1", 3)])
            .when(save("o2", 1))
            .then([saved("o2", 6)]);
    }

    #[test]
    fn earns_once_for_each_order() {
        given::<Member>([registered(true, 0)])
            .when(save("o1", 1))
            .and_again(save("o1", 1))
            .then_nothing();
    }

    #[test]
    fn earns_nothing_again_after_reversal() {
        given::<Member>([registered(true, 0), saved("o1", 3), reversed("o1", 0)])
            .when(save("o1", 1))
            .then_nothing();
    }

    #[test]
    fn earns_from_the_moment_of_registration() {
        given::<Member>([registered(true, 1)]).when(save("o1", 1)).then([saved("o1", 3)]);
    }

    #[test]
    fn earns_what_was_accepted_before_withdrawal_though_known_later() {
        given::<Member>([registered(true, 0), withdrawn(5)])
            .when(save("o1", 4))
            .then([saved("o1", 3)]);
    }

    #[test]
    fn earns_what_was_accepted_in_an_earlier_membership() {
        given::<Member>([registered(true, 0), withdrawn(5), registered(true, 9)])
            .when(save("o1", 4))
            .then([saved("o1", 3)]);
    }

    #[test]
    fn refuses_what_was_accepted_before_registration() {
        given::<Member>([registered(true, 2)])
            .when(save("o1", 1))
            .then_refused(Refusal::NotAMember);
    }

    #[test]
    fn refuses_what_was_accepted_after_withdrawal() {
        for history in [
            vec![registered(true, 0), withdrawn(5)],
            vec![registered(true, 0), withdrawn(5), registered(true, 9)],
        ] {
            given::<Member>(history).when(save("o1", 6)).then_refused(Refusal::NotAMember);
        }
    }

    #[test]
    fn refuses_who_is_not_validated() {
        given::<Member>([registered(false, 0)])
            .when(save("o1", 1))
            .then_refused(Refusal::NotAMember);
    }

    #[test]
    fn refuses_who_is_unknown() {
        given::<Member>([]).when(save("o1", 1)).then_refused(Refusal::NotAMember);
    }
}

mod reverse_point {
    use super::*;

    #[test]
    fn takes_the_points_back() {
        given::<Member>([registered(true, 0), saved("o1", 3), saved("o2", 6)])
            .when(reverse("o1"))
            .then([reversed("o1", 3)]);
    }

    #[test]
    fn is_done_when_reversed() {
        given::<Member>([registered(true, 0), saved("o1", 3)])
            .when(reverse("o1"))
            .and_again(reverse("o1"))
            .then_nothing();
    }

    #[test]
    fn refuses_an_order_that_earned_nothing() {
        given::<Member>([registered(true, 0)])
            .when(reverse("o1"))
            .then_refused(Refusal::NoPointsForOrder);
    }

    #[test]
    fn refuses_who_is_unknown() {
        given::<Member>([]).when(reverse("o1")).then_refused(Refusal::UnknownMember);
    }
}
