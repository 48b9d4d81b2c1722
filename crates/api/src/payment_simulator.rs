//! The payment gateway simulator as a server: the contract of `docs/payment-gateway.md` over HTTP,
//! to try a service with a gateway that is slow, declines, hangs and fails.

mod args;
mod document;

pub use args::PaymentSimulatorArgs;

use crate::http::{
    extract::{Json, Path, required},
    problem::{self, Problem},
};
use axum::{Router, extract::State, http::StatusCode, middleware::map_response, routing::get};
use commands::payment::simulator::{ChargeRecord, JournalError, Simulator, SimulatorError};
use document::{ChargeAnswer, ChargeRequest, Key, Listing, RefundAnswer, RefundRequest};
use std::{future::Future, io, io::Write, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// How long requests may go on after a stop signal; some never end.
const GRACE: Duration = Duration::from_secs(1);

/// Why the simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum PaymentSimulatorError {
    #[error("the payment simulator cannot use its journal")]
    Journal(#[from] JournalError),
    #[error("the payment simulator cannot listen on {address}")]
    Listen {
        address: String,
        #[source]
        source: io::Error,
    },
    #[error("the payment simulator cannot go on")]
    Serve(#[source] io::Error),
}

/// The routes of the contract, and the list of everything.
pub fn router(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/charges", get(list).post(charge))
        .route("/charges/{key}", get(find))
        .route("/charges/{key}/refunds", axum::routing::post(refund))
        .layer(map_response(async |response| problem::from_framework(response)))
        .with_state(simulator)
}

/// Serves until SIGINT or SIGTERM. The first line on standard output is the address, as
/// `PAYMENT_URL` takes it.
pub async fn run(args: PaymentSimulatorArgs) -> Result<(), PaymentSimulatorError> {
    let simulator = Simulator::open(args.journal.clone(), args.behaviour())?;
    let unheard = |source| PaymentSimulatorError::Listen { address: args.listen.clone(), source };
    let listener = TcpListener::bind(&args.listen).await.map_err(unheard)?;
    let address = listener.local_addr().map_err(unheard)?;
    let stop = stop_signal().map_err(PaymentSimulatorError::Serve)?;
    // Serving goes on when nobody reads it.
    let _ = writeln!(io::stdout(), "http://{address}");
    let served = serve(listener, router(Arc::new(simulator)), stop).await;
    served.map_err(PaymentSimulatorError::Serve)
}

async fn serve(listener: TcpListener, router: Router, stop: impl Future) -> io::Result<()> {
    let stopping = CancellationToken::new();
    let server =
        axum::serve(listener, router).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let stop = async {
        stop.await;
        stopping.cancel();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served,
        () = stop => Ok(()),
    }
}

fn stop_signal() -> io::Result<impl Future> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn charge(
    State(simulator): State<Arc<Simulator>>,
    Json(request): Json<ChargeRequest>,
) -> Result<(StatusCode, axum::Json<ChargeAnswer>), Problem> {
    let key = required("key", request.key)?;
    let amount = required("amount", request.amount)?;
    let reference = required("reference", request.reference)?;
    let charge = simulator.charge(key.as_str(), amount, reference.as_str());
    let charge = charge.await.map_err(problem_of)?;
    Ok((StatusCode::CREATED, axum::Json(charge.into())))
}

async fn find(
    State(simulator): State<Arc<Simulator>>,
    Path(key): Path<Key>,
) -> Result<axum::Json<ChargeAnswer>, Problem> {
    let found = simulator.find(key.as_str()).await;
    let charge = found.map_err(|error| problem_of(error.into()))?;
    let charge = charge.ok_or_else(|| problem_of(SimulatorError::UnknownCharge))?;
    Ok(axum::Json(charge.into()))
}

async fn refund(
    State(simulator): State<Arc<Simulator>>,
    Path(charge_key): Path<Key>,
    Json(request): Json<RefundRequest>,
) -> Result<(StatusCode, axum::Json<RefundAnswer>), Problem> {
    let key = required("key", request.key)?;
    let amount = required("amount", request.amount)?;
    let refund = simulator.refund(charge_key.as_str(), key.as_str(), amount);
    let refund = refund.await.map_err(problem_of)?;
    let answer = RefundAnswer::new(charge_key.as_str(), refund);
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

async fn list(State(simulator): State<Arc<Simulator>>) -> Result<axum::Json<Listing>, Problem> {
    let charges: Vec<ChargeRecord> =
        simulator.charges().map_err(|error| problem_of(error.into()))?;
    Ok(axum::Json(charges.into()))
}

fn problem_of(error: SimulatorError) -> Problem {
    if let SimulatorError::Journal(error) = error {
        return Problem::fault(&error);
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem = Problem::new(status, error.code(), error.to_string());
    match error {
        SimulatorError::MoreThanCharged { .. } => problem.field("amount"),
        SimulatorError::KeyReused => problem.field("key"),
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commands::payment::simulator::Behaviour;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    #[tokio::test]
    async fn a_stop_signal_ends_it_in_spite_of_clients_that_stay() {
        let simulator = Simulator::open(None, Behaviour::default()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let server = tokio::spawn(serve(listener, router(Arc::new(simulator)), stopped));
        // A request that never ends: its body does not come.
        let request = "POST /charges HTTP/1.1\r\nhost: simulator\r\ncontent-length: 9\r\n\
            content-type: application/json\r\nexpect: 100-continue\r\n\r\n";
        client.write_all(request.as_bytes()).await.unwrap();
        client.read_exact(&mut [0; 12]).await.unwrap();
        stop.send(()).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), server).await;
        ended.unwrap().unwrap().unwrap();
    }
}
