//! Where copies are traded: a wallet's buy becomes decisions, a decision a position, a position an exit.
//!
//! ```text
//! trade ─→ gates of every play (decide) ─→ order ─→ fill (fills) ─→ open ─→ stop, hold, mirror (exits) ─→ fill ─→ closed
//! ```
//!
//! Orders fill at the first book or price that reached us strictly after they are due. Exits are decided at
//! every price. Nothing is decided at a price that is stale: the gates see to entries, and exits have none.

mod automatic;
mod decide;
mod entries;
mod exits;
mod fills;
mod orders;
mod positions;
mod shadowed;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use goat::event::{BookSnapshot, WalletTrade};
use goat::values::{Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

pub use entries::Entries;
pub use orders::SavedProject;
use positions::Positions;

use super::account::{Account, PositionKey};
use super::controls::Controls;
use super::cycles::CycleId;
use super::decision::DecisionId;
use super::fill::{Consumption, Costs};
use super::filters::automatic::{FilterAnalysis, FilterSearches};
use super::gains::Outcome;
use super::market::Market;
use super::money::Usd;
use super::play::Plays;
use super::position::{Position, Stage};
use super::shadows::{Shadow, Shadows};
use super::wallets::{RecentBuys, WalletLists};

/// The bounds and costs of paper trading. The same for all plays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// What the account begins with.
    pub start: Usd,
    /// From a decision to the market.
    pub latency_ms: u32,
    /// Of every fill.
    pub costs: Costs,
    /// An older price decides nothing.
    pub price_age_ms_max: i32,
    /// An older book prices nothing.
    pub book_age_ms_max: i32,
    /// Without a live book there is no entry.
    pub book_required: bool,
    /// An older trade is not followed.
    pub trade_age_seconds_max: u32,
    /// An entry that has found nothing to fill it after this long is given up.
    pub order_seconds_max: u32,
    /// Positions at a time.
    pub open_max: u32,
    /// In positions at a time.
    pub exposure_max: Usd,
    /// Of the UTC day; from there on nothing is entered.
    pub daily_loss_max: Usd,
    /// Of a play, from one entry to its next.
    pub cooldown_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Usd::from_dollars(10_000),
            latency_ms: 250,
            costs: Costs::standard(),
            price_age_ms_max: 5_000,
            book_age_ms_max: 2_000,
            book_required: false,
            trade_age_seconds_max: 300,
            order_seconds_max: 30,
            open_max: 100,
            exposure_max: Usd::from_dollars(10_000),
            daily_loss_max: Usd::from_dollars(500),
            cooldown_seconds: 0,
        }
    }
}

/// Names a wallet's trade, as the data-engine tells duplicates by.
pub type TradeKey = super::profiles::TradeKey;

/// The trades that were judged and are still fresh.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SeenTrades {
    keys: BTreeSet<TradeKey>,
    /// Oldest first, with the microseconds at which they were judged.
    order: VecDeque<(i64, TradeKey)>,
}

impl SeenTrades {
    /// Whether the trade was judged before.
    #[must_use]
    pub fn contains(&self, key: &TradeKey) -> bool {
        self.keys.contains(key)
    }

    /// An older trade is refused for its age, so it need not be remembered: `seconds` is that age.
    fn add(&mut self, key: TradeKey, now: UnixMicros, seconds: u32) {
        let oldest = now.get() - 2 * i64::from(seconds) * 1_000_000;
        while let Some((judged, key)) = self.order.front()
            && *judged < oldest
        {
            self.keys.remove(key);
            self.order.pop_front();
        }
        if self.keys.insert(key.clone()) {
            self.order.push_back((now.get(), key));
        }
    }
}

/// A moment of the fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Now {
    pub(super) seq: Seq,
    /// The core's clock.
    pub(super) time: UnixMicros,
}

/// Plays, positions and the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    token: Symbol,
    limits: Limits,
    controls: Controls,
    plays: Plays,
    projects: BTreeMap<String, SavedProject>,
    lists: WalletLists,
    recent: RecentBuys,
    seen: SeenTrades,
    entries: Entries,
    account: Account,
    consumption: Consumption,
    /// Those that are not over, by decision.
    positions: Positions,
    /// Those of `positions` that wait for a fill.
    waiting: BTreeSet<DecisionId>,
    shadows: Shadows,
    searches: FilterSearches,
}

impl Desk {
    pub(super) fn new(token: Symbol, limits: Limits) -> Self {
        let account = Account::new(limits.start);
        Self {
            token,
            limits,
            controls: Controls::default(),
            plays: Plays::default(),
            projects: BTreeMap::new(),
            lists: WalletLists::default(),
            recent: RecentBuys::default(),
            seen: SeenTrades::default(),
            entries: Entries::default(),
            account,
            consumption: Consumption::default(),
            positions: Positions::default(),
            waiting: BTreeSet::new(),
            shadows: Shadows::default(),
            searches: FilterSearches::default(),
        }
    }

