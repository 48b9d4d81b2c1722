//! HAProxy before two processes, as somebody would set it up.

use crate::faults::free_address;
use std::{net::SocketAddr, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

const PATIENCE: Duration = Duration::from_secs(60);

pub struct ReverseProxy {
    address: SocketAddr,
    numbers: SocketAddr,
    /// Ended when dropped, before its folder goes.
    _child: Child,
    _folder: TempDir,
}

impl ReverseProxy {
    /// Asks each process ten times a second whether it is ready, and sends a request elsewhere only
    /// if it could not even connect: what was sent once is not sent again.
    pub async fn start(processes: [SocketAddr; 2]) -> Self {
        let (address, numbers) = (free_address(), free_address());
        let servers: String = processes
            .iter()
            .enumerate()
            .map(|(n, at)| format!("    server p{n} {at} check inter 100ms fall 1 rise 1\n"))
            .collect();
        let configuration = format!(
            "defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout check 3s
    retries 3
    retry-on conn-failure
    option redispatch 1
frontend shop
    bind {address}
    default_backend jangteo
backend jangteo
    balance roundrobin
    option httpchk GET /health/ready
    http-check expect status 200
{servers}frontend numbers
    bind {numbers}
    stats enable
    stats uri /
"
        );
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, configuration).unwrap();
        let child = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("haproxy, which scripts/install-haproxy installs");
        Self { address, numbers, _child: child, _folder: folder }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it sends requests to this process.
    pub async fn until_up(&self, process: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.status(process).await.as_deref() != Some("UP") {
            assert!(Instant::now() < deadline, "process {process} is not up");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn status(&self, process: usize) -> Option<String> {
        let table = reqwest::get(format!("http://{}/;csv", self.numbers)).await.ok()?;
        let table = table.text().await.ok()?;
        let (names, rows) = table.split_once('\n')?;
        let column = names.split(',').position(|name| name == "status")?;
        let row = rows.lines().find(|row| row.starts_with(&format!("jangteo,p{process},")))?;
        row.split(',').nth(column).map(str::to_owned)
    }
}
