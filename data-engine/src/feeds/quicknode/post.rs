//! One post: from its bytes to its answer.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use goat::values::UnixMicros;
use goat::wire::market::feed::State as FeedState;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_stream::StreamExt;

use super::parse::{Malformed, PathKind, Post, read_post};
use super::server::Limits;
use crate::feeds::board::{Board, Name};
use crate::ingest::{Ingest, Receipt, SUBMISSION_MAX};

/// Larger bodies are read beside the runtime, which must not be held up.
const INLINE_BYTES_MAX: usize = 32 * 1024;
const RETRY_AFTER_SECONDS: &str = "2";

struct Receiver {
    limits: Limits,
    ingest: Ingest,
    board: Board,
    posts: Semaphore,
}

/// Why a post is answered without success.
#[derive(Debug, thiserror::Error)]
enum Rejection {
    #[error("the body must be at most {0} bytes, also after decompression")]
    TooLarge(usize),
    #[error("the body was not whole within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("the body broke off")]
    BrokenOff,
    #[error("the content-encoding must be gzip or identity, got {0}")]
    UnknownEncoding(String),
    #[error("the body must be gzip, as its content-encoding says")]
    NotGzip,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("{0}; send it again")]
    Unavailable(String),
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::TooLarge(_) | Self::Malformed(Malformed::TooManyItems) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BrokenOff | Self::NotGzip | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let answer = (status, Json(json!({"success": false, "error": self.to_string()})));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return ([(RETRY_AFTER, RETRY_AFTER_SECONDS)], answer).into_response();
        }
        answer.into_response()
    }
}

/// The paths of the receiver.
pub(super) fn router(limits: Limits, ingest: Ingest, board: Board) -> Router {
    let posts = Semaphore::new(limits.posts_max);
    let receiver = Arc::new(Receiver { limits, ingest, board, posts });
    let paths = [
        "/",
        "/webhook",
        "/webhook/",
        "/webhooks/whale-activity",
        "/webhooks/whale-activity/",
        "/webhook/whale-activity",
        "/webhook/whale-activity/",
    ];
    let receiving = paths.into_iter().fold(Router::new(), |router, path| router.route(path, post(receive)));
    let receiving = receiving.layer(middleware::from_fn(count_answers));
    receiving.route("/webhook/health", get(health)).fallback(unknown_path).with_state(receiver)
}

async fn count_answers(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!("goat_webhook_posts_total", "status" => status).increment(1);
    response
}

async fn unknown_path(uri: Uri) -> Response {
    let error = format!("there is no path {}", uri.path());
    (StatusCode::NOT_FOUND, Json(json!({"success": false, "error": error}))).into_response()
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Rejection> {
    let Ok(_place) = receiver.posts.try_acquire() else {
        return Err(Rejection::Unavailable(format!("{} posts are under way", receiver.limits.posts_max)));
    };
    let gzip = is_gzip(&headers)?;
    let body = receiver.read_body(&headers, body).await?;
    let post = receiver.parse(PathKind::of(uri.path()), gzip, body).await?;
    if post.ping && post.received == 0 {
        return Ok(Json(json!({"message": "PONG"})).into_response());
    }
    let (items, rejected) = (post.received, post.rejected());
    let outcome = receiver.record(post).await?;
    Ok(Json(json!({
        "success": true,
        "received": items,
        "inserted": outcome.accepted.saturating_sub(rejected),
        "duplicates": outcome.duplicate,
        "rejected": rejected,
    }))
    .into_response())
}

impl Receiver {
    async fn read_body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Rejection> {
        let Limits { body_bytes_max, body_timeout, .. } = self.limits;
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > body_bytes_max) {
            return Err(Rejection::TooLarge(body_bytes_max));
        }
        let whole = async {
            let mut stream = body.into_data_stream();
            let mut bytes = Vec::new();
            while let Some(part) = stream.next().await {
                let part = part.map_err(|_| Rejection::BrokenOff)?;
                if bytes.len() + part.len() > body_bytes_max {
                    return Err(Rejection::TooLarge(body_bytes_max));
                }
                bytes.extend_from_slice(&part);
            }
            Ok(Bytes::from(bytes))
        };
        tokio::time::timeout(body_timeout, whole).await.map_err(|_| Rejection::TooSlow(body_timeout))?
    }

    async fn parse(&self, kind: PathKind, gzip: bool, body: Bytes) -> Result<Post, Rejection> {
        let (received, body_bytes_max) = (UnixMicros::now(), self.limits.body_bytes_max);
        let inline = !gzip && body.len() <= INLINE_BYTES_MAX;
        let read = move || {
            let body = if gzip { unzip(&body, body_bytes_max)? } else { body };
            Ok(read_post(kind, &body, received)?)
        };
        if inline {
            return read();
        }
        let unavailable = |_| Rejection::Unavailable("the post could not be read".to_owned());
        tokio::task::spawn_blocking(read).await.map_err(unavailable)?
    }

    /// Records all of a post, in order; it is answered with success only when all of it is durable.
    async fn record(&self, post: Post) -> Result<Receipt, Rejection> {
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
            let receipt = self
                .ingest
                .submit(batch)
                .await
                .map_err(|refused| Rejection::Unavailable(refused.to_string()))?;
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

fn is_gzip(headers: &HeaderMap) -> Result<bool, Rejection> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(false) };
    match encoding.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Ok(true),
        "identity" | "" => Ok(false),
        other => Err(Rejection::UnknownEncoding(other.chars().take(64).collect())),
    }
}

fn unzip(body: &[u8], body_bytes_max: usize) -> Result<Bytes, Rejection> {
    let limit = u64::try_from(body_bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|_| Rejection::NotGzip)?;
    if plain.len() > body_bytes_max {
        return Err(Rejection::TooLarge(body_bytes_max));
    }
    Ok(Bytes::from(plain))
}

async fn health(State(receiver): State<Arc<Receiver>>) -> Response {
    let now = UnixMicros::now();
    let feeds: serde_json::Map<_, _> = receiver
        .board
        .feeds(now)
        .into_iter()
        .filter(|feed| [Name::Trades, Name::Whales].iter().any(|name| name.as_str() == feed.name))
        .map(|feed| {
            let state = FeedState::try_from(feed.state).unwrap_or(FeedState::Unspecified);
            let about = json!({
                "state": state.as_str_name().trim_start_matches("STATE_"),
                "reason": feed.reason,
                "age_ms": feed.age_ms,
                "lag_ms": feed.lag_ms,
                "accepted": feed.accepted,
                "duplicate": feed.duplicate,
                "rejected": feed.rejected,
            });
            (feed.name, about)
        })
        .collect();
    Json(json!({"status": "healthy", "timestamp": now.to_string(), "feeds": feeds})).into_response()
}
