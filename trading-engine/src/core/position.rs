//! Paper money that follows a wallet into SOL, from the decision to the exit.

use goat::event::{PositionSide, Side};
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::account::{Closed, PositionKey};
use super::cycles::CycleId;
use super::decision::DecisionId;
use super::exit::{Entry, ExitReason, ExitRules, StopState};
use super::fill::{Fill, Order};
use super::gains::Outcome;
use super::micros;
use super::money::Usd;
use super::results::Excursion;

/// Where a position is on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// Decided; the order waits for the first book or price after it is due.
    Opening(Order),
    /// Filled; watched at every price.
    Open,
    /// The exit is decided; its order waits for its fill.
    Closing {
        /// Why it is left.
        reason: ExitReason,
        /// What the person said who closed it; empty otherwise.
        note: String,
        /// The exit.
        order: Order,
    },
    /// Over.
    Closed {
        /// Why it was left.
        reason: ExitReason,
        /// What the person said who closed it; empty otherwise.
        note: String,
    },
    /// Never filled, and why.
    Missed(String),
}

impl Stage {
    /// As it is written in tables and answers.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Opening(_) => "opening",
            Self::Open => "open",
            Self::Closing { .. } => "closing",
            Self::Closed { .. } => "closed",
            Self::Missed(_) => "missed",
        }
    }

    /// Whether nothing can change it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Missed(_))
    }
}

/// A position of a play.
///
/// **Invariant:** it has an entry exactly while it is open, closing or closed, and an exit exactly when closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Of the decision that led to it.
    pub id: DecisionId,
    /// Its name in the account.
    pub key: PositionKey,
    /// Of the play, when it was decided.
    pub play_version: u32,
    /// What it gains from.
    pub side: PositionSide,
    /// Whom it follows.
    pub wallet: String,
    /// The trade that it follows.
    pub signature: String,
    /// The cycle in which it was decided.
    pub cycle: CycleId,
    /// When it was decided.
    #[serde(with = "micros")]
    pub decided_at: UnixMicros,
    /// What was asked for.
    pub size: Usd,
    /// The play's rules when it was decided.
    pub rules: ExitRules,
    /// Where it is on its way.
    pub stage: Stage,
    /// What the entry got.
    pub entry: Option<Fill>,
    /// What the exit got.
    pub exit: Option<Fill>,
    /// Where the stop stands, since the entry.
    pub stop: Option<StopState>,
    /// What could have been, since the entry.
    pub outcome: Option<Outcome>,
    /// What it brought, when closed.
    pub closed: Option<Closed>,
    /// How far the price went from the entry until the exit; none before the entry.
    #[serde(default)]
    pub excursion: Option<Excursion>,
    /// How often the stop was raised.
    pub stop_raises: u32,
    /// The event that changed it last.
    pub changed_seq: Seq,
}

impl Position {
    /// What its stop starts from; none before the entry.
    #[must_use]
    pub fn stop_entry(&self) -> Option<Entry> {
        self.entry.as_ref().map(|fill| Entry { side: self.side, price: fill.average_price })
    }

    /// When it was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<UnixMicros> {
        self.entry.as_ref().map(|fill| fill.filled_time)
    }

    /// When it was closed.
    #[must_use]
    pub fn closed_at(&self) -> Option<UnixMicros> {
        self.exit.as_ref().map(|fill| fill.filled_time)
    }

    /// What it brought after the fees of entry and exit; none before it is closed.
    #[must_use]
    pub fn profit(&self) -> Option<Usd> {
        let (closed, entry) = (self.closed.as_ref()?, self.entry.as_ref()?);
        Some(closed.realized_pnl - closed.fee - entry.fee)
    }

    /// What entry and exit have cost so far; none before the entry.
    #[must_use]
    pub fn fees(&self) -> Option<Usd> {
        let exit = self.exit.as_ref().map_or(Usd::ZERO, |fill| fill.fee);
        self.entry.as_ref().map(|fill| fill.fee + exit)
    }

    /// The price's gain over the entry in the position's direction, in percent, before costs.
    #[must_use]
    pub fn gain_percent(&self, price: f64) -> Option<f64> {
        self.stop_entry().map(|entry| entry.gain(price) * 100.0)
    }

    /// The side of its exit.
    #[must_use]
    pub fn exit_side(&self) -> Side {
        match self.side {
            PositionSide::Long => Side::Sell,
            PositionSide::Short => Side::Buy,
        }
    }
}
