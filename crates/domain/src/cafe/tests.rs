//! What holds for an order and its ticket whatever happens: the policies' asks are delivered in any
//! order, early, late and again, timers fire at any moment, and the gateway answers as it likes.

use super::{
    Event, member, order,
    order::{Order, PaymentFailure, PaymentStatus},
    policies::{Ask, Rules, react},
    ticket,
    ticket::Ticket,
};
use crate::{
    Aggregate, Fact, Id, Instant, Quantity, Won,
    shared::Name,
    testing::{personal, through_json},
};
use chrono::{DateTime, Duration};
use member::Member;
use proptest::{prelude::*, sample::Index};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const CUPS: i64 = 2;
const PRICE: i64 = 2000;

#[derive(Clone, Debug)]
enum Step {
    Place,
    Pay(Gateway),
    /// The gateway answers the call that stalled.
    Answer,
    RequestCancel,
    Store(ticket::Command),
    Register {
        validated: bool,
    },
    Withdraw,
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
    /// Closed as unavailable, and charged after all.
    SurfacesLate,
    NotReached,
    Stalls,
}

#[derive(Debug)]
struct Charge {
    amount: Won,
    refunds: u32,
}

#[derive(Debug, Default)]
struct World {
    order: Order,
    ticket: Ticket,
    member: Member,
    facts: Vec<Event>,
    pending: Vec<Ask>,
    delivered: Vec<Ask>,
    /// What the gateway charged, by attempt.
    charges: BTreeMap<u32, Charge>,
    /// The attempts that the gateway declined.
    declined: BTreeSet<u32>,
    stalled: Option<u32>,
    /// Whether the customer was a valid member when the order was accepted.
    earns: bool,
    seconds: i64,
}

impl World {
    fn now(&self) -> Instant {
        DateTime::from_timestamp(1_700_000_000 + self.seconds, 0).unwrap()
    }

