//! The stream between a connection and hyper: lets a head through only when it is complete and right, keeps the
//! time, and answers what it refuses by itself.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::listen::Limits;
use crate::listen::chunks::Chunks;
use crate::listen::head::{self, Framing, Refusal};

/// How much is read at once, in bytes.
const READ_BYTES: usize = 8 * 1024;
/// How much of a refused request is still read, so that the answer is not lost in a reset, in bytes.
const LINGER_BYTES: usize = 1024 * 1024;
/// For how long.
const LINGER: Duration = Duration::from_secs(1);

enum Phase {
    /// Between messages or inside a head.
    Head,
    /// Inside a body of known length.
    Length(u64),
    /// Inside a chunked body.
    Chunked(Chunks),
    /// Answering a refused head.
    Refusing(BytesMut),
    /// The answer is out; reading what is still on its way, this much at most.
    Lingering(usize),
}

/// See the module.
pub(super) struct Guard<S> {
    stream: S,
    limits: Limits,
    phase: Phase,
    /// Read and not yet looked at.
    raw: BytesMut,
    /// Looked at and not yet taken by hyper.
    passed: BytesMut,
    /// A message is complete and its answer has not begun: the next head waits, and nobody is idle.
    awaiting_answer: bool,
    /// The last write did not go out.
    blocked: bool,
    reader: Option<Waker>,
    read_deadline: Pin<Box<Sleep>>,
    in_head: bool,
    looked_at: usize,
    write_deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Guard<S> {
    pub(super) fn new(stream: S, limits: Limits) -> Self {
        // The first head has to come at once; a browser's spare connection is closed and opened again.
        let first = Duration::from_millis(limits.idle_timeout_ms);
        Self {
            stream,
            limits,
            phase: Phase::Head,
            raw: BytesMut::new(),
            passed: BytesMut::new(),
            awaiting_answer: false,
            blocked: false,
            reader: None,
            read_deadline: Box::pin(tokio::time::sleep(first)),
            in_head: false,
            looked_at: 0,
            write_deadline: None,
        }
    }

    fn wait_for(&mut self, milliseconds: u64) {
        self.read_deadline
            .as_mut()
            .reset(Instant::now() + Duration::from_millis(milliseconds));
    }

    /// Moves what was read as far as it may go.
    fn advance(&mut self) -> Result<(), Refusal> {
        while !self.raw.is_empty() {
            match &mut self.phase {
                Phase::Head if self.awaiting_answer => break,
                Phase::Head => {
                    if !self.advance_head()? {
                        break;
                    }
                }
                Phase::Length(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(self.raw.len());
                    *left -= u64::try_from(here).unwrap_or(*left);
                    let ended = *left == 0;
                    self.passed.unsplit(self.raw.split_to(here));
                    if ended {
                        self.message_ended();
                    }
                }
                Phase::Chunked(chunks) => {
                    let (here, ended) = chunks.advance(&self.raw)?;
                    self.passed.unsplit(self.raw.split_to(here));
                    if ended {
                        self.message_ended();
                    }
                }
                Phase::Refusing(_) | Phase::Lingering(_) => break,
            }
        }
        Ok(())
    }

    /// Whether a complete head was passed on.
    fn advance_head(&mut self) -> Result<bool, Refusal> {
        if !self.in_head {
            // One empty line before a request is tolerated (RFC 9112, 2.2).
            if self.raw.starts_with(b"\r\n") {
                self.raw.advance(2);
            }
            if self.raw.is_empty() || self.raw.as_ref() == b"\r" {
                return Ok(false);
            }
            self.in_head = true;
            self.wait_for(self.limits.header_timeout_ms);
        }
        let Some(end) = head::end(&self.raw, self.looked_at) else {
            let refusal = head::refuse_early(&self.raw, self.looked_at, &self.limits);
            self.looked_at = self.raw.len();
            return refusal.map_or(Ok(false), Err);
        };
        self.looked_at = 0;
        let complete = self.raw.split_to(end);
        let framing = head::inspect(&complete, &self.limits)?;
        self.passed.unsplit(complete);
        self.in_head = false;
        match framing {
            Framing::Length(0) => self.message_ended(),
            Framing::Length(length) => self.phase = Phase::Length(length),
            Framing::Chunked => self.phase = Phase::Chunked(Chunks::default()),
        }
        Ok(true)
    }

    fn message_ended(&mut self) {
        self.phase = Phase::Head;
        self.awaiting_answer = true;
    }

    fn refuse(&mut self, refusal: Refusal) -> io::Error {
        tracing::info!(
            status = refusal.status_line(),
            reason = refusal.reason(),
            "request refused"
        );
        // In the middle of a message or of an answer there is no place for ours.
        let in_place = matches!(self.phase, Phase::Head) && !self.awaiting_answer && !self.blocked;
        self.phase = if in_place {
            Phase::Refusing(answer(refusal))
        } else {
            Phase::Lingering(0)
        };
        self.raw.clear();
        broken()
    }

    fn begin_answer(&mut self) {
        self.awaiting_answer = false;
        if !self.in_head {
            self.wait_for(self.limits.idle_timeout_ms);
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

fn answer(refusal: Refusal) -> BytesMut {
    let status = refusal.status_line();
    let body = format!("{status}: {}\n", refusal.reason());
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
         connection: close\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\r\n{body}"
    );
    BytesMut::from(text.as_bytes())
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "request refused")
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// Sends the refusal, closes our side, and reads on for a moment.
    fn poll_refused(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if let Phase::Refusing(answer) = &mut self.phase {
            while !answer.is_empty() {
                match ready!(Pin::new(&mut self.stream).poll_write(context, answer)) {
                    Ok(0) | Err(_) => return Poll::Ready(broken()),
                    Ok(written) => answer.advance(written),
                }
            }
            if ready!(Pin::new(&mut self.stream).poll_shutdown(context)).is_err() {
                return Poll::Ready(broken());
            }
            self.phase = Phase::Lingering(LINGER_BYTES);
            self.read_deadline.as_mut().reset(Instant::now() + LINGER);
        }
        while let Phase::Lingering(left) = &mut self.phase {
            if *left == 0 || self.read_deadline.as_mut().poll(context).is_ready() {
                break;
            }
            let mut room = [0_u8; READ_BYTES];
            let mut room = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut room)) {
                Ok(()) if !room.filled().is_empty() => *left = left.saturating_sub(room.filled().len()),
                _ => break,
            }
        }
        Poll::Ready(broken())
    }

