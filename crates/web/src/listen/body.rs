//! A request's body with its size and time limits. Breaking one is an error of the body, so that the handler's
//! extractor can still answer.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body broke a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body was too slow")]
    TooSlow,
}

/// A body behind its limits.
pub(super) struct Bounded {
    body: Incoming,
    left: u64,
    deadline: Pin<Box<Sleep>>,
}

impl Bounded {
    pub(super) fn new(body: Incoming, (bytes, timeout_ms): (usize, u64)) -> Self {
        Self {
            body,
            left: u64::try_from(bytes).unwrap_or(u64::MAX),
            deadline: Box::pin(tokio::time::sleep(Duration::from_millis(timeout_ms))),
        }
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // What is announced as too large is not read at all.
        if self.body.size_hint().lower() > self.left {
            return Poll::Ready(Some(Err(BodyFault::TooLarge.into())));
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                match self.left.checked_sub(u64::try_from(size).unwrap_or(u64::MAX)) {
                    Some(left) => self.left = left,
                    None => return Poll::Ready(Some(Err(BodyFault::TooLarge.into()))),
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => match self.deadline.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Some(Err(BodyFault::TooSlow.into()))),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
