//! What `GET /webhook/health` answers.

use goat::values::UnixMicros;
use goat::wire::market::Feed;
use goat::wire::market::feed::State;
use serde_json::{Map, Value, json};

use super::tally::Counts;
use crate::feeds::board::Name;

/// How the receiver and its two feeds are at `now`.
pub(super) fn report(now: UnixMicros, signatures_required: bool, counts: &Counts, feeds: Vec<Feed>) -> Value {
    let is_ours = |feed: &Feed| [Name::Trades, Name::Whales].iter().any(|name| name.as_str() == feed.name);
    let feeds: Map<String, Value> =
        feeds.into_iter().filter(is_ours).map(|feed| (feed.name.clone(), about(&feed))).collect();
    json!({
        "status": "healthy",
        "timestamp": now.to_string(),
        "signatures_required": signatures_required,
        "last_post_time": counts.last_post_time.map(|time| time.to_string()),
        "posts": {"accepted": counts.accepted, "refused": counts.refused},
        "feeds": feeds,
    })
}

fn about(feed: &Feed) -> Value {
    let state = State::try_from(feed.state).unwrap_or(State::Unspecified);
    let last_event_time = feed.last_event_time.and_then(|time| UnixMicros::try_from(time).ok());
    json!({
        "state": state.as_str_name().trim_start_matches("STATE_"),
        "reason": feed.reason,
        "last_event_time": last_event_time.map(|time| time.to_string()),
        "age_ms": feed.age_ms,
        "lag_ms": feed.lag_ms,
        "accepted": feed.accepted,
        "duplicate": feed.duplicate,
        "rejected": feed.rejected,
    })
}
