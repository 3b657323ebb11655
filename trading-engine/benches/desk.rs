//! How long one tick takes for the whole engine with 4,000 open positions and 4,000 shadows:
//! `cargo bench -p trading-engine --bench desk`.

#[path = "../../tests/benches/stream/process.rs"]
#[allow(dead_code, clippy::expect_used)]
mod process;

use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use goat::event::{Observation, Payload, Perp, PositionSide, Side, Source, TokenPrice, Venue, WalletTrade};
use goat::values::{Price, Quantity, Seq, Symbol, UnixMicros};
use trading_engine::core::command::{Command, Order};
use trading_engine::core::cycles::Threshold;
use trading_engine::core::desk::Limits;
use trading_engine::core::exit::ExitRules;
use trading_engine::core::market::PricingBook;
use trading_engine::core::money::Usd;
use trading_engine::core::play::{Bundle, PerpMode, Play, PlayId, WalletSelection};
use trading_engine::core::{Effect, Engine, Plan};

const POSITIONS: u32 = 4_000;
const TICKS: u32 = 2_000;
const START_MICROS: i64 = 1_767_000_000_000_000;

struct Desk {
    engine: Engine,
    seq: u64,
    effects: Vec<Effect>,
}

impl Desk {
    fn new() -> Result<Self, Box<dyn Error>> {
        let threshold = Threshold::from_hundredths(30);
        let plan = Plan {
            cycle_token: Symbol::parse("SOL")?,
            cycle_thresholds: vec![threshold],
            entry_threshold: threshold,
            book: PricingBook { venue: Venue::Binance, symbol: Symbol::parse("SOLUSDT")? },
        };
        Ok(Self { engine: Engine::new(plan, Seq::ZERO), seq: 0, effects: Vec::new() })
    }

    fn order(&mut self, ordinal: u64, order: Order) {
        let command = Command { ordinal, after_seq: Seq::new(self.seq), time: self.engine.now(), order };
        self.engine.command(&command, &mut self.effects);
    }

    fn fold(&mut self, millis: i64, payload: Payload) -> Result<Duration, Box<dyn Error>> {
        let time = UnixMicros::new(START_MICROS + millis * 1_000)?;
        let event = Observation {
            event_time: time,
            received_time: time,
            source: Source::Replay,
            source_position: 0,
            payload,
        };
        self.seq += 1;
        self.effects.clear();
        let began = Instant::now();
        self.engine.handle(Seq::new(self.seq), black_box(&event), &mut self.effects);
        Ok(began.elapsed())
    }

    fn price(&mut self, millis: i64, usd: f64) -> Result<Duration, Box<dyn Error>> {
        let price = TokenPrice { token: Symbol::parse("SOL")?, price: Price::new(usd)?, block_id: 0 };
        self.fold(millis, Payload::Price(price))
    }

    fn buy(&mut self, millis: i64, wallet: &str) -> Result<Duration, Box<dyn Error>> {
        let trade = WalletTrade {
            signature: wallet.into(),
            wallet: wallet.into(),
            side: Side::Buy,
            sol_amount: Quantity::new(1.0)?,
            stablecoin: "USDC".into(),
            stablecoin_amount: Quantity::new(100.0)?,
            price: Price::new(100.0)?,
            slot: 1,
            block_height: 1,
            perp: Perp::default(),
            raw_json: String::new(),
        };
        self.fold(millis, Payload::Trade(Box::new(trade)))
    }
}

fn play(id: &str, wallets: &BTreeSet<String>, bundle: Option<Bundle>) -> Option<Play> {
    Some(Play {
        id: PlayId::new(id)?,
        version: 0,
        name: id.to_owned(),
        description: String::new(),
        active: true,
        side: PositionSide::Long,
        wallets: WalletSelection::Addresses(wallets.clone()),
        max_entries_per_cycle: POSITIONS,
        perp_mode: PerpMode::Any,
        bundle,
        timing: None,
        size: Usd::from_dollars(1),
        source_min_usd: None,
        source_max_usd: None,
        exit: ExitRules::default(),
        validator: None,
        auto_update: false,
        changed_at: UnixMicros::default(),
    })
}

/// One play that enters after each wallet, and one that wants more of them together than there are.
fn full() -> Result<(Desk, i64), Box<dyn Error>> {
    let mut desk = Desk::new()?;
    let wallets: BTreeSet<String> = (0..POSITIONS).map(|number| format!("wallet-{number}")).collect();
    let limits = Limits { open_max: POSITIONS, ..Limits::default() };
    let enters = play("enters", &wallets, None).ok_or("an id")?;
    let refuses =
        play("refuses", &wallets, Some(Bundle { wallets: POSITIONS * 2, seconds: 1 })).ok_or("an id")?;
    desk.order(1, Order::SetLimits(Box::new(limits)));
    desk.order(2, Order::SavePlay(Box::new(enters)));
    desk.order(3, Order::SavePlay(Box::new(refuses)));
    let mut millis = 0;
    for _ in 0..520 {
        desk.price(millis, 100.0)?;
        desk.price(millis + 1_000, 100.0)?;
        millis += 30_000;
    }
    desk.price(millis, 100.0)?;
    for wallet in &wallets {
        desk.buy(millis + 1, wallet)?;
    }
    desk.price(millis + 1_000, 100.0)?;
    Ok((desk, millis + 1_000))
}

/// The times of as many ticks, and what they took of a processor.
#[allow(clippy::print_stdout)]
fn measure(what: &str, usd: impl Fn(f64) -> f64) -> Result<(), Box<dyn Error>> {
    let (mut desk, began) = full()?;
    let positions = desk.engine.desk().positions().len();
    let counts = desk.engine.desk().shadows().counts();
    let (mut times, used_before) = (Vec::new(), process::cpu_time());
    for number in 0..TICKS {
        times.push(desk.price(began + 100 * i64::from(number + 1), usd(number.into()))?);
    }
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 1000).copied().unwrap_or_default();
    let cpu = process::cpu_time().saturating_sub(used_before) / TICKS;
    println!(
        "{positions} positions, {} and {} shadows, {what}: processor time {cpu:?} a tick; by the clock median {:?}, \
         99 % within {:?}, the longest {:?}",
        counts.rejected,
        counts.samples,
        at(500),
        at(990),
        times.last().copied().unwrap_or_default()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    measure("a price that swings", |number| 100.0 + 0.05 * (number / 60.0).sin())?;
    // Each price is a new best one: every stop moves.
    measure("a price that rises", |number| 100.0 + 0.001 * number)
}
