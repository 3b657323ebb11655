//! What a wallet's rows are worth: figures with their intervals, as of a moment.
//!
//! The gain that counts is the one at the price that ended the cycle: whoever had followed the wallet could have had
//! it. The gain at the best price is called potential, and decides nothing.
//!
//! Wallets with few trades stay in the table, and in the estimate of how wallets differ; they only have no place in
//! the ranking.

mod sample;
mod shrinkage;

use std::collections::BTreeMap;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use self::sample::{Grouped, NetGains, median};
pub(in crate::core) use self::shrinkage::student_95;
pub use self::shrinkage::{Population, Shrunk};
use super::row::{COPY_DELAYS, COPY_DELAYS_SECONDS, Profile};
use crate::core::cycles::Threshold;
use crate::core::micros;

/// The 97.5 % quantile of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The cycles whose rows count.
    pub threshold: Threshold,
    /// Costs of a round trip, in basis points of the entry.
    pub cost_bps: f64,
    /// A wallet with fewer trades has no place in the ranking.
    pub trades_min: u32,
    /// How far back trades count; none for all.
    pub window_seconds: Option<u32>,
}

impl Default for Parameters {
    fn default() -> Self {
        let threshold = Threshold::from_hundredths(30);
        Self { threshold, cost_bps: 20.0, trades_min: 20, window_seconds: None }
    }
}

/// From `low` to `high`: where the truth lies, 95 times of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower bound.
    pub low: f64,
    /// Its upper bound.
    pub high: f64,
}

/// What entering so long after the wallet brought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CopyDelay {
    /// After the trade, by the source's clock.
    pub seconds: u32,
    /// The trades whose cycle had not ended before that.
    pub trades: u32,
    /// At the cycle's end, in percent after costs.
    pub mean_gain_percent: Option<f64>,
    /// Of the mean; trades of one cycle may depend on one another.
    pub standard_error_percent: Option<f64>,
    /// How much less than without the delay, over the same trades.
    pub mean_lost_percent: Option<f64>,
    /// Of the loss.
    pub lost_standard_error_percent: Option<f64>,
}

/// A half of a wallet's trades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Half {
    /// How many.
    pub trades: u32,
    /// In percent after costs.
    pub mean_gain_percent: f64,
}

/// What is known of a wallet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WalletStatistics {
    /// Who.
    pub wallet: String,
    /// `n`: rows that count.
    pub trades: u32,
    /// The cycles that they lie in.
    pub cycles: u32,
    /// Rows with a gain above zero after costs, at the cycle's end.
    pub wins: u32,
    /// `wins / trades`.
    pub win_rate: f64,
    /// By Wilson (1927).
    pub win_rate_interval: Interval,
    /// At the cycle's end, in percent after costs.
    pub mean_gain_percent: f64,
    /// Of one trade's gain; none of one trade.
    pub standard_deviation_percent: Option<f64>,
    /// The mean that is to be believed; none while too few wallets are known.
    pub shrunk: Option<Shrunk>,
    /// At the best price before the cycle's end, in percent after costs. Nobody could have known it.
    pub mean_potential_gain_percent: f64,
    /// From the entry to the best price.
    pub median_seconds_to_best: f64,
    /// Its earlier and its later trades, as equal in number as whole cycles allow; none when all lie in one cycle.
    pub halves: Option<[Half; 2]>,
    /// In the order of [`COPY_DELAYS_SECONDS`].
    pub copy_delays: [CopyDelay; COPY_DELAYS],
    /// Rows whose wallet sold before the cycle's end.
    pub sold: u32,
    /// Stablecoin that it paid.
    pub invested: f64,
    /// When it last bought, of the rows that count.
    #[serde(with = "micros")]
    pub last_seen: UnixMicros,
}

/// Whether wallets that were good stay good.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Persistence {
    /// The wallets with enough trades and two halves.
    pub wallets: u32,
    /// Those whose halves are both above zero, or both not.
    pub same_sign: u32,
    /// Of `same_sign` among `wallets`, by Wilson; a half is what luck gives when half of all gains are above zero.
    pub same_sign_interval: Interval,
    /// Pearson's, of the halves' means over the wallets; none when they do not vary.
    pub correlation: Option<f64>,
}

