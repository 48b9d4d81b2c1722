//! Paying, cancelling and reviewing: what was promised when it is answered, and soon after a crash
//! at any step in between.

use crate::world::{World, id, meta};
use async_trait::async_trait;
use commands::{
    Error, People,
    clock::SystemClock,
    market::{Market, Reserve, SubmitReview},
    payment::{Charge, GatewayError, PaymentGateway, Refund, Simulator, simulator::Behaviour},
    people::Masters,
    reactor::Reactive,
};
use domain::{
    Won,
    market::{
        item,
        payment::{self, payment_key},
        policies::{Ask, Rules},
        reservation,
        review::{self, Score, Status},
        status::{PaymentStatus, RentalStatus, ReservationStatus},
    },
    shared::{
        Name,
        personal::{Person, Personal},
    },
    testing::personal,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A gateway that may be away.
struct Gateway {
    simulator: Simulator,
    away: AtomicBool,
}

impl Gateway {
    fn new() -> Arc<Self> {
        let simulator = Simulator::open(None, Behaviour::default()).unwrap();
        Arc::new(Self { simulator, away: AtomicBool::new(false) })
    }

    fn away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn reached(&self) -> Result<&Simulator, GatewayError> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(GatewayError::NotReached("refused".into())),
            false => Ok(&self.simulator),
        }
    }

    /// How often money was taken, and how often it went back.
    fn moved(&self) -> (usize, usize) {
        let charges = self.simulator.charges().unwrap();
        let back = charges.iter().filter(|charge| Charge::from((*charge).clone()).refunded);
        (charges.len(), back.count())
    }
}

#[async_trait]
impl PaymentGateway for Gateway {
    async fn charge(&self, key: &str, amount: Won, of: &str) -> Result<Charge, GatewayError> {
        PaymentGateway::charge(self.reached()?, key, amount, of).await
    }

    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError> {
        PaymentGateway::find(self.reached()?, key).await
    }

    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError> {
        PaymentGateway::refund(self.reached()?, key, amount).await
    }
}

struct Stage {
    world: World,
    gateway: Arc<Gateway>,
}

impl Stage {
    async fn new() -> Self {
        Self { world: World::new().await, gateway: Gateway::new() }
    }

    /// A process with nothing in its caches, so to speak.
    fn market(&self) -> Market {
        let (log, clock, parts) =
            (self.world.log.clone(), self.world.clock.clone(), self.world.parts.clone());
        let rules = Rules { payment_grace: chrono::Duration::seconds(5) };
        Market::new(log, clock, parts, self.gateway.clone(), self.people(), rules)
    }

    fn people(&self) -> People {
        let (pool, ids) = (self.world.pool.clone(), SystemClock::shared());
        let masters = Masters::parse(&format!("test:{}", "5e".repeat(32))).unwrap();
        People::new(pool.clone(), pool, Some(masters), ids)
    }

    /// Of the customer c1.
    async fn sealed(&self, text: &str) -> Personal {
        self.people().seal(&Person::customer(&id("c1")), text).await.unwrap()
    }

    /// As a process leaves it that dies when the review is submitted.
    async fn only_submitted(&self, dies: &Market, score: i64) {
        let SubmitReview { customer_id, customer_name, score, text } = submit(score);
        let customer_name = self.sealed(customer_name.as_str()).await;
        let command = review::Command::Submit { customer_id, customer_name, score, text };
        dies.review(&id("r1"), command, &meta(6)).await.unwrap();
    }

    /// The item is registered, and r1 holds it.
    async fn reserved(&self) -> Market {
        let market = self.market();
        let register = item::Command::Register { item_name: name("Camera"), item_price: won(100) };
        market.item(&id("i1"), register, &meta(1)).await.unwrap();
        market.reserve(reserve("r1", "c1"), &meta(2)).await.unwrap();
        self.settle().await;
        market
    }

    async fn paid(&self) -> Market {
        let market = self.reserved().await;
        market.pay(&id("r1"), &meta(3)).await.unwrap();
        self.settle().await;
        market
    }

