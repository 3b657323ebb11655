//! Means of gains that come in cycles, and their differences, with intervals.

use std::collections::BTreeMap;

use goat::values::Seq;
use serde::{Deserialize, Serialize};

use crate::core::profiles::statistics::student_95;

/// A mean with its interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// In the unit of the numbers.
    pub mean: f64,
    /// Lower bound; none when fewer than two cycles are known.
    pub low: Option<f64>,
    /// Upper bound; none when fewer than two cycles are known.
    pub high: Option<f64>,
}

impl Estimate {
    /// The mean of gains, each with the first event of its cycle, and how many cycles they are from; none of none.
    #[must_use]
    pub fn of(gains: &[(Seq, f64)]) -> Option<(Self, u32)> {
        let group = Group::of(gains)?;
        Some((estimate(group.mean, &group.influence), number(group.influence.len())))
    }
}

/// Two groups of gains, each gain with the first event of its cycle, and how far the first is above the second.
///
/// The variance is that of the cycles' sums of influence: with `d_c = Σ (x − x̄) / n` of the first group's gains in
/// cycle `c` less the same of the second's, `s² = C / (C − 1) · Σ d_c²`, and the interval is `± t(C − 1) · s` by
/// Student. A cycle that both groups entered is one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// Gains of the first group.
    pub count: u32,
    /// Cycles that they are from.
    pub cycles: u32,
    /// Gains of the second group.
    pub against_count: u32,
    /// Cycles that they are from.
    pub against_cycles: u32,
    /// Of the first group.
    pub gain: Estimate,
    /// Of the second group.
    pub against: Estimate,
    /// The first less the second.
    pub difference: Estimate,
}

impl Contrast {
    /// Compares two groups; none when one of them is empty.
    #[must_use]
    pub fn of(gains: &[(Seq, f64)], against: &[(Seq, f64)]) -> Option<Self> {
        let (one, other) = (Group::of(gains)?, Group::of(against)?);
        let mut both = one.influence.clone();
        for (cycle, influence) in &other.influence {
            *both.entry(*cycle).or_insert(0.0) -= influence;
        }
        Some(Self {
            count: number(gains.len()),
            cycles: number(one.influence.len()),
            against_count: number(against.len()),
            against_cycles: number(other.influence.len()),
            gain: estimate(one.mean, &one.influence),
            against: estimate(other.mean, &other.influence),
            difference: estimate(one.mean - other.mean, &both),
        })
    }
}

struct Group {
    mean: f64,
    influence: BTreeMap<Seq, f64>,
}

impl Group {
    fn of(gains: &[(Seq, f64)]) -> Option<Self> {
        if gains.is_empty() {
            return None;
        }
        let count = f64::from(number(gains.len()));
        let mean = gains.iter().map(|(_, gain)| gain).sum::<f64>() / count;
        let mut influence = BTreeMap::new();
        for (cycle, gain) in gains {
            *influence.entry(*cycle).or_insert(0.0) += (gain - mean) / count;
        }
        Some(Self { mean, influence })
    }
}

fn estimate(mean: f64, influence: &BTreeMap<Seq, f64>) -> Estimate {
    let cycles = f64::from(number(influence.len()));
    if cycles < 2.0 {
        return Estimate { mean, low: None, high: None };
    }
    let squares: f64 = influence.values().map(|influence| influence * influence).sum();
    let half = student_95(cycles - 1.0) * (cycles / (cycles - 1.0) * squares).sqrt();
    Estimate { mean, low: Some(mean - half), high: Some(mean + half) }
}

pub(super) fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