/// What is known of all wallets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// What was asked.
    pub parameters: Parameters,
    /// Rows that were not known by then do not count.
    #[serde(with = "micros")]
    pub as_of: UnixMicros,
    /// How wallets differ; none while too few are known.
    pub population: Option<Population>,
    /// Whether wallets that were good stay good; none without a wallet with enough trades.
    pub persistence: Option<Persistence>,
    /// By their addresses.
    pub wallets: Vec<WalletStatistics>,
}

/// A wallet's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// From 1, by the lower bound of the shrunk mean.
    Place(u32),
    /// Too few trades to tell it from luck.
    TooFewTrades,
    /// Too few wallets to tell how wallets differ.
    TooFewWallets,
}

/// The figures of each wallet from the rows known at `as_of`, of trades made by then and within the window.
///
/// The order of `rows` does not matter, and a row that is there twice counts once.
pub fn statistics<'a>(
    rows: impl IntoIterator<Item = &'a Profile>,
    as_of: UnixMicros,
    parameters: &Parameters,
) -> Statistics {
    let window = parameters.window_seconds.map(|seconds| std::time::Duration::from_secs(seconds.into()));
    let begins = window.map(|window| as_of.minus(window));
    let counts = |row: &&Profile| {
        row.id.threshold == parameters.threshold
            && row.known_at.time <= as_of
            && row.trade.time <= as_of
            && begins.is_none_or(|begins| row.trade.time > begins)
    };
    let mut by_wallet: BTreeMap<&str, Vec<&Profile>> = BTreeMap::new();
    for row in rows.into_iter().filter(counts) {
        by_wallet.entry(row.wallet()).or_default().push(row);
    }
    let mut sums = Vec::with_capacity(by_wallet.len());
    let mut wallets = Vec::with_capacity(by_wallet.len());
    for (wallet, mut rows) in by_wallet {
        rows.sort_by(|one, other| (one.trade.time, &one.id).cmp(&(other.trade.time, &other.id)));
        rows.dedup_by(|one, other| one.id == other.id);
        let (statistics, grouped) = of_wallet(wallet, &rows, parameters);
        wallets.push(statistics);
        sums.push(grouped);
    }
    let population = Population::of(&sums);
    if let Some(population) = &population {
        for (wallet, grouped) in wallets.iter_mut().zip(&sums) {
            wallet.shrunk = Some(population.shrink(grouped));
        }
    }
    let persistence = persistence(&wallets, parameters.trades_min);
    Statistics { parameters: *parameters, as_of, population, persistence, wallets }
}

impl Statistics {
    /// The wallets in their order: ranked by the lower bound of the shrunk mean, then those without a place by how
    /// many trades they have. Equal ones by their addresses.
    #[must_use]
    pub fn rank(&self) -> Vec<(Standing, &WalletStatistics)> {
        let low = |wallet: &WalletStatistics| wallet.shrunk.map(|shrunk| shrunk.interval.low);
        let has_enough = |wallet: &&WalletStatistics| wallet.trades >= self.parameters.trades_min;
        let (mut ranked, mut others): (Vec<_>, Vec<_>) =
            self.wallets.iter().partition(|wallet| has_enough(wallet) && low(wallet).is_some());
        let key = |wallet: &WalletStatistics| low(wallet).unwrap_or(f64::NEG_INFINITY);
        ranked.sort_by(|one, other| key(other).total_cmp(&key(one)));
        others.sort_by_key(|wallet| std::cmp::Reverse(wallet.trades));
        let placed = (1..).zip(ranked).map(|(place, wallet)| (Standing::Place(place), wallet));
        let rest = others.into_iter().map(|wallet| {
            let is_alone = has_enough(&wallet);
            (if is_alone { Standing::TooFewWallets } else { Standing::TooFewTrades }, wallet)
        });
        placed.chain(rest).collect()
    }
}

