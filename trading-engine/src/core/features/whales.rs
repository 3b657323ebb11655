//! The movements of large wallets in a stretch of time.

use goat::event::WhaleMovement;
use serde::{Deserialize, Serialize};

use super::seconds::Bucket;

/// A movement of more than this share of the wallet is strong.
const STRONG_PERCENT: f64 = 5.0;
/// A movement of more than this share of the wallet is massive.
const MASSIVE_PERCENT: f64 = 10.0;

/// Sums over the movements of a stretch, in SOL.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Movements {
    pub(super) inflows: u32,
    pub(super) outflows: u32,
    pub(super) massive: u32,
    pub(super) inflow_sol: f64,
    pub(super) outflow_sol: f64,
    pub(super) strong_inflow_sol: f64,
    pub(super) strong_outflow_sol: f64,
    pub(super) massive_sol: f64,
    pub(super) largest_sol: f64,
    /// Movements whose share of the wallet is known.
    shares: u32,
    share_percent: f64,
}

/// One movement whose size and direction are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Movement(Movements);

impl Movement {
    /// Where the source names no direction, the sign of the change does. None when nothing moved.
    pub(super) fn read(movement: &WhaleMovement) -> Option<Self> {
        let size =
            Some(movement.abs_change.get()).filter(|&size| size > 0.0).unwrap_or(movement.sol_change.abs());
        if !size.is_finite() || size <= 0.0 {
            return None;
        }
        let is_inflow = match movement.direction.as_str() {
            "in" => true,
            "out" => false,
            _ => Some(movement.sol_change).filter(|&change| change != 0.0)? > 0.0,
        };
        let share = Some(movement.percentage_moved).filter(|share| share.is_finite());
        let when = |condition: bool| if condition { size } else { 0.0 };
        let is_strong = share > Some(STRONG_PERCENT);
        let is_massive = share > Some(MASSIVE_PERCENT);
        Some(Self(Movements {
            inflows: u32::from(is_inflow),
            outflows: u32::from(!is_inflow),
            massive: u32::from(is_massive),
            inflow_sol: when(is_inflow),
            outflow_sol: when(!is_inflow),
            strong_inflow_sol: when(is_inflow && is_strong),
            strong_outflow_sol: when(!is_inflow && is_strong),
            massive_sol: when(is_massive),
            largest_sol: size,
            shares: u32::from(share.is_some()),
            share_percent: share.unwrap_or_default(),
        }))
    }
}

impl Movements {
    pub(super) fn add(&mut self, movement: &Movement) {
        self.merge(&movement.0);
    }

    pub(super) fn count(&self) -> u32 {
        self.inflows.saturating_add(self.outflows)
    }

    pub(super) fn sol(&self) -> f64 {
        self.inflow_sol + self.outflow_sol
    }

    pub(super) fn net_sol(&self) -> f64 {
        self.inflow_sol - self.outflow_sol
    }

    /// The mean share of the wallets that moved.
    pub(super) fn mean_share_percent(&self) -> Option<f64> {
        (self.shares > 0).then(|| self.share_percent / f64::from(self.shares))
    }
}

impl Bucket for Movements {
    fn merge(&mut self, later: &Self) {
        self.inflows = self.inflows.saturating_add(later.inflows);
        self.outflows = self.outflows.saturating_add(later.outflows);
        self.massive = self.massive.saturating_add(later.massive);
        self.inflow_sol += later.inflow_sol;
        self.outflow_sol += later.outflow_sol;
        self.strong_inflow_sol += later.strong_inflow_sol;
        self.strong_outflow_sol += later.strong_outflow_sol;
        self.massive_sol += later.massive_sol;
        self.largest_sol = self.largest_sol.max(later.largest_sol);
        self.shares = self.shares.saturating_add(later.shares);
        self.share_percent += later.share_percent;
    }
}
