//! The two bodies of a call, with their limits.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::HeaderMap;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use metrics::gauge;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tonic::body::Body;

use crate::error::Kind;

/// Streams that are being sent.
pub(in crate::service) const OPEN: &str = "goat_open_subscriptions";
/// A message in gRPC: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// Counted while it lives.
#[derive(Debug)]
pub(super) struct Subscription(#[expect(dead_code, reason = "held, never read")] OwnedSemaphorePermit);

impl Subscription {
    pub(super) fn begin(permit: OwnedSemaphorePermit) -> Self {
        gauge!(OPEN).increment(1);
        Self(permit)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        gauge!(OPEN).decrement(1);
    }
}

/// A request: one message, no longer than allowed. A longer one is refused by the length it announces,
/// before it is read.
#[derive(Debug)]
pub(super) struct Question {
    body: Body,
    most: u32,
    prefix: [u8; PREFIX_BYTES],
    prefix_bytes: usize,
}

impl Question {
    pub(super) fn new(body: Body, most: u32) -> Self {
        Self { body, most, prefix: [0; PREFIX_BYTES], prefix_bytes: 0 }
    }

    /// The length that the message announces, once, when its prefix is whole with this piece.
    fn announced(&mut self, piece: &[u8]) -> Option<u32> {
        let missing = self.prefix.get_mut(self.prefix_bytes..).filter(|missing| !missing.is_empty())?;
        let known = missing.len().min(piece.len());
        missing.iter_mut().zip(piece).for_each(|(place, byte)| *place = *byte);
        self.prefix_bytes += known;
        let [_, length @ ..] = self.prefix;
        (self.prefix_bytes == PREFIX_BYTES).then(|| u32::from_be_bytes(length))
    }
}

impl http_body::Body for Question {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(announced) = frame.data_ref().and_then(|piece| self.announced(piece))
            && announced > self.most
        {
            let most = self.most;
            let refusal = format!("the request has {announced} bytes; at most {most} are read");
            return Poll::Ready(Some(Err(Kind::Exhausted.status(refusal))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer: messages no longer than allowed. It ends with a status where a longer one would come, and
/// holds a subscription's place as long as it lasts.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    most: u32,
    refused: bool,
    _subscription: Option<Subscription>,
}

impl Answer {
    pub(super) fn new(body: Body, most: u32, subscription: Option<Subscription>) -> Self {
        Self { body, most, refused: false, _subscription: subscription }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.refused {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = &polled else { return polled };
        // The server never cuts a message: a piece is one, or several short ones.
        let bytes = frame.data_ref().map_or(0, Bytes::len).saturating_sub(PREFIX_BYTES);
        if bytes as u64 <= u64::from(self.most) {
            return polled;
        }
        self.refused = true;
        let most = self.most;
        let refusal = format!("the answer has {bytes} bytes; at most {most} are sent: ask for less");
        Poll::Ready(Some(trailers(&Kind::Exhausted.status(refusal)).map(Frame::trailers)))
    }

    fn is_end_stream(&self) -> bool {
        self.refused || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // A refusal is shorter than what it stands for.
        SizeHint::default()
    }
}

fn trailers(status: &Status) -> Result<HeaderMap, Status> {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers)?;
    Ok(trailers)
}
