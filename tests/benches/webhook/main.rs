//! Recorded posts over loopback HTTP, on connections that are kept: how many are accepted, and after how long.
//!
//! `make bench` prints a table; nothing is asserted but that every post is accepted. The receiver, its journal on disk
//! and the senders share the process.

// A measurement that cannot be taken is worth nothing; what is measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod load;
mod receiver;

use std::time::{Duration, Instant};

use goat::settings::Sync;
use load::{Load, Measured};
use receiver::Receiver;
use tests::recordings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RECORDING: &str = "quicknode-trades-2026-01-03T2213Z.ndjson.gz";
const TOKEN: &str = "qnsec_of-the-benchmark";
const TARGET_PER_SECOND: u32 = 5_000;
const SECONDS: u32 = 4;

fn main() {
    let Some(recording) = recordings::file(RECORDING) else { return };
    let posts = recordings::posts(&recording);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("{} recorded posts, repeated with other signatures\n", posts.len());
    println!("{:<44} {:>10} {:>9} {:>9} {:>9}", "posts", "accepted/s", "p50 ms", "p99 ms", "trades");
    println!("{}", "-".repeat(86));
    for sync in [Sync::Always, Sync::Os] {
        for signed in [false, true] {
            for per_second in [Some(TARGET_PER_SECOND), None] {
                let load = Load::prepare(&posts, TARGET_PER_SECOND * SECONDS, signed.then_some(TOKEN));
                runtime.block_on(measure(sync, signed, per_second, load));
            }
        }
    }
}

async fn measure(sync: Sync, signed: bool, per_second: Option<u32>, load: Load) {
    let receiver = Receiver::start(sync, signed.then_some(TOKEN)).await;
    let (count, began) = (load.len(), Instant::now());
    let Measured { latencies } = load.send(receiver.address, per_second).await;
    let took = began.elapsed();
    assert_eq!(latencies.len(), count);
    let pace = per_second.map_or_else(|| "as fast as it goes".to_owned(), |rate| format!("{rate}/s sent"));
    let name = format!("sync = {}, {}, {pace}", sync_name(sync), if signed { "signed" } else { "unsigned" });
    let at = |hundredths: usize| milliseconds(latencies[(latencies.len() - 1) * hundredths / 100]);
    let trades = receiver.stop().await;
    let rate = u128::try_from(count).expect("small") * 1_000_000 / took.as_micros();
    println!("{name:<44} {rate:>10} {:>9} {:>9} {trades:>9}", at(50), at(99));
}

fn sync_name(sync: Sync) -> &'static str {
    match sync {
        Sync::Always => "always",
        Sync::Os => "os",
    }
}

fn milliseconds(latency: Duration) -> String {
    format!("{:.2}", latency.as_secs_f64() * 1000.0)
}
