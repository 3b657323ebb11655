//! One post: from its bytes to its answer.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use goat::values::UnixMicros;
use governor::clock::Clock;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::body::{Room, is_gzip, unzip};
use super::guard::Guard;
use super::health;
use super::nonces::Reservation;
use super::parse::{PathKind, Post, read_post};
use super::refusal::Refusal;
use super::server::Limits;
use super::signature::{SIGNATURE, Signed, Untrusted, is_unsigned};
use super::tally::Tally;
use crate::feeds::board::{Board, Name};
use crate::ingest::{Ingest, Receipt, SUBMISSION_MAX};

/// Larger bodies are read beside the runtime, which must not be held up.
const INLINE_BYTES_MAX: usize = 32 * 1024;
/// Larger than this is no unsigned question whether we are there.
const PING_BYTES_MAX: usize = 256;

const PATHS: [&str; 7] = [
    "/",
    "/webhook",
    "/webhook/",
    "/webhooks/whale-activity",
    "/webhooks/whale-activity/",
    "/webhook/whale-activity",
    "/webhook/whale-activity/",
];

struct Receiver {
    limits: Limits,
    guard: Option<Guard>,
    ingest: Ingest,
    board: Board,
    tally: Tally,
    rate: DefaultDirectRateLimiter,
    room: Room,
    posts: Semaphore,
}

/// A post that arrived at `received`, and what it claims about its sender.
#[derive(Debug)]
struct Arrival {
    kind: PathKind,
    received: UnixMicros,
    gzip: bool,
    signed: Option<Signed>,
}

/// The paths of the receiver. With a guard, only what passes it is recorded.
pub(super) fn router(limits: Limits, guard: Option<Guard>, ingest: Ingest, board: Board) -> Router {
    let quota = Quota::per_second(limits.posts_per_second_max).allow_burst(limits.burst_posts_max);
    let receiver = Arc::new(Receiver {
        limits,
        guard,
        ingest,
        board,
        tally: Tally::default(),
        rate: RateLimiter::direct(quota),
        room: Room::new(limits.posts_max.saturating_mul(limits.body_bytes_max)),
        posts: Semaphore::new(limits.posts_max),
    });
    let receiving =
        PATHS.into_iter().fold(Router::new(), |router, path| router.route(path, post(receive).get(present)));
    receiving.route("/webhook/health", get(report)).fallback(unknown_path).with_state(receiver)
}

async fn unknown_path(uri: Uri) -> Response {
    let error = format!("there is no path {}", uri.path());
    (StatusCode::NOT_FOUND, Json(json!({"success": false, "error": error}))).into_response()
}

async fn present() -> Json<Value> {
    Json(pong())
}

async fn report(State(receiver): State<Arc<Receiver>>) -> Json<Value> {
    let now = UnixMicros::now();
    let Receiver { guard, tally, board, .. } = receiver.as_ref();
    Json(health::report(now, guard.is_some(), &tally.counts(), board.feeds(now)))
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (kind, now) = (PathKind::of(uri.path()), UnixMicros::now());
    receiver.tally.arrived(now);
    match receiver.answer(kind, now, &headers, body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => {
            receiver.tally.refused(&refusal);
            // What is to be sent again is not lost to the feed yet.
            if refusal.retry_after_seconds().is_none() {
                receiver.board.rejected(kind.feed(), 1);
            }
            refusal.into_response()
        }
    }
}

fn pong() -> Value {
    json!({"message": "PONG"})
}

impl Receiver {
    async fn answer(
        &self,
        kind: PathKind,
        received: UnixMicros,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Value, Refusal> {
        self.rate.check().map_err(|not_until| Refusal::TooMany {
            wait: not_until.wait_time_from(self.rate.clock().now()),
        })?;
        let signed = match &self.guard {
            Some(_) if is_unsigned(headers) => return self.answer_unsigned(kind, headers, body).await,
            Some(guard) => Some(guard.claim(headers, received)?),
            None => None,
        };
        let arrival = Arrival { kind, received, gzip: is_gzip(headers)?, signed };
        let whole = self.room.read(self.limits, self.limits.body_bytes_max, headers, body).await?;
        let _place = self.posts.try_acquire().map_err(|_| Refusal::Busy)?;

        let (post, reservation) = self.open(arrival, whole.bytes.clone()).await?;
        if post.ping && post.received == 0 {
            return Ok(pong());
        }
        let (items, rejected) = (post.received, post.rejected());
        let outcome = self.record(post).await?;
        if let Some(reservation) = reservation {
            reservation.use_up().await?;
        }
        self.tally.accepted();
        Ok(json!({
            "success": true,
            "received": items,
            "inserted": outcome.accepted.saturating_sub(rejected),
            "duplicates": outcome.duplicate,
            "rejected": rejected,
        }))
    }

    /// Where posts must be signed, one that is not may only ask whether we are there.
    async fn answer_unsigned(
        &self,
        kind: PathKind,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Value, Refusal> {
        let unsigned = Refusal::Untrusted(Untrusted::MissingHeader(SIGNATURE));
        let Ok(whole) = self.room.read(self.limits, PING_BYTES_MAX, headers, body).await else {
            return Err(unsigned);
        };
        match read_post(kind, &whole.bytes, UnixMicros::now()) {
            Ok(post) if post.ping && post.received == 0 => Ok(pong()),
            _ => Err(unsigned),
        }
    }

    /// Decompresses, verifies and reads a post.
    async fn open(&self, arrival: Arrival, body: Bytes) -> Result<(Post, Option<Reservation>), Refusal> {
        let inline = !arrival.gzip && body.len() <= INLINE_BYTES_MAX;
        let (guard, body_bytes_max) = (self.guard.clone(), self.limits.body_bytes_max);
        let read = move || {
            let body = if arrival.gzip { unzip(&body, body_bytes_max)? } else { body };
            let reservation = match (&guard, &arrival.signed) {
                (Some(guard), Some(signed)) => Some(guard.admit(signed, &body, arrival.received)?),
                (Some(_), None) => return Err(Untrusted::MissingHeader(SIGNATURE).into()),
                (None, _) => None,
            };
            Ok((read_post(arrival.kind, &body, arrival.received)?, reservation))
        };
        if inline {
            return read();
        }
        tokio::task::spawn_blocking(read).await.map_err(|_| Refusal::Unread)?
    }

    /// Records all of a post, in order; it is answered with success only when all of it is durable.
    async fn record(&self, post: Post) -> Result<Receipt, Refusal> {
        let Post { observations, rejected_trades, rejected_whales, skipped_old, .. } = post;
        if skipped_old > 0 {
            self.board.blocks_skipped(skipped_old);
        }
        let mut total = Receipt::default();
        let mut left = observations.into_iter();
        loop {
            let batch: Vec<_> = left.by_ref().take(SUBMISSION_MAX).collect();
            if batch.is_empty() {
                break;
            }
            let receipt = self.ingest.submit(batch).await?;
            total.accepted = total.accepted.saturating_add(receipt.accepted);
            total.duplicate = total.duplicate.saturating_add(receipt.duplicate);
            total.head_seq = receipt.head_seq;
        }
        for (name, rejected) in [(Name::Trades, rejected_trades), (Name::Whales, rejected_whales)] {
            if rejected > 0 {
                self.board.rejected(name, rejected);
            }
        }
        Ok(total)
    }
}
