//! Asking a venue over HTTP.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use goat::service::Failure;
use goat::values::InvalidValue;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::time::Instant;

use super::allowance::Allowance;

const TIMEOUT: Duration = Duration::from_secs(5);
/// A larger answer is not read to its end.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a venue says of a refusal is quoted this long.
const QUOTE_CHARACTERS: usize = 120;

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum RestFault {
    /// Nobody answered.
    #[error("{path} cannot be reached: {cause}")]
    Unreachable {
        /// What was asked for.
        path: &'static str,
        /// The innermost cause.
        cause: String,
    },
    /// Nothing may be asked for so long.
    #[error("{path} is not asked for {:.1} s more", wait.as_secs_f64())]
    NotNow {
        /// What was asked for.
        path: &'static str,
        /// How long.
        wait: Duration,
    },
    /// Another status than 200.
    #[error("{path} was answered {status}: {said}")]
    Status {
        /// What was asked for.
        path: &'static str,
        /// The answer's status.
        status: StatusCode,
        /// The beginning of the answer.
        said: String,
    },
    /// More than we read.
    #[error("the answer to {path} is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge {
        /// What was asked for.
        path: &'static str,
    },
    /// The answer is not what it should be.
    #[error("the answer to {path} cannot be read: {cause}")]
    Unreadable {
        /// What was asked for.
        path: &'static str,
        /// Which field, which value.
        cause: String,
    },
}

impl RestFault {
    /// How long nothing may be asked, when that is the reason.
    #[must_use]
    pub fn wait(&self) -> Duration {
        match self {
            Self::NotNow { wait, .. } => *wait,
            _ => Duration::ZERO,
        }
    }
}

/// A field of a message or an answer is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not the JSON that was promised.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A field has a value that it cannot have.
    #[error("{0}")]
    Value(#[from] InvalidValue),
}

/// One venue's HTTP side. Cloning shares its allowance.
#[derive(Debug, Clone)]
pub struct RestClient {
    client: Client,
    base: String,
    weight_header: Option<&'static str>,
    allowance: Arc<Mutex<Allowance>>,
}

impl RestClient {
    /// A client for the venue at `base`, which grants `weight_max` a minute and may count in `weight_header`.
    ///
    /// # Errors
    ///
    /// When `base` is no address; the error names the setting `key`.
    pub fn new(
        key: &str,
        base: &str,
        weight_max: u32,
        weight_header: Option<&'static str>,
    ) -> Result<Self, Failure> {
        reqwest::Url::parse(base).map_err(|error| Failure::Usage(format!("{key} is {base}: {error}")))?;
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .build()
            .map_err(|error| Failure::Internal(format!("the client for {base}: {error}")))?;
        let allowance = Arc::new(Mutex::new(Allowance::new(weight_max)));
        Ok(Self { client, base: base.trim_end_matches('/').to_owned(), weight_header, allowance })
    }

    /// Asks for `path` with `query`, which weighs `weight`, and returns the body of a 200.
    ///
    /// # Errors
    ///
    /// When there is no such answer; after 429 and 418 nothing is asked for as long as the venue said.
    pub async fn get(&self, path: &'static str, query: &str, weight: u32) -> Result<Vec<u8>, RestFault> {
        self.allowance(|allowance| allowance.take(Instant::now(), weight))
            .map_err(|wait| RestFault::NotNow { path, wait })?;
        let unreachable =
            |error: reqwest::Error| RestFault::Unreachable { path, cause: innermost(&error.without_url()) };
        let request = self.client.get(format!("{}{path}?{query}", self.base));
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if let Some(used) = self.weight_header.and_then(|name| number(response.headers(), name)) {
            self.allowance(|allowance| allowance.counted(u32::try_from(used).unwrap_or(u32::MAX)));
        }
        if matches!(status.as_u16(), 403 | 418 | 429) {
            let retry_after = number(response.headers(), RETRY_AFTER.as_str()).map(Duration::from_secs);
            self.allowance(|allowance| allowance.refused(Instant::now(), retry_after));
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if body.len() + part.len() > ANSWER_BYTES_MAX {
                return Err(RestFault::TooLarge { path });
            }
            body.extend_from_slice(&part);
        }
        if status != StatusCode::OK {
            let said = String::from_utf8_lossy(&body).chars().take(QUOTE_CHARACTERS).collect();
            return Err(RestFault::Status { path, status, said });
        }
        Ok(body)
    }

    fn allowance<R>(&self, ask: impl FnOnce(&mut Allowance) -> R) -> R {
        ask(&mut self.allowance.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The innermost cause says what happened; the outer ones only that a request failed.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
