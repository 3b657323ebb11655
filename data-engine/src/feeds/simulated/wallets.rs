//! Who trades, how often, and how well.

use super::random::{Random, Stream};

/// The wallets of a world.
pub(super) const WALLETS: u32 = 400;
/// The first ones know a little of what comes.
const SKILLED: u32 = 20;
/// The next ones are wrong as reliably.
const ANTI_SKILLED: u32 = 20;
/// From here on, wallets trade in bundles of so many, the first of each leading.
const BUNDLED_FROM: u32 = 16;
const BUNDLED_TO: u32 = 60;
pub(super) const BUNDLE: u32 = 4;

/// How well a wallet knows what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skill {
    Edge,
    None,
    Inverse,
}

/// The population: each wallet with its address and how much it trades.
#[derive(Debug, Clone)]
pub(super) struct Wallets {
    addresses: Vec<String>,
    /// The share of all trades made by the wallets up to each.
    shares: Vec<f64>,
}

impl Wallets {
    pub(super) fn new(seed: u64) -> Self {
        let mut addresses = Vec::new();
        let mut shares = Vec::new();
        let mut total = 0.0;
        for wallet in 0..WALLETS {
            let mut random = Random::new(seed, Stream::Wallet, u64::from(wallet));
            addresses.push(random.base58(44));
            total += activity(wallet, &mut random);
            shares.push(total);
        }
        for share in &mut shares {
            *share /= total;
        }
        Self { addresses, shares }
    }

    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        let share = random.uniform();
        let place = self.shares.partition_point(|upper| *upper <= share);
        u32::try_from(place).unwrap_or(0).min(WALLETS - 1)
    }

    pub(super) fn address(&self, wallet: u32) -> String {
        usize::try_from(wallet).ok().and_then(|place| self.addresses.get(place)).cloned().unwrap_or_default()
    }
}

/// A few wallets make most of the trades, as recorded: the busiest one in seven, most a few an hour.
fn activity(wallet: u32, random: &mut Random) -> f64 {
    match skill(wallet) {
        // They leave out most of their chances to trade, so they are drawn more often.
        Skill::Edge | Skill::Inverse => random.between(4.0, 8.0),
        Skill::None if wallet >= WALLETS - 6 => random.between(20.0, 60.0),
        Skill::None => {
            let uniform = random.uniform();
            0.2 + 3.0 * uniform * uniform * uniform
        }
    }
}

pub(super) fn skill(wallet: u32) -> Skill {
    match wallet {
        0..SKILLED => Skill::Edge,
        SKILLED.. if wallet < SKILLED + ANTI_SKILLED => Skill::Inverse,
        _ => Skill::None,
    }
}

/// The wallets that follow this one when it trades.
pub(super) fn followers(wallet: u32) -> std::ops::Range<u32> {
    let leads =
        (BUNDLED_FROM..BUNDLED_TO).contains(&wallet) && (wallet - BUNDLED_FROM).is_multiple_of(BUNDLE);
    if leads { wallet + 1..wallet + BUNDLE } else { wallet..wallet }
}
