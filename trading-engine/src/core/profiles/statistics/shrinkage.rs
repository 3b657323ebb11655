//! What a wallet's mean gain is worth beside those of all others: empirical Bayes with intervals.
//!
//! **Model.** Wallet `w` has a true mean `μ_w`; over all wallets these spread by `τ²` around `m`. A trade's gain is
//! `μ_w + a_wc + e`, where `a_wc` is shared by the wallet's trades in cycle `c` (they leave at the same price, so ten
//! trades in one cycle are not ten observations). `x̄_w` is the mean of the wallet's `n_w` trades, `k_c` of them in
//! cycle `c`.
//!
//! 1. `σ_a²`, `σ_e²`: nested analysis of variance within wallets, all wallets together:
//!    `σ_e² = SSW/Σ(n−C)`, `σ_a² = max(0, (SSB/Σ(C−1) − σ_e²)/k₀)`, `k₀ = Σ(n − Σk²/n)/Σ(C−1)`.
//! 2. `v_w = f_w · (σ_a² Σk²/n² + σ_e²/n)` is the variance of `x̄_w`. `f_w = (20 + (C−1)r)/(20 + C−1)` moves it
//!    towards the wallet's own: `r` is the wallet's variance between cycles over the expected one.
//! 3. `m = Σ W x̄ / Σ W` with `W = 1/(τ² + v)`, and `τ² ≥ 0` solves `Σ W (x̄ − m)² = k − 1` (Paule and Mandel 1982).
//! 4. Shrunk mean: `x̄_w − B (x̄_w − m)` with `B = v/(v + τ²)`.
//! 5. Its variance (Morris 1983, with what is unknown of `m` and `τ²`):
//!    `v(1−B) + B²/ΣW + 2/(k−3) · B² · (v̄ + τ²)/(v + τ²) · (x̄ − m)²`, `v̄ = Σ W v/Σ W`.
//! 6. The 95 % interval takes Student's quantile with `20 + C − 1` degrees of freedom.
//!
//! The intervals hold on the average of the wallets. Wallets that bought in the same cycles share the market's moves;
//! the model takes them as independent given their means.

use serde::{Deserialize, Serialize};

use super::sample::Grouped;
use super::{Interval, Z_95};

/// As many cycles as all wallets' variance counts for beside a wallet's own.
const PRIOR_CYCLES: f64 = 20.0;

/// Fewer wallets say nothing about how wallets differ.
const WALLETS_MIN: u32 = 4;

/// How all wallets are spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Population {
    /// How many wallets, with any number of trades.
    pub wallets: u32,
    /// `m`: the mean of the wallets' true means, in percent.
    pub mean_percent: f64,
    /// `τ`: how far the wallets' true means lie apart, as a standard deviation in percent.
    pub spread_percent: f64,
    /// `√(σ_a² + σ_e²)`: of one trade around its wallet's true mean, in percent.
    pub trade_deviation_percent: f64,
    /// `σ_a²/(σ_a² + σ_e²)`: how alike the trades of one wallet in one cycle are, 0 to 1.
    pub cycle_correlation: f64,
    shared_variance: f64,
    own_variance: f64,
    weight: f64,
    mean_variance: f64,
}

/// A wallet's mean gain, moved towards that of all wallets by as much as it is uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shrunk {
    /// In percent after costs.
    pub mean_percent: f64,
    /// 95 %.
    pub interval: Interval,
    /// `1 − B`: how much of it is the wallet's own, 0 to 1.
    pub own_share: f64,
}

impl Population {
    /// Of all wallets; none below four, or when all gains of each wallet are the same.
    pub(super) fn of(wallets: &[Grouped]) -> Option<Self> {
        let count = u32::try_from(wallets.len()).ok()?;
        if count < WALLETS_MIN {
            return None;
        }
        let (shared_variance, own_variance) = variances(wallets)?;
        let mut population = Self {
            wallets: count,
            mean_percent: 0.0,
            spread_percent: 0.0,
            trade_deviation_percent: (shared_variance + own_variance).sqrt(),
            cycle_correlation: shared_variance / (shared_variance + own_variance),
            shared_variance,
            own_variance,
            weight: 0.0,
            mean_variance: 0.0,
        };
        let means: Vec<(f64, f64)> =
            wallets.iter().map(|wallet| (wallet.mean, population.variance_of_mean(wallet))).collect();
        let spread = spread(&means);
        let weights = || means.iter().map(|(_, variance)| 1.0 / (spread + variance));
        population.weight = weights().sum();
        population.mean_percent = weighted_mean(&means, spread);
        population.spread_percent = spread.sqrt();
        let weighted: f64 = weights().zip(&means).map(|(weight, (_, variance))| weight * variance).sum();
        population.mean_variance = weighted / population.weight;
        Some(population)
    }

