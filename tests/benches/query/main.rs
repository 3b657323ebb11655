//! Analytics on ten million rows in the hot store's own tables, through the guard and within its limits.
//!
//! `make bench` prints a table; a query that is not answered ends it. `GOAT_BENCH_EVENTS` sets how many rows there are.

// A measurement that cannot be taken is worth nothing; what is measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use data_engine::hot::HotStore;
use data_engine::journal::{Directory, LogId, Writer, recover};
use data_engine::query::Queries;
use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::service::Stop;
use goat::settings::{Hot, Journal, Query, Sync};
use goat::values::{Price, Symbol, UnixMicros};
use goat::wire::market::QueryTarget;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS_DEFAULT: u64 = 10_000_000;
const GROUP: u64 = 4096;
const START_MICROS: i64 = 1_767_478_430_000_000;
const RUNS: usize = 3;

const QUERIES: &[(&str, &str)] = &[
    ("count", "SELECT count(*) FROM prices"),
    ("group by token", "SELECT token, count(*), avg(price), stddev(price), max(price) FROM prices GROUP BY token"),
    (
        "minute candles, one token",
        "SELECT time_bucket(INTERVAL '1 minute', event_time) AS t, arg_min(price, seq), max(price), min(price), arg_max(price, seq)
         FROM prices WHERE token = 'SOL' GROUP BY t ORDER BY t DESC LIMIT 1000",
    ),
    (
        "CTE, approximate median by hour",
        "WITH p AS (SELECT date_trunc('hour', event_time) AS h, price FROM prices WHERE token = 'BTC')
         SELECT h, approx_quantile(price, 0.5) FROM p GROUP BY h ORDER BY h",
    ),
    (
        "window over one hour",
        "SELECT token, max(change) FROM (SELECT token, price - lag(price) OVER (PARTITION BY token ORDER BY seq) AS change
         FROM prices WHERE seq > (SELECT max(seq) FROM prices) - 500000) GROUP BY token",
    ),
    (
        "join of two tokens by second",
        "WITH s AS (SELECT date_trunc('second', event_time) AS t, avg(price) AS price FROM prices WHERE token = 'SOL' GROUP BY 1),
         b AS (SELECT date_trunc('second', event_time) AS t, avg(price) AS price FROM prices WHERE token = 'BTC' GROUP BY 1)
         SELECT count(*), corr(s.price, b.price) FROM s JOIN b USING (t)",
    ),
    ("newest 1000", "SELECT * FROM prices ORDER BY seq DESC LIMIT 1000"),
];

fn main() {
    let rows =
        std::env::var("GOAT_BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROWS_DEFAULT);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(rows));
}

/// Three tokens in turns, ten times a second.
fn observation(place: u64) -> Observation {
    let place = i64::try_from(place).expect("few");
    let time = UnixMicros::new(START_MICROS + place * 33_333).expect("a time");
    let token = ["SOL", "BTC", "ETH"][usize::try_from(place % 3).expect("small")];
    let price = 100.0 + f64::from(i32::try_from(place * 7919 % 10_007).expect("small")) / 1000.0;
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Simulated,
        source_position: 0,
        payload: Payload::Price(TokenPrice {
            token: Symbol::parse(token).expect("a token"),
            price: Price::new(price).expect("a price"),
            block_id: 0,
        }),
    }
}

fn write(writer: &mut Writer, rows: u64) {
    for first in (0..rows).step_by(usize::try_from(GROUP).expect("small")) {
        let group: Vec<_> = (first..rows.min(first + GROUP)).map(observation).collect();
        writer.append(&group).expect("appended");
    }
}

async fn measure(rows: u64) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let disk = Arc::new(Directory::create(directory.path().to_owned()).expect("a journal"));
    let settings = Journal { sync: Sync::Os, ..Journal::default() };
    let mut writer = recover(disk, &settings, LogId([7; 16]), &mut |_| {}).expect("a journal").writer;
    write(&mut writer, rows);
    // All of them are kept, whatever span they cover.
    let hot_settings = Hot { hours: 24 * 365, ..Hot::default() };
    let limits = Query::default();
    let (hot, folder) = HotStore::open(&hot_settings, &limits, rows).expect("a database");
    let (log, stop, runtime) = (writer.log(), Stop::new(), tokio::runtime::Handle::current());
    let (stopped, begun) = (stop.clone(), Instant::now());
    let folding = std::thread::spawn(move || folder.run(&log, &runtime, &stopped));
    while !hot.is_whole() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!(
        "| {rows} rows in `prices`, folded in {:.1} s | ms, best of {RUNS} |",
        begun.elapsed().as_secs_f64()
    );
    println!("|---|---|");
    let queries = Queries::new(hot, None, &limits);
    for (name, sql) in QUERIES {
        let mut best = f64::MAX;
        for _ in 0..RUNS {
            let answer = queries.answer((*sql).to_owned(), QueryTarget::Hot).await;
            best = best.min(answer.unwrap_or_else(|error| panic!("{name}: {error}")).took_ms);
        }
        println!("| {name} | {best:.0} |");
    }
    stop.cancel();
    folding.join().expect("the fold ended");
}
