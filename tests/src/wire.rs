//! A client that writes bytes, for what no well-behaved one would send.

use std::{collections::BTreeMap, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(40);

/// One connection.
pub struct Wire(BufReader<TcpStream>);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// By name in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    /// Whether it is a problem document with this code.
    pub fn is_problem(&self, code: &str) -> bool {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        self.headers.get("content-type").is_some_and(|kind| kind == "application/problem+json")
            && (body["code"] == code)
            && (body["status"] == self.status)
    }

    pub fn says_close(&self) -> bool {
        self.headers.get("connection").is_some_and(|value| value == "close")
    }
}

impl Wire {
    pub async fn connect(url: &str) -> Self {
        let address = url.trim_start_matches("http://");
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Takes in as little as the system allows before it is read.
    pub async fn narrow(url: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let address = url.trim_start_matches("http://").parse().unwrap();
        Self(BufReader::new(socket.connect(address).await.unwrap()))
    }

    pub async fn connected(url: &str, sent: &str) -> Self {
        let mut wire = Self::connect(url).await;
        wire.send(sent).await;
        wire
    }

    pub async fn send(&mut self, bytes: &str) {
        self.0.get_mut().write_all(bytes.as_bytes()).await.unwrap();
    }

    /// The same where the other side may have stopped reading.
    pub async fn try_send(&mut self, bytes: &str) -> bool {
        self.0.get_mut().write_all(bytes.as_bytes()).await.is_ok()
    }

    /// The next answer, with a body of the length that it says.
    pub async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let length =
            answer.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        timeout(PATIENCE, self.0.read_exact(&mut body)).await.expect("a body").unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    /// The next answer without its body.
    pub async fn head(&mut self) -> Answer {
        let first = self.line().await;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let status = status.unwrap_or_else(|| panic!("no answer but {first:?}"));
        Answer { status, headers, body: String::new() }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a line").unwrap();
        line.trim_end().to_owned()
    }

    /// Reads on until a line has this text. False: the other side closed before.
    pub async fn hears(&mut self, text: &str) -> bool {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let read = timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a line");
            if !read.is_ok_and(|read| read > 0) {
                return false;
            }
        }
        true
    }

    /// Reads until the other side closes, and gives how long that took and what came until then.
    pub async fn closed(&mut self) -> (Duration, usize) {
        let begin = Instant::now();
        let mut rest = Vec::new();
        // A connection that is reset is closed too.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("closed");
        (begin.elapsed(), rest.len())
    }
}
