//! Asking for prices, tick by tick, and asking the books while they stay away.

use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source, TokenPrice, Venue};
use goat::service::{Failure, Stop};
use goat::settings::Jupiter;
use goat::values::{Symbol, UnixMicros};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::fallback::{Effect, Fallback, Mid};
use super::pace::{Allowance, INTERVAL_KEYED, INTERVAL_KEYLESS, Pace};
use super::parse::{Mint, read_answer};
use crate::feeds::board::{Board, Condition, Name};
use crate::feeds::exchange::recorder::said;
use crate::feeds::reconnects::Line;
use crate::ingest::{Ingest, Refused};

/// Below the age at which prices are stale, so that a request that hangs is tried again before.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A larger answer is not read to its end.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Between two looks at the books.
const SECOND: Duration = Duration::from_secs(1);

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

type Answer = Result<(Vec<TokenPrice>, Allowance), Fault>;
type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What is needed to ask; cloned for each request.
#[derive(Debug, Clone)]
struct Question {
    client: Client,
    url: Arc<str>,
    settings: Arc<Jupiter>,
    mints: Arc<[Mint]>,
}

/// The feed with what it remembers between ticks.
struct Feed {
    question: Question,
    fallback: Fallback,
    /// The book that prices each token while Jupiter does not; none when it is not to.
    pairs: BTreeMap<Symbol, Symbol>,
    /// Why the last request brought nothing; none when it did.
    fault: Option<String>,
    ingest: Ingest,
    board: Board,
}

/// The feed is to end.
struct Ended;

/// Asks for prices until stopped.
///
/// # Errors
///
/// When a token, a symbol or the address in the settings cannot be used.
pub async fn run(settings: &Jupiter, ingest: Ingest, board: Board, stop: Stop) -> Result<(), Failure> {
    let mut feed = Feed::new(settings, ingest, board)?;
    feed.board.set(Name::Prices, Source::Jupiter, Condition::Syncing);
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        ended = feed.follow() => ended,
    }
}

/// Asks for prices once, and says what came of it and how often they will be asked for.
///
/// # Errors
///
/// As [`run`].
pub async fn try_once(settings: &Jupiter) -> Result<String, Failure> {
    let question = Question::new(settings)?;
    let (asked, key) = (Instant::now(), if settings.api_key.is_some() { "with" } else { "without" });
    let every = question.every().as_secs_f64();
    Ok(match question.ask().await {
        Ok((prices, _)) => {
            let (count, millis) = (prices.len(), asked.elapsed().as_millis());
            format!("{count} prices in {millis} ms {key} a key; asked every {every} s")
        }
        Err(Fault::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. }) => {
            format!("it refuses us {key} a key (feeds.jupiter.api_key)")
        }
        Err(fault) => fault.to_string(),
    })
}

impl Feed {
    fn new(settings: &Jupiter, ingest: Ingest, board: Board) -> Result<Self, Failure> {
        let question = Question::new(settings)?;
        let refused = |error| Failure::Usage(format!("feeds.jupiter.fallback_symbols: {error}"));
        let mut pairs = BTreeMap::new();
        for (token, symbol) in settings.fallback_symbols.iter().filter(|_| settings.fallback) {
            pairs.insert(Symbol::parse(token).map_err(refused)?, Symbol::parse(symbol).map_err(refused)?);
        }
        let tokens = question.mints.iter().map(|mint| mint.token);
        let fallback = Fallback::new(tokens, settings.max_jump_percent, UnixMicros::now());
        Ok(Self { question, fallback, pairs, fault: None, ingest, board })
    }

    /// Ends only with the log, or by our mistake.
    async fn follow(&mut self) -> Result<(), Failure> {
        let mut pace = Pace::new(self.question.every(), UnixMicros::now());
        let mut seconds = interval(SECOND);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let reconnect = self.board.reconnects.bell(Line::Prices);
        let mut asking = None::<Asking>;
        loop {
            let wait = pace.wait(UnixMicros::now());
            let effects = tokio::select! {
                () = tokio::time::sleep(wait), if asking.is_none() => {
                    pace.sent(UnixMicros::now());
                    let question = self.question.clone();
                    asking = Some(Box::pin(async move { question.ask().await }));
                    continue;
                }
                answer = arrived(&mut asking) => {
                    asking = None;
                    self.answered(answer, &mut pace)?
                }
                () = reconnect.notified() => {
                    // What hangs is given up, and a connection that only looks alive is not used again.
                    (asking, self.question.client) = (None, client()?);
                    continue;
                }
                _ = seconds.tick() => {
                    let now = UnixMicros::now();
                    let mids = self.mids(now);
                    self.fallback.second(&mids, now)
                }
            };
            if self.perform(effects).await.is_err() {
                return Ok(());
            }
        }
    }