    /// The plays.
    #[must_use]
    pub fn plays(&self) -> &Plays {
        &self.plays
    }

    /// The filter projects, by id.
    #[must_use]
    pub fn projects(&self) -> &BTreeMap<String, SavedProject> {
        &self.projects
    }

    /// Whom the plays follow.
    #[must_use]
    pub fn lists(&self) -> &WalletLists {
        &self.lists
    }

    /// The paper account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether trading is on.
    #[must_use]
    pub fn controls(&self) -> &Controls {
        &self.controls
    }

    /// The bounds and costs.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Positions that are not over, by decision.
    #[must_use]
    pub fn positions(&self) -> impl ExactSizeIterator<Item = &Position> {
        self.positions.iter()
    }

    /// The searches for filters.
    #[must_use]
    pub fn searches(&self) -> &FilterSearches {
        &self.searches
    }

    /// What is followed without being entered.
    #[must_use]
    pub fn shadows(&self) -> &Shadows {
        &self.shadows
    }

    /// Takes a position out when it is over; tells whoever asked that it changed.
    fn settle(&mut self, id: &DecisionId, now: Now, reports: &mut Vec<Report>) {
        let Some(position) = self.positions.get_mut(id) else { return };
        position.changed_seq = now.seq;
        reports.push(Report::Position(Box::new(position.clone())));
        let waits = matches!(position.stage, Stage::Opening(_) | Stage::Closing { .. });
        if waits {
            self.waiting.insert(id.clone());
        } else {
            self.waiting.remove(id);
        }
        if position.stage.is_over() && position.outcome.as_ref().is_none_or(Outcome::is_complete) {
            self.positions.remove(id);
        }
    }
}

/// What the desk reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A candidate was judged.
    Decision(Box<super::decision::Decision>),
    /// A position began, changed its stage, or learned what could have been.
    Position(Box<Position>),
    /// A stop was raised.
    StopRaised(DecisionId, super::exit::StopRaise),
    /// Positions were decided. What the market looked like is to be kept: the engine's features of now.
    Entered(Vec<DecisionId>),
    /// A play has a new version.
    Play(Box<super::play::Play>),
    /// A play is gone; in its last version.
    PlayDeleted(Box<super::play::Play>),
    /// A filter project has a new version.
    Project(Box<SavedProject>),
    /// A filter project is gone.
    ProjectDeleted(Box<SavedProject>),
    /// A play follows other wallets, or nobody because its query failed.
    Wallets(super::play::PlayId, Box<super::wallets::WalletList>),
    /// A search for filters was answered.
    Analysis(Box<FilterAnalysis>),
    /// What would have come of an entry that was not made.
    Shadow(Box<Shadow>),
    /// Shadows began at this event. What the market looked like is to be kept: the engine's features of now.
    ShadowsBegan(Seq),
}

/// What of the world a fold of the desk looks at.
pub(super) struct World<'a> {
    pub(super) market: &'a Market,
    /// The active cycle of the threshold that positions are counted by.
    pub(super) cycle: Option<CycleId>,
    pub(super) windows: &'a super::features::Windows,
}

impl Desk {
    /// Folds a price of the traded token: marks, fills, exits.
    pub(super) fn fold_price(
        &mut self,
        now: Now,
        tick: &super::cycles::Tick,
        closed: &[super::cycles::Cycle],
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        if let Err(refused) = self.account.mark(self.token, tick.price) {
            debug_assert!(false, "{refused}");
        }
        self.fill_at_price(now, tick.price, world, reports);
        self.watch(now, tick, closed, reports);
        self.fold_shadows(now, tick, closed, world, reports);
    }

    /// Folds a snapshot of the pricing book: fills.
    pub(super) fn fold_book(
        &mut self,
        now: Now,
        book: &BookSnapshot,
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        self.fill_from_book(now, book, world, reports);
    }

    /// Folds a wallet's trade: decisions at a buy, mirrored exits at a sell.
    pub(super) fn fold_trade(
        &mut self,
        now: Now,
        event_time: UnixMicros,
        trade: &WalletTrade,
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        match trade.side {
            goat::event::Side::Buy => self.decide(now, event_time, trade, world, reports),
            goat::event::Side::Sell => {
                self.mirror(now, &trade.wallet, reports);
                self.shadows.mirror(now.time, &trade.wallet, &self.limits);
            }
        }
    }

    fn key(&self, seq: Seq) -> PositionKey {
        let same = self.positions.iter().filter(|position| position.key.seq == seq).count();
        PositionKey { seq, ordinal: u32::try_from(same).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
pub(super) mod tests;
