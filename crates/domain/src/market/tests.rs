//! What holds for an item and those who want it, whatever happens: the policies' asks are delivered
//! in any order, early, late and again, timers fire at any moment, and the gateway answers as it
//! likes.

use super::{
    Event, item,
    item::Item,
    payment,
    payment::Payment,
    policies::{Ask, Rules, react},
    reservation,
    reservation::Reservation,
    review,
    review::{Review, Score, Status},
    status::{PaymentStatus, RentalStatus, ReservationStatus},
};
use crate::{
    Aggregate, Fact, Id, Won,
    shared::Name,
    testing::{personal, through_json},
};
use chrono::{DateTime, Duration};
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeMap;
use uuid::Uuid;

const PRICE: i64 = 100;
const RENTERS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Register,
    Delete,
    Reserve(usize),
    Pay(usize, Gateway),
    /// The gateway answers the calls that stalled.
    Answer,
    CancelPayment(usize),
    RequestCancel(usize),
    Lend(usize),
    Return(usize),
    Review(usize, i64),
    Deliver(Index),
    DeliverAgain(Index),
}

/// What becomes of a call to the gateway.
#[derive(Clone, Copy, Debug)]
enum Gateway {
    Approves,
    Declines,
    ChargesLess,
    /// Charged, and we died before it was on record.
    OutlivesUs,
    /// Closed as failed, and charged after all.
    SurfacesLate,
    NotReached,
    Stalls,
}

#[derive(Debug)]
struct Charge {
    amount: i64,
    returned: bool,
}

/// One who wants the item.
#[derive(Debug, Default)]
struct Renter {
    reservation: Reservation,
    payment: Payment,
    review: Review,
    /// What the gateway charged, by attempt.
    charges: BTreeMap<u32, Charge>,
    stalled: Option<u32>,
}

#[derive(Debug, Default)]
struct World {
    item: Item,
    renters: [Renter; RENTERS],
    facts: Vec<(String, Event)>,
    pending: Vec<Ask>,
    delivered: Vec<Ask>,
}

