//! The rules of a play's exits, checked when they are made.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most tiers of one list.
const TIERS_MAX: usize = 64;

/// The furthest that a tier's range may go; it stands for "without end".
const RANGE_MAX: f64 = 999_999.0;

/// How the stop follows the price. The formulas are those of [`super`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// A stop-loss from the entry and a trailing stop from the best price, each with its own tolerance.
    #[default]
    DualCheck,
    /// One tolerance that only tightens, against the best price above the entry and the entry below it.
    Locked,
}

/// A tolerance for gains in `from ≤ gain < to`. All three are fractions: 0.002 is 0.2 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    /// The lowest gain.
    pub from: f64,
    /// Where the next tier begins.
    pub to: f64,
    /// How far the price may fall.
    pub tolerance: f64,
}

/// Rules as somebody wrote them down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UncheckedRules {
    /// How the stop follows the price.
    pub algorithm: Algorithm,
    /// Tolerances at or below the entry price.
    pub decreases: Vec<Tier>,
    /// Tolerances above the entry price.
    pub increases: Vec<Tier>,
    /// No stop is acted on before.
    pub minimum_hold_seconds: u32,
    /// The position is left then, whatever the price.
    pub maximum_hold_seconds: Option<u32>,
    /// Whether it is left when the followed wallet leaves.
    pub mirror: bool,
}

impl Default for UncheckedRules {
    /// A stop-loss of 0.2 %, and a trailing stop of 0.3 %, from a gain of 0.5 % on of 0.1 %.
    fn default() -> Self {
        let tier = |from, to, tolerance| Tier { from, to, tolerance };
        Self {
            algorithm: Algorithm::DualCheck,
            decreases: vec![tier(-RANGE_MAX, 0.0, 0.002)],
            increases: vec![tier(0.0, 0.005, 0.003), tier(0.005, RANGE_MAX, 0.001)],
            minimum_hold_seconds: 0,
            maximum_hold_seconds: None,
            mirror: false,
        }
    }
}

/// Rules were refused, with the field and the value that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct InvalidRules {
    /// Such as `increases[1].tolerance`.
    pub field: String,
    /// What it has to be.
    pub rule: &'static str,
    /// What it was.
    pub found: String,
}

impl fmt::Display for InvalidRules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} must be {}, got {}", self.field, self.rule, self.found)
    }
}

impl std::error::Error for InvalidRules {}

/// Rules that were checked.
///
/// **Invariant:** both lists have 1 to 64 tiers; each has −999999 ≤ `from` < `to` ≤ 999999 and
/// 0 < `tolerance` < 1; the longest hold is longer than the shortest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedRules", into = "UncheckedRules")]
pub struct ExitRules {
    rules: UncheckedRules,
    decreases: Ladder,
    increases: Ladder,
}

impl ExitRules {
    /// Checks rules.
    ///
    /// # Errors
    ///
    /// When they break the invariant; the first field that does is named.
    pub fn new(rules: UncheckedRules) -> Result<Self, InvalidRules> {
        check_tiers("decreases", &rules.decreases)?;
        check_tiers("increases", &rules.increases)?;
        if let Some(seconds) = rules.maximum_hold_seconds
            && seconds <= rules.minimum_hold_seconds
        {
            return Err(InvalidRules {
                field: "maximum_hold_seconds".to_owned(),
                rule: "greater than minimum_hold_seconds",
                found: seconds.to_string(),
            });
        }
        let (decreases, increases) = (Ladder::new(&rules.decreases), Ladder::new(&rules.increases));
        Ok(Self { rules, decreases, increases })
    }

    /// The rules as they were written down.
    #[must_use]
    pub fn get(&self) -> &UncheckedRules {
        &self.rules
    }

    /// Whether a position that was held that long may be left for that reason.
    ///
    /// The shortest hold delays the stops, and neither the mirrored wallet nor a person nor a halt.
    #[must_use]
    pub fn permit(&self, reason: ExitReason, held: Duration) -> bool {
        match reason {
            ExitReason::StopLoss | ExitReason::TrailingStop => {
                held >= Duration::from_secs(self.rules.minimum_hold_seconds.into())
            }
            ExitReason::MaximumHold => self.longest_hold().is_some_and(|longest| held >= longest),
            ExitReason::Mirror => self.rules.mirror,
            ExitReason::Manual | ExitReason::Halt => true,
        }
    }