    async fn returned(&self) -> Market {
        let market = self.paid().await;
        let reservation_no = id("r1");
        let lend = item::Command::Lend { reservation_no };
        market.hand(&id("i1"), lend, &meta(4)).await.unwrap();
        let reservation_no = id("r1");
        let take_back = item::Command::Return { reservation_no };
        market.hand(&id("i1"), take_back, &meta(5)).await.unwrap();
        market
    }

    /// Another process goes on where the last one was.
    async fn settle(&self) {
        self.world.settle(&self.market()).await;
    }

    /// Everything is asked for once more, as from an old checkpoint: that changes nothing.
    async fn repeats_change_nothing(&self) {
        self.settle().await;
        let (end, moved) = (self.world.log.end().await.unwrap(), self.gateway.moved());
        self.world.forget().await;
        self.settle().await;
        assert_eq!(self.world.log.end().await.unwrap(), end);
        assert_eq!(self.gateway.moved(), moved);
    }

    async fn shows(&self, status: ReservationStatus, payment: PaymentStatus) {
        let reservation = self.market().load_reservation(&id("r1")).await.unwrap().state;
        assert_eq!(reservation.status(), Ok(status));
        assert_eq!(reservation.payment_status(), payment);
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn reserve(reservation: &str, customer: &str) -> Reserve {
    Reserve {
        reservation_no: Some(id(reservation)),
        item_no: id("i1"),
        customer_id: id(customer),
        customer_name: name("YoungEunSong"),
        phone: None,
        item_price: Some(won(100)),
    }
}

fn request() -> payment::Command {
    payment::Command::Request { item_no: id("i1"), amount: won(100) }
}

fn revoke() -> item::Command {
    item::Command::RevokePayment { reservation_no: id("r1"), attempt: 1 }
}

fn submit(score: i64) -> SubmitReview {
    SubmitReview {
        customer_id: id("c1"),
        customer_name: name("YoungEunSong"),
        score: Score::new(score).unwrap(),
        text: None,
    }
}

fn is_refused<T>(outcome: Result<T, Error>, code: &str) {
    match outcome.map(drop) {
        Err(Error::Refused(refused)) => assert_eq!(refused.code, code),
        other => panic!("expected {code}, got {other:?}"),
    }
}

mod pay {
    use super::*;

    #[tokio::test]
    async fn is_approved_when_it_is_answered_and_charged_once() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        for command in [3, 3, 4] {
            let paid = market.pay(&id("r1"), &meta(command)).await.unwrap();
            assert_eq!(paid.state.payment_status(), PaymentStatus::Paid);
        }
        assert_eq!(stage.gateway.moved(), (1, 0));
        stage.repeats_change_nothing().await;
    }

    #[tokio::test]
    async fn a_hundred_at_once_are_one_charge() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        let (one, r1) = (meta(3), id("r1"));
        let all = (0..100).map(|_| market.pay(&r1, &one));
        for paid in futures::future::join_all(all).await {
            assert_eq!(paid.unwrap().state.payment_status(), PaymentStatus::Paid);
        }
        assert_eq!(stage.gateway.moved(), (1, 0));
    }