    fn take(&mut self, step: &Step) {
        self.seconds += 1;
        let at = self.now();
        match step {
            Step::Place => self.order(&place()),
            Step::Pay(gateway) => self.pay(*gateway),
            Step::Answer => self.answer(),
            Step::RequestCancel => self.order(&order::Command::RequestCancel),
            Step::Store(command) => self.ticket(command),
            Step::Register { validated } => self.member(&member::Command::Register {
                name: personal("민수"),
                validated: *validated,
                at,
            }),
            Step::Withdraw => self.member(&member::Command::Withdraw { at }),
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
        while let Some(ask) = self.pending.pop() {
            self.seconds += 1;
            self.deliver(ask);
        }
        if self.stalled.is_some() {
            self.answer();
            self.settle();
        }
    }

    fn deliver(&mut self, ask: Ask) {
        match ask.clone() {
            Ask::Order { command, .. } => self.order(&command),
            Ask::Ticket { command, .. } => self.ticket(&command),
            Ask::Member { command, .. } => self.member(&command),
            Ask::SettlePayment { attempt, .. } => self.settle_payment(attempt),
            Ask::WatchLateCharge { attempt, .. } => self.give_back(attempt),
            Ask::Refund { .. } if self.order.refund_due().is_some() => {
                self.give_back(self.order.attempt());
            }
            // A timer that fires at any moment, and though it should be forgotten.
            Ask::At { ask, .. } => self.pending.push(*ask),
            Ask::Refund { .. } | Ask::Cancel { .. } => {}
        }
        self.delivered.push(ask);
    }

    fn pay(&mut self, gateway: Gateway) {
        if !self.order.payment_open() {
            return;
        }
        let attempt = self.order.attempt();
        match gateway {
            // The same key has the same outcome.
            Gateway::Declines if self.charges.contains_key(&attempt) => {
                self.charged(attempt, PRICE)
            }
            Gateway::Approves => self.charged(attempt, PRICE * CUPS),
            Gateway::ChargesLess => self.charged(attempt, PRICE),
            Gateway::Declines => {
                self.declined.insert(attempt);
                self.failed(attempt, PaymentFailure::Declined);
            }
            Gateway::NotReached => self.failed(attempt, PaymentFailure::Unavailable),
            Gateway::OutlivesUs => self.charge(attempt, PRICE * CUPS),
            Gateway::SurfacesLate => {
                self.failed(attempt, PaymentFailure::Unavailable);
                self.charge(attempt, PRICE * CUPS);
            }
            Gateway::Stalls => self.stalled = Some(attempt),
        }
    }

    fn answer(&mut self) {
        let answered = self.stalled.take();
        if let Some(attempt) = answered.filter(|attempt| !self.declined.contains(attempt)) {
            self.charged(attempt, PRICE * CUPS);
        }
    }

    fn charge(&mut self, attempt: u32, amount: i64) {
        let amount = Won::new(amount).unwrap();
        let charge = Charge { amount, refunds: 0 };
        self.charges.entry(attempt).or_insert(charge);
    }

    fn charged(&mut self, attempt: u32, amount: i64) {
        self.charge(attempt, amount);
        let amount = self.charges[&attempt].amount;
        let charge_id = format!("charge-{attempt}");
        let command = order::Command::NotePaid { attempt, amount, charge_id };
        if self.order.decide(&command) == Err(order::Refusal::PaymentClosed { attempt }) {
            self.give_back(attempt);
        }
        self.order(&command);
    }

    fn failed(&mut self, attempt: u32, reason: PaymentFailure) {
        let detail = None;
        self.order(&order::Command::NotePaymentFailed { attempt, reason, detail });
    }

    fn settle_payment(&mut self, attempt: u32) {
        if !self.order.payment_open() || self.order.attempt() != attempt {
            return;
        }
        match self.charges.get(&attempt).map(|charge| charge.amount.get()) {
            Some(amount) => self.charged(attempt, amount),
            None => self.failed(attempt, PaymentFailure::Unavailable),
        }
    }

    fn give_back(&mut self, attempt: u32) {
        let Some(charge) = self.charges.get_mut(&attempt) else {
            return;
        };
        // The gateway takes one refund under one key.
        charge.refunds = 1;
        let amount = charge.amount;
        let command = order::Command::NoteRefunded { attempt, amount };
        assert!(self.order.decide(&command).is_ok(), "{:?}", self.order);
        self.order(&command);
    }

    fn order(&mut self, command: &order::Command) {
        let events = ask(&mut self.order, command);
        self.record(events.into_iter().map(Event::Order));
    }

    fn ticket(&mut self, command: &ticket::Command) {
        let events = ask(&mut self.ticket, command);
        let accepted = |event: &ticket::Event| matches!(event, ticket::Event::OrderReceived { .. });
        self.earns |= self.member.valid() && events.iter().any(accepted);
        self.record(events.into_iter().map(Event::Ticket));
    }

    fn member(&mut self, command: &member::Command) {
        let events = ask(&mut self.member, command);
        self.record(events.into_iter().map(Event::Member));
    }

    fn record(&mut self, events: impl Iterator<Item = Event>) {
        let rules =
            Rules { accept_timeout: Duration::minutes(15), payment_grace: Duration::minutes(2) };
        for event in events {
            let fact = Fact {
                id: Uuid::from_u128(self.facts.len() as u128),
                of: "o1".to_owned(),
                at: self.now(),
                event,
            };
            let asks = react(&fact, &rules);
            self.pending.extend(asks.into_iter().map(|(_, ask)| ask));
            self.facts.push(fact.event);
        }
    }

    fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.facts.iter().filter(|fact| wanted(fact)).count()
    }

    fn held_by_the_gateway(&self) -> i64 {
        let kept = self.charges.values().filter(|charge| charge.refunds == 0);
        kept.map(|charge| charge.amount.get()).sum()
    }

    fn refunds_on_record(&self) -> usize {
        self.count(|fact| matches!(fact, Event::Order(order::Event::Refunded { .. })))
    }

    /// Holds at every moment.
    fn check(&self) {
        let accepted = self.count(order_accepted);
        let turned_down = self.count(order_refused) + self.count(order_canceled);
        assert!(accepted + turned_down <= 1, "{:#?}", self.facts);
        assert!(self.count(received) + self.count(rejected) + self.count(confirmed) <= 1);
        assert!(self.count(points_saved) <= self.count(received));
        assert!(self.refunds_on_record() <= self.charges.len());
        let paid = self.order.payment_status() == PaymentStatus::Paid;
        let due = Won::new(PRICE * CUPS).ok();
        let due = due.filter(|_| paid && turned_down == 1);
        assert_eq!(self.order.refund_due(), due, "{:#?}", self.facts);
    }

