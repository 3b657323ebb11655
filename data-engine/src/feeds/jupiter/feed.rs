//! Asking for prices, tick by tick.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source, TokenPrice};
use goat::service::{Failure, Stop};
use goat::settings::Jupiter;
use goat::values::{Symbol, UnixMicros};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use super::confirm::{Confirmation, Verdict};
use super::pace::{Allowance, INTERVAL_KEYED, INTERVAL_KEYLESS, Pace};
use super::parse::{Mint, read_answer};
use crate::feeds::board::{Board, Condition, Name};
use crate::ingest::{Ingest, Refused};

const TIMEOUT: Duration = Duration::from_secs(5);
/// A larger answer is not read to its end.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Prices that are missing for longer are a gap.
const GAP: Duration = Duration::from_secs(5);

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("jupiter cannot be reached: {0}")]
    Unreachable(String),
    #[error("jupiter answered {status}")]
    Status { status: StatusCode, allowance: Allowance },
    #[error("jupiter's answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    #[error("jupiter's answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("jupiter's answer has no price of ours")]
    Empty,
}

/// The feed with what it remembers between ticks.
struct Feed<'a> {
    settings: &'a Jupiter,
    client: Client,
    url: String,
    mints: Vec<Mint>,
    confirmation: Confirmation,
    /// When each token last had a price.
    last: BTreeMap<Symbol, UnixMicros>,
}

/// Asks for prices until stopped. `last_recorded` is the time of the newest price in the log, so that what was
/// missed before the start is known.
///
/// # Errors
///
/// When a token or the address in the settings cannot be used.
pub async fn run(
    settings: &Jupiter,
    last_recorded: Option<UnixMicros>,
    ingest: Ingest,
    board: Board,
    stop: Stop,
) -> Result<(), Failure> {
    let mut feed = Feed::new(settings, last_recorded)?;
    let usual = if settings.api_key.is_some() { INTERVAL_KEYED } else { INTERVAL_KEYLESS };
    let interval = settings.interval_ms.map_or(usual, Duration::from_millis);
    let mut pace = Pace::new(interval, UnixMicros::now());
    board.set(Name::Prices, Source::Jupiter, Condition::Syncing);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pace.wait(UnixMicros::now())) => {}
        }
        pace.sent(UnixMicros::now());
        let asked = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            asked = feed.ask() => asked,
        };
        let now = UnixMicros::now();
        let condition = match asked {
            Ok((prices, allowance)) => {
                pace.succeeded(now, allowance);
                match ingest.submit(feed.observe(&prices, now)).await {
                    Ok(_) => {
                        feed.recorded(&prices, now);
                        Condition::Up
                    }
                    Err(Refused::Stopping) => return Ok(()),
                    Err(refused) => Condition::Down(refused.to_string()),
                }
            }
            Err(fault) => {
                let allowance = match fault {
                    Fault::Status { allowance, .. } => allowance,
                    _ => Allowance::default(),
                };
                pace.failed(now, allowance, chance());
                Condition::Down(fault.to_string())
            }
        };
        board.set(Name::Prices, Source::Jupiter, condition);
    }
}

impl<'a> Feed<'a> {
    fn new(settings: &'a Jupiter, last_recorded: Option<UnixMicros>) -> Result<Self, Failure> {
        let mint = |(token, address): (&String, &String)| {
            let token = Symbol::parse(token)
                .map_err(|error| Failure::Usage(format!("feeds.jupiter.mints: {error}")))?;
            Ok(Mint { token, address: address.clone() })
        };
        let mints: Vec<Mint> = settings.mints.iter().map(mint).collect::<Result<_, Failure>>()?;
        let addresses: Vec<&str> = mints.iter().map(|mint| mint.address.as_str()).collect();
        let url = format!("{}/price/v3?ids={}", settings.url.trim_end_matches('/'), addresses.join(","));
        reqwest::Url::parse(&url)
            .map_err(|error| Failure::Usage(format!("feeds.jupiter.url is {}: {error}", settings.url)))?;
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .build()
            .map_err(|error| Failure::Internal(format!("the client for jupiter: {error}")))?;
        let last = last_recorded.map(|time| mints.iter().map(|mint| (mint.token, time)).collect());
        let confirmation = Confirmation::new(settings.max_jump_percent);
        Ok(Self { settings, client, url, mints, confirmation, last: last.unwrap_or_default() })
    }