impl World {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Register => {
                let (item_name, item_price) = (name("Camera"), won(PRICE));
                self.item(&item::Command::Register { item_name, item_price });
            }
            Step::Delete => self.item(&item::Command::Delete),
            Step::Reserve(n) => self.reservation(*n, &reserve(*n)),
            Step::Pay(n, gateway) => self.pay(*n, *gateway),
            Step::Answer => (0..RENTERS).for_each(|n| self.answer(n)),
            Step::CancelPayment(n) => self.cancel_payment(*n),
            Step::RequestCancel(n) => {
                self.reservation(*n, &reservation::Command::RequestCancel);
            }
            Step::Lend(n) => self.item(&item::Command::Lend { reservation_no: number(*n) }),
            Step::Return(n) => self.item(&item::Command::Return { reservation_no: number(*n) }),
            Step::Review(n, score) => self.review(*n, &submit(*n, *score)),
            Step::Deliver(index) if !self.pending.is_empty() => {
                let ask = self.pending.remove(index.index(self.pending.len()));
                self.deliver(ask);
            }
            Step::DeliverAgain(index) if !self.delivered.is_empty() => {
                let ask = self.delivered[index.index(self.delivered.len())].clone();
                self.deliver(ask);
            }
            Step::Deliver(_) | Step::DeliverAgain(_) => {}
        }
    }

    /// What is on its way arrives, the last first, until nothing is.
    fn settle(&mut self) {
        loop {
            while let Some(ask) = self.pending.pop() {
                self.deliver(ask);
            }
            (0..RENTERS).for_each(|n| self.answer(n));
            if self.pending.is_empty() {
                return;
            }
        }
    }

    fn deliver(&mut self, ask: Ask) {
        match ask.clone() {
            Ask::Item { command, .. } => self.item(&command),
            Ask::Reservation { id, command } => self.reservation(index(&id), &command),
            Ask::Payment { id, command } => self.payment(index(&id), &command),
            Ask::Review { id, command } => self.review(index(&id), &command),
            Ask::SettlePayment { reservation, attempt } => {
                self.settle_payment(index(&reservation), attempt);
            }
            Ask::WatchLateCharge { reservation, attempt } => {
                self.give_back(index(&reservation), attempt);
            }
            Ask::Refund { reservation } => {
                let n = index(&reservation);
                let payment = &self.renters[n].payment;
                if payment.refund_due().is_some() {
                    self.give_back(n, payment.number());
                }
            }
            // A timer that fires at any moment, and though it should be forgotten.
            Ask::At { ask, .. } => self.pending.push(*ask),
            Ask::Cancel { .. } => {}
        }
        self.delivered.push(ask);
    }

    fn pay(&mut self, n: usize, gateway: Gateway) {
        if let Ok(payable) = self.renters[n].reservation.payable() {
            let (item_no, amount) = (payable.item_no, payable.amount);
            self.payment(n, &payment::Command::Request { item_no, amount });
        }
        if !self.renters[n].payment.is_under_way() {
            return;
        }
        let attempt = self.renters[n].payment.number();
        match gateway {
            // The same key has the same outcome.
            _ if self.renters[n].charges.contains_key(&attempt) => self.charged(n, attempt, PRICE),
            Gateway::Approves => self.charged(n, attempt, PRICE),
            Gateway::ChargesLess => self.charged(n, attempt, PRICE - 1),
            Gateway::Declines if self.renters[n].stalled != Some(attempt) => {
                self.payment(n, &payment::Command::Decline { attempt, reason: None });
            }
            Gateway::Declines | Gateway::NotReached => self.failed(n, attempt),
            Gateway::OutlivesUs => self.charge(n, attempt, PRICE),
            Gateway::SurfacesLate => {
                self.failed(n, attempt);
                self.charge(n, attempt, PRICE);
            }
            Gateway::Stalls => self.renters[n].stalled = Some(attempt),
        }
    }

    fn answer(&mut self, n: usize) {
        if let Some(attempt) = self.renters[n].stalled.take() {
            self.charged(n, attempt, PRICE);
        }
    }

    fn charge(&mut self, n: usize, attempt: u32, amount: i64) {
        let confirmed = |(of, fact): &(String, Event)| {
            let confirmed = reservation::Event::ReservationConfirmed {
                item_name: name("Camera"),
                item_price: won(PRICE),
            };
            *of == number(n).as_str() && *fact == Event::Reservation(confirmed)
        };
        assert!(self.facts.iter().any(confirmed), "charged, but not confirmed: {:#?}", self.facts);
        let charge = Charge { amount, returned: false };
        self.renters[n].charges.entry(attempt).or_insert(charge);
    }

    fn charged(&mut self, n: usize, attempt: u32, amount: i64) {
        self.charge(n, attempt, amount);
        let amount = won(self.renters[n].charges[&attempt].amount);
        let approve =
            payment::Command::Approve { attempt, amount, payment_no: format!("p-{attempt}") };
        if self.renters[n].payment.decide(&approve)
            == Err(payment::Refusal::AttemptOver { attempt })
        {
            self.give_back(n, attempt);
        }
        self.payment(n, &approve);
    }

    fn failed(&mut self, n: usize, attempt: u32) {
        let reason = "no answer".to_owned();
        self.payment(n, &payment::Command::Fail { attempt, reason });
    }

    fn settle_payment(&mut self, n: usize, attempt: u32) {
        let payment = &self.renters[n].payment;
        if !payment.is_under_way() || payment.number() != attempt {
            return;
        }
        match self.renters[n].charges.get(&attempt).map(|charge| charge.amount) {
            Some(amount) => self.charged(n, attempt, amount),
            None => self.failed(n, attempt),
        }
    }

    fn give_back(&mut self, n: usize, attempt: u32) {
        let Some(charge) = self.renters[n].charges.get_mut(&attempt) else {
            return;
        };
        charge.returned = true;
        let note = payment::Command::NoteRefunded { attempt, amount: won(charge.amount) };
        assert!(self.renters[n].payment.decide(&note).is_ok(), "{:#?}", self.renters[n]);
        self.payment(n, &note);
    }

    fn cancel_payment(&mut self, n: usize) {
        let payment = &self.renters[n].payment;
        if payment.status() == PaymentStatus::Paid {
            let (reservation_no, attempt) = (number(n), payment.number());
            self.item(&item::Command::RevokePayment { reservation_no, attempt });
        }
    }

    fn item(&mut self, command: &item::Command) {
        let events = ask(&mut self.item, command);
        self.record("i1", events.into_iter().map(Event::Item));
    }

    fn reservation(&mut self, n: usize, command: &reservation::Command) {
        let events = ask(&mut self.renters[n].reservation, command);
        self.record(number(n).as_str(), events.into_iter().map(Event::Reservation));
    }

    fn payment(&mut self, n: usize, command: &payment::Command) {
        let events = ask(&mut self.renters[n].payment, command);
        self.record(number(n).as_str(), events.into_iter().map(Event::Payment));
    }

    fn review(&mut self, n: usize, command: &review::Command) {
        let events = ask(&mut self.renters[n].review, command);
        self.record(number(n).as_str(), events.into_iter().map(Event::Review));
    }

    fn record(&mut self, of: &str, events: impl Iterator<Item = Event>) {
        let rules = Rules { payment_grace: Duration::seconds(5) };
        for event in events {
            let fact = Fact {
                id: Uuid::from_u128(self.facts.len() as u128),
                of: of.to_owned(),
                at: DateTime::UNIX_EPOCH,
                event,
            };
            let asks = react(&fact, &rules);
            self.pending.extend(asks.into_iter().map(|(_, ask)| ask));
            self.facts.push((fact.of, fact.event));
        }
    }

    fn count(&self, wanted: impl Fn(&item::Event) -> bool) -> usize {
        let items = self.facts.iter().filter_map(|(_, fact)| match fact {
            Event::Item(event) => Some(event),
            Event::Reservation(_) | Event::Payment(_) | Event::Review(_) => None,
        });
        items.filter(|event| wanted(event)).count()
    }

    /// Holds at every moment.
    fn check(&self) {
        let held = self.count(|fact| matches!(fact, item::Event::ItemHeld { .. }));
        let came_back = self.count(|fact| matches!(fact, item::Event::ReturnedItem { .. }));
        let answered = (0..RENTERS).filter(|n| self.holds(*n)).count();
        assert!(answered <= 1 && came_back <= held, "{:#?}", self.facts);
        assert!(!self.item.deleted() || self.item.holder().is_none(), "{:#?}", self.facts);
        for (n, renter) in self.renters.iter().enumerate() {
            if self.item.rental_status(&number(n)) != RentalStatus::NotRenting {
                let paid = renter.charges.get(&renter.payment.number());
                assert!(paid.is_some_and(|charge| !charge.returned), "{:#?}", self.facts);
            }
        }
    }

    fn holds(&self, n: usize) -> bool {
        self.item.holder() == Some(&number(n))
    }

    /// Holds once nothing is on its way any more.
    fn check_settled(&self) {
        self.check();
        for (n, renter) in self.renters.iter().enumerate() {
            if !renter.reservation.exists() {
                assert!(renter.charges.is_empty());
                continue;
            }
            let rental = self.item.rental_status(&number(n));
            assert_eq!(renter.reservation.rental_status(), rental);
            assert!(!renter.reservation.cancel_asked(), "{:#?}", self.facts);
            let confirmed = renter.reservation.status() == Ok(ReservationStatus::Confirmed);
            let has_or_had = self.holds(n) || rental == RentalStatus::Returned;
            assert_eq!(confirmed, has_or_had, "{:#?}", self.facts);
            assert_ne!(renter.reservation.status(), Ok(ReservationStatus::Requested));
            renter.check_money(confirmed);
            assert_ne!(renter.review.status(), Some(Status::Submitted), "{:#?}", self.facts);
            let asked = renter.review.status().is_some();
            assert_eq!(asked, rental == RentalStatus::Returned);
            let reviewed = renter.review.status() == Some(Status::Reviewed);
            assert!(!reviewed || self.item.deleted(), "{:#?}", self.facts);
        }
    }
}

