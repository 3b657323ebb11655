//! How long one tick takes for a large book of open positions: `cargo bench -p trading-engine --bench exits`.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use goat::event::PositionSide;
use goat::values::{InvalidValue, Price, Seq, UnixMicros};
use trading_engine::core::cycles::Tick;
use trading_engine::core::exit::{
    Algorithm, Entry, ExitRules, StopState, StopStep, UncheckedRules, step, watch,
};

const POSITIONS: u32 = 4000;
const TICKS: u32 = 2000;

type Evaluate = fn(&ExitRules, &mut StopState, &Entry, &Tick, Duration) -> Option<StopStep>;

/// Entries spread over a percent around the price, half of them short.
fn book(rules: &ExitRules) -> Vec<(Entry, StopState)> {
    let entries = (0..POSITIONS).map(|number| {
        let side = if number % 2 == 0 { PositionSide::Long } else { PositionSide::Short };
        let entry = Entry { side, price: 125.0 + f64::from(number % 1000) / 800.0 };
        (entry, StopState::new(rules, &entry))
    });
    entries.collect()
}

/// A price that swings by a percent in a few hundred ticks.
fn tick(number: u32) -> Result<Tick, InvalidValue> {
    let price = Price::new(125.6 + 0.6 * (f64::from(number) / 60.0).sin())?;
    Ok(Tick { seq: Seq::new(number.into()), time: UnixMicros::default(), price })
}

/// The time of each tick over the whole book, shortest first. Positions that hit their stop stay, which costs more.
fn measure(rules: &ExitRules, ticks: &[Tick], evaluate: Evaluate) -> Vec<Duration> {
    let mut book = book(rules);
    let mut times: Vec<Duration> = ticks
        .iter()
        .map(|tick| {
            let began = Instant::now();
            for (entry, state) in &mut book {
                black_box(evaluate(rules, state, entry, tick, Duration::from_mins(1)));
            }
            began.elapsed()
        })
        .collect();
    times.sort();
    times
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("{POSITIONS} open positions at one tick, {TICKS} ticks");
    let ticks = (0..TICKS).map(tick).collect::<Result<Vec<_>, _>>()?;
    let by_formula: Evaluate = |rules, state, entry, tick, held| Some(step(rules, state, entry, tick, held));
    for algorithm in [Algorithm::DualCheck, Algorithm::Locked] {
        let rules = ExitRules::new(UncheckedRules { algorithm, ..UncheckedRules::default() })?;
        for (name, evaluate) in [("stop price", watch as Evaluate), ("formula", by_formula)] {
            let times = measure(&rules, &ticks, evaluate);
            let at = |part: usize| times.get(times.len() * part / 1000).copied().unwrap_or_default();
            println!(
                "{algorithm:?} by {name}: median {:?}, 99 % within {:?}, 99.9 % within {:?}",
                at(500),
                at(990),
                at(999)
            );
        }
    }
    Ok(())
}
