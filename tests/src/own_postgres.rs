//! A PostgreSQL server of the test's own, as durable as in production, to be killed.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{OpenOptionsExt, chown},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};
use tokio_postgres::{Config, NoTls};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(40);

const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "max_connections=200",
    "timezone=UTC",
];

pub struct OwnPostgres {
    folder: TempDir,
    programs: PathBuf,
    account: Option<Account>,
    /// Beside those that all have.
    settings: Vec<String>,
    port: u16,
    postmaster: Child,
}

/// PostgreSQL refuses to run as root, which lends it another user.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl OwnPostgres {
    pub async fn start() -> Self {
        Self::start_with(5432, |_, _| Vec::new()).await
    }

    /// Over TCP on this machine's address, and there with TLS only.
    pub async fn start_over_tls(certificate: &str, key: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_with(port, |folder, account| {
            let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
            let file = |name: &str, content: &str| {
                let path = folder.join(name);
                write_private(&path, content, account);
                path.display().to_string()
            };
            vec![
                "listen_addresses=127.0.0.1".to_owned(),
                format!("port={port}"),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", file("server.crt", certificate)),
                format!("ssl_key_file={}", file("server.key", key)),
                format!("hba_file={}", file("hba.conf", rules)),
            ]
        })
        .await
    }

    async fn start_with(
        port: u16,
        settings: impl FnOnce(&Path, Option<Account>) -> Vec<String>,
    ) -> Self {
        // A socket's path may not be long.
        let folder = tempfile::Builder::new().prefix("jangteo-own").tempdir_in("/tmp").unwrap();
        let account = Account::of_the_server().await;
        if let Some(account) = account {
            chown(folder.path(), Some(account.user), Some(account.group)).unwrap();
        }
        let programs = programs().await;
        let made = command(&programs.join("initdb"), folder.path(), account)
            .args(["--pgdata=data", "--username=jangteo", "--auth=trust", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C"])
            .output()
            .await
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let settings = settings(folder.path(), account);
        let postmaster = postmaster(&programs, folder.path(), account, &settings);
        let mut own = Self { folder, programs, account, settings, port, postmaster };
        own.start_again().await;
        own
    }

    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config.host_path(self.folder.path()).port(self.port).user("jangteo").dbname("postgres");
        config
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgresql://jangteo@{folder}/postgres")
    }

    /// Kills the postmaster alone: its children are still at work, and end when they notice.
    pub async fn kill_postmaster(&mut self) {
        self.postmaster.kill().await.unwrap();
    }

    /// Ends all its processes at one blow: none of them has a chance to write anything.
    pub async fn cut_power(&mut self) {
        let postmaster = self.postmaster.id().expect("running").to_string();
        // It must not notice, and start others, while its children are gathered.
        signal("STOP", std::slice::from_ref(&postmaster)).await;
        let mut all = children_of(&postmaster).await;
        assert!(!all.is_empty());
        all.push(postmaster);
        signal("KILL", &all).await;
        self.postmaster.wait().await.unwrap();
    }

    /// As a supervisor would: again and again, until nothing of the one before is left in its way.
    pub async fn start_again(&mut self) {
        let begun = Instant::now();
        while self.config().connect(NoTls).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not start again");
            if self.postmaster.try_wait().unwrap().is_some() {
                let (folder, settings) = (self.folder.path(), &self.settings);
                self.postmaster = postmaster(&self.programs, folder, self.account, settings);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Account {
    async fn of_the_server() -> Option<Self> {
        if number("id", &["-u"]).await != Some(0) {
            return None;
        }
        let user =
            if number("id", &["-u", "postgres"]).await.is_some() { "postgres" } else { "nobody" };
        let user_id = number("id", &["-u", user]).await.unwrap();
        Some(Self { user: user_id, group: number("id", &["-g", user]).await.unwrap() })
    }
}

/// The server does not take a key that others may read.
fn write_private(path: &Path, content: &str, account: Option<Account>) {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    fs::write(path, content).unwrap();
    if let Some(account) = account {
        chown(path, Some(account.user), Some(account.group)).unwrap();
    }
}

fn postmaster(
    programs: &Path,
    folder: &Path,
    account: Option<Account>,
    settings: &[String],
) -> Child {
    let mut server = command(&programs.join("postgres"), folder, account);
    server.args(["-D", "data", "-c"]);
    server.arg(format!("unix_socket_directories={}", folder.display()));
    for setting in SETTINGS.into_iter().chain(settings.iter().map(String::as_str)) {
        server.args(["-c", setting]);
    }
    server.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

fn command(program: &Path, folder: &Path, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("LC_ALL", "C").stdin(Stdio::null());
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command
}

async fn programs() -> PathBuf {
    let finder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/find-postgres");
    let found = Command::new(finder).output().await.unwrap();
    assert!(found.status.success(), "{found:?}");
    String::from_utf8(found.stdout).unwrap().trim().into()
}

async fn children_of(parent: &str) -> Vec<String> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().await.unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let pairs = listed.lines().filter_map(|line| line.trim().split_once(' '));
    let ours = pairs.filter(|(_, of)| of.trim() == parent);
    ours.map(|(child, _)| child.to_owned()).collect()
}

async fn signal(name: &str, processes: &[String]) {
    let sent = Command::new("kill").arg(format!("-{name}")).args(processes).status().await.unwrap();
    assert!(sent.success());
}

async fn number(program: &str, arguments: &[&str]) -> Option<u32> {
    let printed = Command::new(program).args(arguments).output().await.unwrap();
    String::from_utf8(printed.stdout).unwrap().trim().parse().ok()
}