    fn answered(&mut self, answer: Answer, pace: &mut Pace) -> Result<Vec<Effect>, Failure> {
        let now = UnixMicros::now();
        match answer {
            Ok((prices, allowance)) => {
                metrics::counter!("goat_jupiter_requests_total", "outcome" => "good").increment(1);
                pace.succeeded(now, allowance);
                self.fault = None;
                Ok(self.fallback.answered(&prices, now))
            }
            Err(fault) => {
                metrics::counter!("goat_jupiter_requests_total", "outcome" => "failed").increment(1);
                let allowance = match fault {
                    Fault::Status { allowance, .. } => allowance,
                    _ => Allowance::default(),
                };
                pace.failed(now, allowance, chance());
                if matches!(fault, Fault::Unreachable(_)) {
                    self.question.client = client()?;
                }
                self.fallback.failed(&fault.to_string());
                self.fault = Some(fault.to_string());
                Ok(Vec::new())
            }
        }
    }

    fn mids(&self, now: UnixMicros) -> Vec<Mid> {
        let mids = self.pairs.iter().flat_map(|(token, symbol)| {
            [Venue::Binance, Venue::Bybit].map(|venue| {
                let price = self.board.books.mid(venue, *symbol, now)?;
                Some(Mid { token: *token, source: venue.into(), price })
            })
        });
        mids.flatten().collect()
    }

    /// Records what is to be recorded, and shows how the feed is.
    async fn perform(&self, effects: Vec<Effect>) -> Result<(), Ended> {
        let now = UnixMicros::now();
        let observations: Vec<Observation> = effects.iter().map(|effect| observation(effect, now)).collect();
        let mut refused = None;
        if !observations.is_empty() {
            match self.ingest.submit(observations).await {
                Ok(_) => self.show_switches(&effects, now),
                Err(Refused::Stopping) => return Err(Ended),
                Err(error) => refused = Some(error.to_string()),
            }
        }
        let condition = match (refused, &self.fault) {
            (Some(refused), _) => Condition::Down(refused),
            (None, Some(fault)) if !self.fallback.stands_in(now) => Condition::Down(fault.clone()),
            (None, _) => Condition::Up,
        };
        self.board.set(Name::Prices, Source::Jupiter, condition);
        Ok(())
    }

    fn show_switches(&self, effects: &[Effect], now: UnixMicros) {
        for effect in effects {
            let Effect::Switch { token, from, to, reason, .. } = effect else { continue };
            tracing::info!(%token, from = from.as_str(), to = to.as_str(), reason, "prices come from another source");
            metrics::counter!("goat_price_switches_total", "to" => to.as_str()).increment(1);
            let why = (*to != Source::Jupiter).then_some(reason.as_str());
            self.board.prices.switched(*token, *to, why, now);
        }
    }
}

impl Question {
    fn new(settings: &Jupiter) -> Result<Self, Failure> {
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
        let settings = Arc::new(settings.clone());
        Ok(Self { client: client()?, url: url.into(), settings, mints: mints.into() })
    }

    fn every(&self) -> Duration {
        let usual = if self.settings.api_key.is_some() { INTERVAL_KEYED } else { INTERVAL_KEYLESS };
        self.settings.interval_ms.map_or(usual, Duration::from_millis)
    }

    async fn ask(&self) -> Answer {
        let mut request = self.client.get(&*self.url).header("accept", "application/json");
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
}

/// A client without a connection yet.
fn client() -> Result<Client, Failure> {
    Client::builder()
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .build()
        .map_err(|error| Failure::Internal(format!("the client for jupiter: {error}")))
}

/// Waits for the answer, or for ever when nothing was asked.
async fn arrived(asking: &mut Option<Asking>) -> Answer {
    match asking {
        Some(asked) => asked.await,
        None => std::future::pending().await,
    }
}

/// What the log is told. Jupiter tells no time, and a live book is the venue's as of now: a price is as old as its
/// arrival.
fn observation(effect: &Effect, now: UnixMicros) -> Observation {
    match effect {
        Effect::Price(price, source) => Observation {
            event_time: now,
            received_time: now,
            source: *source,
            source_position: 0,
            payload: Payload::Price(*price),
        },
        Effect::Held { price, source, from, percent } => {
            let (token, source, from, to) = (price.token, source.as_str(), from.get(), price.price.get());
            let reason = format!(
                "{token} jumped by {percent:.1} % from {from} to {to} at {source}; the next tick has to confirm it"
            );
            said(event(FeedEventKind::JumpHeld, token, reason), now)
        }
        Effect::Switch { token, from, to, last, reason } => {
            let reason = format!("from {} to {}: {reason}", from.as_str(), to.as_str());
            let switch = event(FeedEventKind::SourceSwitch, *token, reason);
            said(FeedEvent { from: *last, to: Some(now), ..switch }, now)
        }
    }
}

fn event(kind: FeedEventKind, token: Symbol, reason: String) -> FeedEvent {
    let feed = Name::Prices.as_str().into();
    FeedEvent { feed, kind, symbol: Some(token), from: None, to: None, reason }
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

#[cfg(test)]
mod tests;
