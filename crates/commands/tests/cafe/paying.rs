//! Ordering includes paying: what the gateway does, and what is on record then.

use crate::world::{World, coffee, id, meta};
use async_trait::async_trait;
use commands::{
    Error,
    payment::{
        Breaker, Charge, ChargeStatus, GatewayError, PaymentGateway, Refund, breaker::Settings,
    },
    reactor::Reactive,
};
use domain::{
    Won,
    cafe::{order::Status, policies::Ask},
};
use eventlog::StreamName;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How the gateway behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    Declines,
    /// Nobody listens.
    Gone,
    /// Charges, and does not say so.
    Mute,
    /// Charges, does not say so, and does not know it when asked.
    Late,
}

#[derive(Default)]
struct Gateway {
    mood: Mutex<Mood>,
    charges: Mutex<BTreeMap<String, Charge>>,
    refunds: Mutex<BTreeMap<String, i64>>,
}

impl Gateway {
    fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn charged(&self) -> Vec<String> {
        self.charges.lock().unwrap().keys().cloned().collect()
    }

    fn refunded(&self) -> BTreeMap<String, i64> {
        self.refunds.lock().unwrap().clone()
    }
}

#[async_trait]
impl PaymentGateway for Gateway {
    async fn charge(&self, key: &str, amount: Won, _: &str) -> Result<Charge, GatewayError> {
        let mood = *self.mood.lock().unwrap();
        if mood == Mood::Gone {
            return Err(GatewayError::NotReached("refused".into()));
        }
        let status = match mood {
            Mood::Declines => ChargeStatus::Declined { reason: None },
            _ => ChargeStatus::Approved,
        };
        let charge = Charge { charge_id: format!("ch-{key}"), status, amount, refunded: false };
        let mut charges = self.charges.lock().unwrap();
        let known = charges.entry(key.to_owned()).or_insert(charge).clone();
        match mood {
            Mood::Mute | Mood::Late => Err(GatewayError::Unknown("timed out".into())),
            Mood::Well | Mood::Declines | Mood::Gone => Ok(known),
        }
    }

    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError> {
        match *self.mood.lock().unwrap() {
            Mood::Gone => Err(GatewayError::NotReached("refused".into())),
            Mood::Late => Ok(None),
            _ => Ok(self.charges.lock().unwrap().get(key).cloned()),
        }
    }

    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError> {
        *self.refunds.lock().unwrap().entry(key.to_owned()).or_default() += amount.get();
        Ok(Refund { refund_id: format!("re-{key}"), amount })
    }
}

async fn world(mood: Mood) -> (World, Arc<Gateway>) {
    let gateway = Arc::new(Gateway::default());
    gateway.becomes(mood);
    (World::with(gateway.clone()).await, gateway)
}

async fn types(world: &World) -> Vec<String> {
    let stream = StreamName::stored("cafe.order-o1");
    let read = world.log.read_stream(&stream, 0, 100).await.unwrap();
    read.into_iter().map(|event| event.event_type).collect()
}

#[tokio::test]
async fn paid_once_and_answered_alike() {
    let (world, gateway) = world(Mood::Well).await;
    let (_, first) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    let (_, again) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    assert_eq!(first.state.status(), Status::PaySuccess);
    assert_eq!(again.state.amount(), first.state.amount());
    assert_eq!(types(&world).await, ["cafe.OrderSelected", "cafe.PaymentCompleted"]);
    assert_eq!(gateway.charged(), ["cafe-o1"]);
}

#[tokio::test]
async fn a_hundred_at_once_are_one_order_and_one_charge() {
    let (world, gateway) = world(Mood::Well).await;
    let meta = meta(1);
    let all = (0..100).map(|_| world.cafe.place(coffee("o1"), &meta));
    for answer in futures::future::join_all(all).await {
        assert_eq!(answer.unwrap().1.state.status(), Status::PaySuccess);
    }
    assert_eq!(types(&world).await, ["cafe.OrderSelected", "cafe.PaymentCompleted"]);
    assert_eq!(gateway.charged(), ["cafe-o1"]);
}

#[tokio::test]
async fn a_declined_payment_is_on_record_and_stays_declined() {
    let (world, gateway) = world(Mood::Declines).await;
    for _ in 0..2 {
        let declined = world.cafe.place(coffee("o1"), &meta(1)).await;
        assert!(matches!(declined, Err(Error::PaymentDeclined { .. })));
        gateway.becomes(Mood::Well);
    }
    assert_eq!(types(&world).await, ["cafe.OrderSelected", "cafe.PaymentFailed"]);
}

