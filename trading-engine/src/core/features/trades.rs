//! The wallets' trades in a stretch of time.

use goat::event::{PositionSide, Side, WalletTrade};
use serde::{Deserialize, Serialize};

use super::prices::Prices;
use super::seconds::Bucket;

/// A trade of more than this many USD is large.
const LARGE_TRADE_USD: f64 = 10_000.0;

/// Sums over the trades of a stretch. A stablecoin counts as one USD.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Trades {
    pub(super) buys: u32,
    pub(super) large: u32,
    pub(super) bought_sol: f64,
    pub(super) sold_sol: f64,
    /// Traded by wallets that hold a long perpetual position.
    pub(super) long_sol: f64,
    /// Traded by wallets that hold a short one.
    pub(super) short_sol: f64,
    pub(super) usd: f64,
    pub(super) large_usd: f64,
    /// Of the trades, in the order in which they came.
    pub(super) prices: Prices,
}

impl Trades {
    /// Takes in a trade that follows.
    pub(super) fn add(&mut self, trade: &WalletTrade) {
        let (sol, usd) = (trade.sol_amount.get(), trade.stablecoin_amount.get());
        match trade.side {
            Side::Buy => {
                self.buys = self.buys.saturating_add(1);
                self.bought_sol += sol;
            }
            Side::Sell => self.sold_sol += sol,
        }
        match trade.perp.side.filter(|_| trade.perp.has_position) {
            Some(PositionSide::Long) => self.long_sol += sol,
            Some(PositionSide::Short) => self.short_sol += sol,
            None => {}
        }
        self.usd += usd;
        if usd > LARGE_TRADE_USD {
            self.large = self.large.saturating_add(1);
            self.large_usd += usd;
        }
        self.prices.add(trade.price.get());
    }

    pub(super) fn count(&self) -> u32 {
        self.prices.count
    }

    pub(super) fn sol(&self) -> f64 {
        self.bought_sol + self.sold_sol
    }

    pub(super) fn perp_sol(&self) -> f64 {
        self.long_sol + self.short_sol
    }
}

impl Bucket for Trades {
    fn merge(&mut self, later: &Self) {
        self.buys = self.buys.saturating_add(later.buys);
        self.large = self.large.saturating_add(later.large);
        self.bought_sol += later.bought_sol;
        self.sold_sol += later.sold_sol;
        self.long_sol += later.long_sol;
        self.short_sol += later.short_sol;
        self.usd += later.usd;
        self.large_usd += later.large_usd;
        self.prices.merge(&later.prices);
    }
}
