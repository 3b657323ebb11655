//! One filter: a feature at a minute, and the range that it has to be in, or out of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, feature, finite};
use crate::core::features::{FeatureId, FeatureSet, MINUTES};

/// A filter as somebody writes it, before it is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterFields {
    /// The feature's name, with its group's prefix.
    pub feature: String,
    /// 0 is the newest; 0 for features that there are once.
    pub minute: u8,
    /// The lower bound, itself inside; none is open.
    pub from: Option<f64>,
    /// The upper bound, itself inside; none is open.
    pub to: Option<f64>,
    /// Whether a missing value passes.
    pub include_null: bool,
    /// Whether values outside of the bounds pass instead of those within.
    pub exclude: bool,
    /// Whether it is applied.
    pub active: bool,
}

/// A filter that can be applied.
///
/// **Invariant:** the feature exists and has this minute; `from ≤ to`; unless it excludes, a bound is given.
/// Excluding everything is allowed: with `include_null` only a missing value passes then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FilterFields", into = "FilterFields")]
pub struct Filter {
    feature: FeatureId,
    minute: u8,
    from: Option<f64>,
    to: Option<f64>,
    include_null: bool,
    exclude: bool,
    active: bool,
}

impl Filter {
    /// Which feature.
    #[must_use]
    pub fn feature(&self) -> FeatureId {
        self.feature
    }

    /// Whether it is applied.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// As it was written.
    #[must_use]
    pub fn fields(&self) -> FilterFields {
        let Self { feature, minute, from, to, include_null, exclude, active } = *self;
        FilterFields { feature: feature.to_string(), minute, from, to, include_null, exclude, active }
    }

    /// Holds the feature's value against the bounds.
    #[must_use]
    pub fn judge(&self, features: &FeatureSet) -> FilterOutcome {
        let Self { feature, minute, from, to, include_null, exclude, .. } = *self;
        let value = features.value(feature, minute);
        let is_within = |value: f64| from.is_none_or(|from| from <= value) && to.is_none_or(|to| value <= to);
        let passed = value.map_or(include_null, |value| is_within(value) != exclude);
        FilterOutcome { feature, minute, value, from, to, include_null, exclude, passed }
    }
}

impl TryFrom<FilterFields> for Filter {
    type Error = Invalid;

    fn try_from(fields: FilterFields) -> Result<Self, Invalid> {
        let FilterFields { feature: name, minute, from, to, include_null, exclude, active } = fields;
        let feature = feature(&name)?;
        if !feature.feature().is_per_minute() && minute > 0 {
            return Err(Invalid::MinuteOfOnce { feature, minute });
        }
        if minute >= MINUTES {
            return Err(Invalid::MinuteTooFarBack { feature, minute });
        }
        let from = from.map(|from| finite(feature, "from", from)).transpose()?;
        let to = to.map(|to| finite(feature, "to", to)).transpose()?;
        match (from, to) {
            (None, None) if !exclude => return Err(Invalid::BoundsOpen { feature }),
            (Some(from), Some(to)) if from > to => return Err(Invalid::BoundsReversed { feature, from, to }),
            _ => {}
        }
        Ok(Self { feature, minute, from, to, include_null, exclude, active })
    }
}

impl From<Filter> for FilterFields {
    fn from(filter: Filter) -> Self {
        filter.fields()
    }
}

/// What became of one filter. Prints as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FilterOutcome {
    /// Which feature.
    pub feature: FeatureId,
    /// At which minute.
    pub minute: u8,
    /// What it was, in the feature's unit; none when it could not be computed.
    pub value: Option<f64>,
    /// The lower bound.
    pub from: Option<f64>,
    /// The upper bound.
    pub to: Option<f64>,
    /// Whether a missing value passes.
    pub include_null: bool,
    /// Whether values outside of the bounds pass.
    pub exclude: bool,
    /// Whether it passed.
    pub passed: bool,
}

impl fmt::Display for FilterOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let feature = self.feature.feature();
        write!(formatter, "{}", feature.name)?;
        if feature.is_per_minute() {
            write!(formatter, " at minute {}", self.minute)?;
        }
        match self.value {
            None => formatter.write_str(" has no value")?,
            Some(value) => {
                let is_within = self.passed != self.exclude;
                let relation = if is_within { "within" } else { "not within" };
                write!(
                    formatter,
                    " is {value} {}, {relation} {}",
                    feature.unit.as_str(),
                    Range(self.from, self.to)
                )?;
            }
        }
        let rule = match (self.value, self.exclude) {
            (None, _) if self.include_null => "which may be",
            (None, _) => "which it must have",
            (Some(_), true) => "which is excluded",
            (Some(_), false) => "which is asked for",
        };
        write!(formatter, ", {rule}: {}", if self.passed { "passed" } else { "failed" })
    }
}

/// Bounds as a person reads them.
struct Range(Option<f64>, Option<f64>);

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Some(from), Some(to)) => write!(formatter, "{from} to {to}"),
            (Some(from), None) => write!(formatter, "{from} or more"),
            (None, Some(to)) => write!(formatter, "{to} or less"),
            (None, None) => formatter.write_str("any value"),
        }
    }
}