    /// After which it is left whatever the price.
    pub(in crate::core) fn longest_hold(&self) -> Option<Duration> {
        self.rules.maximum_hold_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.rules.algorithm
    }

    pub(super) fn decreases(&self) -> &Ladder {
        &self.decreases
    }

    pub(super) fn increases(&self) -> &Ladder {
        &self.increases
    }

    /// The smallest tolerance of both lists.
    pub(super) fn tightest(&self) -> f64 {
        self.decreases.tightest.min(self.increases.tightest)
    }
}

impl Default for ExitRules {
    fn default() -> Self {
        let rules = UncheckedRules::default();
        let (decreases, increases) = (Ladder::new(&rules.decreases), Ladder::new(&rules.increases));
        Self { rules, decreases, increases }
    }
}

impl TryFrom<UncheckedRules> for ExitRules {
    type Error = InvalidRules;

    fn try_from(rules: UncheckedRules) -> Result<Self, InvalidRules> {
        Self::new(rules)
    }
}

impl From<ExitRules> for UncheckedRules {
    fn from(checked: ExitRules) -> Self {
        checked.rules
    }
}

fn check_tiers(list: &'static str, tiers: &[Tier]) -> Result<(), InvalidRules> {
    if tiers.is_empty() || tiers.len() > TIERS_MAX {
        let found = format!("{} tiers", tiers.len());
        return Err(InvalidRules { field: list.to_owned(), rule: "a list of 1 to 64 tiers", found });
    }
    for (at, tier) in tiers.iter().enumerate() {
        let refused = |field: &str, rule, found: f64| {
            Err(InvalidRules { field: format!("{list}[{at}].{field}"), rule, found: found.to_string() })
        };
        let range = -RANGE_MAX..=RANGE_MAX;
        if !range.contains(&tier.from) {
            return refused("from", "a fraction between -999999 and 999999", tier.from);
        }
        if !(range.contains(&tier.to) && tier.to > tier.from) {
            return refused("to", "greater than from and at most 999999", tier.to);
        }
        if !(tier.tolerance > 0.0 && tier.tolerance < 1.0) {
            return refused("tolerance", "a fraction greater than 0 and less than 1", tier.tolerance);
        }
    }
    Ok(())
}

/// A list of tiers laid out by gain: which tolerance applies where.
///
/// The first tier of the list that contains a gain applies; where none does, the last of the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ladder {
    pieces: Vec<Tier>,
    tightest: f64,
}

impl Ladder {
    fn new(tiers: &[Tier]) -> Self {
        let mut bounds: Vec<f64> = tiers.iter().flat_map(|tier| [tier.from, tier.to]).collect();
        bounds.extend([f64::NEG_INFINITY, f64::INFINITY]);
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        let ends = bounds.iter().skip(1);
        let pieces = bounds.iter().zip(ends).map(|(&from, &to)| {
            let tolerance = first_match(tiers, from).map_or(1.0, |tier| tier.tolerance);
            Tier { from, to, tolerance }
        });
        let tightest = tiers.iter().map(|tier| tier.tolerance).fold(1.0, f64::min);
        Self { pieces: pieces.collect(), tightest }
    }

    /// The tolerance at a gain.
    pub(super) fn tolerance(&self, gain: f64) -> f64 {
        let piece = self.pieces.iter().find(|piece| gain < piece.to).or(self.pieces.last());
        piece.map_or(self.tightest, |piece| piece.tolerance)
    }

    /// From the lowest gains to the highest, without a hole: the first begins and the last ends at infinity.
    pub(super) fn pieces(&self) -> impl DoubleEndedIterator<Item = &Tier> {
        self.pieces.iter()
    }
}

fn first_match(tiers: &[Tier], gain: f64) -> Option<&Tier> {
    tiers.iter().find(|tier| tier.from <= gain && gain < tier.to).or(tiers.last())
}

/// Why a position was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ExitReason {
    /// Too far on the wrong side of the entry price.
    StopLoss,
    /// Too far back from the best price.
    TrailingStop,
    /// Held for as long as the rules allow.
    MaximumHold,
    /// The followed wallet left.
    Mirror,
    /// A person said so.
    Manual,
    /// Trading was halted.
    Halt,
}

impl ExitReason {
    /// As it is written in tables and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StopLoss => "stop_loss",
            Self::TrailingStop => "trailing_stop",
            Self::MaximumHold => "maximum_hold",
            Self::Mirror => "mirror",
            Self::Manual => "manual",
            Self::Halt => "halt",
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
