//! The one form of every refusal: google.rpc.Status as JSON.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use goat::access::CHALLENGE;
use goat::error::http_status;
use serde::Serialize;
use tonic::Code;

/// Why a request is not answered, and with which status that is said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Problem {
    code: Code,
    http: StatusCode,
    message: String,
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with the HTTP status that belongs to its code.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let http = StatusCode::from_u16(http_status(code)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { code, http, message: message.into(), retry_after: None }
    }

    /// The request cannot be right: the message names the field and the value.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// A problem that HTTP has a finer word for than gRPC.
    pub(crate) fn with_http(self, http: StatusCode) -> Self {
        Self { http, ..self }
    }

    /// A problem that is over by then.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// What went wrong, as a sentence.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The problem as google.rpc.Status.
    pub(crate) fn body(&self) -> Body<'_> {
        Body { code: self.code.into(), message: &self.message, details: [] }
    }
}

/// google.rpc.Status.
#[derive(Debug, Serialize)]
pub(crate) struct Body<'a> {
    code: i32,
    message: &'a str,
    details: [(); 0],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let challenge = (self.http == StatusCode::UNAUTHORIZED).then_some([(WWW_AUTHENTICATE, CHALLENGE)]);
        // The header has whole seconds: one that waits so long does not come too early.
        let retry = self.retry_after.map(|wait| [(RETRY_AFTER, (wait.as_secs() + 1).to_string())]);
        let caching = [(CACHE_CONTROL, "no-store")];
        (self.http, caching, challenge, retry, Json(self.body())).into_response()
    }
}