impl Renter {
    fn kept(&self) -> i64 {
        let kept = self.charges.values().filter(|charge| !charge.returned);
        kept.map(|charge| charge.amount).sum()
    }

    fn check_money(&self, confirmed: bool) {
        assert!(!self.payment.is_under_way() && self.payment.refund_due().is_none());
        assert_eq!(self.reservation.payment_status(), self.payment.status());
        let paid = self.payment.status() == PaymentStatus::Paid;
        assert_eq!(self.kept(), if paid { PRICE } else { 0 }, "{self:#?}");
        assert!(confirmed || !paid, "{self:#?}");
    }
}

/// Decides and remembers, and sees to it that the same once more changes nothing.
fn ask<A: Aggregate>(state: &mut A, command: &A::Command) -> Vec<A::Event>
where
    A::Refusal: std::fmt::Debug,
{
    let events = state.decide(command).unwrap_or_default();
    for event in &events {
        state.evolve(&through_json::<A>(event));
    }
    let again = state.decide(command).unwrap_or_default();
    assert!(again.is_empty(), "{command:?} again: {again:?}");
    events
}

fn number(n: usize) -> Id {
    Id::new(n.to_string()).unwrap()
}

fn index(id: &Id) -> usize {
    id.as_str().parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn reserve(n: usize) -> reservation::Command {
    reservation::Command::Reserve {
        item_no: Id::new("i1").unwrap(),
        customer_id: number(n),
        customer_name: personal("Kim"),
        phone: None,
        item_price: Some(won(PRICE)),
        listed: None,
    }
}

fn submit(n: usize, score: i64) -> review::Command {
    review::Command::Submit {
        customer_id: number(n),
        customer_name: personal("Kim"),
        score: Score::new(score).unwrap(),
        text: None,
    }
}

fn gateway() -> impl Strategy<Value = Gateway> {
    prop_oneof![
        6 => Just(Gateway::Approves),
        1 => Just(Gateway::Declines),
        1 => Just(Gateway::ChargesLess),
        1 => Just(Gateway::OutlivesUs),
        1 => Just(Gateway::SurfacesLate),
        1 => Just(Gateway::NotReached),
        1 => Just(Gateway::Stalls),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let renter = || 0..RENTERS;
    prop_oneof![
        3 => Just(Step::Register),
        1 => Just(Step::Delete),
        4 => renter().prop_map(Step::Reserve),
        8 => (renter(), gateway()).prop_map(|(n, gateway)| Step::Pay(n, gateway)),
        1 => Just(Step::Answer),
        2 => renter().prop_map(Step::CancelPayment),
        2 => renter().prop_map(Step::RequestCancel),
        6 => renter().prop_map(Step::Lend),
        4 => renter().prop_map(Step::Return),
        4 => (renter(), 4..6i64).prop_map(|(n, score)| Step::Review(n, score)),
        16 => any::<Index>().prop_map(Step::Deliver),
        4 => any::<Index>().prop_map(Step::DeliverAgain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_holder_at_most_and_the_money_fits_who_has_the_item(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let mut world = World::default();
        world.take(&Step::Register);
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.settle();
        world.check_settled();
        // All of it once more, as after starting over from an old checkpoint.
        let (facts, delivered) = (world.facts.len(), world.delivered.clone());
        for ask in delivered {
            world.deliver(ask);
        }
        world.settle();
        world.check_settled();
        prop_assert_eq!(world.facts.len(), facts);
    }
}