    #[tokio::test]
    async fn of_what_is_not_confirmed_is_refused_and_charges_nothing() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        market.reserve(reserve("r2", "c2"), &meta(3)).await.unwrap();
        is_refused(market.pay(&id("r2"), &meta(4)).await, "not-confirmed");
        stage.settle().await;
        is_refused(market.pay(&id("r2"), &meta(5)).await, "already-rejected");
        is_refused(market.pay(&id("r3"), &meta(6)).await, "unknown-reservation");
        assert_eq!(stage.gateway.moved(), (0, 0));
    }

    #[tokio::test]
    async fn knows_what_the_item_decided_though_nobody_has_told_the_reservation() {
        let stage = Stage::new().await;
        let market = stage.market();
        let register = item::Command::Register { item_name: name("Camera"), item_price: won(100) };
        market.item(&id("i1"), register, &meta(1)).await.unwrap();
        market.reserve(reserve("r1", "c1"), &meta(2)).await.unwrap();
        is_refused(market.pay(&id("r1"), &meta(3)).await, "not-confirmed");
        let hold = item::Command::Hold {
            reservation_no: id("r1"),
            customer_id: id("c1"),
            customer_name: stage.sealed("YoungEunSong").await,
            item_price: Some(won(100)),
        };
        market.item(&id("i1"), hold, &meta(4)).await.unwrap();
        market.pay(&id("r1"), &meta(5)).await.unwrap();
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        assert_eq!(stage.gateway.moved(), (1, 0));
        stage.repeats_change_nothing().await;
    }

    #[tokio::test]
    async fn with_the_gateway_away_leaves_it_unpaid_and_works_later() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        stage.gateway.away(true);
        let away = market.pay(&id("r1"), &meta(3)).await;
        assert!(matches!(away, Err(Error::PaymentUnavailable { .. })), "{away:?}");
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::NotPaid).await;
        stage.gateway.away(false);
        // The same command again is the next attempt.
        market.pay(&id("r1"), &meta(3)).await.unwrap();
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        assert_eq!(stage.gateway.moved(), (1, 0));
    }

    #[tokio::test]
    async fn a_crash_after_the_charge_is_made_good() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        market.payment(&id("r1"), request(), &meta(3)).await.unwrap();
        let key = payment_key("r1", 1);
        PaymentGateway::charge(&*stage.gateway, &key, won(100), "r1").await.unwrap();
        // What the timer asks once the payment has had its time.
        let settle = Ask::SettlePayment { reservation: id("r1"), attempt: 1 };
        stage.market().perform(&settle, &meta(9)).await.unwrap();
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        let lend = item::Command::Lend { reservation_no: id("r1") };
        stage.market().hand(&id("i1"), lend, &meta(4)).await.unwrap();
        assert_eq!(stage.gateway.moved(), (1, 0));
    }

    #[tokio::test]
    async fn a_crash_before_the_charge_leaves_it_unpaid() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        market.payment(&id("r1"), request(), &meta(3)).await.unwrap();
        let settle = Ask::SettlePayment { reservation: id("r1"), attempt: 1 };
        stage.market().perform(&settle, &meta(9)).await.unwrap();
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::NotPaid).await;
        stage.market().pay(&id("r1"), &meta(4)).await.unwrap();
        assert_eq!(stage.gateway.moved(), (1, 0));
    }

    #[tokio::test]
    async fn a_crash_before_the_approval_is_noted_is_made_good() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        market.payment(&id("r1"), request(), &meta(3)).await.unwrap();
        let payment_no = "p1".to_owned();
        let approve = payment::Command::Approve { attempt: 1, amount: won(100), payment_no };
        market.payment(&id("r1"), approve, &meta(4)).await.unwrap();
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        let types = stage.world.types("market.item-i1").await;
        assert_eq!(types, ["ItemRegistered", "ItemHeld", "HoldPaid"]);
    }

    #[tokio::test]
    async fn does_not_depend_on_the_item_side() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        let running = stage.world.work(&market).await;
        stage.world.pause("market.item").await;
        let paid = market.pay(&id("r1"), &meta(3)).await.unwrap();
        assert_eq!(paid.state.payment_status(), PaymentStatus::Paid);
        stage.world.resume("market.item").await;
        running.stop().await;
        assert_eq!(stage.gateway.moved(), (1, 0));
    }

    #[tokio::test]
    async fn a_late_charge_of_a_failed_attempt_goes_back() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        market.payment(&id("r1"), request(), &meta(3)).await.unwrap();
        let reason = "no answer".to_owned();
        let fail = payment::Command::Fail { attempt: 1, reason };
        market.payment(&id("r1"), fail, &meta(4)).await.unwrap();
        let key = payment_key("r1", 1);
        PaymentGateway::charge(&*stage.gateway, &key, won(100), "r1").await.unwrap();
        market.pay(&id("r1"), &meta(5)).await.unwrap();
        let watch = Ask::WatchLateCharge { reservation: id("r1"), attempt: 1 };
        for _ in 0..2 {
            stage.market().perform(&watch, &meta(9)).await.unwrap();
        }
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        assert_eq!(stage.gateway.moved(), (2, 1));
    }
}

mod cancel_payment {
    use super::*;