    async fn ask(&self) -> Result<(Vec<TokenPrice>, Allowance), Fault> {
        let mut request = self.client.get(&self.url).header("accept", "application/json");
        if let Some(key) = &self.settings.api_key {
            request = request.header("x-api-key", key.reveal());
        }
        // The address is left out: nobody reads it twice, and a proxy's may hold a password.
        let unreachable = |error: reqwest::Error| Fault::Unreachable(describe(&error.without_url()));
        let mut response = request.send().await.map_err(unreachable)?;
        let allowance = allowance(response.headers());
        if response.status() != StatusCode::OK {
            return Err(Fault::Status { status: response.status(), allowance });
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if body.len() + part.len() > ANSWER_BYTES_MAX {
                return Err(Fault::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        let prices = read_answer(&body, &self.mints)?;
        if prices.is_empty() { Err(Fault::Empty) } else { Ok((prices, allowance)) }
    }

    /// What the log is told: gaps that have ended, then prices or the jumps that are held.
    ///
    /// Jupiter tells no time: a price is as old as its arrival.
    fn observe(&mut self, prices: &[TokenPrice], now: UnixMicros) -> Vec<Observation> {
        let mut observations = Vec::new();
        for price in prices {
            if let Some(last) = self.last.get(&price.token).filter(|last| now.since(**last) > GAP) {
                observations.push(said(gap(price.token, *last, now), now));
            }
        }
        for price in prices {
            observations.push(match self.confirmation.judge(price) {
                Verdict::Emit => observed(Payload::Price(*price), Source::Jupiter, now),
                Verdict::Hold { from, percent } => said(held(price, from.get(), percent), now),
            });
        }
        observations
    }

    fn recorded(&mut self, prices: &[TokenPrice], now: UnixMicros) {
        self.last.extend(prices.iter().map(|price| (price.token, now)));
    }
}

/// A number from 0 to 1 that differs from process to process, so that not all come back at once.
fn chance() -> f64 {
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX)
}

/// The innermost cause says what happened; the outer ones only that a request failed.
fn describe(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn allowance(headers: &HeaderMap) -> Allowance {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let retry_after = number(RETRY_AFTER.as_str()).and_then(|seconds| u64::try_from(seconds).ok());
    Allowance {
        remaining: number("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset").and_then(|seconds| UnixMicros::from_seconds(seconds).ok()),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

fn gap(token: Symbol, from: UnixMicros, to: UnixMicros) -> FeedEvent {
    let seconds = to.since(from).as_secs_f64();
    FeedEvent {
        feed: Name::Prices.as_str().into(),
        kind: FeedEventKind::Gap,
        symbol: Some(token),
        from: Some(from),
        to: Some(to),
        reason: format!("no price of {token} for {seconds:.1} s"),
    }
}

fn held(price: &TokenPrice, from: f64, percent: f64) -> FeedEvent {
    let (token, to) = (price.token, price.price.get());
    FeedEvent {
        feed: Name::Prices.as_str().into(),
        kind: FeedEventKind::JumpHeld,
        symbol: Some(token),
        from: None,
        to: None,
        reason: format!(
            "{token} jumped by {percent:.1} % from {from} to {to}; the next tick has to confirm it"
        ),
    }
}

fn said(event: FeedEvent, now: UnixMicros) -> Observation {
    observed(Payload::Feed(event), Source::Engine, now)
}

fn observed(payload: Payload, source: Source, now: UnixMicros) -> Observation {
    Observation { event_time: now, received_time: now, source, source_position: 0, payload }
}

#[cfg(test)]
mod tests;
