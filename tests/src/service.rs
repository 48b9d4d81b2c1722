//! The real program, started as a process of its own.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use support::postgres::Database;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// The folder of the whole project.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("tests stands in the root").to_owned()
}

/// The binary that was built with these tests.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let binary = profile.join("jangteo");
    assert!(binary.exists(), "{} is missing: `make test` builds it", binary.display());
    binary
}

/// A running `jangteo serve`, killed when dropped.
pub struct Service {
    pub url: String,
    child: Child,
}

impl Service {
    /// Starts with these variables and no others of ours, and waits until it is ready.
    pub async fn start(environment: &BTreeMap<&str, String>) -> Self {
        Self::start_with(environment, &[]).await
    }

    pub async fn start_with(environment: &BTreeMap<&str, String>, arguments: &[&str]) -> Self {
        Self::launch(command(environment).arg("serve").args(arguments)).await
    }

    /// Of this program, which may be an earlier one.
    pub async fn start_of(program: &Path, environment: &BTreeMap<&str, String>) -> Self {
        Self::launch(command_of(program, environment).arg("serve")).await
    }

    /// Writes all that it logs into a file.
    pub async fn start_logging_to(environment: &BTreeMap<&str, String>, log: File) -> Self {
        Self::launch(command(environment).arg("serve").env("RUST_LOG", "debug").stderr(log)).await
    }

    async fn launch(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, url)) = line.split_once("ready at ") {
                    return url.trim().to_owned();
                }
            }
            panic!("the service ended before it was ready: {:?}", child.wait().await);
        };
        let url = timeout(Duration::from_secs(60), ready).await.expect("ready in a minute");
        // Whatever else it prints must find a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("running")
    }

    /// Kills it as the kernel would: nothing is flushed, nobody is told.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, and gives its exit code.
    pub async fn terminate(self) -> Option<i32> {
        self.signal("TERM").await;
        self.ended().await
    }

    /// Sends it a signal: `TERM`, `STOP`, `CONT`.
    pub async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await.unwrap();
        assert!(sent.success());
    }

    /// The exit code of one that was asked to end.
    pub async fn ended(mut self) -> Option<i32> {
        let ended = timeout(Duration::from_secs(20), self.child.wait()).await;
        ended.expect("ends when asked").unwrap().code()
    }
}

/// The program with these variables and no others of ours.
pub fn command(environment: &BTreeMap<&str, String>) -> Command {
    command_of(&binary(), environment)
}

fn command_of(program: &Path, environment: &BTreeMap<&str, String>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or("warn".into()))
        .envs(environment)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs another command of the program; its exit code and what it printed.
pub async fn run(environment: &BTreeMap<&str, String>, arguments: &[&str]) -> (i32, String) {
    let running = command(environment).args(arguments).output();
    let output = timeout(Duration::from_secs(120), running).await.expect("ends").unwrap();
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), printed)
}

/// Where a service keeps what it keeps: a database and a folder of its own.
pub struct Place {
    pub database: Database,
    files: TempDir,
}

impl Place {
    pub async fn new() -> Self {
        Self { database: Database::create().await, files: TempDir::new().unwrap() }
    }

    /// On a free port, with log and views in the database.
    pub fn environment(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("JANGTEO_LISTEN", "127.0.0.1:0".to_owned()),
            ("JANGTEO_DATA_DIR", self.files.path().display().to_string()),
            ("DATABASE_URL", self.database.url()),
            ("JANGTEO_MASTER_KEY", format!("test:{}", "5e".repeat(32))),
        ])
    }
}
