//! Depth messages of Binance read and applied to a book, beside a Python handler as cryptofeed has one: orjson and the
//! `order_book` package, decimals for prices and quantities.
//!
//! `make bench` prints a table; nothing is asserted but that both end with the same best levels. Processor time of one
//! thread each, one after the other over the same messages. `GOAT_BENCH_PYTHON` names an interpreter with both packages.

// A measurement that cannot be taken is worth nothing; what is measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod messages;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use data_engine::book::live::{LiveBook, Outcome};
use data_engine::book::sequence::BinanceJudge;
use data_engine::feeds::binance::parse::read_message;
use data_engine::feeds::binance::rest::read_depth;
use data_engine::feeds::exchange::protocol::Message;
use goat::event::Venue;
use goat::values::{Symbol, UnixMicros};
use messages::Messages;
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COUNT: u64 = 50_000;
const RUNS: usize = 5;
const HANDLER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/depth/handler.py");

fn main() {
    let messages = Messages::generate(COUNT);
    println!(
        "{COUNT} depth messages of {} bytes and {} levels\n",
        messages.mean_bytes(),
        messages.mean_levels()
    );
    let (ours, best) = (0..RUNS).map(|_| apply(&messages)).min().expect("a run");
    report("data-engine, checked decimals of 18 places", ours);
    let Ok(python) = std::env::var("GOAT_BENCH_PYTHON") else {
        println!("GOAT_BENCH_PYTHON is not set: no comparison");
        return;
    };
    let (theirs, their_best) = handled_by_python(&python, &messages);
    report("Python, orjson and order_book", theirs);
    assert_eq!(best, their_best, "the two books differ");
    println!("ratio {:.1}", theirs.as_secs_f64() / ours.as_secs_f64());
}

fn report(name: &str, took: Duration) {
    let micros = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(COUNT).expect("small"));
    println!("{name:<46} {micros:>8.2} µs a message");
}

/// Processor time, and the best bid and ask in the end.
fn apply(messages: &Messages) -> (Duration, String) {
    let mut book = LiveBook::<BinanceJudge>::default();
    let begun = cpu_time();
    let now = UnixMicros::from_seconds(1_767_478_430).expect("a time");
    for (place, text) in messages.updates.iter().enumerate() {
        let Ok(Message::Depth(_, update)) = read_message(text) else { panic!("{text}") };
        let outcome = book.update(update, now);
        if place == 0 {
            let snapshot = read_depth(messages.snapshot.as_bytes()).expect("a snapshot");
            assert!(matches!(book.update(snapshot, now), Outcome::Live(_)));
        } else {
            assert_eq!(outcome, Outcome::Applied, "{text}");
        }
    }
    let took = cpu_time().saturating_sub(begun);
    let symbol = Symbol::parse("SOLUSDT").expect("a symbol");
    let (_, snapshot) = book.snapshot(Venue::Binance, symbol).expect("a book").expect("a live book");
    (took, format!("{:.2} {:.2}", snapshot.bids[0].price.get(), snapshot.asks[0].price.get()))
}

/// The same by `handler.py`, which prints its processor time in nanoseconds and the best levels.
fn handled_by_python(python: &str, messages: &Messages) -> (Duration, String) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("messages");
    messages.write(&path);
    let run = |path: &Path| {
        let output = Command::new(python).arg(HANDLER).arg(path).output().expect("Python");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        let (nanos, best) = text.trim().split_once(' ').expect("a time and the levels");
        (Duration::from_nanos(nanos.parse().expect("nanoseconds")), best.to_owned())
    };
    (0..RUNS).map(|_| run(&path)).min().expect("a run")
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).expect("positive"),
        u32::try_from(time.tv_nsec).expect("nanoseconds"),
    )
}