    async fn is_given_back_once(stage: &Stage) {
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Refunded).await;
        assert_eq!(stage.gateway.moved(), (1, 1));
        stage.repeats_change_nothing().await;
    }

    #[tokio::test]
    async fn is_given_back_when_it_is_answered() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        for command in [4, 4, 5] {
            let back = market.cancel_payment(&id("r1"), &meta(command)).await.unwrap();
            assert_eq!(back.state.payment_status(), PaymentStatus::Refunded);
        }
        is_given_back_once(&stage).await;
    }

    #[tokio::test]
    async fn may_be_paid_again() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        market.cancel_payment(&id("r1"), &meta(4)).await.unwrap();
        let lend = || item::Command::Lend { reservation_no: id("r1") };
        is_refused(market.hand(&id("i1"), lend(), &meta(5)).await, "not-paid");
        market.pay(&id("r1"), &meta(6)).await.unwrap();
        market.hand(&id("i1"), lend(), &meta(7)).await.unwrap();
        is_refused(market.cancel_payment(&id("r1"), &meta(8)).await, "already-lent");
        stage.settle().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        assert_eq!(stage.gateway.moved(), (2, 1));
    }

    #[tokio::test]
    async fn of_what_is_not_paid_is_refused() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        is_refused(market.cancel_payment(&id("r1"), &meta(4)).await, "not-paid");
        is_refused(market.cancel_payment(&id("r9"), &meta(5)).await, "unknown-reservation");
    }

    #[tokio::test]
    async fn with_the_gateway_away_is_carried_on_when_it_is_back() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        stage.gateway.away(true);
        let away = market.cancel_payment(&id("r1"), &meta(4)).await;
        assert!(matches!(away, Err(Error::PaymentUnavailable { .. })), "{away:?}");
        stage.gateway.away(false);
        is_given_back_once(&stage).await;
    }

    #[tokio::test]
    async fn a_crash_after_each_step_is_made_good() {
        for steps in 1..=3 {
            let stage = Stage::new().await;
            let dies = stage.paid().await;
            dies.item(&id("i1"), revoke(), &meta(4)).await.unwrap();
            if steps >= 2 {
                let cancel = payment::Command::Cancel { attempt: 1 };
                dies.payment(&id("r1"), cancel, &meta(5)).await.unwrap();
            }
            if steps >= 3 {
                let key = payment_key("r1", 1);
                PaymentGateway::refund(&*stage.gateway, &key, won(100)).await.unwrap();
            }
            is_given_back_once(&stage).await;
        }
    }

    #[tokio::test]
    async fn whoever_asks_again_after_a_crash_has_it_back_when_it_is_answered() {
        for (steps, command) in [(1, 4), (1, 6), (2, 4), (2, 6)] {
            let stage = Stage::new().await;
            let dies = stage.paid().await;
            dies.item(&id("i1"), revoke(), &meta(4)).await.unwrap();
            if steps == 2 {
                let cancel = payment::Command::Cancel { attempt: 1 };
                dies.payment(&id("r1"), cancel, &meta(5)).await.unwrap();
            }
            let back = stage.market().cancel_payment(&id("r1"), &meta(command)).await.unwrap();
            assert_eq!(back.state.payment_status(), PaymentStatus::Refunded);
            is_given_back_once(&stage).await;
        }
    }

    #[tokio::test]
    async fn nothing_is_stored_while_the_item_side_is_down() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        let running = stage.world.work(&market).await;
        stage.world.pause("market.item").await;
        let down = market.cancel_payment(&id("r1"), &meta(4)).await;
        assert!(matches!(down, Err(Error::PartDown { .. })), "{down:?}");
        running.stop().await;
        stage.shows(ReservationStatus::Confirmed, PaymentStatus::Paid).await;
        assert_eq!(stage.gateway.moved(), (1, 0));
    }
}

mod cancel {
    use super::*;

    fn request_cancel() -> reservation::Command {
        reservation::Command::RequestCancel
    }

    async fn is_cancelled_and_given_back(stage: &Stage) {
        stage.settle().await;
        stage.shows(ReservationStatus::Cancelled, PaymentStatus::Refunded).await;
        assert_eq!(stage.gateway.moved(), (1, 1));
        is_refused(stage.market().pay(&id("r1"), &meta(99)).await, "already-cancelled");
        stage.repeats_change_nothing().await;
    }

