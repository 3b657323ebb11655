//! Whale movements: about one in five seconds.

use goat::event::{Observation, Payload, Perp, WhaleMovement};
use goat::values::{InvalidValue, Quantity, UnixMicros};

use super::random::{Random, Stream};
use super::trades::{receive, slot};
use super::world::{observation, rounded};

const CHANCE: f64 = 0.2;
const WHALES: u32 = 60;
const FEE: f64 = 0.000_005;

/// Changes in SOL.
const CHANGES: [(f64, f64); 6] =
    [(0.0, 50.0), (0.4, 90.0), (0.7, 250.0), (0.9, 900.0), (0.98, 4_000.0), (1.0, 12_000.0)];
/// Balances before, in SOL.
const BALANCES: [(f64, f64); 5] =
    [(0.0, 1_000.0), (0.5, 4_000.0), (0.8, 15_000.0), (0.95, 60_000.0), (1.0, 250_000.0)];

/// A movement on its way to us.
#[derive(Debug, Clone)]
pub(super) struct Movement {
    pub(super) received: UnixMicros,
    pub(super) serial: u64,
    block_time: UnixMicros,
}

/// The movement of the second `number`, when there is one.
pub(super) fn draw(seed: u64, number: u64, time: UnixMicros, into: &mut Vec<Movement>) {
    let mut random = Random::new(seed, Stream::Whales, number);
    if random.chance(CHANCE) {
        into.push(Movement { received: receive(time, &mut random), serial: number, block_time: time });
    }
}

impl Movement {
    pub(super) fn observe(&self, seed: u64) -> Result<Observation, InvalidValue> {
        // The first numbers of the stream are the wallets themselves.
        let mut random = Random::new(seed, Stream::WhaleWallet, u64::from(WHALES) + self.serial);
        let whale = u64::from(random.below(WHALES));
        let previous = rounded(random.quantile(&BALANCES), 1e6);
        let inwards = random.chance(0.5);
        let drawn = random.quantile(&CHANGES);
        let size = rounded(if inwards { drawn } else { drawn.min(previous * 0.9) }, 1e6);
        let change = if inwards { size } else { -size };
        let current = rounded(previous + change, 1e6);
        let movement = WhaleMovement {
            signature: random.base58(88),
            wallet: Random::new(seed, Stream::WhaleWallet, whale).base58(44),
            whale_type: whale_type(current).to_owned(),
            direction: if inwards { "in" } else { "out" }.to_owned(),
            action: if inwards { "received" } else { "sent" }.to_owned(),
            significance: significance(size).to_owned(),
            sol_change: change,
            abs_change: Quantity::new(size)?,
            percentage_moved: size / previous * 100.0,
            previous_balance: previous,
            current_balance: current,
            fee_paid: FEE,
            slot: slot(self.block_time),
            perp: Perp::default(),
            raw_json: String::new(),
        };
        Ok(observation(self.block_time, self.received, Payload::Whale(Box::new(movement))))
    }
}

fn whale_type(balance: f64) -> &'static str {
    match balance {
        balance if balance >= 100_000.0 => "MEGA_WHALE",
        balance if balance >= 50_000.0 => "SUPER_WHALE",
        balance if balance >= 10_000.0 => "WHALE",
        balance if balance >= 5_000.0 => "LARGE_HOLDER",
        _ => "MODERATE_HOLDER",
    }
}

fn significance(change: f64) -> &'static str {
    match change {
        change if change >= 5_000.0 => "CRITICAL",
        change if change >= 1_000.0 => "HIGH",
        change if change >= 500.0 => "MEDIUM",
        _ => "LOW",
    }
}
