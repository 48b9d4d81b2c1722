use super::*;
use crate::payment::ChargeStatus;
use futures::future::join_all;
use tokio::sync::watch;

/// What the gateway does with a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Approves,
    Declines,
    Refuses,
    Gone,
    Fails,
    /// Until its mood changes.
    Thinks,
}

struct Gateway {
    mood: watch::Sender<Mood>,
    calls: watch::Sender<usize>,
}

impl Gateway {
    fn new(mood: Mood) -> Arc<Self> {
        Arc::new(Self { mood: watch::Sender::new(mood), calls: watch::Sender::new(0) })
    }

    fn becomes(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    fn called(&self) -> usize {
        *self.calls.borrow()
    }

    /// Waits until it was called so often.
    async fn is_called(&self, times: usize) {
        let mut calls = self.calls.subscribe();
        calls.wait_for(|calls| *calls >= times).await.unwrap();
    }

    async fn answer<T>(&self, answer: impl FnOnce(ChargeStatus) -> T) -> Result<T, GatewayError> {
        self.calls.send_modify(|calls| *calls += 1);
        let mut mood = self.mood.subscribe();
        let mood = *mood.wait_for(|mood| *mood != Mood::Thinks).await.unwrap();
        match mood {
            Mood::Gone => Err(GatewayError::NotReached("refused".into())),
            Mood::Fails => Err(GatewayError::Unknown("timed out".into())),
            Mood::Refuses => Err(GatewayError::Rejected { status: 422, detail: "no".to_owned() }),
            Mood::Declines => Ok(answer(ChargeStatus::Declined { reason: None })),
            Mood::Approves | Mood::Thinks => Ok(answer(ChargeStatus::Approved)),
        }
    }
}

fn won() -> Won {
    Won::new(1).unwrap()
}

fn charge(status: ChargeStatus) -> Charge {
    Charge { charge_id: "ch".to_owned(), status, amount: won(), refunded: false }
}

#[async_trait]
impl PaymentGateway for Gateway {
    async fn charge(&self, _: &str, _: Won, _: &str) -> Result<Charge, GatewayError> {
        self.answer(charge).await
    }

    async fn find(&self, _: &str) -> Result<Option<Charge>, GatewayError> {
        self.answer(|status| Some(charge(status))).await
    }