    #[tokio::test]
    async fn is_decided_when_it_is_answered_and_the_money_goes_back() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        for command in [4, 4, 5] {
            let done = market.cancel(&id("r1"), &meta(command)).await.unwrap();
            assert_eq!(done.state.status(), Ok(ReservationStatus::Cancelled));
        }
        is_cancelled_and_given_back(&stage).await;
    }

    #[tokio::test]
    async fn a_crash_after_each_step_is_made_good() {
        for steps in 1..=4 {
            let stage = Stage::new().await;
            let dies = stage.paid().await;
            dies.reservation(&id("r1"), request_cancel(), &meta(4)).await.unwrap();
            if steps >= 2 {
                let release = item::Command::Release { reservation_no: id("r1") };
                dies.item(&id("i1"), release, &meta(5)).await.unwrap();
            }
            if steps >= 3 {
                let note = reservation::Command::NoteReleased;
                dies.reservation(&id("r1"), note, &meta(6)).await.unwrap();
            }
            if steps >= 4 {
                dies.payment(&id("r1"), payment::Command::Close, &meta(7)).await.unwrap();
            }
            is_cancelled_and_given_back(&stage).await;
        }
    }

    #[tokio::test]
    async fn of_what_is_lent_is_refused_and_denied() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        // The manager lends, and dies before anybody is told.
        let lend = item::Command::Lend { reservation_no: id("r1") };
        market.item(&id("i1"), lend, &meta(4)).await.unwrap();
        is_refused(market.cancel(&id("r1"), &meta(5)).await, "already-lent");
        stage.settle().await;
        let reservation = market.load_reservation(&id("r1")).await.unwrap().state;
        assert_eq!(reservation.rental_status(), RentalStatus::Renting);
        assert!(!reservation.cancel_asked());
        assert_eq!(stage.gateway.moved(), (1, 0));
    }

    #[tokio::test]
    async fn before_the_item_was_asked_never_holds_it() {
        let stage = Stage::new().await;
        let market = stage.market();
        let register = item::Command::Register { item_name: name("Camera"), item_price: won(100) };
        market.item(&id("i1"), register, &meta(1)).await.unwrap();
        market.reserve(reserve("r1", "c1"), &meta(2)).await.unwrap();
        let done = market.cancel(&id("r1"), &meta(3)).await.unwrap();
        assert_eq!(done.state.status(), Ok(ReservationStatus::Cancelled));
        stage.settle().await;
        assert_eq!(market.load_item(&id("i1")).await.unwrap().state.holder(), None);
    }

    #[tokio::test]
    async fn while_the_charge_is_under_way_gives_it_back() {
        let stage = Stage::new().await;
        let market = stage.reserved().await;
        market.payment(&id("r1"), request(), &meta(3)).await.unwrap();
        market.cancel(&id("r1"), &meta(4)).await.unwrap();
        stage.settle().await;
        let key = payment_key("r1", 1);
        PaymentGateway::charge(&*stage.gateway, &key, won(100), "r1").await.unwrap();
        let settle = Ask::SettlePayment { reservation: id("r1"), attempt: 1 };
        stage.market().perform(&settle, &meta(9)).await.unwrap();
        is_cancelled_and_given_back(&stage).await;
    }
}

mod submit_review {
    use super::*;

    async fn is_registered(stage: &Stage) {
        stage.settle().await;
        let market = stage.market();
        let review = market.load_review(&id("r1")).await.unwrap().state;
        assert_eq!(review.status(), Some(Status::Reviewed));
        assert!(market.load_item(&id("i1")).await.unwrap().state.deleted());
        let types = stage.world.types("market.review-r1").await;
        assert_eq!(types, ["ReviewRequested", "ReviewSubmitted", "Reviewed"]);
        stage.repeats_change_nothing().await;
    }

    #[tokio::test]
    async fn takes_the_item_off_the_list_when_it_is_answered() {
        let stage = Stage::new().await;
        let market = stage.returned().await;
        for command in [6, 6, 7] {
            let done = market.submit_review(&id("r1"), submit(5), &meta(command)).await.unwrap();
            assert_eq!(done.state.status(), Some(Status::Reviewed));
        }
        assert!(market.load_item(&id("i1")).await.unwrap().state.deleted());
        is_refused(market.submit_review(&id("r1"), submit(1), &meta(8)).await, "already-reviewed");
        is_registered(&stage).await;
    }

