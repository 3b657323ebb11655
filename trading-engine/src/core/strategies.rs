//! Paper strategies: rules over closed candles, each instance with an account of its own.
//!
//! ```text
//! candle → window (contiguous bars) → Strategy::decide → order → first price after decision + latency → account
//! price ──────────────────────────────────────────────→ stop, trailing stop, target of what is held
//! ```
//!
//! A strategy is one file with one stateless type behind [`Strategy`], and one line in [`STRATEGIES`]; nothing else
//! changes. `donchian.rs` is the one to copy. A strategy sees closed bars only, and decides on the newest of them;
//! what it decides is filled at a price that was seen strictly later, so it cannot use what it could not know.
//!
//! - [`window`]: bars without a hole; a gap stops decisions until it is filled.
//! - [`instance`]: one strategy on one series of candles, from the bar to the fill.
//! - [`pauses`]: when nothing is entered for a while. Exits are never held up.

mod donchian;
mod indicators;
mod instance;
mod ma_rsi;
mod pauses;
mod professional;
mod protection;
mod trade;
mod window;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use goat::event::{BookSnapshot, Candle, PositionSide};
use goat::values::UnixMicros;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::desk::Now;
use super::micros;

pub use instance::{Instance, InstancePlan, Standing};
pub use pauses::{Bounds, Cause, Pause, Pauses};
pub use protection::{Holding, exit_reason};
pub use trade::{CandleMark, ClosedTrade, Tally};
pub use window::Window;

/// Every strategy there is.
pub static STRATEGIES: &[&dyn Strategy] = &[
    &ma_rsi::MaRsi { relaxed: false },
    &ma_rsi::MaRsi { relaxed: true },
    &professional::Professional,
    &donchian::Donchian,
];

/// Rules over closed candles. It has no state: what it decides follows from what it is shown.
pub trait Strategy: fmt::Debug + Sync {
    /// What it is called in settings, rows and answers; never changed once it has traded.
    fn name(&self) -> &'static str;

    /// One sentence for the reader.
    fn about(&self) -> &'static str;

    /// The bars that a decision looks at; it is not asked before there are as many.
    fn candles(&self) -> usize;

    /// When it is paused.
    fn bounds(&self) -> Bounds;

    /// What to do now that the last of `bars` has closed: at least [`Strategy::candles`] of them, oldest first, none
    /// missing in between.
    fn decide(&self, bars: &[Bar], situation: &Situation<'_>) -> Decision;
}

/// A closed candle, in USD and base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its first moment.
    #[serde(with = "micros")]
    pub open_time: UnixMicros,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Base traded.
    pub volume: f64,
}

impl From<&Candle> for Bar {
    fn from(candle: &Candle) -> Self {
        Self {
            open_time: candle.open_time,
            open: candle.open.get(),
            high: candle.high.get(),
            low: candle.low.get(),
            close: candle.close.get(),
            volume: candle.volume.get(),
        }
    }
}

/// What a strategy knows besides the bars.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// When the newest bar closed.
    pub time: UnixMicros,
    /// What is held; none when flat.
    pub holding: Option<&'a Holding>,
    /// When the last trade ended.
    pub closed_at: Option<UnixMicros>,
    /// Entries on the present day of UTC.
    pub opened_today: u32,
}

/// What a strategy wants, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What it wants.
    pub signal: Signal,
    /// Why, in words.
    pub reason: Cow<'static, str>,
    /// What it looked at, for the chart.
    pub indicators: Vec<Indicator>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Signal {
    /// Open a position. Nothing happens when there is one.
    Enter(Entry),
    /// Leave the position, with the reason of the exit. Nothing happens when there is none.
    Leave(Cow<'static, str>),
    /// Nothing.
    Nothing,
}

impl Signal {
    /// The signal as it is written in rows.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Enter(Entry { side: PositionSide::Long, .. }) => "enter_long",
            Self::Enter(Entry { side: PositionSide::Short, .. }) => "enter_short",
            Self::Leave(_) => "leave",
            Self::Nothing => "nothing",
        }
    }
}

/// How to enter, and what protects the position from then on. Percent are of the price that was paid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Long or short.
    pub side: PositionSide,
    /// Of the equity.
    pub fraction: f64,
    /// The loss at which it is left.
    pub stop_percent: f64,
    /// The gain at which it is left.
    pub target_percent: Option<f64>,
    /// A stop that follows.
    pub trail: Option<Trail>,
}

