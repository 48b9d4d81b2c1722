//! The stream of a connection, which tells the watch what passes.

use super::{refused, watch::Watch};
use bytes::{Buf, Bytes};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

pub struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
    /// What was read before, and not used.
    unread: Bytes,
    /// What is still to be sent of a refusal. Nothing comes after it.
    refusal: Option<Bytes>,
}

impl Watched {
    pub fn new(stream: TcpStream, unread: Bytes, watch: Arc<Watch>) -> Self {
        Self { stream, watch, unread, refusal: None }
    }

    pub fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        match &written {
            Poll::Pending => self.watch.blocked(),
            Poll::Ready(_) => self.watch.wrote(),
        }
        written
    }

    /// Sends the document instead of the bare refusal that begins with `head` and has `len` bytes.
    fn refuse(
        &mut self,
        cx: &mut Context<'_>,
        head: &[u8],
        len: usize,
    ) -> Option<Poll<io::Result<usize>>> {
        if self.refusal.is_none() {
            self.refusal = self.watch.refuses_head().then(|| refused::instead_of(head)).flatten();
        }
        let mut refusal = self.refusal.take()?;
        while refusal.has_remaining() {
            match self.write(cx, &[IoSlice::new(&refusal)]) {
                Poll::Ready(Ok(0)) => {
                    return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into())));
                }
                Poll::Ready(Ok(written)) => refusal.advance(written),
                stopped => {
                    self.refusal = Some(refusal);
                    return Some(stopped);
                }
            }
        }
        Some(Poll::Ready(Ok(len)))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.unread.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        } else {
            let len = self.unread.len().min(buffer.remaining());
            buffer.put_slice(&self.unread.split_to(len));
        }
        self.watch.read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let head = slices.first().map_or(&[][..], |slice| slice);
        let len = slices.iter().map(|slice| slice.len()).sum();
        if let Some(refused) = self.refuse(cx, head, len) {
            return refused;
        }
        self.write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.watch.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
