//! Why a filter, a condition or a stage is refused.

use crate::core::features::{FeatureId, MINUTES, find, near};

/// What is wrong, with the name and the number.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Invalid {
    /// No feature has this name.
    #[error("feature {name} does not exist{}", nearest(.near))]
    UnknownFeature {
        /// As it was given.
        name: String,
        /// What may have been meant, the likeliest first.
        near: Vec<&'static str>,
    },
    /// Minutes are counted back from 0, the newest.
    #[error("minute of {feature} must be 0 to {}, got {minute}", MINUTES - 1)]
    MinuteTooFarBack {
        /// Of which feature.
        feature: FeatureId,
        /// As it was given.
        minute: u8,
    },
    /// The feature has one value for all minutes.
    #[error("minute of {feature} must be 0, because there is one value for all minutes; got {minute}")]
    MinuteOfOnce {
        /// Of which feature.
        feature: FeatureId,
        /// As it was given.
        minute: u8,
    },
    /// A bound is not a number.
    #[error("{field} of {feature} must be a finite number, got {number}")]
    NotFinite {
        /// Of which feature.
        feature: FeatureId,
        /// Which bound.
        field: &'static str,
        /// As it was given.
        number: f64,
    },
    /// The range is empty.
    #[error("from of {feature} must not be above to, got {from} and {to}")]
    BoundsReversed {
        /// Of which feature.
        feature: FeatureId,
        /// The lower bound.
        from: f64,
        /// The upper bound.
        to: f64,
    },
    /// Every value would pass.
    #[error("{feature} needs from or to: without both every value passes")]
    BoundsOpen {
        /// Of which feature.
        feature: FeatureId,
    },
    /// An operator has another number of values.
    #[error("{operator} of {feature} takes {expected}, got {found}")]
    ValueCount {
        /// Of which feature.
        feature: FeatureId,
        /// Which operator.
        operator: &'static str,
        /// How many it takes, in words.
        expected: &'static str,
        /// How many were given.
        found: usize,
    },
    /// A feature that there is once has no course over minutes.
    #[error(
        "aggregation of {feature} must be last, because there is one value for all minutes; got {aggregation}"
    )]
    AggregationOfOnce {
        /// Of which feature.
        feature: FeatureId,
        /// As it was given.
        aggregation: &'static str,
    },
    /// A stage must look at something that there is.
    #[error(
        "a window must have at least one minute and end within {MINUTES}, got {window_minutes} ending \
         {end_minutes_before} before"
    )]
    Window {
        /// Its length.
        window_minutes: u8,
        /// Where it ends.
        end_minutes_before: u8,
    },
    /// These are not to be had from a single minute.
    #[error("{aggregation} of {feature} needs a window of two minutes or more")]
    WindowTooShort {
        /// Of which feature.
        feature: FeatureId,
        /// What was asked for.
        aggregation: &'static str,
    },
    /// Such a stage would always pass.
    #[error("a stage needs a condition")]
    NoConditions,
}

/// The feature of this name.
pub(super) fn feature(name: &str) -> Result<FeatureId, Invalid> {
    find(name).ok_or_else(|| Invalid::UnknownFeature { name: name.to_owned(), near: near(name) })
}

pub(super) fn finite(feature: FeatureId, field: &'static str, number: f64) -> Result<f64, Invalid> {
    if number.is_finite() { Ok(number) } else { Err(Invalid::NotFinite { feature, field, number }) }
}

fn nearest(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) }
}
