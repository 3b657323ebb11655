//! One condition of a stage: what is made of a feature's minutes, and what it is held against.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, feature, finite};
use super::outcome::ConditionOutcome;
use crate::core::features::{FeatureId, FeatureSet};

/// What is made of the minutes of a window, in the order of time. The newest minute is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aggregation {
    /// The newest.
    Last,
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The sum.
    Sum,
    /// The newest less the oldest.
    Diff,
    /// The least-squares slope, per minute.
    Slope,
    /// The sample standard deviation.
    Stdev,
}

impl Aggregation {
    /// Every one.
    pub const ALL: [Self; 8] =
        [Self::Last, Self::Avg, Self::Min, Self::Max, Self::Sum, Self::Diff, Self::Slope, Self::Stdev];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Diff => "diff",
            Self::Slope => "slope",
            Self::Stdev => "stdev",
        }
    }

    /// The one that is written like that.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aggregation| aggregation.as_str() == name)
    }

    const fn needs_two_minutes(self) -> bool {
        matches!(self, Self::Diff | Self::Slope | Self::Stdev)
    }

    /// Of values in the order of time; none when there are too few.
    fn of(self, values: &[f64]) -> Option<f64> {
        let (oldest, newest) = (values.first()?, values.last()?);
        if self.needs_two_minutes() && values.len() < 2 {
            return None;
        }
        let sum: f64 = values.iter().sum();
        let count = f64::from(u8::try_from(values.len()).ok()?);
        let squares = || values.iter().map(|value| (value - sum / count).powi(2)).sum::<f64>();
        match self {
            Self::Last => Some(*newest),
            Self::Avg => Some(sum / count),
            Self::Min => values.iter().copied().reduce(f64::min),
            Self::Max => values.iter().copied().reduce(f64::max),
            Self::Sum => Some(sum),
            Self::Diff => Some(newest - oldest),
            Self::Slope => Some(slope(values, sum / count, count)),
            Self::Stdev => Some((squares() / (count - 1.0)).sqrt()),
        }
    }
}

/// The least-squares slope of at least two values one minute apart.
fn slope(values: &[f64], mean: f64, count: f64) -> f64 {
    let middle = (count - 1.0) / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (minute, value) in (0_u8..).zip(values) {
        let distance = f64::from(minute) - middle;
        products += distance * (value - mean);
        squares += distance * distance;
    }
    products / squares
}

/// What a value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Operator {
    /// `>=`
    AtLeast(f64),
    /// `<=`
    AtMost(f64),
    /// `=`
    Equal(f64),
    /// `!=`
    NotEqual(f64),
    /// `>`
    Above(f64),
    /// `<`
    Below(f64),
    /// Both bounds are inside.
    Between(f64, f64),
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AtLeast(_) => ">=",
            Self::AtMost(_) => "<=",
            Self::Equal(_) => "=",
            Self::NotEqual(_) => "!=",
            Self::Above(_) => ">",
            Self::Below(_) => "<",
            Self::Between(..) => "between",
        }
    }

    #[allow(clippy::float_cmp)]
    fn holds(&self, value: f64) -> bool {
        match *self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
            Self::Equal(bound) => value == bound,
            Self::NotEqual(bound) => value != bound,
            Self::Above(bound) => value > bound,
            Self::Below(bound) => value < bound,
            Self::Between(from, to) => from <= value && value <= to,
        }
    }

    fn check(self, feature: FeatureId) -> Result<Self, Invalid> {
        match self {
            Self::AtLeast(bound)
            | Self::AtMost(bound)
            | Self::Equal(bound)
            | Self::NotEqual(bound)
            | Self::Above(bound)
            | Self::Below(bound) => {
                finite(feature, "value", bound)?;
            }
            Self::Between(from, to) => {
                finite(feature, "from", from)?;
                finite(feature, "to", to)?;
                if from > to {
                    return Err(Invalid::BoundsReversed { feature, from, to });
                }
            }
        }
        Ok(self)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound)
            | Self::AtMost(bound)
            | Self::Equal(bound)
            | Self::NotEqual(bound)
            | Self::Above(bound)
            | Self::Below(bound) => write!(formatter, "{} {bound}", self.as_str()),
            Self::Between(from, to) => write!(formatter, "between {from} and {to}"),
        }
    }
}

/// A condition as somebody writes it, before it is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionFields {
    /// The feature's name, with its group's prefix.
    pub feature: String,
    /// What is made of its minutes.
    pub aggregation: Aggregation,
    /// What that is held against.
    pub operator: Operator,
}

/// A condition that can be held against a window.
///
/// **Invariant:** the feature exists, and one that there is once is taken as it is (`last`); bounds are finite and in
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ConditionFields", into = "ConditionFields")]
pub struct Condition {
    feature: FeatureId,
    aggregation: Aggregation,
    operator: Operator,
}

/// Why a condition has no value. It fails then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NotComputable {
    /// The feature has no value at a minute of the window: a window with a hole is not judged.
    #[error("there is no value at minute {0}")]
    Missing(u8),
    /// The window has fewer minutes than the aggregation needs.
    #[error("the window has too few minutes")]
    TooFew,
}

impl Condition {
    /// As it was written.
    #[must_use]
    pub fn fields(&self) -> ConditionFields {
        let Self { feature, aggregation, operator } = *self;
        ConditionFields { feature: feature.to_string(), aggregation, operator }
    }

    /// Holds the minutes `newest..=oldest` against the condition.
    pub(super) fn judge(&self, features: &FeatureSet, newest: u8, oldest: u8) -> ConditionOutcome {
        let Self { feature, aggregation, operator } = *self;
        let value = self.value(features, newest, oldest);
        let passed = value.is_ok_and(|value| operator.holds(value));
        ConditionOutcome { feature, aggregation, operator, value, passed }
    }

    /// A window can be too short for what is made of it.
    pub(super) fn check_window(&self, window_minutes: u8) -> Result<(), Invalid> {
        let Self { feature, aggregation, .. } = *self;
        if window_minutes < 2 && aggregation.needs_two_minutes() {
            return Err(Invalid::WindowTooShort { feature, aggregation: aggregation.as_str() });
        }
        Ok(())
    }

    fn value(&self, features: &FeatureSet, newest: u8, oldest: u8) -> Result<f64, NotComputable> {
        let at = |minute| features.value(self.feature, minute).ok_or(NotComputable::Missing(minute));
        if !self.feature.feature().is_per_minute() {
            return at(0);
        }
        let values = (newest..=oldest).rev().map(at).collect::<Result<Vec<f64>, _>>()?;
        self.aggregation.of(&values).ok_or(NotComputable::TooFew)
    }
}

impl TryFrom<ConditionFields> for Condition {
    type Error = Invalid;

    fn try_from(fields: ConditionFields) -> Result<Self, Invalid> {
        let ConditionFields { feature: name, aggregation, operator } = fields;
        let feature = feature(&name)?;
        if !feature.feature().is_per_minute() && aggregation != Aggregation::Last {
            return Err(Invalid::AggregationOfOnce { feature, aggregation: aggregation.as_str() });
        }
        Ok(Self { feature, aggregation, operator: operator.check(feature)? })
    }
}

impl From<Condition> for ConditionFields {
    fn from(condition: Condition) -> Self {
        condition.fields()
    }
}
