//! How long the core takes for an event while plays' queries go over a million profiles beside it:
//! `cargo bench -p trading-engine --bench discovery`. Wanted: 99 % within 1 ms.

// A measurement that cannot be taken is worth nothing; what is measured is printed.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../../tests/benches/stream/process.rs"]
#[allow(dead_code)]
mod process;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use goat::event::{Observation, Payload, Source, TokenPrice, Venue};
use goat::values::{Price, Seq, Symbol, UnixMicros};
use trading_engine::core::cycles::Threshold;
use trading_engine::core::market::PricingBook;
use trading_engine::core::play::PlayId;
use trading_engine::core::wallets::WalletQuery;
use trading_engine::core::{Engine, Plan};
use trading_engine::jobs::Jobs;
use trading_engine::workspace::{self, Rows};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PROFILES: u32 = 1_000_000;
const QUERIES: u64 = 20;
const START_MICROS: i64 = 1_767_000_000_000_000;

/// As the play that comes with the engine asks, of all rows.
const QUERY: &str = "SELECT wallet_address FROM wallet_profiles WHERE threshold = 0.3 \
                     AND trade_timestamp > now() - INTERVAL '72' HOUR GROUP BY wallet_address \
                     HAVING count(*) >= 10 ORDER BY avg(gain_percent) DESC, wallet_address LIMIT 25";

/// A million rows of ten thousand wallets, at seven thresholds.
const FILL: &str = "INSERT INTO wallet_profiles
    SELECT 'row-' || n, 'wallet-' || (n * 7919 % 10000), 0.2 + 0.05 * (n % 7), n, 'signature-' || n, 'USDC',
           make_timestamp(1767000000000000 - n * 100000), '20.' || (n // 1000), 125, 100, 125.1, 126, 124, 125.5,
           make_timestamp(1767000000000000), 'long', (n * 31 % 1000) / 500.0 - 1, 0.7, 12.5, 0.1, 0.1, false,
           make_timestamp(1767000000000000), n, '{}'
    FROM range($1) AS numbers(n)";

fn price(number: u32) -> Observation {
    let time = UnixMicros::new(START_MICROS + 100_000 * i64::from(number)).unwrap();
    let usd = 125.0 + 0.4 * (f64::from(number) / 300.0).sin();
    let price =
        TokenPrice { token: Symbol::parse("SOL").unwrap(), price: Price::new(usd).unwrap(), block_id: 0 };
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Replay,
        source_position: 0,
        payload: Payload::Price(price),
    }
}

fn engine() -> Engine {
    let thresholds: Vec<Threshold> = (20..=50).step_by(5).map(Threshold::from_hundredths).collect();
    let book = PricingBook { venue: Venue::Binance, symbol: Symbol::parse("SOLUSDT").unwrap() };
    Engine::new(
        Plan {
            cycle_token: Symbol::parse("SOL").unwrap(),
            cycle_thresholds: thresholds,
            entry_threshold: Threshold::from_hundredths(30),
            book,
        },
        Seq::ZERO,
    )
}

/// Folds prices, some thousands a second, until told to end; how long each took, shortest first.
fn fold(ended: &AtomicBool) -> Vec<Duration> {
    let (mut engine, mut effects, mut times) = (engine(), Vec::new(), Vec::new());
    for number in 0.. {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let event = price(number);
        let began = Instant::now();
        engine.handle(Seq::new(u64::from(number) + 1), black_box(&event), &mut effects);
        times.push(began.elapsed());
        effects.clear();
        std::thread::sleep(Duration::from_micros(100));
    }
    times.sort();
    times
}

fn query(number: u64) -> WalletQuery {
    WalletQuery {
        play: PlayId::new("bench").unwrap(),
        version: 1,
        sql: QUERY.to_owned(),
        asked_seq: Seq::new(number + 1),
        asked_at: UnixMicros::new(START_MICROS).unwrap(),
    }
}

fn told(what: &str, times: &[Duration]) {
    let at = |part: usize| times.get(times.len() * part / 1000).copied().unwrap_or_default();
    let (median, most, worst) = (at(500), at(990), times.last().copied().unwrap_or_default());
    println!("{what}: {} events, median {median:?}, 99 % within {most:?}, longest {worst:?}", times.len());
}

fn main() {
    let connection = workspace::open().unwrap();
    connection.execute(FILL, [PROFILES]).unwrap();
    let (questions, mut discovery) = workspace::discovery(&Jobs::default());
    let (rows, _ended) = workspace::write_on_a_thread(connection, questions).unwrap();
    println!("{PROFILES} profiles, {} MiB in memory", process::resident_bytes() / (1024 * 1024));

    let ended = AtomicBool::new(false);
    let (alone, beside, answers) = std::thread::scope(|scope| {
        let core = scope.spawn(|| fold(&ended));
        std::thread::sleep(Duration::from_secs(2));
        ended.store(true, Ordering::Relaxed);
        let alone = core.join().unwrap();
        ended.store(false, Ordering::Relaxed);

        let core = scope.spawn(|| fold(&ended));
        let mut answers = Vec::new();
        for number in 0..QUERIES {
            let (query, began, used) = (query(number), Instant::now(), process::cpu_time());
            let asked = Rows { queries: vec![query.clone()], ..Rows::default() };
            rows.blocking_send(asked.into()).unwrap();
            let answer = discovery.answer_to(&query).unwrap().found.expect("an answer");
            assert_eq!(answer.len(), 25);
            answers.push((began.elapsed(), process::cpu_time().saturating_sub(used)));
        }
        ended.store(true, Ordering::Relaxed);
        (alone, core.join().unwrap(), answers)
    });
    for (elapsed, used) in &answers {
        println!("a query took {elapsed:?}, {used:?} of processors");
    }
    told("the core alone", &alone);
    told("the core beside the queries", &beside);
}