    #[tokio::test]
    async fn a_crash_after_each_step_is_made_good() {
        for steps in 1..=2 {
            let stage = Stage::new().await;
            let dies = stage.returned().await;
            stage.only_submitted(&dies, 5).await;
            if steps >= 2 {
                let delist = item::Command::Delist { reservation_no: id("r1"), submission: 1 };
                dies.item(&id("i1"), delist, &meta(7)).await.unwrap();
            }
            is_registered(&stage).await;
        }
    }

    #[tokio::test]
    async fn whoever_asks_again_after_a_crash_is_answered_when_it_is_registered() {
        let stage = Stage::new().await;
        let dies = stage.returned().await;
        stage.only_submitted(&dies, 5).await;
        stage.market().submit_review(&id("r1"), submit(5), &meta(6)).await.unwrap();
        is_registered(&stage).await;
    }

    #[tokio::test]
    async fn is_refused_while_somebody_holds_the_item_and_nothing_is_stored() {
        let stage = Stage::new().await;
        let market = stage.returned().await;
        market.reserve(reserve("r2", "c2"), &meta(6)).await.unwrap();
        stage.settle().await;
        let end = stage.world.log.end().await.unwrap();
        let refused = market.submit_review(&id("r1"), submit(5), &meta(7)).await;
        is_refused(refused, "item-held");
        assert_eq!(stage.world.log.end().await.unwrap(), end);
        market.cancel(&id("r2"), &meta(8)).await.unwrap();
        market.submit_review(&id("r1"), submit(5), &meta(7)).await.unwrap();
        is_registered(&stage).await;
    }

    #[tokio::test]
    async fn that_somebody_was_faster_is_on_record_and_it_may_be_sent_again() {
        let stage = Stage::new().await;
        let dies = stage.returned().await;
        stage.only_submitted(&dies, 5).await;
        let hold = item::Command::Hold {
            reservation_no: id("r2"),
            customer_id: id("c2"),
            customer_name: personal("Kim"),
            item_price: None,
        };
        dies.item(&id("i1"), hold, &meta(7)).await.unwrap();
        stage.settle().await;
        let market = stage.market();
        let types = stage.world.types("market.review-r1").await;
        assert_eq!(types, ["ReviewRequested", "ReviewSubmitted", "ReviewRefused"]);
        let release = item::Command::Release { reservation_no: id("r2") };
        market.item(&id("i1"), release, &meta(8)).await.unwrap();
        market.submit_review(&id("r1"), submit(5), &meta(9)).await.unwrap();
        assert!(market.load_item(&id("i1")).await.unwrap().state.deleted());
        stage.repeats_change_nothing().await;
    }

    #[tokio::test]
    async fn is_refused_while_the_item_side_is_down_and_nothing_is_stored() {
        let stage = Stage::new().await;
        let market = stage.returned().await;
        let running = stage.world.work(&market).await;
        stage.world.pause("market.item").await;
        let down = market.submit_review(&id("r1"), submit(5), &meta(6)).await;
        assert!(matches!(down, Err(Error::PartDown { part }) if part == "market.item"));
        assert_eq!(stage.world.types("market.review-r1").await, ["ReviewRequested"]);
        stage.world.resume("market.item").await;
        market.submit_review(&id("r1"), submit(5), &meta(6)).await.unwrap();
        running.stop().await;
        is_registered(&stage).await;
    }

    #[tokio::test]
    async fn is_refused_before_the_return_and_to_somebody_else() {
        let stage = Stage::new().await;
        let market = stage.paid().await;
        is_refused(market.submit_review(&id("r1"), submit(5), &meta(6)).await, "not-returned");
        let unknown = market.submit_review(&id("r9"), submit(5), &meta(7)).await;
        is_refused(unknown, "unknown-reservation");
    }

    #[tokio::test]
    async fn is_registered_though_the_item_has_left_the_list() {
        let stage = Stage::new().await;
        let market = stage.returned().await;
        market.item(&id("i1"), item::Command::Delete, &meta(6)).await.unwrap();
        market.submit_review(&id("r1"), submit(5), &meta(7)).await.unwrap();
        is_registered(&stage).await;
    }
}