#[tokio::test]
async fn a_gateway_that_is_gone_leaves_no_open_intent_and_the_same_command_may_come_again() {
    let (world, gateway) = world(Mood::Gone).await;
    let gone = world.cafe.place(coffee("o1"), &meta(1)).await;
    assert!(matches!(gone, Err(Error::PaymentUnavailable { .. })));
    assert!(gateway.charged().is_empty());
    assert_eq!(types(&world).await, ["cafe.OrderSelected", "cafe.PaymentFailed"]);

    gateway.becomes(Mood::Well);
    let (_, paid) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    assert_eq!(paid.state.status(), Status::PaySuccess);
    assert_eq!(gateway.charged(), ["cafe-o1:2"]);
    let (_, again) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    assert_eq!(again.state.status(), Status::PaySuccess);
    assert_eq!(types(&world).await.len(), 4);
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_asked_what_it_did() {
    let (world, gateway) = world(Mood::Mute).await;
    let (_, paid) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    assert_eq!(paid.state.status(), Status::PaySuccess);
    assert_eq!(gateway.charged(), ["cafe-o1"]);
}

#[tokio::test]
async fn an_unknown_payment_is_settled_later_as_the_gateway_says() {
    let (world, gateway) = world(Mood::Late).await;
    let unknown = world.cafe.place(coffee("o1"), &meta(1)).await;
    assert!(matches!(unknown, Err(Error::PaymentUnknown { .. })));
    assert_eq!(types(&world).await, ["cafe.OrderSelected"]);

    gateway.becomes(Mood::Well);
    let settle = Ask::SettlePayment { order: id("o1"), attempt: 1 };
    world.cafe.perform(&settle, &meta(2)).await.unwrap();
    world.cafe.perform(&settle, &meta(2)).await.unwrap();
    assert_eq!(types(&world).await, ["cafe.OrderSelected", "cafe.PaymentCompleted"]);
    let (_, again) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    assert_eq!(again.state.status(), Status::PaySuccess);
}

#[tokio::test]
async fn a_charge_that_surfaces_late_is_given_back_once() {
    let (world, gateway) = world(Mood::Late).await;
    world.cafe.place(coffee("o1"), &meta(1)).await.unwrap_err();
    let order = id("o1");
    let attempt = 1;
    let settle = Ask::SettlePayment { order: order.clone(), attempt };
    world.cafe.perform(&settle, &meta(2)).await.unwrap();

    gateway.becomes(Mood::Well);
    let watch = Ask::WatchLateCharge { order, attempt };
    world.cafe.perform(&watch, &meta(3)).await.unwrap();
    let expected = ["cafe.OrderSelected", "cafe.PaymentFailed", "cafe.Refunded"];
    assert_eq!(types(&world).await, expected);
    assert_eq!(gateway.refunded(), BTreeMap::from([("cafe-o1".to_owned(), 4000)]));
}

#[tokio::test]
async fn the_menus_price_is_the_price() {
    let (world, gateway) = world(Mood::Well).await;
    let listed = domain::cafe::menu_item::Command::SetPrice { price: Won::new(2500).unwrap() };
    let product = coffee("o1").product;
    world.cafe.menu_item(&product, listed, &meta(1)).await.unwrap();
    let refused = world.cafe.place(coffee("o1"), &meta(2)).await;
    assert!(matches!(refused, Err(Error::Refused(why)) if why.code == "price-changed"));
    assert!(gateway.charged().is_empty());

    let mut order = coffee("o1");
    order.price = None;
    let (_, paid) = world.cafe.place(order, &meta(3)).await.unwrap();
    assert_eq!(paid.state.amount(), Some(Won::new(5000).unwrap()));
}

/// Behind a breaker that stays open once it opens.
async fn guarded(mood: Mood) -> (World, Arc<Gateway>) {
    let gateway = Arc::new(Gateway::default());
    gateway.becomes(mood);
    let mut settings = Settings::default();
    settings.rules.pause = Duration::from_secs(3600);
    (World::with(Arc::new(Breaker::new(gateway.clone(), settings))).await, gateway)
}

/// Orders in vain until the breaker opens.
async fn give_up(world: &World, gateway: &Gateway) {
    gateway.becomes(Mood::Gone);
    for n in 0..5 {
        let order = coffee(&format!("vain{n}"));
        let gone = world.cafe.place(order, &meta(100 + n)).await;
        assert!(matches!(gone, Err(Error::PaymentUnavailable { .. })), "{gone:?}");
    }
    gateway.becomes(Mood::Well);
}

#[tokio::test]
async fn while_the_gateway_is_left_alone_nothing_is_stored() {
    let (world, gateway) = guarded(Mood::Well).await;
    give_up(&world, &gateway).await;
    for command in 1..4 {
        let paused = world.cafe.place(coffee("o1"), &meta(command)).await;
        assert!(matches!(paused, Err(Error::PaymentPaused { .. })), "{paused:?}");
    }
    let closed_before = world.cafe.place(coffee("vain0"), &meta(4)).await;
    assert!(matches!(closed_before, Err(Error::PaymentPaused { .. })), "{closed_before:?}");
    assert_eq!(types(&world).await, [""; 0]);
    assert!(gateway.charged().is_empty());
}

#[tokio::test]
async fn while_the_gateway_is_left_alone_a_repeat_is_answered_as_before() {
    let (world, gateway) = guarded(Mood::Well).await;
    world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    give_up(&world, &gateway).await;
    for command in 1..3 {
        let (_, again) = world.cafe.place(coffee("o1"), &meta(command)).await.unwrap();
        assert_eq!(again.state.status(), Status::PaySuccess);
    }
    assert_eq!(types(&world).await, ["cafe.OrderSelected", "cafe.PaymentCompleted"]);
}

#[tokio::test]
async fn what_may_have_been_charged_is_not_closed_because_a_repeat_does_not_get_through() {
    let (world, gateway) = guarded(Mood::Late).await;
    world.cafe.place(coffee("o1"), &meta(1)).await.unwrap_err();
    gateway.becomes(Mood::Gone);
    for command in 1..9 {
        let unknown = world.cafe.place(coffee("o1"), &meta(command)).await;
        assert!(matches!(unknown, Err(Error::PaymentUnknown { .. })), "{unknown:?}");
    }
    assert_eq!(types(&world).await, ["cafe.OrderSelected"]);
    assert_eq!(gateway.charged(), ["cafe-o1"]);
}
