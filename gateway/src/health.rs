//! Both engines asked at once, one answer.

use std::future::Future;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use goat::wire::market::feed::State;
use goat::wire::{MarketDataServiceClient, TradingServiceClient, market, trading};
use serde::Serialize;
use tonic::{Code, Status};

use crate::access::Shown;
use crate::engines::{Engine, Engines};
use crate::problem::Problem;

/// An engine that takes longer counts as down.
const DEADLINE: Duration = Duration::from_secs(1);

/// How the whole is doing. Names are those of the RPCs' own answers.
#[derive(Debug, Serialize)]
struct Health {
    status: Overall,
    version: &'static str,
    market: Part<Market>,
    trading: Part<Trading>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Overall {
    Ok,
    /// Both engines answer, and a feed cannot be leaned on.
    Degraded,
    /// An engine does not answer.
    Down,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum UpOrDown {
    Up,
    Down,
}

/// An engine: why it is down, or what it says.
#[derive(Debug, Serialize)]
struct Part<Says> {
    state: UpOrDown,
    reason: String,
    #[serde(flatten)]
    says: Option<Says>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    mode: &'static str,
    head_seq: String,
    hot_store_ready: bool,
    feeds: Vec<Feed>,
    tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Feed {
    name: String,
    state: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_ms: Option<i32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Trading {
    cursor_seq: String,
    state_hash: String,
    caught_up: bool,
    tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
struct Table {
    name: String,
    rows: u32,
}

/// 200 when both engines answer, 503 when one does not. They are asked with the token that was shown.
pub(crate) async fn answer(engines: Engines, shown: Shown) -> Response {
    let mut data_engine = MarketDataServiceClient::new(engines.market.shared());
    let mut trading_engine = TradingServiceClient::new(engines.trading.shared());
    let (market, trading) = tokio::join!(
        within_deadline(&engines.market, data_engine.get_status(shown.on(market::GetStatusRequest {}))),
        within_deadline(&engines.trading, trading_engine.get_status(shown.on(trading::GetStatusRequest {}))),
    );
    let (status, health) = judge(market, trading);
    (status, [(CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

async fn within_deadline<T>(
    engine: &Engine,
    asked: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, Problem> {
    match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(engine.problem(&status)),
        Err(_) => {
            let seconds = DEADLINE.as_secs();
            Err(Problem::new(
                Code::DeadlineExceeded,
                format!("the {} did not answer within {seconds} s", engine.name()),
            ))
        }
    }
}

fn judge(
    market: Result<market::GetStatusResponse, Problem>,
    trading: Result<trading::GetStatusResponse, Problem>,
) -> (StatusCode, Health) {
    let overall = match (&market, &trading) {
        (Err(_), _) | (_, Err(_)) => Overall::Down,
        (Ok(market), Ok(_)) if market.feeds.iter().any(cannot_be_leaned_on) => Overall::Degraded,
        (Ok(_), Ok(_)) => Overall::Ok,
    };
    let status = if overall == Overall::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let version = env!("CARGO_PKG_VERSION");
    (status, Health { status: overall, version, market: part(market), trading: part(trading) })
}

fn cannot_be_leaned_on(feed: &market::Feed) -> bool {
    matches!(feed.state(), State::Stale | State::Down)
}

fn part<Answer, Says: From<Answer>>(answer: Result<Answer, Problem>) -> Part<Says> {
    match answer {
        Ok(answer) => Part { state: UpOrDown::Up, reason: String::new(), says: Some(answer.into()) },
        Err(problem) => Part { state: UpOrDown::Down, reason: problem.message().to_owned(), says: None },
    }
}

impl From<market::GetStatusResponse> for Market {
    fn from(status: market::GetStatusResponse) -> Self {
        let mode = status.mode().as_str_name();
        let hot_store = status.hot_store.unwrap_or_default();
        Self {
            mode,
            head_seq: status.head_seq.to_string(),
            hot_store_ready: hot_store.ready,
            feeds: status.feeds.into_iter().map(Feed::from).collect(),
            tables: hot_store.tables.into_iter().map(Table::from).collect(),
        }
    }
}

impl From<market::Feed> for Feed {
    fn from(feed: market::Feed) -> Self {
        let state = feed.state().as_str_name();
        Self { name: feed.name, state, reason: feed.reason, age_ms: feed.age_ms, lag_ms: feed.lag_ms }
    }
}

impl From<market::Table> for Table {
    fn from(table: market::Table) -> Self {
        Self { name: table.name, rows: table.rows }
    }
}

impl From<trading::GetStatusResponse> for Trading {
    fn from(status: trading::GetStatusResponse) -> Self {
        Self {
            cursor_seq: status.cursor_seq.to_string(),
            state_hash: status.state_hash,
            caught_up: status.caught_up,
            tables: status.tables.into_iter().map(Table::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn market(state: State) -> market::GetStatusResponse {
        let feed = market::Feed {
            name: "prices".to_owned(),
            state: state.into(),
            age_ms: Some(40),
            ..market::Feed::default()
        };
        let table = market::Table { name: "prices".to_owned(), rows: 3, retention_hours: 24 };
        market::GetStatusResponse {
            mode: market::Mode::Simulated.into(),
            head_seq: 7,
            hot_store: Some(market::HotStore { ready: true, applied_seq: 7, tables: vec![table] }),
            feeds: vec![feed],
            ..market::GetStatusResponse::default()
        }
    }

    #[test]
    fn both_engines_and_live_feeds_are_ok() {
        let (status, health) = judge(Ok(market(State::Live)), Ok(trading::GetStatusResponse::default()));

        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            serde_json::to_value(health).unwrap(),
            json!({
                "status": "ok",
                "version": env!("CARGO_PKG_VERSION"),
                "market": {
                    "state": "up", "reason": "", "mode": "MODE_SIMULATED", "headSeq": "7", "hotStoreReady": true,
                    "feeds": [{"name": "prices", "state": "STATE_LIVE", "reason": "", "ageMs": 40}],
                    "tables": [{"name": "prices", "rows": 3}],
                },
                "trading": {
                    "state": "up", "reason": "", "cursorSeq": "0", "stateHash": "", "caughtUp": false, "tables": [],
                },
            })
        );
    }

    #[test]
    fn a_stale_feed_degrades_and_a_feed_that_is_off_does_not() {
        let overall = |state| judge(Ok(market(state)), Ok(trading::GetStatusResponse::default())).1.status;

        assert_eq!(overall(State::Stale), Overall::Degraded);
        assert_eq!(overall(State::Down), Overall::Degraded);
        assert_eq!(overall(State::Off), Overall::Ok);
        assert_eq!(overall(State::Syncing), Overall::Ok);
    }

    #[test]
    fn an_engine_that_does_not_answer_is_down_and_says_why() {
        let gone = Problem::new(Code::Unavailable, "nobody is there");

        let (status, health) = judge(Ok(market(State::Live)), Err(gone));

        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let json = serde_json::to_value(health).unwrap();
        assert_eq!(json["status"], "down");
        assert_eq!(json["trading"], json!({"state": "down", "reason": "nobody is there"}));
        assert_eq!(json["market"]["state"], "up");
    }
}
