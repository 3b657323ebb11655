//! What the data-engine counts and measures.

use std::time::Duration;

use goat::service::measure::Metric;
use goat::service::{Failure, Stop};
use goat::values::UnixMicros;
use goat::wire::market as wire;
use tokio::time::{MissedTickBehavior, interval};

use crate::archive::Archive;
use crate::feeds::board::Board;
use crate::hot::HotStore;
use crate::ingest::Ingest;
use crate::journal::Log;

const FEEDS: (&str, &[&str]) = ("feed", &["prices", "books", "trades", "whales", "candles"]);
const FEED_STATES: &[&str] = &["syncing", "live", "stale", "down", "off"];
const NOTICES: &[&str] = &[
    "gap",
    "stale",
    "live",
    "resync",
    "source_switch",
    "clock_skew",
    "jump_held",
    "replay_end",
    "duplicate",
    "forgotten",
];
const POSTS: &[&str] = &[
    "accepted",
    "bad_signature",
    "broken_off",
    "busy",
    "journal_full",
    "journal_unwritable",
    "malformed",
    "missing_header",
    "nonce_under_way",
    "nonce_unwritten",
    "nonces_full",
    "not_gzip",
    "replayed_nonce",
    "stale_timestamp",
    "stopping",
    "too_large",
    "too_many_items",
    "too_many_posts",
    "too_slow",
    "unknown_encoding",
    "unreadable_header",
    "unread",
];
const TABLES: &[&str] = &[
    "prices",
    "order_book_snapshots",
    "sol_stablecoin_trades",
    "whale_movements",
    "candles",
    "feed_events",
    "dead_letters",
    "user_events",
];