    /// Moves a wallet's mean towards that of all.
    pub(super) fn shrink(&self, wallet: &Grouped) -> Shrunk {
        let variance = self.variance_of_mean(wallet);
        let spread = self.spread_percent.powi(2);
        let shrinkage = variance / (variance + spread);
        let distance = wallet.mean - self.mean_percent;
        let mean = wallet.mean - shrinkage * distance;
        let of_mean = shrinkage.powi(2) / self.weight;
        let ratio = (self.mean_variance + spread) / (variance + spread);
        let of_spread = 2.0 / f64::from(self.wallets - 3) * shrinkage.powi(2) * ratio * distance.powi(2);
        let deviation = (variance * (1.0 - shrinkage) + of_mean + of_spread).sqrt();
        let half = deviation * student_95(PRIOR_CYCLES + f64::from(wallet.groups) - 1.0);
        Shrunk {
            mean_percent: mean,
            interval: Interval { low: mean - half, high: mean + half },
            own_share: 1.0 - shrinkage,
        }
    }

    fn variance_of_mean(&self, wallet: &Grouped) -> f64 {
        let count = f64::from(wallet.count);
        let pooled = (self.shared_variance * wallet.squared_sizes / count + self.own_variance) / count;
        if wallet.groups < 2 {
            return pooled;
        }
        let degrees = f64::from(wallet.groups - 1);
        let size = (count - wallet.squared_sizes / count) / degrees;
        let ratio = wallet.between / degrees / (self.own_variance + size * self.shared_variance);
        pooled * (PRIOR_CYCLES + degrees * ratio) / (PRIOR_CYCLES + degrees)
    }
}

/// `σ_a²` and `σ_e²`; none when they cannot be told or nothing varies.
fn variances(wallets: &[Grouped]) -> Option<(f64, f64)> {
    let sum = |of: fn(&Grouped) -> f64| wallets.iter().map(of).sum::<f64>();
    let between_degrees = sum(|wallet| f64::from(wallet.groups.saturating_sub(1)));
    let within_degrees = sum(|wallet| f64::from(wallet.count - wallet.groups));
    if between_degrees < 1.0 {
        return None;
    }
    let between = sum(|wallet| wallet.between);
    let within = sum(|wallet| wallet.within);
    let pooled = (between + within) / (between_degrees + within_degrees);
    let is_positive = |variance: f64| variance > 0.0 && variance.is_finite();
    if within_degrees < 1.0 {
        return is_positive(pooled).then_some((0.0, pooled));
    }
    let own = within / within_degrees;
    let size = sum(|wallet| f64::from(wallet.count) - wallet.squared_sizes / f64::from(wallet.count))
        / between_degrees;
    let shared = (between / between_degrees - own) / size;
    if shared <= 0.0 {
        return is_positive(pooled).then_some((0.0, pooled));
    }
    is_positive(shared + own).then_some((shared, own))
}

fn weighted_mean(means: &[(f64, f64)], spread: f64) -> f64 {
    let (mut weighted, mut weights) = (0.0, 0.0);
    for (mean, variance) in means {
        let weight = 1.0 / (spread + variance);
        weighted += weight * mean;
        weights += weight;
    }
    weighted / weights
}

/// `τ²`. The weighted squares fall as it rises, so halving finds it.
fn spread(means: &[(f64, f64)]) -> f64 {
    let expected = f64::from(u32::try_from(means.len()).unwrap_or(u32::MAX)) - 1.0;
    let exceeds = |spread: f64| {
        let centre = weighted_mean(means, spread);
        let squares = means.iter().map(|(mean, variance)| (mean - centre).powi(2) / (spread + variance));
        squares.sum::<f64>() > expected
    };
    if !exceeds(0.0) {
        return 0.0;
    }
    let centre = weighted_mean(means, 0.0);
    let mut high: f64 = means.iter().map(|(mean, _)| (mean - centre).powi(2)).sum();
    while exceeds(high) {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if exceeds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The 97.5 % quantile of Student's distribution, by its expansion around the normal one; right to 0.002 from ten
/// degrees of freedom on.
pub(in crate::core) fn student_95(degrees: f64) -> f64 {
    let z = Z_95;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    z + first / degrees + second / degrees.powi(2)
}
