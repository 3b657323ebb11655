//! What the formulas read: the minutes of every source before one moment.

use super::book::Snapshots;
use super::patterns::Patterns;
use super::prices::Prices;
use super::seconds::Bucket;
use super::series::Series;
use super::trades::Trades;
use super::whales::Movements;

/// The minutes that have features: 0 is the newest, `MINUTES - 1` the oldest.
pub const MINUTES: u8 = 15;

/// The longest lag of a feature, in minutes.
const LAG_MINUTES_MAX: u8 = 10;

/// The minutes that are read: those with features, and those that the oldest of them is compared with.
pub(super) const MINUTES_BACK: u8 = MINUTES + LAG_MINUTES_MAX;

/// Everything known at a moment.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) sol: Minutes<Prices>,
    pub(super) btc: Minutes<Prices>,
    pub(super) eth: Minutes<Prices>,
    pub(super) book: Minutes<Snapshots>,
    pub(super) trades: Minutes<Trades>,
    pub(super) whales: Minutes<Movements>,
    pub(super) series: Series,
    pub(super) patterns: Patterns,
}

/// The minutes of one source, newest first.
#[derive(Debug, Clone)]
pub(super) struct Minutes<B>([Option<B>; MINUTES_BACK as usize]);

impl<B> Default for Minutes<B> {
    fn default() -> Self {
        Self([const { None }; MINUTES_BACK as usize])
    }
}

impl<B: Bucket> Minutes<B> {
    /// The minute's sums; none when it has no data.
    pub(super) fn get(&self, minute: usize) -> Option<&B> {
        self.0.get(minute)?.as_ref()
    }

    /// Adds to a minute; further back than the oldest is of no use.
    pub(super) fn merge(&mut self, minute: usize, later: &B) {
        if let Some(minute) = self.0.get_mut(minute) {
            minute.get_or_insert_with(B::default).merge(later);
        }
    }
}