/// Every number that `/metrics` shows beside those of the entrance, and no other.
pub const METRICS: &[Metric] = &[
    Metric::gauge("goat_ingest_queue_submissions", "submissions that wait for the sequencer"),
    Metric::histogram(
        "goat_ingest_submit_seconds",
        "from a feed handing over observations to their being durable",
    ),
    Metric::histogram(
        "goat_ingest_commit_seconds",
        "from the sequencer taking a group up to its being durable",
    ),
    Metric::histogram("goat_sequencer_group_observations", "observations that shared one sync"),
    Metric::gauge("goat_journal_head_seq", "the newest durable position"),
    Metric::gauge("goat_journal_oldest_seq", "the oldest position kept"),
    Metric::gauge("goat_journal_segments", "files of the journal"),
    Metric::gauge("goat_journal_bytes", "what the journal takes on disk"),
    Metric::histogram("goat_journal_sync_seconds", "one sync of the journal's newest file"),
    Metric::counter("goat_journal_failures_total", "groups that could not be made durable"),
    Metric::counter("goat_journal_segments_deleted_total", "files that went, for age or want of room"),
    Metric::counter("goat_journal_segments_forgotten_total", "files that went young, without an archive"),
    Metric::counter("goat_feed_events_total", "events of a feed, by what became of them")
        .by(&[FEEDS, ("outcome", &["accepted", "duplicate", "rejected"])]),
    Metric::counter("goat_feed_notices_total", "what the log was told about a feed, by kind")
        .by(&[FEEDS, ("kind", NOTICES)]),
    Metric::gauge("goat_feed_state", "1 for the state in which a feed is, 0 for the others")
        .by(&[FEEDS, ("state", FEED_STATES)]),
    Metric::gauge("goat_feed_age_seconds", "since a feed's last event was received; -1 before the first")
        .by(&[FEEDS]),
    Metric::gauge(
        "goat_feed_lag_seconds",
        "received minus event time of a feed's newest event; 0 before the first",
    )
    .by(&[FEEDS]),
    Metric::counter(
        "goat_feed_dropped_total",
        "snapshots of books that found no room on their way to the log",
    ),
    Metric::counter("goat_feed_connections_ended_total", "connections to a venue that ended")
        .by(&[("venue", &["binance", "bybit"])]),
    Metric::gauge("goat_books", "order books, by the state in which they are")
        .by(&[("state", &["syncing", "live", "stale", "invalid"])]),
    Metric::gauge("goat_book_age_seconds", "since the oldest of all books was updated; 0 without books"),
    Metric::gauge("goat_prices_from", "tokens whose price comes from this source")
        .by(&[("source", &["jupiter", "binance", "bybit", "simulated", "replay", "user"])]),
    Metric::counter("goat_price_switches_total", "changes of a token's source, by the source after it")
        .by(&[("to", &["jupiter", "binance", "bybit"])]),
    Metric::counter("goat_jupiter_requests_total", "requests to Jupiter, by outcome")
        .by(&[("outcome", &["good", "failed"])]),
    Metric::counter("goat_webhook_posts_total", "posts, by what became of them").by(&[("outcome", POSTS)]),
    Metric::counter(
        "goat_webhook_blocks_skipped_total",
        "blocks that the stream of trades left out as too old",
    ),
    Metric::counter(
        "goat_published_events_total",
        "events of the operator's own feeds, by what became of them",
    )
    .by(&[("outcome", &["accepted", "duplicate"])]),
    Metric::counter(
        "goat_publish_refused_total",
        "calls of the operator's own feeds that the log did not take",
    ),
    Metric::gauge("goat_subscriptions", "streams of events that are open"),
    Metric::histogram(
        "goat_subscription_lag_events",
        "events behind the log's end of each batch that was sent",
    ),
    Metric::gauge("goat_hot_lag_events", "events in the log that the tables do not have yet"),
    Metric::gauge("goat_hot_memory_bytes", "what the tables and the queries on them take"),
    Metric::gauge("goat_hot_rows", "rows of a table").by(&[("table", TABLES)]),
    Metric::counter("goat_hot_rows_dropped_total", "rows of a table that grew too old")
        .by(&[("table", TABLES)]),
    Metric::gauge("goat_archive_up", "1 while the archive is written, 0 while it is off or cannot be"),
    Metric::gauge("goat_archive_lag_seq", "positions that are not archived yet; 0 without an archive"),
    Metric::gauge("goat_archive_lag_seconds", "event time between the log's end and the archive's"),
    Metric::counter("goat_archive_rows_total", "rows that were archived"),
    Metric::counter(
        "goat_archive_failures_total",
        "times that the archive's connection failed or was refused",
    ),
    Metric::histogram("goat_query_seconds", "from a query's turn to its answer"),
    Metric::counter("goat_queries_total", "queries, by outcome").by(&[(
        "outcome",
        &[
            "answered",
            "refused",
            "not_understood",
            "too_long",
            "too_much_memory",
            "too_many",
            "unavailable",
            "failed",
        ],
    )]),
];

const EVERY: Duration = Duration::from_secs(1);
/// Tables are counted by reading them.
const TABLES_EVERY: u32 = 15;

/// What is looked at once a second.
#[derive(Debug)]
pub struct Gauges {
    /// The way into the log.
    pub ingest: Ingest,
    /// The log.
    pub log: Log,
    /// The feeds.
    pub board: Board,
    /// The tables.
    pub hot: HotStore,
    /// The archive.
    pub archive: Archive,
}

