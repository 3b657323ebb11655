//! Rates and latencies of the log and its stream, over real loopback gRPC, all in one process.
//!
//! `make bench` prints a table; nothing is asserted. `GOAT_BENCH_EVENTS` sets how many events are recorded.

// A measurement that cannot be taken is worth nothing; what is measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod appends;
mod engine;
mod pipeline;
mod process;
mod readers;
mod table;

use std::sync::Arc;

use engine::Engine;
use goat::settings::Sync;
use readers::Reading;
use table::Table;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EVENTS_DEFAULT: u64 = 2_000_000;
const LIVE_READERS: usize = 16;

fn main() {
    let events =
        std::env::var("GOAT_BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(EVENTS_DEFAULT);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut table = Table::begin(events);
    runtime.block_on(measure(events, &mut table));
    table.row("peak memory of the process", "", &process::mebibytes(process::peak_bytes()));
    println!("\n{}", table::total());
}

async fn measure(events: u64, table: &mut Table) {
    let engine = Arc::new(Engine::start().await);
    let (wrote, took) = engine.append(events);
    table.row("written, sync = os", "", &table::rate(wrote, took));
    table.row("journal, bytes an event", "", &(engine.journal_bytes() / events).to_string());

    for (reading, target) in [(Reading::Scanned, "2,000,000/s"), (Reading::Decoded, "")] {
        let name = format!("one reader from position 1, {}", reading.as_str());
        let (count, took) = table::timed(readers::read_all(engine.address, reading)).await;
        assert_eq!(count, events);
        table.row(&name, target, &table::rate(count, took));
    }

    let more = events / 2;
    let grown = readers::growth_by_a_stalled_reader(&engine, more).await;
    table.row("memory for a reader that stands still", "flat", &process::mebibytes(grown));
    for (reading, target) in [(Reading::Scanned, "5,000,000/s"), (Reading::Decoded, "")] {
        let name = format!("{LIVE_READERS} live readers together, {}", reading.as_str());
        let (count, took) = table::timed(readers::follow_live(&engine, LIVE_READERS, more, reading)).await;
        table.row(&name, target, &table::rate(count, took));
    }
    drop(engine);

    for producers in [1, 16, 64] {
        let measured = appends::measure(producers).await;
        table.row(&format!("durable appends, sync = always, {producers} at once"), "", &measured);
    }
    for (sync, name, target) in [(Sync::Always, "always", "p99 20 ms"), (Sync::Os, "os", "p99 2 ms")] {
        let measured = pipeline::measure(sync, LIVE_READERS).await;
        let name = format!("submitted to read, {LIVE_READERS} readers, sync = {name}");
        table.row(&name, target, &measured);
    }
}
