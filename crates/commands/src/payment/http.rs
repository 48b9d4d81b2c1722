//! A payment gateway over HTTP, at `PAYMENT_URL`.
//!
//! Which error means what is decided here alone: only a connection that was never made, and an
//! answer that says so, mean that nothing happened.

use super::{Charge, ChargeStatus, GatewayError, PaymentGateway, Refund, TIME_LIMIT, refund_key};
use async_trait::async_trait;
use domain::Won;
use eventlog::trace::{Kind, Span, TRACEPARENT};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long to wait. Connecting must fail well before the whole, or a gateway that is not there
/// looks like one that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// The whole request, connecting and reading the answer included.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: TIME_LIMIT / 2, total: TIME_LIMIT }
    }
}

/// Why no client can be made for a payment URL. Does not repeat the URL: it may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum InvalidGateway {
    #[error("the payment URL is not a URL")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the payment URL must begin with http:// or https://")]
    NotHttp,
    #[error("no HTTP client can be made for the payment gateway")]
    Client(#[source] reqwest::Error),
}

/// A client of one gateway. Connections are kept and shared; a clone shares them too.
#[derive(Clone, Debug)]
pub struct HttpGateway {
    client: Client,
    base: Url,
}

#[derive(Debug, thiserror::Error)]
enum UnclearAnswer {
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("its answer does not say the amount")]
    NoAmount,
    #[error("it speaks of {answered} won, and was asked for {asked}")]
    OtherAmount { asked: i64, answered: i64 },
}

#[derive(Serialize)]
struct ChargeRequest<'a> {
    key: &'a str,
    amount: Won,
    reference: &'a str,
}

#[derive(Serialize)]
struct RefundRequest<'a> {
    key: &'a str,
    amount: Won,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChargeAnswer {
    charge_id: String,
    #[serde(flatten)]
    status: ChargeStatus,
    amount: Option<Won>,
    #[serde(default)]
    refunded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundAnswer {
    refund_id: String,
    amount: Option<Won>,
}

/// The text of a problem document, as far as it is one.
#[derive(Default, Deserialize)]
struct ProblemAnswer {
    code: Option<String>,
    detail: Option<String>,
}

impl HttpGateway {
    /// A client of the gateway below `base`, which may have a path of its own. Goes straight to
    /// it, past any proxy, and follows no redirects.
    pub fn new(base: &str, limits: Limits) -> Result<Self, InvalidGateway> {
        let base = Url::parse(base).map_err(|error| InvalidGateway::Unreadable(error.into()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(InvalidGateway::NotHttp);
        }
        let client = Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| InvalidGateway::Client(error.without_url()))?;
        Ok(Self { client, base })
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Only a URL without a host has no segments, and `new` let none of those pass.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

#[async_trait]
impl PaymentGateway for HttpGateway {
    async fn charge(
        &self,
        key: &str,
        amount: Won,
        reference: &str,
    ) -> Result<Charge, GatewayError> {
        let request = ChargeRequest { key, amount, reference };
        let post = self.client.post(self.url(&["charges"])).json(&request);
        let answer = send("payment charge", post).await?;
        let answer: ChargeAnswer = read(accepted(answer).await?).await?;
        let amount = agreed(amount, answer.amount)?;
        Ok(answer.charge(amount))
    }

    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError> {
        let get = self.client.get(self.url(&["charges", key]));
        let response = send("payment find", get).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer: ChargeAnswer = read(accepted(response).await?).await?;
        let amount = answer.amount.ok_or_else(|| unknown(UnclearAnswer::NoAmount))?;
        Ok(Some(answer.charge(amount)))
    }

    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError> {
        let request = RefundRequest { key: &refund_key(key), amount };
        let url = self.url(&["charges", key, "refunds"]);
        let response = send("payment refund", self.client.post(url).json(&request)).await?;
        let answer: RefundAnswer = read(accepted(response).await?).await?;
        Ok(Refund { refund_id: answer.refund_id, amount: agreed(amount, answer.amount)? })
    }
}

impl ChargeAnswer {
    fn charge(self, amount: Won) -> Charge {
        Charge { charge_id: self.charge_id, status: self.status, amount, refunded: self.refunded }
    }
}

/// As a span of that name, which the gateway is told of.
async fn send(name: &'static str, request: RequestBuilder) -> Result<Response, GatewayError> {
    let mut span = Span::here(Kind::Client, name);
    let request = match span.traceparent() {
        Some(parent) => request.header(TRACEPARENT, parent),
        None => request,
    };
    let answer = request.send().await;
    match &answer {
        Ok(answer) => span.count("http.response.status_code", answer.status().as_u16().into()),
        Err(_) => span.fail(),
    }
    answer.map_err(|error| {
        let error = error.without_url();
        // Nothing is sent before there is a connection. All else, a connection that was kept and
        // died under the request included, may have come too late to stop it.
        if error.is_connect() || error.is_builder() {
            GatewayError::NotReached(error.into())
        } else {
            unknown(error)
        }
    })
}

/// Lets answers pass that say what happened.
async fn accepted(response: Response) -> Result<Response, GatewayError> {
    let status = response.status();
    let unclear = UnclearAnswer::Status(status);
    if status.is_success() {
        Ok(response)
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        Err(GatewayError::NotReached(unclear.into()))
    } else if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        Err(GatewayError::Rejected { status: status.as_u16(), detail: detail(response).await })
    } else {
        Err(unknown(unclear))
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, GatewayError> {
    response.json().await.map_err(|error| unknown(error.without_url()))
}

async fn detail(response: Response) -> String {
    let problem: ProblemAnswer = response.json().await.unwrap_or_default();
    let text = [problem.code, problem.detail];
    let text: Vec<String> = text.into_iter().flatten().collect();
    if text.is_empty() { "no reason given".to_owned() } else { text.join(": ") }
}

/// What the gateway says of the amount must be what was asked; it may say nothing.
fn agreed(asked: Won, answered: Option<Won>) -> Result<Won, GatewayError> {
    match answered {
        Some(answered) if answered != asked => Err(unknown(UnclearAnswer::OtherAmount {
            asked: asked.get(),
            answered: answered.get(),
        })),
        _ => Ok(asked),
    }
}

fn unknown(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> GatewayError {
    GatewayError::Unknown(source.into())
}
