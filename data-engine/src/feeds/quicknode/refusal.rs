//! Why a post is answered without success: one table of sentences, statuses and reasons.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::nonces::Unwritten;
use super::parse::Malformed;
use super::signature::Untrusted;
use crate::ingest;

/// When a post that may succeed later is best sent again.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Why a post is answered without success.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error("there are more posts than feeds.webhook.posts_per_second_max; send it again")]
    TooMany {
        /// Until there is room for one.
        wait: Duration,
    },
    #[error("the body must be at most {0} bytes, also after decompression")]
    TooLarge(usize),
    #[error("the body was not whole within {} ms", .0.as_millis())]
    TooSlow(Duration),
    #[error("the body broke off")]
    BrokenOff,
    #[error("the content-encoding must be gzip or identity, got {0}")]
    UnknownEncoding(String),
    #[error("the body must be gzip, as its content-encoding says")]
    NotGzip,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("too much is under way; send it again")]
    Busy,
    #[error("a post with this nonce is under way; send it again")]
    NonceUnderWay,
    #[error("too many nonces are in use; send it again")]
    NoncesFull,
    #[error("{0}; send it again")]
    NonceUnwritten(#[from] Unwritten),
    #[error("{0}; send it again")]
    Unrecorded(#[from] ingest::Refused),
    #[error("the post could not be read; send it again")]
    Unread,
}

impl Refusal {
    /// The status of the answer, and the reason as metrics and health count it.
    pub(super) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Untrusted(untrusted) => (StatusCode::UNAUTHORIZED, reason(*untrusted)),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_posts"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Malformed(Malformed::TooManyItems) => (StatusCode::PAYLOAD_TOO_LARGE, "too_many_items"),
            Self::TooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::UnknownEncoding(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_encoding"),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "broken_off"),
            Self::NotGzip => (StatusCode::BAD_REQUEST, "not_gzip"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::NonceUnderWay => (StatusCode::SERVICE_UNAVAILABLE, "nonce_under_way"),
            Self::NoncesFull => (StatusCode::SERVICE_UNAVAILABLE, "nonces_full"),
            Self::NonceUnwritten(_) => (StatusCode::SERVICE_UNAVAILABLE, "nonce_unwritten"),
            Self::Unrecorded(ingest::Refused::Full) => (StatusCode::SERVICE_UNAVAILABLE, "journal_full"),
            Self::Unrecorded(ingest::Refused::Unwritable) => {
                (StatusCode::SERVICE_UNAVAILABLE, "journal_unwritable")
            }
            Self::Unrecorded(ingest::Refused::Stopping) => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::Unread => (StatusCode::SERVICE_UNAVAILABLE, "unread"),
        }
    }

    /// When the same post may succeed, in seconds; none when it never will.
    pub(super) fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::TooMany { wait } => Some(wait.as_secs().saturating_add(1)),
            _ if self.kind().0 == StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER_SECONDS),
            _ => None,
        }
    }
}

fn reason(untrusted: Untrusted) -> &'static str {
    match untrusted {
        Untrusted::MissingHeader(_) => "missing_header",
        Untrusted::UnreadableHeader(_) => "unreadable_header",
        Untrusted::StaleTimestamp => "stale_timestamp",
        Untrusted::BadSignature => "bad_signature",
        Untrusted::ReplayedNonce => "replayed_nonce",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, reason) = self.kind();
        let answer = (status, Json(json!({"success": false, "reason": reason, "error": self.to_string()})));
        match self.retry_after_seconds() {
            Some(seconds) => ([(RETRY_AFTER, seconds.to_string())], answer).into_response(),
            None => answer.into_response(),
        }
    }
}
