//! One wallet's rows, in time order, as numbers.

use goat::values::Seq;

use super::Parameters;
use crate::core::gains::after_costs;
use crate::core::profiles::{COPY_DELAYS, Profile};

/// What one row says, in percent after costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetGains {
    pub(super) cycle: Seq,
    pub(super) gain: f64,
    pub(super) potential: f64,
    pub(super) delayed: [Option<f64>; COPY_DELAYS],
}

impl NetGains {
    pub(super) fn of(row: &Profile, parameters: &Parameters) -> Self {
        let net = |gain| after_costs(gain, parameters.cost_bps);
        Self {
            cycle: row.cycle.start_seq,
            gain: net(row.gain_percent()),
            potential: net(row.potential_gain_percent()),
            delayed: row.delayed_gains_percent().map(|gain| gain.map(net)),
        }
    }
}

/// The sums of an analysis of variance over numbers that come in groups, the trades of one cycle being a group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Grouped {
    /// How many numbers.
    pub(super) count: u32,
    /// How many groups.
    pub(super) groups: u32,
    /// Of all numbers.
    pub(super) mean: f64,
    /// Squared differences of the numbers from the mean of their group.
    pub(super) within: f64,
    /// Squared differences of the groups' means from the mean, each as often as its group has numbers.
    pub(super) between: f64,
    /// Squared sizes of the groups.
    pub(super) squared_sizes: f64,
    /// Squared sums of the differences from the mean, group by group.
    squared_sums: f64,
}

impl Grouped {
    /// Of numbers with their group; those of one group come one after another.
    pub(super) fn of(numbers: &[(Seq, f64)]) -> Self {
        let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return Self::default();
        }
        let mean = numbers.iter().map(|(_, number)| number).sum::<f64>() / f64::from(count);
        let mut sums = Self { count, mean, ..Self::default() };
        for group in numbers.chunk_by(|one, next| one.0 == next.0) {
            let size = f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX));
            let group_mean = group.iter().map(|(_, number)| number).sum::<f64>() / size;
            let difference = group_mean - mean;
            sums.groups += 1;
            sums.within += group.iter().map(|(_, number)| (number - group_mean).powi(2)).sum::<f64>();
            sums.between += size * difference.powi(2);
            sums.squared_sizes += size.powi(2);
            sums.squared_sums += (size * difference).powi(2);
        }
        sums
    }

    /// The sample's standard deviation; none below two numbers.
    pub(super) fn standard_deviation(&self) -> Option<f64> {
        (self.count >= 2).then(|| ((self.within + self.between) / f64::from(self.count - 1)).sqrt())
    }

    /// The standard error of the mean when the numbers of one group may depend on one another; none below two groups.
    ///
    /// `√(G/(G−1) · Σ_groups (Σ (x − x̄))²) / n`; with groups of one it is the usual `s/√n`.
    pub(super) fn standard_error(&self) -> Option<f64> {
        let groups = f64::from(self.groups);
        (self.groups >= 2)
            .then(|| (groups / (groups - 1.0) * self.squared_sums).sqrt() / f64::from(self.count))
    }
}

/// The middle of numbers, or the mean of the two in the middle; none of none.
pub(super) fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)?;
    if numbers.len() % 2 == 1 {
        return Some(upper);
    }
    Some((numbers.get(middle.checked_sub(1)?)? + upper) / 2.0)
}
