//! A light HTTP/1.1 client: one connection, kept alive, one request at a time. What it costs is
//! taken from the same processors as the server's work, so it reads no more than it needs.

use eventlog::Position;
use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take before it counts as an error.
const PATIENCE: Duration = Duration::from_secs(30);

const CHUNK: usize = 4096;

pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// `Log-Position`.
    pub position: Option<Position>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the body has this text in quotes.
    pub fn contains(&self, literal: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(&format!("\"{literal}\""))
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::with_capacity(CHUNK) }
    }

    /// Sends a whole request. After an error the next one goes over a new connection.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        let stream = self.stream.take();
        let sending = async {
            let mut stream = match stream {
                Some(stream) => stream,
                None => TcpStream::connect(self.address).await?,
            };
            let answer = exchange(&mut stream, request, &mut self.read).await?;
            self.stream = Some(stream);
            Ok(answer)
        };
        timeout(PATIENCE, sending).await.map_err(|_| ErrorKind::TimedOut)?
    }
}

async fn exchange(
    stream: &mut TcpStream,
    request: &[u8],
    read: &mut Vec<u8>,
) -> io::Result<Answer> {
    stream.write_all(request).await?;
    read.clear();
    loop {
        read.reserve(CHUNK);
        if stream.read_buf(read).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(answer) = parse(read)? {
            return Ok(answer);
        }
    }
}

/// None while something is still to come.
fn parse(read: &[u8]) -> io::Result<Option<Answer>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&read[..end]).map_err(|_| ErrorKind::InvalidData)?;
    let status =
        head.get(9..12).and_then(|status| status.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let (mut position, mut length) = (None, None);
    for line in head.split("\r\n").skip(1) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok();
        } else if name.eq_ignore_ascii_case("log-position") {
            position = value.parse().ok();
        }
    }
    let length: usize = length.ok_or(ErrorKind::InvalidData)?;
    let body = read.get(end + 4..end + 4 + length);
    Ok(body.map(|body| Answer { status, position, body: body.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_when_it_is_whole() {
        let sent = b"HTTP/1.1 201 Created\r\nLog-Position: 7-7\r\ncontent-length: 2\r\n\r\n{}";
        let answer = parse(sent).unwrap().unwrap();
        assert_eq!(answer.status, 201);
        assert_eq!(answer.position, Some(Position { commit: 7, prepare: 7 }));
        assert_eq!(answer.body, b"{}");
        for part in 0..sent.len() {
            assert!(parse(&sent[..part]).unwrap().is_none());
        }
    }

    #[test]
    fn an_answer_without_length_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
