//! What a back-test remembers of what its engine did.

use std::collections::BTreeMap;

use goat::event::{Observation, Payload};
use goat::values::{Symbol, UnixMicros};

use crate::core::decision::{Decision, DecisionId};
use crate::core::desk::Report;
use crate::core::gate::Gate;
use crate::core::money::Usd;
use crate::core::play::{Play, PlayId};
use crate::core::position::Position;
use crate::core::results::{Before, EquityMark, Holding, Period, Results, Trade, results};
use crate::core::{Effect, Engine};

const MINUTE_MICROS: i64 = 60_000_000;

/// How many events of each kind were folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of all kinds.
    pub events: u64,
    /// Prices of tokens.
    pub prices: u64,
    /// Snapshots of books.
    pub books: u64,
    /// Trades of wallets.
    pub trades: u64,
}

/// Decisions, positions and equity, as they came about.
#[derive(Debug, Clone)]
pub struct Record {
    token: Symbol,
    start: Usd,
    /// The events.
    pub counts: Counts,
    /// The plays with the versions that they had.
    pub plays: BTreeMap<PlayId, Play>,
    /// How many candidates of a play ended at a gate; none for those that entered.
    pub funnel: BTreeMap<(PlayId, Option<Gate>), u64>,
    /// The decisions about wallets that the play follows.
    pub followed: BTreeMap<DecisionId, Decision>,
    /// The positions as they were last.
    pub positions: BTreeMap<DecisionId, Position>,
    /// Of positions that are over, after fees.
    profits: BTreeMap<PlayId, Usd>,
    /// The traded token's price at the end of each minute, and its very first and last.
    pub prices: Vec<(UnixMicros, f64)>,
    equity: Vec<EquityMark>,
    equity_of_plays: BTreeMap<PlayId, Vec<EquityMark>>,
    minute: i64,
    first_price: Option<f64>,
    last_price: Option<f64>,
    from: Option<UnixMicros>,
    until: UnixMicros,
}

impl Record {
    /// Nothing yet, of an account that begins with `start`.
    #[must_use]
    pub fn new(token: Symbol, start: Usd) -> Self {
        Self {
            token,
            start,
            counts: Counts::default(),
            plays: BTreeMap::new(),
            funnel: BTreeMap::new(),
            followed: BTreeMap::new(),
            positions: BTreeMap::new(),
            profits: BTreeMap::new(),
            prices: Vec::new(),
            equity: Vec::new(),
            equity_of_plays: BTreeMap::new(),
            minute: i64::MIN,
            first_price: None,
            last_price: None,
            from: None,
            until: UnixMicros::default(),
        }
    }

    /// Takes what followed from an event.
    pub fn take(&mut self, effect: Effect, engine: &Engine) {
        let Effect::Desk(report) = effect else { return };
        match report {
            Report::Decision(decision) => {
                let gate = decision.failed().map(|failed| failed.gate);
                *self.funnel.entry((decision.id.play.clone(), gate)).or_insert(0) += 1;
                if decision.passed(Gate::WalletListed) {
                    self.followed.insert(decision.id.clone(), *decision);
                }
            }
            Report::Position(position) => {
                self.take_position(*position, engine);
            }
            Report::Play(play) => {
                self.equity_of_plays.entry(play.id.clone()).or_default();
                self.plays.insert(play.id.clone(), *play);
            }
            _ => {}
        }
    }

    /// A position may be told again after its end, when its cycle has ended too.
    fn take_position(&mut self, position: Position, engine: &Engine) {
        let (id, play, profit) = (position.id.clone(), position.id.play.clone(), position.profit());
        let before = self.positions.insert(id, position);
        let was_over = before.is_some_and(|before| before.stage.is_over());
        if let Some(profit) = profit.filter(|_| !was_over) {
            *self.profits.entry(play).or_default() += profit;
            self.mark(engine);
        }
    }

    /// Takes an event that was folded.
    pub fn observe(&mut self, observation: &Observation, engine: &Engine) {
        self.counts.events += 1;
        self.from.get_or_insert(observation.received_time);
        self.until = engine.now();
        match &observation.payload {
            Payload::Price(price) => {
                self.counts.prices += 1;
                if price.token == self.token {
                    self.observe_price(price.price.get(), engine);
                }
            }
            Payload::Book(_) => self.counts.books += 1,
            Payload::Trade(_) => self.counts.trades += 1,
            _ => {}
        }
    }

    fn observe_price(&mut self, price: f64, engine: &Engine) {
        self.first_price.get_or_insert(price);
        self.last_price = Some(price);
        let minute = self.until.get().div_euclid(MINUTE_MICROS);
        if minute > self.minute {
            self.minute = minute;
            self.prices.push((self.until, price));
            self.mark(engine);
        }
    }

    /// Marks the equity of the account and of each play.
    fn mark(&mut self, engine: &Engine) {
        let time = self.until;
        self.equity.push(EquityMark { time, equity: engine.desk().account().equity() });
        let mut profits = self.profits.clone();
        let open = engine.desk().account().positions();
        for position in engine.desk().positions() {
            if let Some(held) = open.get(&position.key) {
                *profits.entry(position.id.play.clone()).or_default() +=
                    held.unrealized_pnl() - fee_of_entry(position);
            }
        }
        for (play, curve) in &mut self.equity_of_plays {
            let profit = profits.get(play).copied().unwrap_or_default();
            curve.push(EquityMark { time, equity: self.start + profit });
        }
    }

    /// The time from the first to the last event.
    #[must_use]
    pub fn period(&self) -> Period {
        let prices = self.first_price.zip(self.last_price);
        Period { from: self.from.unwrap_or(self.until), until: self.until, prices, before: Before::default() }
    }

    /// The results of one play, or of the account; a play's are those of its own positions in an account of its own.
    #[must_use]
    pub fn results(&self, play: Option<&PlayId>, engine: &Engine) -> Results {
        let of_play = |position: &&Position| play.is_none_or(|play| position.id.play == *play);
        let positions = || self.positions.values().filter(of_play);
        let trades: Vec<Trade> = positions().filter_map(Trade::of).collect();
        let open = engine.desk().account().positions();
        let held: Vec<Holding> = positions()
            .filter_map(|one| {
                let (holding, opened_at) = (open.get(&one.key)?, one.opened_at()?);
                Some(Holding { opened_at, fees: fee_of_entry(one), unrealized: holding.unrealized_pnl() })
            })
            .collect();
        let (start, period) = (self.start, self.period());
        let equity = results(start, &trades, &held, &[], &period).equity();
        let mut curve = self.curve(play).to_vec();
        curve.push(EquityMark { time: self.until, equity });
        results(start, &trades, &held, &curve, &period)
    }

    /// The equity of one play, or of the account: at each full minute and at each exit.
    #[must_use]
    pub fn curve(&self, play: Option<&PlayId>) -> &[EquityMark] {
        match play {
            None => &self.equity,
            Some(play) => self.equity_of_plays.get(play).map_or(&[], Vec::as_slice),
        }
    }
}

fn fee_of_entry(position: &Position) -> Usd {
    position.entry.as_ref().map_or(Usd::ZERO, |fill| fill.fee)
}
