//! A TCP proxy that misbehaves on demand, in front of any server.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinSet,
};

/// What the proxy stands in front of.
#[derive(Clone, Debug)]
pub enum Upstream {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl From<SocketAddr> for Upstream {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl From<PathBuf> for Upstream {
    fn from(path: PathBuf) -> Self {
        Self::Unix(path)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Pass,
    /// No connection lives, and none is made.
    Refuse,
    /// Every chunk waits this long, each way.
    Delay(Duration),
    /// Connections stay, and nothing goes through. What was sent goes on once it is over, as over a
    /// network that was away for a while.
    BlackHole,
}

#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    /// Counts the cuts: a connection lives until the next.
    cuts: watch::Sender<u64>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// On a free port.
    pub async fn start(upstream: impl Into<Upstream>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let mode = watch::Sender::new(Mode::Pass);
        let cuts = watch::Sender::new(0);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, upstream.into(), mode.subscribe(), cuts.subscribe()));
        Self { address, mode, cuts, _tasks: tasks }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards everything at once. The beginning, and the end of every other mode.
    pub fn pass(&self) {
        self.mode.send_replace(Mode::Pass);
    }

    /// Cuts every connection, once. New ones are made as before.
    pub fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }

    /// Cuts every connection and makes none.
    pub fn refuse(&self) {
        self.mode.send_replace(Mode::Refuse);
        self.cut();
    }

    /// Holds back every chunk for this long, each way.
    pub fn delay(&self, delay: Duration) {
        self.mode.send_replace(Mode::Delay(delay));
    }

    /// Connections stay, nothing goes through.
    pub fn black_hole(&self) {
        self.mode.send_replace(Mode::BlackHole);
    }
}

async fn accept(
    listener: TcpListener,
    upstream: Upstream,
    mode: watch::Receiver<Mode>,
    cuts: watch::Receiver<u64>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if *mode.borrow() != Mode::Refuse {
            connections.spawn(carry(client, upstream.clone(), mode.clone(), cuts.clone()));
        }
    }
}

/// Until one side closes or the connection is cut.
async fn carry(
    client: TcpStream,
    upstream: Upstream,
    mode: watch::Receiver<Mode>,
    mut cuts: watch::Receiver<u64>,
) {
    cuts.borrow_and_update();
    drop(client.set_nodelay(true));
    let carried = async {
        match upstream {
            Upstream::Tcp(address) => {
                let server = TcpStream::connect(address).await?;
                server.set_nodelay(true)?;
                both_ways(client.into_split(), server.into_split(), mode).await
            }
            Upstream::Unix(path) => {
                let server = UnixStream::connect(path).await?;
                both_ways(client.into_split(), server.into_split(), mode).await
            }
        }
    };
    tokio::select! {
        // A side that broke off is what a proxy is there to pass on.
        outcome = carried => drop(outcome),
        _ = cuts.changed() => {}
    }
}

async fn both_ways(
    (client_in, client_out): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    (server_in, server_out): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    tokio::select! {
        ended = forward(client_in, server_out, mode.clone()) => ended,
        ended = forward(server_in, client_out, mode) => ended,
    }
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return Ok(());
        }
        hold_back(&mut mode).await;
        to.write_all(&chunk[..length]).await?;
    }
}

/// As long as the mode says, from now on; a change of mode counts at once.
async fn hold_back(mode: &mut watch::Receiver<Mode>) {
    let read = Instant::now();
    loop {
        let now = *mode.borrow_and_update();
        let left = match now {
            Mode::Pass => return,
            Mode::Delay(delay) => delay.saturating_sub(read.elapsed()),
            Mode::Refuse | Mode::BlackHole => Duration::MAX,
        };
        if left.is_zero() {
            return;
        }
        match tokio::time::timeout(left, mode.changed()).await {
            Ok(Ok(())) | Err(_) => {}
            // The proxy itself is gone.
            Ok(Err(_)) => return,
        }
    }
}
