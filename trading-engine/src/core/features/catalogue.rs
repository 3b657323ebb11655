//! The one table of features.
//!
//! **To add a feature**, add one entry to the table of its group below `catalogue/`: its name with the group's prefix,
//! its unit, its formula as a sentence, and the function from the [`Moment`]. Everything else (RPC, documentation, the
//! check of filters, stored rows) reads the table. A feature that needs something its source's bucket does not add up
//! yet adds it there. Then add it to the plain computation in `tests/`, which fails for features it does not know.
//!
//! In the formulas `[n]` is the minute n before the one at hand; o, h, l, c are a minute's first, highest, lowest and
//! last price. What needs a minute without data, or divides by zero, is none.

mod book;
mod patterns;
mod prices;
mod series;
mod trades;
mod whales;

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::moment::{MINUTES, Moment};

/// Where a feature is computed from. The prefix of its name says so too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The SOL price.
    SolPrice,
    /// The BTC price.
    BtcPrice,
    /// The ETH price.
    EthPrice,
    /// The configured book.
    OrderBook,
    /// All wallets' trades.
    Transactions,
    /// Movements of large wallets.
    Whales,
    /// The second-by-second SOL price of the whole window.
    SecondPrices,
    /// Chart patterns in it.
    Patterns,
}

impl Group {
    /// What the names of its features begin with, before the underscore.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::SolPrice => "pm",
            Self::BtcPrice => "btc",
            Self::EthPrice => "eth",
            Self::OrderBook => "ob",
            Self::Transactions => "tx",
            Self::Whales => "wh",
            Self::SecondPrices => "sp",
            Self::Patterns => "pat",
        }
    }
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// US dollars; a stablecoin counts as one.
    Usd,
    /// The quote currency of the book.
    Quote,
    /// The base currency of the book.
    Base,
    /// SOL.
    Sol,
    /// Hundredths.
    Percent,
    /// Ten-thousandths.
    BasisPoints,
    /// A plain number: one thing over another.
    Ratio,
    /// A ratio's change in a minute.
    RatioPerMinute,
    /// How many.
    Count,
    /// How many in a second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// 1 when it is so, 0 when it is not.
    Flag,
    /// 1 up, -1 down, 0 neither.
    Sign,
}

impl Unit {
    /// As it is written behind a value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Quote => "quote",
            Self::Base => "base",
            Self::Sol => "SOL",
            Self::Percent => "%",
            Self::BasisPoints => "bps",
            Self::Ratio => "ratio",
            Self::RatioPerMinute => "ratio/min",
            Self::Count => "count",
            Self::PerSecond => "1/s",
            Self::Seconds => "s",
            Self::Flag => "flag",
            Self::Sign => "sign",
        }
    }
}

#[derive(Clone, Copy)]
enum Compute {
    PerMinute(fn(&Moment, usize) -> Option<f64>),
    Once(fn(&Moment) -> Option<f64>),
}

/// One feature.
#[derive(Clone, Copy)]
pub struct Feature {
    /// Group prefix and name: `pm_price_change_1m`.
    pub name: &'static str,
    /// Where it is computed from.
    pub group: Group,
    /// What it counts.
    pub unit: Unit,
    /// How it is computed.
    pub formula: &'static str,
    compute: Compute,
    /// Where in a set its values begin.
    first_slot: usize,
}

impl Feature {
    /// Whether there is one for each of the fifteen minutes, or one for all of them.
    #[must_use]
    pub const fn is_per_minute(&self) -> bool {
        matches!(self.compute, Compute::PerMinute(_))
    }

    const fn per_minute(
        name: &'static str,
        group: Group,
        unit: Unit,
        formula: &'static str,
        compute: fn(&Moment, usize) -> Option<f64>,
    ) -> Self {
        Self { name, group, unit, formula, compute: Compute::PerMinute(compute), first_slot: 0 }
    }

    const fn once(
        name: &'static str,
        group: Group,
        unit: Unit,
        formula: &'static str,
        compute: fn(&Moment) -> Option<f64>,
    ) -> Self {
        Self { name, group, unit, formula, compute: Compute::Once(compute), first_slot: 0 }
    }

    /// Where in a set its values are, newest minute first.
    pub(super) fn slots(&self) -> Range<usize> {
        let values = if self.is_per_minute() { usize::from(MINUTES) } else { 1 };
        self.first_slot..self.first_slot + values
    }

    pub(super) fn compute(&self, moment: &Moment, minute: u8) -> Option<f64> {
        let value = match self.compute {
            Compute::PerMinute(compute) => compute(moment, usize::from(minute)),
            Compute::Once(compute) => compute(moment),
        };
        value.filter(|value| value.is_finite())
    }
}

impl fmt::Debug for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.name, self.unit.as_str(), self.formula)
    }
}

static CATALOGUE: LazyLock<Vec<Feature>> = LazyLock::new(|| {
    let mut features = [
        prices::FEATURES,
        book::FEATURES,
        trades::FEATURES,
        whales::FEATURES,
        series::FEATURES,
        patterns::FEATURES,
    ]
    .concat();
    let mut end = 0;
    for feature in &mut features {
        feature.first_slot = end;
        end = feature.slots().end;
    }
    features
});

/// Every feature, group by group.
#[must_use]
pub fn catalogue() -> &'static [Feature] {
    &CATALOGUE
}

/// The feature of this name.
#[must_use]
pub fn find(name: &str) -> Option<FeatureId> {
    FeatureId::all().find(|id| id.feature().name == name)
}

/// At most three names that somebody who wrote `name` may have meant, the likeliest first.
#[must_use]
pub fn near(name: &str) -> Vec<&'static str> {
    const NAMES_MAX: usize = 3;
    let wanted = name.to_ascii_lowercase();
    let edits_max = (wanted.len() / 4).max(2);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for feature in catalogue() {
        let unprefixed = feature.name.split_once('_').map_or("", |(_, rest)| rest);
        let edits = edits_between(&wanted, feature.name).min(edits_between(&wanted, unprefixed));
        if edits <= edits_max {
            found.push((edits, feature.name));
        }
    }
    found.sort_by_key(|(edits, _)| *edits);
    found.into_iter().take(NAMES_MAX).map(|(_, name)| name).collect()
}

/// How many characters must be put in, taken out or changed.
fn edits_between(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, byte) in one.bytes().enumerate() {
        let mut above_left = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (above, candidate) in row.iter().skip(1).zip(other.bytes()) {
            left = (left + 1).min(above + 1).min(above_left + usize::from(byte != candidate));
            above_left = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// A feature of the catalogue. Written and read as its name.
#[derive(Clone, Copy)]
pub struct FeatureId(&'static Feature);

impl FeatureId {
    /// What the catalogue says of it.
    #[must_use]
    pub fn feature(self) -> &'static Feature {
        self.0
    }

    /// All of them, in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        catalogue().iter().map(Self)
    }
}

impl PartialEq for FeatureId {
    fn eq(&self, other: &Self) -> bool {
        self.0.first_slot == other.0.first_slot
    }
}

impl Eq for FeatureId {}

impl PartialOrd for FeatureId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In the order of the catalogue.
impl Ord for FeatureId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.first_slot.cmp(&other.0.first_slot)
    }
}

impl fmt::Display for FeatureId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name)
    }
}

impl fmt::Debug for FeatureId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for FeatureId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for FeatureId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        find(&name).ok_or_else(|| de::Error::custom(format!("feature {name} is not in the catalogue")))
    }
}

/// How many values a set has.
pub(super) fn slots() -> usize {
    catalogue().last().map_or(0, |last| last.slots().end)
}
