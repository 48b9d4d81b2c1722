//! The embedded PostgreSQL, for real: made, started, stopped, killed.

use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use api::embedded::{Embedded, EmbeddedError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, Config, NoTls};

/// Set for the process that is going to be killed: the data directory it serves.
const VICTIM: &str = "JANGTEO_TEST_EMBEDDED_VICTIM";

#[tokio::test]
async fn what_is_written_is_there_at_the_next_start() {
    let data = data_dir();
    let embedded = Embedded::start(data.path()).await.unwrap();
    write(&embedded.config()).await;
    embedded.stop().await;
    assert!(!data.path().join("postgres/postmaster.pid").exists());

    let embedded = Embedded::start(data.path()).await.unwrap();
    assert_eq!(written(&embedded.config()).await, 1);
    embedded.stop().await;
}

#[tokio::test]
async fn commits_are_durable_and_no_port_is_open() {
    let data = data_dir();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let client = connect(&embedded.config()).await.unwrap();
    for (name, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("server_encoding", "UTF8"),
    ] {
        let found: String =
            client.query_one("select current_setting($1)", &[&name]).await.unwrap().get(0);
        assert_eq!(found, value, "{name}");
    }
    embedded.stop().await;
}

#[tokio::test]
async fn others_find_it_while_it_runs() {
    let data = data_dir();
    assert!(Embedded::find(data.path()).is_none());
    let embedded = Embedded::start(data.path()).await.unwrap();
    connect(&Embedded::find(data.path()).expect("it runs")).await.unwrap();
    embedded.stop().await;
    assert!(Embedded::find(data.path()).is_none());
}

#[tokio::test]
async fn a_data_directory_is_for_one_at_a_time() {
    let data = data_dir();
    let embedded = Embedded::start(data.path()).await.unwrap();
    let second = Embedded::start(data.path()).await.err().expect("it is taken");
    assert!(matches!(second, EmbeddedError::InUse { .. }), "{second}");
    assert!(second.to_string().contains("in use by another jangteo"), "{second}");
    connect(&embedded.config()).await.expect("the first one goes on");
    embedded.stop().await;
}

#[tokio::test]
async fn a_first_start_that_was_cut_off_is_made_good() {
    let data = data_dir();
    fs::create_dir_all(data.path().join("postgres.new/base")).unwrap();
    let embedded = Embedded::start(data.path()).await.unwrap();
    write(&embedded.config()).await;
    embedded.stop().await;
}

#[tokio::test]
async fn it_is_started_again_when_it_is_killed() {
    let data = data_dir();
    let embedded = Embedded::start(data.path()).await.unwrap();
    write(&embedded.config()).await;
    let killed = server_pid(data.path());
    kill(killed, Signal::SIGKILL).unwrap();
    eventually("it is up again", || async { is_up(&embedded.config(), data.path(), killed).await })
        .await;
    assert_eq!(written(&embedded.config()).await, 1);
    embedded.stop().await;
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let data = data_dir();
    let embedded = Embedded::start(data.path()).await.unwrap();
    drop(embedded);
    eventually("it is gone", || async { !data.path().join("postgres/postmaster.pid").exists() })
        .await;
}

#[tokio::test]
async fn what_a_killed_process_left_running_is_taken_over() {
    let data = data_dir();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "serves_until_it_is_killed", "--nocapture"])
        .env(VICTIM, data.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    while !lines
        .next_line()
        .await
        .unwrap()
        .expect("the victim says when it serves")
        .contains("serving")
    {}
    let left_over = server_pid(data.path());
    victim.kill().await.unwrap();
    kill(left_over, None).expect("the server outlives its killed parent");
    assert!(Embedded::find(data.path()).is_none(), "nobody looks after it");

    let embedded = Embedded::start(data.path()).await.unwrap();
    assert_ne!(server_pid(data.path()), left_over);
    assert_eq!(written(&embedded.config()).await, 1);
    embedded.stop().await;
}

/// The other process of the test above. It has nothing to do in a run of its own.
#[tokio::test]
async fn serves_until_it_is_killed() {
    let Some(data_dir) = std::env::var_os(VICTIM) else {
        return;
    };
    let embedded = Embedded::start(Path::new(&data_dir)).await.unwrap();
    write(&embedded.config()).await;
    println!("serving");
    std::future::pending().await
}

/// One that the server's user can enter, so that nothing is put elsewhere.
fn data_dir() -> TempDir {
    let data = tempfile::tempdir().expect("a folder for the test");
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).expect("its mode is set");
    data
}

fn server_pid(data_dir: &Path) -> Pid {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).expect("a server runs");
    let first = text.lines().next().expect("the file has lines");
    Pid::from_raw(first.parse().expect("the first is a process id"))
}

async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn write(config: &Config) {
    let client = connect(config).await.expect("it accepts connections");
    client
        .batch_execute("create table kept (id int); insert into kept values (1)")
        .await
        .expect("it can be written");
}

async fn written(config: &Config) -> i64 {
    let client = connect(config).await.expect("it accepts connections");
    client.query_one("select count(*) from kept", &[]).await.expect("it can be read").get(0)
}

async fn is_up(config: &Config, data_dir: &Path, before: Pid) -> bool {
    connect(config).await.is_ok() && server_pid(data_dir) != before
}

async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