    async fn refund(&self, _: &str, _: Won) -> Result<Refund, GatewayError> {
        self.answer(|_| Refund { refund_id: "re".to_owned(), amount: won() }).await
    }
}

/// Open for so long that a test does not see its end.
fn lasting() -> Settings {
    let mut settings = Settings::default();
    settings.rules.pause = Duration::from_secs(3600);
    settings
}

/// Half-open as soon as it opens.
fn brief() -> Settings {
    let mut settings = Settings::default();
    settings.rules.pause = Duration::ZERO;
    settings
}

async fn charge_through(breaker: &Breaker) -> Result<Charge, GatewayError> {
    breaker.charge("key", won(), "order").await
}

async fn fail(breaker: &Breaker, times: usize) {
    for _ in 0..times {
        charge_through(breaker).await.unwrap_err();
    }
}

#[tokio::test]
async fn after_five_failures_the_gateway_is_left_alone_and_nothing_is_begun() {
    let gateway = Gateway::new(Mood::Gone);
    let breaker = Breaker::new(gateway.clone(), lasting());
    assert!(breaker.ready().is_ok());
    fail(&breaker, 5).await;
    for _ in 0..50 {
        let refused = charge_through(&breaker).await;
        assert!(matches!(refused, Err(GatewayError::NotReached(_))), "{refused:?}");
    }
    assert_eq!(gateway.called(), 5);
    let paused = breaker.ready().unwrap_err();
    assert!(paused.retry_after > Duration::from_secs(3590), "{paused:?}");
    let (standing, counts) = breaker.standing();
    assert!(matches!(standing, Standing::Open { .. }));
    assert_eq!(counts, Counts { calls: 5, failed: 5, refused: 51, opened: 1 });
}

#[tokio::test]
async fn an_answer_that_never_came_is_a_failure_whatever_was_asked() {
    let gateway = Gateway::new(Mood::Fails);
    let breaker = Breaker::new(gateway.clone(), lasting());
    fail(&breaker, 2).await;
    breaker.find("key").await.unwrap_err();
    breaker.refund("key", won()).await.unwrap_err();
    breaker.find("key").await.unwrap_err();
    assert!(breaker.ready().is_err());
    assert!(matches!(breaker.find("key").await, Err(GatewayError::NotReached(_))));
    assert!(matches!(breaker.refund("key", won()).await, Err(GatewayError::NotReached(_))));
    assert_eq!(gateway.called(), 5);
}

#[tokio::test]
async fn a_decline_and_a_refusal_are_answers() {
    let gateway = Gateway::new(Mood::Declines);
    let breaker = Breaker::new(gateway.clone(), lasting());
    for _ in 0..50 {
        assert!(charge_through(&breaker).await.is_ok());
    }
    gateway.becomes(Mood::Refuses);
    fail(&breaker, 50).await;
    assert_eq!(gateway.called(), 100);
    assert_eq!(breaker.standing().0, Standing::Closed);
}

#[tokio::test]
async fn half_open_it_lets_one_of_many_through() {
    let gateway = Gateway::new(Mood::Gone);
    let breaker = Breaker::new(gateway.clone(), brief());
    fail(&breaker, 5).await;
    gateway.becomes(Mood::Thinks);
    let many = async {
        let many = join_all((0..20).map(|_| charge_through(&breaker))).await;
        many.into_iter().filter(Result::is_ok).count()
    };
    let answer = async {
        gateway.is_called(6).await;
        gateway.becomes(Mood::Approves);
    };
    let (answered, ()) = tokio::join!(many, answer);
    assert_eq!((answered, gateway.called()), (1, 6));
    assert!(charge_through(&breaker).await.is_ok());
    assert_eq!(breaker.standing().0, Standing::Closed);
}

#[tokio::test]
async fn half_open_one_payment_is_begun_and_it_is_the_probe() {
    let gateway = Gateway::new(Mood::Gone);
    let breaker = Breaker::new(gateway.clone(), brief());
    fail(&breaker, 5).await;
    gateway.becomes(Mood::Approves);
    let room = breaker.ready().unwrap();
    assert!(breaker.ready().is_err());
    assert!(breaker.find("key").await.is_err());
    breaker.charge_in(room, "key", won(), "order").await.unwrap();
    assert!(breaker.ready().is_ok());
    assert_eq!(gateway.called(), 6);
}

#[tokio::test]
async fn a_payment_that_is_not_made_after_all_leaves_its_room_to_another() {
    let gateway = Gateway::new(Mood::Gone);
    let breaker = Breaker::new(gateway.clone(), brief());
    fail(&breaker, 5).await;
    gateway.becomes(Mood::Approves);
    drop(breaker.ready().unwrap());
    assert!(breaker.ready().is_ok());
}

#[tokio::test]
async fn a_probe_whose_caller_left_does_not_keep_it_shut() {
    let gateway = Gateway::new(Mood::Gone);
    let breaker = Breaker::new(gateway.clone(), brief());
    fail(&breaker, 5).await;
    gateway.becomes(Mood::Thinks);
    tokio::select! {
        answer = charge_through(&breaker) => panic!("{answer:?}"),
        () = gateway.is_called(6) => {}
    }
    gateway.becomes(Mood::Approves);
    assert!(charge_through(&breaker).await.is_ok());
}

#[tokio::test]
async fn a_few_calls_are_under_way_as_many_wait_in_line_and_the_rest_is_refused() {
    let gateway = Gateway::new(Mood::Thinks);
    let patience = Duration::from_secs(3600);
    let breaker = Breaker::new(gateway.clone(), Settings { in_flight: 3, patience, ..lasting() });
    let many = async {
        let many = join_all((0..10).map(|_| charge_through(&breaker))).await;
        many.into_iter().filter(Result::is_ok).count()
    };
    let answer = async {
        gateway.is_called(3).await;
        assert_eq!(breaker.ready().unwrap_err().retry_after, CROWDED);
        assert_eq!(gateway.called(), 3);
        gateway.becomes(Mood::Approves);
    };
    let (answered, ()) = tokio::join!(many, answer);
    assert_eq!((answered, gateway.called()), (6, 6));
    assert!(breaker.ready().is_ok());
    assert_eq!(breaker.standing().0, Standing::Closed, "what was refused is no failure");
}

#[tokio::test]
async fn nobody_waits_in_line_for_long() {
    let gateway = Gateway::new(Mood::Thinks);
    let patience = Duration::from_millis(1);
    let breaker = Breaker::new(gateway.clone(), Settings { in_flight: 1, patience, ..lasting() });
    tokio::select! {
        answer = charge_through(&breaker) => panic!("{answer:?}"),
        refused = async { gateway.is_called(1).await; charge_through(&breaker).await } => {
            assert!(matches!(refused, Err(GatewayError::NotReached(_))), "{refused:?}");
        }
    }
}