/// A stop that follows the best price since the entry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// It begins to follow above this gain.
    pub after_percent: f64,
    /// How far behind the best price it stays.
    pub distance_percent: f64,
}

/// A number that a strategy looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    /// Its name.
    pub name: Cow<'static, str>,
    /// In its own unit.
    pub value: f64,
}

impl Decision {
    fn new(signal: Signal, reason: &'static str, indicators: &[(&'static str, f64)]) -> Self {
        let indicator = |&(name, value): &(&'static str, f64)| Indicator { name: name.into(), value };
        Self { signal, reason: reason.into(), indicators: indicators.iter().map(indicator).collect() }
    }
}

/// A registered strategy. In a state it is its name.
#[derive(Debug, Clone, Copy)]
pub struct Chosen(&'static dyn Strategy);

impl Chosen {
    /// The strategy of that name; none when there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        STRATEGIES.iter().find(|strategy| strategy.name() == name).map(|strategy| Self(*strategy))
    }

    /// The strategy.
    #[must_use]
    pub fn get(self) -> &'static dyn Strategy {
        self.0
    }
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| D::Error::custom(format!("there is no strategy {name:?}")))
    }
}

/// What an instance reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A trade is over.
    Trade(Box<ClosedTrade>),
    /// A candle was taken in: what was decided on it, and what the account is worth.
    Candle(Box<CandleMark>),
    /// The instance is not as it was: at every candle, fill, pause.
    State(Box<Instance>),
    /// It is no longer configured.
    Removed(Box<Instance>),
}

/// Every configured instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Strategies {
    instances: Vec<Instance>,
}

impl Strategies {
    /// The instances, in the order of the configuration.
    #[must_use]
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// What is configured now.
    pub fn plans(&self) -> impl Iterator<Item = &InstancePlan> {
        self.instances.iter().map(Instance::plan)
    }

    /// Takes over instances of before. What is read once more changes nothing: they have seen it.
    pub(in crate::core) fn carry(&mut self, instances: Vec<Instance>) {
        self.instances = instances;
    }

    /// Goes on with these: an instance that was there keeps its account, with the new costs from here on; one that is
    /// no longer named ends.
    pub(in crate::core) fn configure(&mut self, plans: &[InstancePlan], reports: &mut Vec<Report>) {
        let mut before = std::mem::take(&mut self.instances);
        for plan in plans {
            let known = before.iter().position(|instance| instance.plan().id() == plan.id());
            let instance = match known {
                Some(at) => before.remove(at).under(plan.clone()),
                None => Instance::new(plan.clone()),
            };
            reports.push(Report::State(Box::new(instance.clone())));
            self.instances.push(instance);
        }
        reports.extend(before.into_iter().map(|instance| Report::Removed(Box::new(instance))));
    }

    /// A candle has closed.
    pub(in crate::core) fn fold_candle(
        &mut self,
        now: Now,
        candle: &Candle,
        may_enter: bool,
        reports: &mut Vec<Report>,
    ) {
        let of_series = |instance: &&mut Instance| instance.plan().is_of(candle);
        for instance in self.instances.iter_mut().filter(of_series) {
            instance.fold_candle(now, candle, may_enter, reports);
        }
    }

    /// Ends the pause of the instance of that name; without one nothing happens.
    pub(in crate::core) fn resume(&mut self, id: &str, reports: &mut Vec<Report>) {
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.id() == id) {
            instance.resume(reports);
        }
    }

    /// Leaves everything that is held.
    pub(in crate::core) fn halt(&mut self, now: Now, reports: &mut Vec<Report>) {
        for instance in &mut self.instances {
            instance.halt(now, reports);
        }
    }

    /// A book shows what its pair is worth.
    pub(in crate::core) fn fold_book(&mut self, now: Now, book: &BookSnapshot, reports: &mut Vec<Report>) {
        let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) else { return };
        let mid_price = f64::midpoint(bid.price.get(), ask.price.get());
        let of_pair = |instance: &&mut Instance| {
            instance.plan().venue == book.venue && instance.plan().symbol == book.symbol
        };
        for instance in self.instances.iter_mut().filter(of_pair) {
            instance.fold_price(now, mid_price, reports);
        }
    }
}