    /// Holds once nothing is on its way any more.
    fn check_settled(&self) {
        self.check();
        assert!(!self.order.payment_open());
        assert_eq!(self.count(order_accepted), self.count(received));
        assert_eq!(self.count(order_refused), self.count(rejected));
        assert_eq!(self.count(order_canceled), self.count(confirmed));
        let paid = self.count(paid);
        let answered = self.count(received) + self.count(rejected) + self.count(confirmed);
        assert_eq!(answered, paid, "the store answers what is paid: {:#?}", self.facts);
        let kept = PRICE * CUPS * i64::try_from(self.count(received)).unwrap();
        assert_eq!(self.held_by_the_gateway(), kept, "{:#?}", self.facts);
        let given_back: u32 = self.charges.values().map(|charge| charge.refunds).sum();
        assert_eq!(self.refunds_on_record(), given_back as usize);
        assert_eq!(self.count(points_saved), usize::from(self.earns));
        assert_eq!(self.member.point(), if self.earns { CUPS } else { 0 });
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

fn place() -> order::Command {
    order::Command::Place {
        product: Name::new("IceAmericano").unwrap(),
        qty: Quantity::new(CUPS).unwrap(),
        price: Won::new(PRICE).ok(),
        listed: Won::new(PRICE).ok(),
        customer_id: Id::new("c1").ok(),
        phone: None,
    }
}

fn paid(fact: &Event) -> bool {
    matches!(fact, Event::Order(order::Event::PaymentCompleted { .. }))
}

fn order_accepted(fact: &Event) -> bool {
    *fact == Event::Order(order::Event::OrderAccepted)
}

fn order_refused(fact: &Event) -> bool {
    matches!(fact, Event::Order(order::Event::OrderRefused { .. }))
}

fn order_canceled(fact: &Event) -> bool {
    *fact == Event::Order(order::Event::OrderCanceled)
}

fn received(fact: &Event) -> bool {
    matches!(fact, Event::Ticket(ticket::Event::OrderReceived { .. }))
}

fn rejected(fact: &Event) -> bool {
    matches!(fact, Event::Ticket(ticket::Event::OrderRejected { .. }))
}

fn confirmed(fact: &Event) -> bool {
    *fact == Event::Ticket(ticket::Event::OrderCancelConfirmed)
}

fn points_saved(fact: &Event) -> bool {
    matches!(fact, Event::Member(member::Event::PointSaved { .. }))
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

fn store() -> impl Strategy<Value = ticket::Command> {
    prop_oneof![
        4 => Just(ticket::Command::Accept),
        1 => Just(ticket::Command::Reject { reason: None }),
        2 => Just(ticket::Command::Make),
        2 => Just(ticket::Command::HandOver),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Place),
        4 => gateway().prop_map(Step::Pay),
        1 => Just(Step::Answer),
        1 => Just(Step::RequestCancel),
        4 => store().prop_map(Step::Store),
        1 => any::<bool>().prop_map(|validated| Step::Register { validated }),
        1 => Just(Step::Withdraw),
        8 => any::<Index>().prop_map(Step::Deliver),
        3 => any::<Index>().prop_map(Step::DeliverAgain),
    ]
}

/// Anything that can be said to an order, also what no policy would say.
fn any_command() -> impl Strategy<Value = order::Command> {
    use order::Command;
    let amount = Won::new(PRICE * CUPS).unwrap();
    let paid = move |attempt| Command::NotePaid { attempt, amount, charge_id: "c".to_owned() };
    let failed = |attempt| {
        let reason = PaymentFailure::Unavailable;
        Command::NotePaymentFailed { attempt, reason, detail: None }
    };
    prop_oneof![
        Just(place()),
        (0..4u32).prop_map(paid),
        (0..4u32).prop_map(failed),
        (0..4u32).prop_map(move |attempt| Command::NoteRefunded { attempt, amount }),
        Just(Command::RequestCancel),
        Just(Command::NoteAccepted),
        Just(Command::NoteRefused { reason: None }),
        Just(Command::NoteCanceled),
        Just(Command::NoteCancelDenied),
        Just(Command::NoteMade),
        Just(Command::NotePickedUp),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_money_and_the_points_fit_what_the_store_decided(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut world = World::default();
        for step in &steps {
            world.take(step);
            world.check();
        }
        world.settle();
        world.check_settled();
    }

    #[test]
    fn an_order_alone_never_contradicts_itself(
        commands in prop::collection::vec(any_command(), 0..40)
    ) {
        let mut order = Order::default();
        let mut facts = vec![];
        for command in &commands {
            facts.extend(ask(&mut order, command).into_iter().map(Event::Order));
        }
        let count = |wanted: fn(&Event) -> bool| facts.iter().filter(|fact| wanted(fact)).count();
        prop_assert!(count(paid) <= 1);
        prop_assert!(count(order_accepted) + count(order_refused) + count(order_canceled) <= 1);
        let attempts: Vec<_> = facts.iter().filter_map(refunded_attempt).collect();
        let mut once = attempts.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), attempts.len());
    }
}

fn refunded_attempt(fact: &Event) -> Option<u32> {
    match fact {
        Event::Order(order::Event::Refunded { attempt, .. }) => Some(*attempt),
        Event::Order(_) | Event::Ticket(_) | Event::Member(_) | Event::MenuItem(_) => None,
    }
}
