//! The prices behind everything, second by second, known a little ahead.

use std::collections::VecDeque;

use super::random::{Random, Stream};

/// How far ahead the path is known, in seconds.
pub(super) const AHEAD_SECONDS: usize = 120;

const START: Prices = Prices { sol: 124.3, btc: 87_600.0, eth: 2_945.0 };
/// The moves of SOL in one second at a usual hour, as a share: a day then closes about 115 cycles of 0.20 %, where
/// recorded days close 105 and 174.
const MOVE_A_SECOND: f64 = 0.72e-4;
/// The moves of BTC and ETH against those of SOL.
const BTC_MOVE: f64 = 0.6;
const ETH_MOVE: f64 = 0.9;
/// How much of a move all three share.
const COMMON: f64 = 0.8;
/// One second in so many has a jump, which is so many times a usual move.
const JUMP_CHANCE: f64 = 0.01;
const JUMP_SIZE: f64 = 5.0;
/// How fast the mood of the market returns to the usual, a second: quiet and wild spells last an hour or two.
const MOOD_RETURN: f64 = 1.0 / 5_400.0;
const MOOD_SPREAD: f64 = 0.38;
/// How fast prices are drawn back to where they began, a second: over weeks they stay believable.
const HOME: f64 = 1.0 / 1_000_000.0;

/// The prices of one second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prices {
    pub(super) sol: f64,
    pub(super) btc: f64,
    pub(super) eth: f64,
}

/// The path from the present second on.
///
/// **Invariant:** it holds the present and the next [`AHEAD_SECONDS`] seconds.
#[derive(Debug, Clone)]
pub(super) struct Path {
    seed: u64,
    /// The number of the second that is generated next.
    next: u64,
    mood: f64,
    newest: Prices,
    seconds: VecDeque<(Prices, f64)>,
}

impl Path {
    pub(super) fn new(seed: u64) -> Self {
        let mood = Random::new(seed, Stream::Path, u64::MAX).normal() * MOOD_SPREAD;
        let mut path =
            Self { seed, next: 0, mood, newest: START, seconds: VecDeque::with_capacity(AHEAD_SECONDS + 2) };
        for _ in 0..=AHEAD_SECONDS {
            path.generate();
        }
        path
    }

    /// The present second passes.
    pub(super) fn advance(&mut self) {
        self.seconds.pop_front();
        self.generate();
    }

    /// The prices so many seconds ahead of the present.
    pub(super) fn ahead(&self, seconds: usize) -> Prices {
        self.seconds.get(seconds).map_or(self.newest, |(prices, _)| *prices)
    }

    /// How lively the market is: 1 at a usual hour.
    pub(super) fn mood(&self) -> f64 {
        self.seconds.front().map_or(1.0, |(_, mood)| *mood)
    }

    fn generate(&mut self) {
        let mut random = Random::new(self.seed, Stream::Path, self.next);
        self.next += 1;
        self.mood += random.normal() * MOOD_SPREAD * (2.0 * MOOD_RETURN).sqrt() - self.mood * MOOD_RETURN;
        let mood = (1.0 + self.mood).clamp(0.45, 2.2);
        let jump = if random.chance(JUMP_CHANCE) { JUMP_SIZE } else { 1.0 };
        let size = MOVE_A_SECOND * mood * jump;
        let (common, own) = (random.normal() * COMMON, (1.0 - COMMON * COMMON).sqrt());
        let mut moved = |price: f64, start: f64, share: f64| {
            price * (1.0 + size * share * (common + own * random.normal()) + HOME * (start - price) / start)
        };
        self.newest = Prices {
            sol: moved(self.newest.sol, START.sol, 1.0),
            btc: moved(self.newest.btc, START.btc, BTC_MOVE),
            eth: moved(self.newest.eth, START.eth, ETH_MOVE),
        };
        self.seconds.push_back((self.newest, mood));
    }
}
