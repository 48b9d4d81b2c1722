//! The payment simulator as a server, and the client of the contract against it.

use commands::payment::{
    ChargeStatus, GatewayError, HttpGateway, PaymentGateway, Simulator, http::Limits,
    simulator::Behaviour,
};
use domain::Won;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::AbortHandle};

/// A simulator that listens until it is dropped.
struct Server {
    url: String,
    simulator: Arc<Simulator>,
    task: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(behaviour: Behaviour) -> Self {
        let simulator = Arc::new(Simulator::open(None, behaviour).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = api::payment_simulator::router(simulator.clone());
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, simulator, task: task.abort_handle() }
    }

    fn gateway(&self) -> HttpGateway {
        HttpGateway::new(&self.url, Limits::default()).unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = client().post(format!("{}{path}", self.url)).json(&body);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = client().get(format!("{}{path}", self.url));
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn hanging() -> Behaviour {
    Behaviour { hang: 1.0, ..Behaviour::default() }
}

fn failing() -> Behaviour {
    Behaviour { fail: 1.0, ..Behaviour::default() }
}

mod contract {
    use super::*;

    #[tokio::test]
    async fn a_charge_is_made_once_and_found_and_given_back_once() {
        let server = Server::start(Behaviour::default()).await;
        let body = json!({"key": "cafe-1", "amount": 2000, "reference": "1"});
        let (status, charge) = server.post("/charges", body.clone()).await;
        let charge_id = charge["chargeId"].as_str().unwrap();
        assert_eq!(status, 201);
        assert_eq!(
            charge,
            json!({"key": "cafe-1", "reference": "1", "chargeId": charge_id, "status": "approved",
                "amount": 2000, "refunded": false})
        );
        assert_eq!(server.post("/charges", body).await, (StatusCode::CREATED, charge.clone()));
        assert_eq!(server.get("/charges/cafe-1").await, (StatusCode::OK, charge));

        let body = json!({"key": "cafe-1.refund", "amount": 2000});
        let (status, refund) = server.post("/charges/cafe-1/refunds", body.clone()).await;
        let refund_id = refund["refundId"].as_str().unwrap();
        assert_eq!(status, 201);
        assert_eq!(
            refund,
            json!({"chargeKey": "cafe-1", "key": "cafe-1.refund", "refundId": refund_id,
                "amount": 2000})
        );
        let again = server.post("/charges/cafe-1/refunds", body).await;
        assert_eq!(again, (StatusCode::CREATED, refund.clone()));

        let (_, all) = server.get("/charges").await;
        assert_eq!(all["charges"].as_array().unwrap().len(), 1);
        assert_eq!(all["charges"][0]["refunded"], true);
        assert_eq!(all["refunds"], json!([refund]));
    }

    #[tokio::test]
    async fn a_declined_charge_says_why() {
        let behaviour = Behaviour { decline: 1.0, ..Behaviour::default() };
        let server = Server::start(behaviour).await;
        let body = json!({"key": "cafe-1", "amount": 2000, "reference": "1"});
        let (status, charge) = server.post("/charges", body).await;
        assert_eq!((status, &charge["status"]), (StatusCode::CREATED, &json!("declined")));
        assert_eq!(charge["reason"], "the card was declined");
    }

    #[tokio::test]
    async fn what_cannot_be_is_a_problem_document_that_names_the_field() {
        let server = Server::start(Behaviour::default()).await;
        let charge =
            |key: Value, amount: Value| json!({"key": key, "amount": amount, "reference": "1"});
        server.post("/charges", charge(json!("cafe-1"), json!(2000))).await;
        let long = "k".repeat(201);
        let refund = |amount: i64| json!({"key": "r", "amount": amount});
        for (path, body, status, code, field) in [
            ("/charges", charge(json!("cafe-1"), json!(1)), 422, "key-reused", "key"),
            ("/charges", charge(json!("cafe-2"), json!(0)), 422, "invalid-value", "amount"),
            (
                "/charges",
                charge(json!("cafe-2"), json!(1_000_000_001)),
                422,
                "invalid-value",
                "amount",
            ),
            ("/charges", charge(json!("cafe-2"), json!(-5)), 422, "invalid-value", "amount"),
            ("/charges", charge(json!("cafe-2"), json!(1.5)), 400, "malformed", "amount"),
            ("/charges", charge(json!("cafe-2"), Value::Null), 400, "malformed", "amount"),
            ("/charges", charge(json!("a b"), json!(1)), 422, "invalid-value", "key"),
            ("/charges", charge(json!(long), json!(1)), 422, "invalid-value", "key"),
            ("/charges", charge(Value::Null, json!(1)), 400, "malformed", "key"),
            ("/charges/cafe-1/refunds", refund(2001), 422, "more-than-charged", "amount"),
            ("/charges/cafe-1/refunds", refund(0), 422, "invalid-value", "amount"),
        ] {
            let (answered, problem) = server.post(path, body.clone()).await;
            assert_eq!(answered.as_u16(), status, "{body}");
            assert_eq!(problem["code"], code, "{body}");
            assert_eq!(problem["field"], field, "{body}");
        }
        assert_eq!(server.simulator.charges().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_not_there_is_a_problem_document() {
        let server = Server::start(Behaviour::default()).await;
        let refund = json!({"key": "r", "amount": 1});
        let (status, problem) = server.post("/charges/cafe-1/refunds", refund).await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("unknown-charge")));
        let (status, problem) = server.get("/charges/cafe-1").await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("unknown-charge")));
        let (status, problem) = server.get("/payments").await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("no-such-route")));
    }
}