impl Gauges {
    /// Measures until stopped.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn run(self, stop: Stop) -> Result<(), Failure> {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick = 0_u32;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = ticks.tick() => {}
            }
            self.measure_log();
            measure_feeds(&self.board.feeds(UnixMicros::now()));
            if tick.is_multiple_of(TABLES_EVERY) {
                self.measure_tables().await;
            }
            tick = tick.wrapping_add(1);
        }
    }

    fn measure_log(&self) {
        let head_seq = self.log.head().seq;
        let waiting = u32::try_from(self.ingest.waiting()).unwrap_or(u32::MAX);
        metrics::gauge!("goat_ingest_queue_submissions").set(f64::from(waiting));
        metrics::gauge!("goat_journal_head_seq").set(precise(head_seq));
        metrics::gauge!("goat_journal_oldest_seq").set(precise(self.log.oldest_seq()));
        // A file that cannot be asked for its length is found when it is read.
        if let Ok((segments, bytes)) = self.log.size() {
            metrics::gauge!("goat_journal_segments").set(precise(segments));
            metrics::gauge!("goat_journal_bytes").set(precise(bytes));
        }
        let lag = head_seq.saturating_sub(self.hot.applied_seq());
        metrics::gauge!("goat_hot_lag_events").set(precise(lag));
        let state = self.archive.as_wire(self.log.head()).state();
        let is_up = matches!(state, wire::archive::State::Live | wire::archive::State::CatchingUp);
        metrics::gauge!("goat_archive_up").set(f64::from(u8::from(is_up)));
    }

    async fn measure_tables(&self) {
        // While the tables fail, their readers are told why.
        if let Ok(tables) = self.hot.tables().await {
            for table in tables {
                metrics::gauge!("goat_hot_rows", "table" => table.name).set(f64::from(table.rows));
            }
        }
        if let Ok(bytes) = self.hot.memory_bytes().await {
            metrics::gauge!("goat_hot_memory_bytes").set(precise(bytes));
        }
    }
}

fn measure_feeds(feeds: &[wire::Feed]) {
    for feed in feeds {
        let name = &feed.name;
        let current = feed.state().as_str_name().trim_start_matches("STATE_").to_ascii_lowercase();
        for state in FEED_STATES {
            let is_current = f64::from(u8::from(*state == current));
            metrics::gauge!("goat_feed_state", "feed" => name.clone(), "state" => *state).set(is_current);
        }
        let age = feed.age_ms.map_or(-1.0, seconds);
        metrics::gauge!("goat_feed_age_seconds", "feed" => name.clone()).set(age);
        let lag = feed.lag_ms.map_or(0.0, seconds);
        metrics::gauge!("goat_feed_lag_seconds", "feed" => name.clone()).set(lag);
        match name.as_str() {
            "books" => measure_books(&feed.books),
            "prices" => measure_sources(&feed.prices),
            _ => {}
        }
    }
}

fn measure_books(books: &[wire::BookState]) {
    use wire::book_state::State;
    let states = [State::Syncing, State::Live, State::Stale, State::Invalid];
    for state in states {
        let count = count(books.iter().filter(|book| book.state() == state));
        let name = state.as_str_name().trim_start_matches("STATE_").to_ascii_lowercase();
        metrics::gauge!("goat_books", "state" => name).set(count);
    }
    let oldest = books.iter().filter_map(|book| book.age_ms).max().unwrap_or(0);
    metrics::gauge!("goat_book_age_seconds").set(seconds(oldest));
}

fn measure_sources(prices: &[wire::PriceState]) {
    use wire::Source;
    let sources =
        [Source::Jupiter, Source::Binance, Source::Bybit, Source::Simulated, Source::Replay, Source::User];
    for source in sources {
        let count = count(prices.iter().filter(|price| price.source() == source));
        let name = source.as_str_name().trim_start_matches("SOURCE_").to_ascii_lowercase();
        metrics::gauge!("goat_prices_from", "source" => name).set(count);
    }
}

fn count<T>(found: impl Iterator<Item = T>) -> f64 {
    f64::from(u32::try_from(found.count()).unwrap_or(u32::MAX))
}

fn seconds(milliseconds: i32) -> f64 {
    f64::from(milliseconds) / 1000.0
}

/// Positions and sizes stay below 2^53, where every integer is a double.
#[allow(clippy::cast_precision_loss)]
fn precise(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_have_no_double_and_say_their_unit() {
        let mut seen = std::collections::BTreeSet::new();
        for metric in METRICS {
            assert!(metric.name.starts_with("goat_") && seen.insert(metric.name), "{}", metric.name);
            let is_total = metric.name.ends_with("_total");
            assert_eq!(is_total, metric.kind == goat::service::measure::Kind::Counter, "{}", metric.name);
        }
    }

    #[test]
    fn the_tables_are_those_of_the_hot_store() {
        let tables: Vec<_> = crate::hot::TABLES.iter().map(|table| table.name).collect();
        assert_eq!(TABLES, tables);
    }
}
