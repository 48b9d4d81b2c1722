//! The processes that are measured: each started by us, asked to end when dropped, and waited for.

use crate::{BenchError, auth};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::Permissions,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// What would make it something else than the embedded default.
const CONFIGURED: [&str; 34] = [
    "DATABASE_URL",
    "DATABASE_CA",
    "EVENTSTORE_URL",
    "JANGTEO_MASTER_KEY",
    "PAYMENT_URL",
    "JANGTEO_ROLE",
    "JANGTEO_CONTEXTS",
    "JANGTEO_AUTH_KEY",
    "JANGTEO_AUTH_SECRETS",
    "JANGTEO_AUTH_JWKS_URL",
    "JANGTEO_AUTH_JWKS_REFRESH",
    "JANGTEO_AUTH_AUDIENCE",
    "JANGTEO_AUTH_ISSUER",
    "JANGTEO_AUTH_API_KEYS",
    "JANGTEO_COMMAND_LIMIT",
    "JANGTEO_COMMAND_QUEUE",
    "JANGTEO_QUERY_LIMIT",
    "JANGTEO_STREAM_LIMIT",
    "JANGTEO_STREAMS_PER_CALLER",
    "PAYMENT_BREAKER",
    "PAYMENT_LIMIT",
    "JANGTEO_CONNECTION_LIMIT",
    "JANGTEO_HEADER_TIMEOUT",
    "JANGTEO_IDLE_TIMEOUT",
    "JANGTEO_WRITE_TIMEOUT",
    "JANGTEO_BODY_TIMEOUT",
    "JANGTEO_RATE_LIMIT",
    "JANGTEO_LOGIN_LIMIT",
    "JANGTEO_DRAIN_DELAY",
    "JANGTEO_LOG_FORMAT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_SERVICE_NAME",
];

const START: Duration = Duration::from_secs(60);

/// A service stops its private PostgreSQL first, which writes everything.
const STOP: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// A server that has said where it listens.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// The limit server: this program once more.
    pub async fn limit() -> Result<Self, BenchError> {
        let program = std::env::current_exe()?;
        Self::start(Command::new(&program).arg("--limit-server"), &program).await
    }

    /// A payment gateway that takes so long for an answer.
    pub async fn gateway(latency: &str) -> Result<Self, BenchError> {
        let program = binary()?;
        let listen = ["payment-simulator", "--listen", "127.0.0.1:0"];
        let mut command = Command::new(&program);
        Self::start(command.args(listen).args(["--latency", latency]), &program).await
    }

    /// Its process id; 0 when it has ended.
    pub fn process(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    async fn start(command: &mut Command, program: &Path) -> Result<Self, BenchError> {
        let failed =
            |why: String| BenchError::Start { program: program.display().to_string(), why };
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| failed(error.to_string()))?;
        let stdout = child.stdout.take();
        let mut server = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), child };
        let mut lines =
            BufReader::new(stdout.ok_or_else(|| failed("it has no output".to_owned()))?).lines();
        let said = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = address_in(&line) {
                    return Ok(Some(address));
                }
            }
            Ok::<_, std::io::Error>(None)
        };
        let said = timeout(START, said)
            .await
            .map_err(|_| failed("it does not get ready".to_owned()))??;
        server.address = said.ok_or_else(|| failed("it ended before it was ready".to_owned()))?;
        // What else it prints must find a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(server)
    }
}

/// From `… http://127.0.0.1:8080`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("http://")?;
    address.trim().parse().ok()
}

impl Drop for Server {
    /// Killed at once, the service would leave its PostgreSQL behind.
    fn drop(&mut self) {
        let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
        let deadline = Instant::now() + STOP;
        // It may be gone already.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.start_kill();
                return;
            }
            std::thread::sleep(POLL);
        }
    }
}

/// `jangteo serve` with nothing configured, on fresh data.
pub struct Service {
    pub server: Server,
    /// From the start to the line that says where it listens, which the first start ends with.
    pub start: Duration,
    /// Removed when the server has ended: fields are dropped in this order.
    pub data_dir: TempDir,
}

impl Service {
    pub async fn start() -> Result<Self, BenchError> {
        Self::start_with(&[]).await
    }

    /// With these variables and no others of ours.
    pub async fn start_with(environment: &[(&str, String)]) -> Result<Self, BenchError> {
        // PostgreSQL does not run as root; root lends it a user that must be able to enter.
        let open = Permissions::from_mode(0o755);
        let data_dir =
            tempfile::Builder::new().prefix("jangteo-bench.").permissions(open).tempdir()?;
        let mut command = jangteo(&["serve"], environment)?;
        command.envs(auth::environment());
        command.env("JANGTEO_LISTEN", "127.0.0.1:0").env("JANGTEO_DATA_DIR", data_dir.path());
        let begin = Instant::now();
        let server = Server::start(&mut command, &binary()?).await?;
        Ok(Self { server, start: begin.elapsed(), data_dir })
    }
}

/// The service's program with these variables and no others of ours.
pub fn jangteo(arguments: &[&str], environment: &[(&str, String)]) -> Result<Command, BenchError> {
    let mut command = Command::new(binary()?);
    command.args(arguments);
    for name in CONFIGURED {
        command.env_remove(name).env_remove(format!("{name}_FILE"));
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

/// The service's program is built beside this one.
fn binary() -> Result<PathBuf, BenchError> {
    Ok(std::env::current_exe()?.with_file_name("jangteo"))
}
