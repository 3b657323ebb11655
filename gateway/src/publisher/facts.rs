//! What a post may tell: measured values, with where they come from and how old they are.

use std::fmt;

use goat::values::{Price, UnixMicros};
use serde::{Deserialize, Serialize};

pub(crate) use super::amount::{Percent, Usd, count, price, span};

/// Which world the figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum World {
    /// A generator: nothing of it happened.
    Simulated,
    /// Recordings: it happened, but not now.
    Replay,
    /// The venues.
    Live,
}

impl World {
    /// What every text of such a world carries.
    pub(crate) fn label(self) -> Option<&'static str> {
        match self {
            Self::Simulated => Some("SIMULATED MARKET"),
            Self::Replay => Some("RECORDED MARKET"),
            Self::Live => None,
        }
    }
}

/// What trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum TraderKind {
    /// All plays share one account.
    Play,
    /// Each has an account of its own.
    Strategy,
}

/// Who trades: a play, or a paper strategy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Trader {
    pub(crate) kind: TraderKind,
    /// Distinct among all traders of a kind.
    pub(crate) id: String,
    /// As it is shown; sanitised.
    pub(crate) name: String,
}

/// Which way a position goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    Long,
    Short,
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Long => "long",
            Self::Short => "short",
        })
    }
}

/// Won, lost or neither, by what is shown of the profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Win,
    Loss,
    BreakEven,
}

/// A trade that is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClosedTrade {
    /// Of the position, distinct in its log.
    pub(crate) id: String,
    pub(crate) trader: Trader,
    /// Such as SOL.
    pub(crate) symbol: String,
    pub(crate) direction: Direction,
    pub(crate) entry: Price,
    pub(crate) exit: Price,
    pub(crate) size: Usd,
    /// After fees.
    pub(crate) profit: Usd,
    /// Of the profit over the size.
    pub(crate) gain: Percent,
    pub(crate) fees: Usd,
    /// Why it was left, as words: `trailing stop`.
    pub(crate) exit_reason: &'static str,
    pub(crate) held_seconds: u64,
    pub(crate) closed_at: UnixMicros,
    /// Decided after its time, because the engine was not running then.
    pub(crate) decided_late: bool,
}

impl ClosedTrade {
    /// How it came out, by the cents that are shown.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.profit.get() {
            ..0 => Outcome::Loss,
            0 => Outcome::BreakEven,
            1.. => Outcome::Win,
        }
    }
}

/// A trade that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpenTrade {
    pub(crate) id: String,
    pub(crate) trader: Trader,
    pub(crate) symbol: String,
    pub(crate) direction: Direction,
    pub(crate) entry: Price,
    pub(crate) current: Price,
    pub(crate) stop: Option<Price>,
    pub(crate) size: Usd,
    /// Of the current price over the entry's, in its direction.
    pub(crate) gain: Percent,
    pub(crate) held_seconds: u64,
}

/// A stretch of time up to the moment of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Window {
    Day,
    Week,
    Month,
}

impl Window {
    /// Its length.
    pub(crate) fn hours(self) -> u32 {
        match self {
            Self::Day => 24,
            Self::Week => 168,
            Self::Month => 720,
        }
    }

    /// As it is written.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Day => "last 24 h",
            Self::Week => "last 7 days",
            Self::Month => "last 30 days",
        }
    }
}

/// What came of the trades that ended within a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Results {
    pub(crate) trader: Trader,
    pub(crate) trades: u32,
    pub(crate) wins: u32,
    pub(crate) losses: u32,
    /// After fees.
    pub(crate) profit: Usd,
    pub(crate) fees: Usd,
    pub(crate) open: u32,
}

/// The paper account of the plays, or those of all paper strategies together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) start: Usd,
    pub(crate) equity: Usd,
    pub(crate) unrealised: Usd,
    pub(crate) fees: Usd,
    pub(crate) open_positions: u32,
    /// Of the equity over the start.
    pub(crate) growth: Percent,
}

/// A price with its time and place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quote {
    pub(crate) token: String,
    pub(crate) price: Price,
    pub(crate) age_seconds: u64,
    /// Older than its feed allows.
    pub(crate) stale: bool,
    /// Such as `Jupiter`.
    pub(crate) source: String,
    /// Over the day before, where the history reaches that far.
    pub(crate) day_change: Option<Percent>,
}

/// What holding SOL would have brought within a window, beside what was traded within it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Benchmark {
    pub(crate) window: Window,
    pub(crate) from: Price,
    pub(crate) to: Price,
    pub(crate) change: Percent,
    /// Profit of the trades that ended within it, over the account's start.
    pub(crate) traded: Percent,
}

/// The same rules on two exchanges, over the time that both have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exchanges {
    /// Such as `ma_rsi`; sanitised, as the symbol.
    pub(crate) rules: String,
    pub(crate) symbol: String,
    pub(crate) from: UnixMicros,
    pub(crate) until: UnixMicros,
    pub(crate) sides: [Side; 2],
}

