//! Which error of the payment gateway means what, against a server that answers as it is told.

use commands::payment::{
    GatewayError, HttpGateway, PaymentGateway,
    http::{InvalidGateway, Limits},
};
use domain::Won;
use std::{future::pending, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the server does with one request.
#[derive(Clone, Copy)]
enum Step {
    Answer(&'static str, &'static str),
    /// Closes the connection after reading the request.
    Cut,
    /// Begins to answer and closes the connection.
    CutInAnswer,
    /// Reads the request and no more.
    Silence,
}

const APPROVED: Step = Step::Answer(
    "201 Created",
    r#"{"chargeId":"c1","status":"approved","amount":2000,"extra":[]}"#,
);

/// A server on one connection after the other, one step per request; gives its URL.
async fn server(steps: impl IntoIterator<Item = Step> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let steps: Vec<Step> = steps.into_iter().collect();
    tokio::spawn(async move {
        let mut steps = steps.into_iter();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            serve(BufReader::new(stream), &mut steps).await;
        }
    });
    url
}

async fn serve(mut stream: BufReader<TcpStream>, steps: &mut impl Iterator<Item = Step>) {
    while read_request(&mut stream).await {
        match steps.next().expect("no more requests than steps") {
            Step::Answer(status, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
                stream.write_all((head + body).as_bytes()).await.unwrap();
            }
            Step::CutInAnswer => {
                let half = "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"charge";
                return stream.write_all(half.as_bytes()).await.unwrap();
            }
            Step::Cut => return,
            Step::Silence => pending().await,
        }
    }
}

/// False at the connection's end.
async fn read_request(stream: &mut BufReader<TcpStream>) -> bool {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.is_ok()
}

fn gateway(url: &str) -> HttpGateway {
    HttpGateway::new(url, Limits::default()).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

/// How a charge ends, in one word.
async fn charge(gateway: &HttpGateway) -> &'static str {
    match gateway.charge("cafe-1", won(2000), "1").await {
        Ok(_) => "charged",
        Err(GatewayError::NotReached(_)) => "not reached",
        Err(GatewayError::Unknown(_)) => "unknown",
        Err(GatewayError::Rejected { .. }) => "rejected",
    }
}

mod charge {
    use super::*;

    #[tokio::test]
    async fn is_not_reached_when_the_connection_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(charge(&gateway(&url)).await, "not reached");
    }

    #[tokio::test]
    async fn is_not_reached_when_there_is_no_such_host() {
        // RFC 6761: no name below it exists.
        assert_eq!(charge(&gateway("http://gateway.invalid")).await, "not reached");
    }

    #[tokio::test]
    async fn is_not_reached_when_the_other_side_does_not_speak_tls() {
        let url = server([]).await.replace("http:", "https:");
        let limits = Limits { total: Duration::from_secs(5), connect: Duration::from_secs(1) };
        let gateway = HttpGateway::new(&url, limits).unwrap();
        assert_eq!(charge(&gateway).await, "not reached");
    }

    #[tokio::test]
    async fn is_unknown_without_an_answer_in_time() {
        let begun = std::time::Instant::now();
        let url = server([Step::Silence]).await;
        assert_eq!(charge(&gateway(&url)).await, "unknown");
        assert!(begun.elapsed() >= Limits::default().total);
    }

    #[tokio::test]
    async fn is_unknown_when_the_connection_is_cut() {
        for step in [Step::Cut, Step::CutInAnswer] {
            let url = server([step]).await;
            assert_eq!(charge(&gateway(&url)).await, "unknown");
        }
    }

    #[tokio::test]
    async fn is_unknown_when_a_kept_connection_dies_under_it() {
        let gateway = gateway(&server([APPROVED, Step::Cut]).await);
        assert_eq!(charge(&gateway).await, "charged");
        assert_eq!(charge(&gateway).await, "unknown");
    }

    #[tokio::test]
    async fn means_what_the_status_says() {
        for (status, outcome) in [
            ("201 Created", "charged"),
            ("200 OK", "charged"),
            ("302 Found", "unknown"),
            ("400 Bad Request", "rejected"),
            ("401 Unauthorized", "rejected"),
            ("408 Request Timeout", "unknown"),
            ("422 Unprocessable Content", "rejected"),
            ("429 Too Many Requests", "not reached"),
            ("500 Internal Server Error", "unknown"),
            ("502 Bad Gateway", "unknown"),
            ("503 Service Unavailable", "unknown"),
        ] {
            let body = r#"{"chargeId":"c1","status":"approved"}"#;
            let gateway = gateway(&server([Step::Answer(status, body)]).await);
            assert_eq!(charge(&gateway).await, outcome, "{status}");
        }
    }

    #[tokio::test]
    async fn is_unknown_when_the_answer_makes_no_sense() {
        for body in [
            "",
            "approved",
            "{}",
            r#"{"chargeId":"c1"}"#,
            r#"{"chargeId":"c1","status":"pending"}"#,
            r#"{"chargeId":"c1","status":"approved","amount":1999}"#,
            r#"{"chargeId":"c1","status":"approved","amount":-1}"#,
        ] {
            let gateway = gateway(&server([Step::Answer("201 Created", body)]).await);
            assert_eq!(charge(&gateway).await, "unknown", "{body}");
        }
    }
}

mod find {
    use super::*;

    #[tokio::test]
    async fn is_none_only_when_the_gateway_says_so() {
        let steps = [
            Step::Answer("404 Not Found", ""),
            Step::Answer("500 Internal Server Error", ""),
            APPROVED,
        ];
        let gateway = gateway(&server(steps).await);
        assert_eq!(gateway.find("cafe-1").await.unwrap(), None);
        let unknown = gateway.find("cafe-1").await;
        assert!(matches!(unknown, Err(GatewayError::Unknown(_))));
        let found = gateway.find("cafe-1").await.unwrap().unwrap();
        assert_eq!((&*found.charge_id, found.amount), ("c1", won(2000)));
    }
}

mod refund {
    use super::*;

    #[tokio::test]
    async fn says_what_the_gateway_refuses() {
        let problem = r#"{"code":"already-refunded","detail":"it was"}"#;
        let steps = [Step::Answer("409 Conflict", problem), Step::Answer("404 Not Found", "no")];
        let gateway = gateway(&server(steps).await);
        let refused = gateway.refund("cafe-1", won(1)).await.unwrap_err();
        let text = "the payment gateway answered 409: already-refunded: it was";
        assert_eq!(refused.to_string(), text);
        let refused = gateway.refund("cafe-1", won(1)).await.unwrap_err();
        let text = "the payment gateway answered 404: no reason given";
        assert_eq!(refused.to_string(), text);
    }
}

#[test]
fn only_web_addresses_are_gateways_and_errors_do_not_repeat_them() {
    for url in ["", "localhost:9090", "/charges", "ftp://me:secret@host", "http://me:secret@"] {
        let invalid = HttpGateway::new(url, Limits::default()).unwrap_err();
        let not_this = matches!(invalid, InvalidGateway::Client(_));
        assert!(!not_this && !format!("{invalid:?}").contains("secret"), "{url}");
    }
}
