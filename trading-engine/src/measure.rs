//! What the trading-engine counts and measures.

use goat::service::measure::Metric;

use crate::view::{Link, View};

const VERDICTS: &[&str] = &["enter", "reject"];

const GATES: &[&str] = &[
    "trading_on",
    "play_active",
    "feed_quality",
    "wallet_listed",
    "trade_fresh",
    "trade_size",
    "not_seen",
    "perp_mode",
    "bundle",
    "timing",
    "one_per_cycle",
    "max_per_cycle",
    "max_open",
    "max_exposure",
    "daily_loss",
    "cooldown",
    "cash",
    "validator",
];

const JOBS: (&str, &[&str]) = ("job", &["wallets", "filters", "retention", "parity"]);

const CONSEQUENCES: &[&str] = &["applied", "unchanged", "not_applied", "not_searched", "failed"];

const LINKS: &[&str] = &["connecting", "catching_up", "live", "stale"];

/// Every number that `/metrics` shows beside those of the entrance, and no other.
pub const METRICS: &[Metric] = &[
    Metric::gauge(
        "goat_trading_feed_state",
        "1 for the state of the stream from the data-engine, 0 for the others",
    )
    .by(&[("state", LINKS)]),
    Metric::gauge("goat_trading_feed_reconnects", "times that the stream was opened again since the start"),
    Metric::gauge("goat_trading_feed_queue_frames", "messages of the stream that wait for the core"),
    Metric::counter("goat_trading_feed_unusable_total", "messages of the stream that could not be used"),
    Metric::gauge("goat_trading_cursor_seq", "the last position folded"),
    Metric::gauge("goat_trading_cursor_lag_events", "positions behind the log's end"),
    Metric::gauge("goat_trading_caught_up", "1 once the log's end has been reached since the start"),
    Metric::counter("goat_trading_events_folded_total", "events that went through the core"),
    Metric::histogram("goat_trading_fold_batch_seconds", "the core's time for one message"),
    Metric::gauge("goat_trading_cycles_active", "cycles that are open, one for each threshold"),
    Metric::gauge(
        "goat_trading_cycles_closed",
        "cycles that have closed in this log, all thresholds together",
    ),
    Metric::gauge("goat_trading_commit_queue_commits", "commits that wait for the ledger"),
    Metric::histogram("goat_trading_commit_seconds", "one commit of effects and cursor to the ledger"),
    Metric::gauge("goat_trading_workspace_queue_batches", "batches of rows that wait for the workspace"),
    Metric::histogram("goat_trading_workspace_write_seconds", "one batch of rows to the workspace"),
    Metric::histogram("goat_trading_command_append_seconds", "one command made durable"),
    Metric::histogram(
        "goat_trading_wallet_answer_wait_seconds",
        "what the core waited for the answer to a play's query or search when it was due",
    ),
    Metric::counter("goat_trading_filter_searches_total", "looks for automatic filters, by what followed")
        .by(&[("consequence", CONSEQUENCES)]),
    Metric::gauge("goat_trading_plays", "plays that there are"),
    Metric::gauge("goat_trading_positions_open", "positions that are not over"),
    Metric::counter("goat_trading_decisions_total", "candidates judged, by what became of them")
        .by(&[("verdict", VERDICTS)]),
    Metric::counter("goat_trading_refusals_total", "candidates turned away, by the gate that did")
        .by(&[("gate", GATES)]),
    Metric::counter(
        "goat_trading_job_runs_total",
        "runs of jobs that have ended, those of all plays together, by outcome",
    )
    .by(&[JOBS, ("outcome", &["succeeded", "failed"])]),
    Metric::histogram("goat_trading_job_seconds", "one run of a job").by(&[JOBS]),
    Metric::gauge("goat_trading_watchers", "streams of trading events that are open"),
];

/// Shows what the core has published.
pub(crate) fn measure(view: &View) {
    let current = match view.feed.link {
        Link::Connecting => "connecting",
        Link::CatchingUp => "catching_up",
        Link::Live => "live",
        Link::Stale => "stale",
    };
    for state in LINKS {
        let is_current = f64::from(u8::from(*state == current));
        metrics::gauge!("goat_trading_feed_state", "state" => *state).set(is_current);
    }
    metrics::gauge!("goat_trading_feed_reconnects").set(f64::from(view.feed.reconnects));
    metrics::gauge!("goat_trading_cursor_seq").set(precise(view.cursor.seq.get()));
    metrics::gauge!("goat_trading_caught_up").set(f64::from(u8::from(view.caught_up)));
    metrics::gauge!("goat_trading_cycles_active").set(precise(view.active.len() as u64));
    let closed = view.closed.values().map(|closed| u64::from(closed.count)).sum();
    metrics::gauge!("goat_trading_cycles_closed").set(precise(closed));
    metrics::gauge!("goat_trading_plays").set(precise(view.desk.plays.len() as u64));
    metrics::gauge!("goat_trading_positions_open").set(precise(view.desk.positions.len() as u64));
}

/// Shows how much waits in a queue.
pub(crate) fn measure_queue<T>(name: &'static str, queue: &tokio::sync::mpsc::Sender<T>) {
    let waiting = queue.max_capacity() - queue.capacity();
    metrics::gauge!(name).set(precise(waiting as u64));
}

/// Positions and counts stay below 2^53, where every integer is a double.
#[allow(clippy::cast_precision_loss)]
fn precise(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::gate::Gate;

    #[test]
    fn the_gates_are_those_that_are_asked() {
        assert!(Gate::all().map(Gate::as_str).eq(GATES.iter().copied()));
    }
}
