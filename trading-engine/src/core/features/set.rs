//! The values at one moment.

use super::catalogue::{FeatureId, catalogue, slots};
use super::moment::{MINUTES, Moment};

/// Every feature at one moment: fifteen values of those per minute, one of the others.
///
/// Made by [`Windows::at`](super::Windows::at) only. What is stored of it are its [rows](Self::rows), which name their
/// features: they mean the same after the catalogue has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSet {
    values: Vec<Option<f64>>,
}

/// One value in long form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureRow {
    /// Which feature.
    pub feature: FeatureId,
    /// 0 is the newest; 0 for features that there are once.
    pub minute: u8,
    /// In the feature's unit; none when it could not be computed.
    pub value: Option<f64>,
}

impl FeatureSet {
    /// A feature's value; `minute` counts back from the moment and is ignored for features that there are once.
    ///
    /// None when it could not be computed, and for minutes that no feature has.
    #[must_use]
    pub fn value(&self, feature: FeatureId, minute: u8) -> Option<f64> {
        let minute = if feature.feature().is_per_minute() { minute } else { 0 };
        let slot = feature.feature().slots().nth(usize::from(minute))?;
        self.values.get(slot).copied().flatten()
    }

    /// Every value with its feature and minute, in the order of the catalogue.
    pub fn rows(&self) -> impl Iterator<Item = FeatureRow> {
        let places = FeatureId::all().flat_map(|feature| {
            (0..).zip(feature.feature().slots()).map(move |(minute, _)| (feature, minute))
        });
        places.zip(&self.values).map(|((feature, minute), &value)| FeatureRow { feature, minute, value })
    }

    pub(super) fn compute(moment: &Moment) -> Self {
        let mut values = Vec::with_capacity(slots());
        for feature in catalogue() {
            if feature.is_per_minute() {
                values.extend((0..MINUTES).map(|minute| feature.compute(moment, minute)));
            } else {
                values.push(feature.compute(moment, 0));
            }
        }
        Self { values }
    }

    #[cfg(test)]
    pub(in crate::core) fn of(values: &[(&str, u8, f64)]) -> Self {
        let mut set = Self { values: vec![None; slots()] };
        for &(name, minute, value) in values {
            let slot = super::find(name).unwrap().feature().slots().nth(usize::from(minute)).unwrap();
            set.values[slot] = Some(value);
        }
        set
    }
}
