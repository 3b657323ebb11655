//! Wallet trades: made in one second, received a few later.

use std::time::Duration;

use goat::event::{Observation, Payload, Perp, Side, WalletTrade};
use goat::values::{InvalidValue, Price, Quantity, UnixMicros};

use super::path::Path;
use super::random::{Random, Stream};
use super::wallets::{BUNDLE, Skill, Wallets, followers, skill};
use super::world::{observation, rounded};

/// Trades a second at a usual hour: each of so many chances is taken with this probability.
const CHANCES: u32 = 8;
const CHANCE: f64 = 0.35;
/// Moves smaller than this do not tempt those who know them.
const WORTHWHILE: f64 = 6e-4;
/// When a copier can be in, and when those who know are out again, in seconds.
const ENTRY_SECONDS: usize = 4;
const EXIT_SECONDS: usize = 100;
/// How often knowledge decides instead of chance.
const KNOWLEDGE: f64 = 0.85;
const BUY_SHARE: f64 = 0.53;
const FOLLOW_CHANCE: f64 = 0.8;

/// Sizes in USD as recorded: half below 213, the largest near 70,000.
const SIZES: [(f64, f64); 9] = [
    (0.0, 50.0),
    (0.1, 65.0),
    (0.25, 95.0),
    (0.5, 213.0),
    (0.75, 660.0),
    (0.9, 2_400.0),
    (0.95, 5_000.0),
    (0.999, 12_000.0),
    (1.0, 70_000.0),
];
/// Seconds from the block to us.
const LATENCIES: [(f64, f64); 5] = [(0.0, 1.0), (0.1, 1.7), (0.5, 2.6), (0.95, 3.7), (1.0, 4.0)];

/// A trade on its way to us.
#[derive(Debug, Clone)]
pub(super) struct Trade {
    pub(super) received: UnixMicros,
    /// No two trades of a world share it.
    pub(super) serial: u64,
    block_time: UnixMicros,
    wallet: u32,
    side: Side,
    usd: f64,
    price: f64,
}

/// The trades of the second `number`, which begins at `time`.
pub(super) fn draw(
    seed: u64,
    number: u64,
    time: UnixMicros,
    path: &Path,
    wallets: &Wallets,
    into: &mut Vec<Trade>,
) {
    let mut random = Random::new(seed, Stream::Trades, number);
    let mut serial = number * u64::from(CHANCES * BUNDLE);
    let chance = (CHANCE * (0.4 + 0.6 * path.mood())).min(0.9);
    for _ in 0..CHANCES {
        if !random.chance(chance) {
            continue;
        }
        let wallet = wallets.draw(&mut random);
        let Some(side) = decide(wallet, path, &mut random) else { continue };
        let usd = random.quantile(&SIZES);
        let mut make = |wallet, usd: f64, delay, random: &mut Random| {
            let block_time = time.plus(Duration::from_secs(delay));
            let price = rounded(path.ahead(0).sol * (1.0 + 2e-4 * random.normal()), 100.0);
            into.push(Trade {
                received: receive(block_time, random),
                serial,
                block_time,
                wallet,
                side,
                usd,
                price,
            });
            serial += 1;
        };
        make(wallet, usd, 0, &mut random);
        for follower in followers(wallet) {
            if random.chance(FOLLOW_CHANCE) {
                let (share, delay) = (random.between(0.5, 1.5), u64::from(random.below(3)));
                make(follower, (usd * share).max(50.0), delay, &mut random);
            }
        }
    }
}

/// When what happened at `block_time` reaches us: at least a second later.
pub(super) fn receive(block_time: UnixMicros, random: &mut Random) -> UnixMicros {
    block_time.plus(Duration::from_secs_f64(random.quantile(&LATENCIES)))
}

/// The side that a wallet takes now; none when it would rather wait.
fn decide(wallet: u32, path: &Path, random: &mut Random) -> Option<Side> {
    let skill = skill(wallet);
    if skill == Skill::None || !random.chance(KNOWLEDGE) {
        return Some(if random.chance(BUY_SHARE) { Side::Buy } else { Side::Sell });
    }
    let outlook = path.ahead(EXIT_SECONDS).sol / path.ahead(ENTRY_SECONDS).sol - 1.0;
    if outlook.abs() < WORTHWHILE {
        return None;
    }
    Some(if (outlook > 0.0) == (skill == Skill::Edge) { Side::Buy } else { Side::Sell })
}

impl Trade {
    #[cfg(test)]
    pub(super) fn wallet(&self) -> u32 {
        self.wallet
    }

    #[cfg(test)]
    pub(super) fn is_buy(&self) -> bool {
        self.side == Side::Buy
    }

    pub(super) fn observe(&self, seed: u64, wallets: &Wallets) -> Result<Observation, InvalidValue> {
        let mut random = Random::new(seed, Stream::Signature, self.serial);
        let stablecoin = match random.uniform() {
            share if share < 0.84 => "USDC",
            share if share < 0.999 => "USDT",
            _ => "PYUSD",
        };
        let slot = slot(self.block_time);
        let trade = WalletTrade {
            signature: random.base58(88),
            wallet: wallets.address(self.wallet),
            side: self.side,
            sol_amount: Quantity::new(rounded(self.usd / self.price, 10_000.0))?,
            stablecoin: stablecoin.to_owned(),
            stablecoin_amount: Quantity::new(rounded(self.usd, 100.0))?,
            price: Price::new(self.price)?,
            slot,
            block_height: slot.saturating_sub(21_860_166),
            perp: Perp::default(),
            raw_json: String::new(),
        };
        Ok(observation(self.block_time, self.received, Payload::Trade(Box::new(trade))))
    }
}

/// The slot of a moment, as the chain had it in January 2026: two and a half a second.
pub(super) fn slot(time: UnixMicros) -> u64 {
    const SLOT: i64 = 391_133_295;
    const AT_SECONDS: i64 = 1_767_478_430;
    u64::try_from(SLOT + (time.get() / 1_000_000 - AT_SECONDS) * 5 / 2).unwrap_or(0)
}
