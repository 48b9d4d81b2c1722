//! One running server: started, waited for, stopped; and the one that a killed process left behind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::NoTls;

use super::cluster;
use super::error::EmbeddedError;
use super::place::Place;
use super::programs::Programs;

/// How long a start may take. Usually less than a second; after a crash under load, as long as the
/// log takes to be replayed.
const START: Duration = Duration::from_secs(600);
/// How long a start that fails at once is tried again: processes of a server that was killed hold
/// its memory for a moment longer.
const AGAIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);
const LARGEST_LOG: u64 = 16 << 20;

/// What is sent to stop a server, in turn, each with the time it is given: end connections and
/// write everything; give up at once and recover at the next start; the same by force.
const STOP: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGQUIT, Duration::from_secs(10)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// A server that we started. Dropped, it is told to stop.
pub struct Postmaster {
    child: Child,
}

impl Postmaster {
    /// Starts the server and waits until it accepts connections.
    pub async fn start(
        place: &Place,
        programs: &Programs,
        config: &tokio_postgres::Config,
    ) -> Result<Self, EmbeddedError> {
        let deadline = Instant::now() + AGAIN;
        loop {
            let started = Self::start_once(place, programs, config).await;
            if !matches!(started, Err(EmbeddedError::DidNotStart { .. }))
                || Instant::now() >= deadline
            {
                return started;
            }
            sleep(POLL * 10).await;
        }
    }

    async fn start_once(
        place: &Place,
        programs: &Programs,
        config: &tokio_postgres::Config,
    ) -> Result<Self, EmbeddedError> {
        let log = open_log(&place.log).map_err(EmbeddedError::io("open", &place.log))?;
        let log_before = log.metadata().map_or(0, |found| found.len());
        let errors = log.try_clone().map_err(EmbeddedError::io("open", &place.log))?;
        let child = cluster::server(place, programs)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Ctrl-C is for us: we stop it when we are through with it.
            .process_group(0)
            .spawn()
            .map_err(EmbeddedError::io("run", &programs.postgres()))?;
        let mut postmaster = Self { child };
        if postmaster.becomes_ready(config).await {
            return Ok(postmaster);
        }
        Err(EmbeddedError::DidNotStart {
            log: place.log.clone(),
            tail: tail(&place.log, log_before),
        })
    }

    /// False when it ended, or takes too long.
    async fn becomes_ready(&mut self, config: &tokio_postgres::Config) -> bool {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Ok(connected) = timeout(Duration::from_secs(5), config.connect(NoTls)).await
                && connected.is_ok()
            {
                return true;
            }
            if timeout(POLL, self.child.wait()).await.is_ok() {
                return false;
            }
        }
        false
    }

    /// Waits for it to end.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Stops it and waits for it to end.
    pub async fn stop(mut self) {
        for (signal, patience) in STOP {
            self.send(signal);
            if timeout(patience, self.child.wait()).await.is_ok() {
                return;
            }
            tracing::warn!(%signal, "the embedded PostgreSQL takes long to stop");
        }
    }

    /// Nothing when it has ended already: its process id may be another's by now.
    fn send(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // Fails only for a process that is gone, which is what is wanted.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.send(Signal::SIGINT);
    }
}

/// Stops the server that a killed process left behind in a cluster, if there is one.
pub async fn stop_leftover(cluster: &Path) -> Result<(), EmbeddedError> {
    let Some(found) = PidFile::read(cluster).filter(|found| found.runs_in(cluster)) else {
        return Ok(());
    };
    tracing::warn!(pid = found.pid, "stopping a PostgreSQL that was left over");
    for (signal, patience) in STOP {
        // Fails only for a process that is gone, which is what is wanted.
        let _ = kill(Pid::from_raw(found.pid), signal);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if !found.runs_in(cluster) {
                return Ok(());
            }
            sleep(POLL).await;
        }
    }
    Err(EmbeddedError::LeftoverStays { pid: found.pid, cluster: cluster.to_owned() })
}

/// What a server says about itself in its cluster's `postmaster.pid`. It stays behind when the
/// server is killed, so none of it need be true.
pub struct PidFile {
    pub pid: i32,
    sockets: PathBuf,
    port: String,
    ready: bool,
}

impl PidFile {
    /// Its lines are: process id, cluster, start time, port, folder of the socket, address, memory
    /// key, state; the later ones are written later.
    pub fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let mut lines = text.lines().map(str::trim);
        let pid = lines.next()?.parse().ok().filter(|pid| *pid > 1)?;
        let port = lines.nth(2).unwrap_or_default().to_owned();
        let sockets = PathBuf::from(lines.next().unwrap_or_default());
        let ready = lines.nth(2) == Some("ready");
        Some(Self { pid, sockets, port, ready })
    }

    /// The folder of the socket, when a server accepts connections there.
    pub fn accepting(&self) -> Option<PathBuf> {
        (self.ready && self.answers()).then(|| self.sockets.clone())
    }

    /// Whether a server of this cluster is running: its process is at home there. Where processes
    /// cannot be looked at, whether somebody listens on its socket, which nobody else can.
    fn runs_in(&self, cluster: &Path) -> bool {
        if Path::new("/proc/self/cwd").exists() {
            fs::read_link(format!("/proc/{}/cwd", self.pid)).is_ok_and(|home| home == cluster)
        } else {
            self.answers()
        }
    }

    fn answers(&self) -> bool {
        UnixStream::connect(self.sockets.join(format!(".s.PGSQL.{}", self.port))).is_ok()
    }
}

/// For appending; one that has grown large is put aside first.
fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|found| found.len() > LARGEST_LOG) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    OpenOptions::new().create(true).append(true).read(true).open(path)
}

/// What was logged after the first `from` bytes, or the end of it.
fn tail(log: &Path, from: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(end.saturating_sub(4096))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_else(|error| format!("(it cannot be read: {error})"))
}