mod client_of_the_contract {
    use super::*;

    #[tokio::test]
    async fn charges_finds_and_refunds() {
        let server = Server::start(Behaviour::default()).await;
        let gateway = server.gateway();
        assert_eq!(gateway.find("cafe-1").await.unwrap(), None);
        let charge = gateway.charge("cafe-1", won(2000), "1").await.unwrap();
        assert_eq!((charge.status.clone(), charge.amount), (ChargeStatus::Approved, won(2000)));
        assert_eq!(gateway.charge("cafe-1", won(2000), "1").await.unwrap(), charge);
        assert_eq!(gateway.find("cafe-1").await.unwrap(), Some(charge));

        let refund = gateway.refund("cafe-1", won(2000)).await.unwrap();
        assert_eq!(gateway.refund("cafe-1", won(2000)).await.unwrap(), refund);
        assert!(gateway.find("cafe-1").await.unwrap().unwrap().refunded);
        assert_eq!(server.simulator.charges().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn is_given_the_reason_of_a_decline() {
        let behaviour = Behaviour { decline: 1.0, ..Behaviour::default() };
        let server = Server::start(behaviour).await;
        let charge = server.gateway().charge("cafe-1", won(2000), "1").await;
        let reason = Some("the card was declined".to_owned());
        assert_eq!(charge.unwrap().status, ChargeStatus::Declined { reason });
    }

    #[tokio::test]
    async fn does_not_know_what_a_hanging_gateway_did_but_can_find_out() {
        let server = Server::start(hanging()).await;
        let gateway = server.gateway();
        let keys: Vec<String> = (0..20).map(|n| format!("cafe-{n}")).collect();
        let charges = keys.iter().map(|key| gateway.charge(key, won(1), key));
        for answer in futures::future::join_all(charges).await {
            assert!(matches!(answer, Err(GatewayError::Unknown(_))), "{answer:?}");
        }
        let mut found = 0;
        for key in &keys {
            found += usize::from(gateway.find(key).await.unwrap().is_some());
        }
        assert_eq!(found, server.simulator.charges().unwrap().len());
        assert!((1..20).contains(&found), "{found}");
    }

    #[tokio::test]
    async fn does_not_know_what_a_failing_gateway_did() {
        let server = Server::start(failing()).await;
        let answer = server.gateway().charge("cafe-1", won(1), "1").await;
        assert!(matches!(answer, Err(GatewayError::Unknown(_))), "{answer:?}");
    }

    #[tokio::test]
    async fn knows_when_the_gateway_says_no_for_good() {
        let server = Server::start(Behaviour::default()).await;
        let gateway = server.gateway();
        gateway.charge("cafe-1", won(2), "1").await.unwrap();
        let reused = gateway.charge("cafe-1", won(1), "1").await;
        let Err(GatewayError::Rejected { status: 422, detail }) = reused else {
            panic!("{reused:?}");
        };
        assert!(detail.starts_with("key-reused: "), "{detail}");
        let unknown = gateway.refund("cafe-2", won(1)).await;
        assert!(matches!(unknown, Err(GatewayError::Rejected { status: 404, .. })));
    }

    #[tokio::test]
    async fn that_gave_up_did_not_stop_later_requests() {
        let slow = Duration::from_millis(200);
        let behaviour = Behaviour { latency: slow..=slow, ..Behaviour::default() };
        let server = Server::start(behaviour).await;
        let impatient = Limits { total: Duration::from_millis(50), ..Limits::default() };
        let impatient = HttpGateway::new(&server.url, impatient).unwrap();
        let given_up = impatient.charge("cafe-1", won(1), "1").await;
        assert!(matches!(given_up, Err(GatewayError::Unknown(_))));
        assert!(server.gateway().charge("cafe-1", won(1), "1").await.is_ok());
        assert_eq!(server.simulator.charges().unwrap().len(), 1);
    }
}