/// One of those exchanges.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side {
    /// Such as `Binance`.
    pub(crate) exchange: &'static str,
    /// Of equity, with what is open.
    pub(crate) growth: Percent,
    /// That ended in the common time.
    pub(crate) trades: u32,
    pub(crate) wins: u32,
    pub(crate) losses: u32,
    /// Of those, after fees.
    pub(crate) profit: Usd,
    /// Of the newest candle.
    pub(crate) age_seconds: u64,
    /// Candles have stopped coming.
    pub(crate) stale: bool,
}

/// A strategy enters nothing for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoolOff {
    pub(crate) trader: Trader,
    /// Such as `losses in a row`; sanitised.
    pub(crate) cause: String,
    pub(crate) since: UnixMicros,
    pub(crate) until: UnixMicros,
}

/// The end of the chain of results: who has the text can hold the bundle of that day against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainHead {
    /// Of the record.
    pub(crate) time: UnixMicros,
    pub(crate) record: u64,
    /// SHA-256 in hexadecimal.
    pub(crate) hash: String,
}

impl ChainHead {
    /// As it stands in a post: day, record, and the first 48 bits of the hash.
    pub(crate) fn words(&self) -> String {
        const DIGITS: usize = 12;
        let time = self.time.to_string();
        let (day, hash) = (time.get(..10).unwrap_or(&time), self.hash.get(..DIGITS).unwrap_or(&self.hash));
        format!("Chain {day} #{} {hash}", self.record)
    }
}

/// Nothing new is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) since: UnixMicros,
    /// Why, as the operator said it; sanitised, and empty when nobody did.
    pub(crate) reason: String,
}

/// Everything that is known at a moment. What could not be found out is absent, never zero.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) world: World,
    /// The engine's own time: of the last event that it has folded.
    pub(crate) as_of: UnixMicros,
    /// How far that lies behind the clock, in a live world.
    pub(crate) age_seconds: u64,
    pub(crate) account: Option<Account>,
    /// All accounts of paper strategies together; absent without any.
    pub(crate) strategies: Option<Account>,
    pub(crate) exchanges: Option<Exchanges>,
    /// By window, each with every trader that ended a trade or has one open.
    pub(crate) results: Vec<(Window, Vec<Results>)>,
    pub(crate) open: Vec<OpenTrade>,
    pub(crate) quotes: Vec<Quote>,
    pub(crate) benchmark: Option<Benchmark>,
    pub(crate) pause: Option<Pause>,
    pub(crate) cool_offs: Vec<CoolOff>,
    pub(crate) chain: Option<ChainHead>,
    /// Of the price cycle under way with the largest threshold: the threshold, and its peak over its start.
    pub(crate) cycle: Option<(Percent, Percent)>,
}

/// In a live world figures older than this are labelled.
pub(crate) const STALE_AFTER_SECONDS: u64 = 120;

impl Facts {
    /// A world at a moment, of which nothing else is known.
    pub(crate) fn of(world: World, as_of: UnixMicros, age_seconds: u64) -> Self {
        Self {
            world,
            as_of,
            age_seconds,
            account: None,
            strategies: None,
            exchanges: None,
            results: Vec::new(),
            open: Vec::new(),
            quotes: Vec::new(),
            benchmark: None,
            pause: None,
            cool_offs: Vec::new(),
            chain: None,
            cycle: None,
        }
    }

    /// The results of a window.
    pub(crate) fn results(&self, window: Window) -> &[Results] {
        let found = self.results.iter().find(|(of, _)| *of == window);
        found.map_or(&[], |(_, results)| results)
    }

    /// Sums over all traders; absent where nobody ended a trade.
    pub(crate) fn totals(&self, window: Window) -> Option<Totals> {
        Self::sum(self.results(window).iter())
    }

    /// Sums over all traders of a kind; absent where none ended a trade.
    pub(crate) fn totals_of(&self, kind: TraderKind, window: Window) -> Option<Totals> {
        Self::sum(self.results(window).iter().filter(|one| one.trader.kind == kind))
    }

    fn sum<'a>(results: impl Iterator<Item = &'a Results>) -> Option<Totals> {
        let mut totals = Totals::default();
        for one in results {
            totals.trades += one.trades;
            totals.wins += one.wins;
            totals.losses += one.losses;
            totals.profit = totals.profit.plus(one.profit);
            totals.fees = totals.fees.plus(one.fees);
        }
        (totals.trades > 0).then_some(totals)
    }

    /// Says that the figures are old, with their age.
    pub(crate) fn staleness(&self) -> Option<String> {
        let is_stale = self.world == World::Live && self.age_seconds > STALE_AFTER_SECONDS;
        is_stale.then(|| format!("Figures are {} old", span(self.age_seconds)))
    }
}

/// Sums over all traders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) trades: u32,
    pub(crate) wins: u32,
    pub(crate) losses: u32,
    pub(crate) profit: Usd,
    pub(crate) fees: Usd,
}