fn of_wallet(wallet: &str, rows: &[&Profile], parameters: &Parameters) -> (WalletStatistics, Grouped) {
    let net_gains: Vec<NetGains> = rows.iter().map(|row| NetGains::of(row, parameters)).collect();
    let gains: Vec<(Seq, f64)> = net_gains.iter().map(|one| (one.cycle, one.gain)).collect();
    let grouped = Grouped::of(&gains);
    let trades = grouped.count;
    let wins = count(gains.iter().filter(|(_, gain)| *gain > 0.0));
    let potential: f64 = net_gains.iter().map(|one| one.potential).sum();
    let statistics = WalletStatistics {
        wallet: wallet.to_owned(),
        trades,
        cycles: grouped.groups,
        wins,
        win_rate: f64::from(wins) / f64::from(trades),
        win_rate_interval: wilson(wins, trades),
        mean_gain_percent: grouped.mean,
        standard_deviation_percent: grouped.standard_deviation(),
        shrunk: None,
        mean_potential_gain_percent: potential / f64::from(trades),
        median_seconds_to_best: median(rows.iter().map(|row| row.seconds_to_best()).collect())
            .unwrap_or_default(),
        halves: halves(&gains),
        copy_delays: std::array::from_fn(|place| copy_delay(place, &net_gains)),
        sold: count(rows.iter().filter(|row| row.wallet_sold.is_some())),
        invested: rows.iter().map(|row| row.trade.stablecoin_amount).sum(),
        last_seen: rows.iter().map(|row| row.trade.time).max().unwrap_or_default(),
    };
    (statistics, grouped)
}

fn copy_delay(place: usize, net_gains: &[NetGains]) -> CopyDelay {
    let (mut gains, mut losses) = (Vec::new(), Vec::new());
    for one in net_gains {
        if let Some(gain) = one.delayed.get(place).copied().flatten() {
            gains.push((one.cycle, gain));
            losses.push((one.cycle, one.gain - gain));
        }
    }
    let (gains, losses) = (Grouped::of(&gains), Grouped::of(&losses));
    let is_any = gains.count > 0;
    CopyDelay {
        seconds: COPY_DELAYS_SECONDS.get(place).copied().unwrap_or_default(),
        trades: gains.count,
        mean_gain_percent: is_any.then_some(gains.mean),
        standard_error_percent: gains.standard_error(),
        mean_lost_percent: is_any.then_some(losses.mean),
        lost_standard_error_percent: losses.standard_error(),
    }
}

/// The cycle in which half of the trades is reached belongs to the first half: its trades leave at the same price, and
/// apart they would agree for that reason alone.
fn halves(gains: &[(Seq, f64)]) -> Option<[Half; 2]> {
    let middle = gains.len().div_ceil(2);
    let last = gains.get(middle.checked_sub(1)?)?.0;
    let split = gains.iter().rposition(|(cycle, _)| *cycle == last)? + 1;
    let half = |gains: &[(Seq, f64)]| {
        let grouped = Grouped::of(gains);
        (grouped.count > 0).then_some(Half { trades: grouped.count, mean_gain_percent: grouped.mean })
    };
    let (first, second) = gains.split_at_checked(split)?;
    Some([half(first)?, half(second)?])
}

fn persistence(wallets: &[WalletStatistics], trades_min: u32) -> Option<Persistence> {
    let enough = wallets.iter().filter(|wallet| wallet.trades >= trades_min);
    let means: Vec<[f64; 2]> = enough
        .filter_map(|wallet| wallet.halves.map(|halves| halves.map(|half| half.mean_gain_percent)))
        .collect();
    let same_sign = count(means.iter().filter(|[first, second]| (*first > 0.0) == (*second > 0.0)));
    let wallets = count(means.iter());
    (wallets > 0).then(|| Persistence {
        wallets,
        same_sign,
        same_sign_interval: wilson(same_sign, wallets),
        correlation: correlation(&means),
    })
}

fn correlation(pairs: &[[f64; 2]]) -> Option<f64> {
    let number = f64::from(count(pairs.iter()));
    let mean = |of: fn(&[f64; 2]) -> f64| pairs.iter().map(of).sum::<f64>() / number;
    let (first_mean, second_mean) = (mean(|[first, _]| *first), mean(|[_, second]| *second));
    let (mut product, mut first_square, mut second_square) = (0.0, 0.0, 0.0);
    for [first, second] in pairs {
        product += (first - first_mean) * (second - second_mean);
        first_square += (first - first_mean).powi(2);
        second_square += (second - second_mean).powi(2);
    }
    let scale = (first_square * second_square).sqrt();
    (pairs.len() >= 3 && scale > 0.0).then(|| product / scale)
}

/// Wilson's 95 % interval of a share; from 0 to 1 of none.
#[must_use]
pub fn wilson(wins: u32, trials: u32) -> Interval {
    if trials == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let number = f64::from(trials);
    let share = f64::from(wins) / number;
    let square = Z_95.powi(2);
    let scale = 1.0 + square / number;
    let centre = (share + square / (2.0 * number)) / scale;
    let half = Z_95 / scale * (share * (1.0 - share) / number + square / (4.0 * number.powi(2))).sqrt();
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