    /// Whether the time for what is being read is over.
    fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A body has its own deadline, and while we work the caller is not the slow one.
        if !matches!(self.phase, Phase::Head) || self.awaiting_answer {
            return Poll::Pending;
        }
        ready!(self.read_deadline.as_mut().poll(context));
        if self.in_head {
            self.refuse(Refusal::TooSlow);
            return self.poll_refused(context).map(Err);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if matches!(this.phase, Phase::Refusing(_) | Phase::Lingering(_)) {
                return this.poll_refused(context).map(Err);
            }
            if let Err(refusal) = this.advance() {
                this.refuse(refusal);
                continue;
            }
            if !this.passed.is_empty() {
                let here = this.passed.len().min(out.remaining());
                out.put_slice(&this.passed.split_to(here));
                return Poll::Ready(Ok(()));
            }
            if this.awaiting_answer && this.raw.len() >= READ_BYTES {
                this.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            let mut room = [0_u8; READ_BYTES];
            let mut room = ReadBuf::new(&mut room);
            match Pin::new(&mut this.stream).poll_read(context, &mut room) {
                Poll::Ready(Ok(())) if room.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => this.raw.extend_from_slice(room.filled()),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    this.reader = Some(context.waker().clone());
                    return this.poll_overdue(context);
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// Ends a write that makes no progress for too long.
    fn poll_stuck(&mut self, context: &mut Context<'_>) -> io::Error {
        let limit = Duration::from_millis(self.limits.write_timeout_ms);
        self.blocked = true;
        let deadline = self
            .write_deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        match deadline.as_mut().poll(context) {
            Poll::Ready(()) => io::Error::new(io::ErrorKind::TimedOut, "the reader was too slow"),
            Poll::Pending => io::Error::from(io::ErrorKind::WouldBlock),
        }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.blocked = false;
            self.write_deadline = None;
            return progress;
        }
        let error = self.poll_stuck(context);
        if error.kind() == io::ErrorKind::WouldBlock {
            Poll::Pending
        } else {
            Poll::Ready(Err(error))
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.begin_answer();
        let progress = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.watch(context, progress)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.stream).poll_flush(context);
        this.watch(context, progress)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let progress = Pin::new(&mut this.stream).poll_shutdown(context);
        this.watch(context, progress)
    }
}
