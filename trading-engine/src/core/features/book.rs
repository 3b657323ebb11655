//! The snapshots of one book in a stretch of time.

use goat::event::BookSnapshot;
use serde::{Deserialize, Serialize};

use super::seconds::Bucket;

/// Sums over the snapshots of a stretch. Depths are of ten levels, in base units.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Snapshots {
    pub(super) count: u32,
    /// Seconds with a snapshot.
    pub(super) seconds: u32,
    pub(super) last_mid: f64,
    volume_imbalance: f64,
    bid_depth: f64,
    ask_depth: f64,
    bid_vwap: f64,
    ask_vwap: f64,
    microprice_deviation_bps: f64,
    spread_bps: f64,
    /// Snapshots with five levels on both sides: only they have slopes.
    sloped: u32,
    bid_slope: f64,
    ask_slope: f64,
    /// The sum over the seconds of each one's last change against a second before: in this way no change counts twice.
    pub(super) net_flow: Option<f64>,
}

/// One snapshot of a book with two sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Snapshot(Snapshots);

impl Snapshot {
    /// None when a side is empty: then the numbers of the book say nothing.
    pub(super) fn read(book: &BookSnapshot) -> Option<Self> {
        let features = &book.features;
        let positive = [
            features.mid_price,
            features.bid_depth_10,
            features.ask_depth_10,
            features.bid_vwap_10,
            features.ask_vwap_10,
        ];
        let signed = [
            features.volume_imbalance,
            features.microprice_deviation_bps,
            features.spread_bps,
            features.bid_slope,
            features.ask_slope,
        ];
        if !positive.iter().all(|&number| number.is_finite() && number > 0.0)
            || !signed.iter().all(|number| number.is_finite())
        {
            return None;
        }
        // A book with fewer than five levels on a side says 0 for its slope.
        let is_sloped = features.bid_slope != 0.0 && features.ask_slope != 0.0;
        let slope = |slope: f64| if is_sloped { slope } else { 0.0 };
        Some(Self(Snapshots {
            count: 1,
            seconds: 1,
            last_mid: features.mid_price,
            volume_imbalance: features.volume_imbalance,
            bid_depth: features.bid_depth_10,
            ask_depth: features.ask_depth_10,
            bid_vwap: features.bid_vwap_10,
            ask_vwap: features.ask_vwap_10,
            microprice_deviation_bps: features.microprice_deviation_bps,
            spread_bps: features.spread_bps,
            sloped: u32::from(is_sloped),
            bid_slope: slope(features.bid_slope),
            ask_slope: slope(features.ask_slope),
            net_flow: features.net_liquidity_change_1s.filter(|change| change.is_finite()),
        }))
    }
}

impl Snapshots {
    /// Takes in a snapshot of the same second.
    pub(super) fn add(&mut self, snapshot: &Snapshot) {
        let net_flow = snapshot.0.net_flow.or(self.net_flow);
        self.merge(&snapshot.0);
        self.seconds = 1;
        self.net_flow = net_flow;
    }

    pub(super) fn volume_imbalance(&self) -> f64 {
        self.volume_imbalance / f64::from(self.count)
    }

    pub(super) fn bid_depth(&self) -> f64 {
        self.bid_depth / f64::from(self.count)
    }

    pub(super) fn ask_depth(&self) -> f64 {
        self.ask_depth / f64::from(self.count)
    }

    pub(super) fn total_depth(&self) -> f64 {
        self.bid_depth() + self.ask_depth()
    }

    pub(super) fn bid_vwap(&self) -> f64 {
        self.bid_vwap / f64::from(self.count)
    }

    pub(super) fn ask_vwap(&self) -> f64 {
        self.ask_vwap / f64::from(self.count)
    }

    pub(super) fn microprice_deviation_bps(&self) -> f64 {
        self.microprice_deviation_bps / f64::from(self.count)
    }

    pub(super) fn spread_bps(&self) -> f64 {
        self.spread_bps / f64::from(self.count)
    }

    /// The mean slopes of bids and asks.
    pub(super) fn slopes(&self) -> Option<(f64, f64)> {
        let count = f64::from(self.sloped);
        (self.sloped > 0).then(|| (self.bid_slope / count, self.ask_slope / count))
    }
}

impl Bucket for Snapshots {
    fn merge(&mut self, later: &Self) {
        self.count = self.count.saturating_add(later.count);
        self.seconds = self.seconds.saturating_add(later.seconds);
        self.last_mid = later.last_mid;
        self.volume_imbalance += later.volume_imbalance;
        self.bid_depth += later.bid_depth;
        self.ask_depth += later.ask_depth;
        self.bid_vwap += later.bid_vwap;
        self.ask_vwap += later.ask_vwap;
        self.microprice_deviation_bps += later.microprice_deviation_bps;
        self.spread_bps += later.spread_bps;
        self.sloped = self.sloped.saturating_add(later.sloped);
        self.bid_slope += later.bid_slope;
        self.ask_slope += later.ask_slope;
        self.net_flow = match (self.net_flow, later.net_flow) {
            (Some(mine), Some(theirs)) => Some(mine + theirs),
            (mine, theirs) => mine.or(theirs),
        };
    }
}
