//! The folds side by side, and the position up to which they have read.

use goat::event::{BookSnapshot, Observation, Payload, TokenPrice, WalletTrade};
use goat::values::{Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::command::{Command, Order};
use super::controls::Controls;
use super::cursor::Cursor;
use super::cycles::{Cycle, CycleId, Cycles, PriceAnalysis, Threshold, Tick};
use super::desk::{Desk, Limits, Now, Report, SavedProject, World};
use super::features::{FeatureSet, Windows};
use super::filters::automatic::FilterQuestion;
use super::market::{BookMark, Market, PricingBook, Quote};
use super::micros;
use super::play::{Play, PlayId};
use super::profiles::{self, Profile, Profiles};
use super::results::Quote as PriceMark;
use super::strategies::{self, Instance, Strategies};
use super::wallets::WalletQuery;

const HOUR_MICROS: i64 = 3_600_000_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// What a fold reports. Whoever runs the core performs it; the core never looks back.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A cycle began.
    CycleOpened(Cycle),
    /// An active cycle took in a tick.
    CycleChanged(Cycle),
    /// A cycle ended.
    CycleClosed(Cycle),
    /// A tick was placed in a cycle.
    PriceAnalyzed(PriceAnalysis),
    /// A buy is known with what following it would have brought.
    Profiled(Box<Profile>),
    /// A play's list is to be found: the query runs beside the core, its answer comes as a command.
    WalletsWanted(Box<WalletQuery>),
    /// A play's filters are to be searched: it is done beside the core, its answer comes as a command.
    FiltersWanted(Box<FilterQuestion>),
    /// The desk did something.
    Desk(Report),
    /// The operator switched something.
    ControlsChanged(Box<Controls>),
    /// A full hour began: what is old may go.
    HourBegan(Hour),
    /// The first price of the traded token in a minute.
    PriceMarked(PriceMark),
    /// A paper strategy did something.
    Strategy(strategies::Report),
}

/// A full hour of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Its first moment.
    #[serde(with = "micros")]
    pub begins: UnixMicros,
    /// The position of the first event in it.
    pub seq: Seq,
}

/// What a cold start takes over of what was there before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carried {
    /// The operator's switches; none when there were none yet.
    pub controls: Option<Controls>,
    /// The plays, in their newest versions.
    pub plays: Vec<Play>,
    /// The deleted plays with their last versions.
    pub deleted_plays: Vec<(PlayId, u32)>,
    /// The filter projects.
    pub projects: Vec<SavedProject>,
    /// The paper strategies with their accounts.
    pub strategies: Vec<Instance>,
}

/// What is computed. A state that was reached under another plan is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The token whose price makes the cycles, and that positions are in.
    pub cycle_token: Symbol,
    /// Rising.
    pub cycle_thresholds: Vec<Threshold>,
    /// The cycles that entries are counted by; one of `cycle_thresholds`.
    pub entry_threshold: Threshold,
    /// The book that prices fills and makes the features of books.
    pub book: PricingBook,
}

/// The whole state. It is serialized to survive a restart, so it holds nothing that cannot be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Engine {
    plan: Plan,
    cursor: Cursor,
    clock_micros: i64,
    hour: Hour,
    /// Of the newest price, by the core's clock.
    minute: i64,
    cycles: Cycles,
    market: Market,
    windows: Windows,
    profiles: Profiles,
    desk: Desk,
    strategies: Strategies,
}

impl Engine {
    /// A state that has read everything up to `after_seq` and made nothing of it.
    #[must_use]
    pub fn new(plan: Plan, after_seq: Seq) -> Self {
        Self {
            cursor: Cursor::after(after_seq),
            clock_micros: 0,
            hour: Hour::default(),
            minute: 0,
            cycles: Cycles::new(&plan.cycle_thresholds),
            market: Market::default(),
            windows: Windows::new(plan.book.venue, plan.book.symbol),
            profiles: Profiles::new(&plan.cycle_thresholds, profiles::Limits::default()),
            desk: Desk::new(plan.cycle_token, Limits::default()),
            strategies: Strategies::default(),
            plan,
        }
    }

    /// Takes over what was there before, before anything is folded in.
    pub fn carry(&mut self, mut carried: Carried, effects: &mut Vec<Effect>) {
        let controls = carried.controls.is_some();
        self.strategies.carry(std::mem::take(&mut carried.strategies));
        self.desk.carry(carried);
        if controls {
            effects.push(Effect::ControlsChanged(Box::new(self.controls().clone())));
        }
    }

    /// Folds one event in and adds what follows from it to `effects`.
    ///
    /// Events come in the order of the log; their times may go back.
    pub fn handle(&mut self, seq: Seq, observation: &Observation, effects: &mut Vec<Effect>) {
        self.begin_hour(seq, observation, effects);
        let now = self.advance(seq, observation.received_time);
        self.windows.fold(now.time, observation);
        self.fold_strategies(now, &observation.payload, effects);
        match &observation.payload {
            Payload::Price(price) if price.token == self.plan.cycle_token => {
                self.fold_price(now, observation.event_time, price, effects);
            }
            Payload::Book(book) if self.plan.book.is(book) => self.fold_book(now, book, effects),
            Payload::Trade(trade) => self.fold_trade(now, observation.event_time, trade, effects),
            Payload::Feed(event) => {
                self.market.fold_feed(event, self.plan.cycle_token, &self.plan.book);
            }
            _ => {}
        }
        self.ask_for_answers(now, effects);
        self.pass(seq, Some(observation.event_time));
    }

    /// Folds one command in and adds what follows from it to `effects`.
    ///
    /// Commands come in the order of their ordinals, each when everything up to its place has been folded.
    pub fn command(&mut self, command: &Command, effects: &mut Vec<Effect>) {
        debug_assert!(command.ordinal > self.cursor.command);
        self.cursor.command = command.ordinal;
        let now = Now { seq: self.cursor.seq, time: self.now() };
        let mut reports = Vec::new();
        self.command_strategies(now, &command.order, effects);
        match &command.order {
            Order::PauseTrading(request) => self.desk.pause(command.time, request),
            Order::ResumeTrading(_) => self.desk.resume(),
            Order::HaltTrading(request) => {
                self.desk.pause(command.time, request);
                self.desk.halt(now, &request.reason, &mut reports);
            }
            Order::SetLimits(limits) => self.desk.set_limits(limits),
            Order::SavePlay(play) => self.desk.save_play(now, play, &mut reports),
            Order::DeletePlay(id) => self.desk.delete_play(now, id, &mut reports),
            Order::SaveProject(project) => self.desk.save_project(now, project, &mut reports),
            Order::DeleteProject(id) => self.desk.delete_project(id, &mut reports),
            Order::WalletsFound(answer) => self.desk.answer(now, answer, &mut reports),
            Order::FiltersFound(answer) => self.desk.filters_found(now, answer, &mut reports),
            Order::ClosePosition { id, request } => {
                self.desk.close_one(now, id, &request.reason, &mut reports);
            }
            Order::SetStrategies(_) | Order::ResumeStrategy { .. } => {}
        }
        if command.order.is_switch() {
            effects.push(Effect::ControlsChanged(Box::new(self.controls().clone())));
        }
        effects.extend(reports.into_iter().map(Effect::Desk));
        self.ask_for_answers(now, effects);
    }

    /// Counts every command up to `ordinal` as contained: what it led to was taken over.
    pub fn contain(&mut self, ordinal: u64) {
        self.cursor.command = self.cursor.command.max(ordinal);
    }

    /// Reads on to `seq`, past events that nothing here follows from.
    pub fn pass(&mut self, seq: Seq, event_time: Option<UnixMicros>) {
        debug_assert!(seq >= self.cursor.seq);
        self.cursor.seq = seq;
        self.cursor.note(event_time);
    }

    /// What is computed.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far it has read.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The core's clock: when the newest event reached us.
    #[must_use]
    pub fn now(&self) -> UnixMicros {
        UnixMicros::new(self.clock_micros).unwrap_or_default()
    }

    /// The cycles so far.
    #[must_use]
    pub fn cycles(&self) -> &Cycles {
        &self.cycles
    }

    /// The newest full hour that has begun.
    #[must_use]
    pub fn hour(&self) -> Hour {
        self.hour
    }

    /// What the operator has switched.
    #[must_use]
    pub fn controls(&self) -> &Controls {
        self.desk.controls()
    }

    /// Prices and books as they are known.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// What became of the wallets' buys.
    #[must_use]
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// Plays, positions and the account.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// What the market looks like now: the features by what was known before the second of the core's clock.
    #[must_use]
    pub fn features_now(&self) -> FeatureSet {
        self.windows.at(self.now())
    }

    /// The paper strategies.
    #[must_use]
    pub fn strategies(&self) -> &Strategies {
        &self.strategies
    }

    /// The earliest moment of the clock before which an answer to a wallet query has to be folded.
    #[must_use]
    pub fn next_answer_due_at(&self) -> Option<UnixMicros> {
        self.desk.lists().next_due_at()
    }

    /// An event that claims to come from the future begins no hour before it reached us.
    fn begin_hour(&mut self, seq: Seq, observation: &Observation, effects: &mut Vec<Effect>) {
        let time = observation.event_time.min(observation.received_time).get();
        let Ok(begins) = UnixMicros::new(time - time.rem_euclid(HOUR_MICROS)) else { return };
        if begins > self.hour.begins {
            self.hour = Hour { begins, seq };
            effects.push(Effect::HourBegan(self.hour));
        }
    }

    fn advance(&mut self, seq: Seq, received_time: UnixMicros) -> Now {
        self.clock_micros = self.clock_micros.max(received_time.get());
        Now { seq, time: self.now() }
    }

    fn fold_price(&mut self, now: Now, time: UnixMicros, price: &TokenPrice, effects: &mut Vec<Effect>) {
        let tick = Tick { seq: now.seq, time, price: price.price };
        let before = effects.len();
        self.cycles.fold(&tick, effects);
        let closed: Vec<Cycle> = effects.iter().skip(before).filter_map(closed_cycle).collect();
        self.mark_minute(now, price.price.get(), effects);
        self.market.fold_price(Quote { seq: now.seq, known_at: now.time, price: price.price.get() });

        let mut rows = Vec::new();
        self.profiles.fold_tick(&tick, now.time, &closed, &mut rows);
        effects.extend(rows.into_iter().map(|row| Effect::Profiled(Box::new(row))));

        let mut reports = Vec::new();
        let world = World { market: &self.market, cycle: self.entry_cycle(), windows: &self.windows };
        self.desk.fold_price(now, &tick, &closed, &world, &mut reports);
        effects.extend(reports.into_iter().map(Effect::Desk));
    }

    fn mark_minute(&mut self, now: Now, price: f64, effects: &mut Vec<Effect>) {
        let minute = now.time.get().div_euclid(MINUTE_MICROS);
        if minute > self.minute {
            self.minute = minute;
            effects.push(Effect::PriceMarked(PriceMark { time: now.time, price }));
        }
    }

    fn fold_book(&mut self, now: Now, book: &BookSnapshot, effects: &mut Vec<Effect>) {
        let mid_price = book.features.mid_price;
        self.market.fold_book(BookMark { seq: now.seq, known_at: now.time, mid_price });
        let mut reports = Vec::new();
        let world = World { market: &self.market, cycle: self.entry_cycle(), windows: &self.windows };
        self.desk.fold_book(now, book, &world, &mut reports);
        effects.extend(reports.into_iter().map(Effect::Desk));
    }

    fn fold_trade(&mut self, now: Now, time: UnixMicros, trade: &WalletTrade, effects: &mut Vec<Effect>) {
        let mut rows = Vec::new();
        self.profiles.fold_trade(now.seq, now.time, time, trade, &mut rows);
        effects.extend(rows.into_iter().map(|row| Effect::Profiled(Box::new(row))));

        let mut reports = Vec::new();
        let world = World { market: &self.market, cycle: self.entry_cycle(), windows: &self.windows };
        self.desk.fold_trade(now, time, trade, &world, &mut reports);
        effects.extend(reports.into_iter().map(Effect::Desk));
    }

    fn fold_strategies(&mut self, now: Now, payload: &Payload, effects: &mut Vec<Effect>) {
        let may_enter = self.controls().pause.is_none();
        let mut reports = Vec::new();
        match payload {
            Payload::Candle(candle) => self.strategies.fold_candle(now, candle, may_enter, &mut reports),
            Payload::Book(book) => self.strategies.fold_book(now, book, &mut reports),
            _ => {}
        }
        effects.extend(reports.into_iter().map(Effect::Strategy));
    }

    fn command_strategies(&mut self, now: Now, order: &Order, effects: &mut Vec<Effect>) {
        let mut reports = Vec::new();
        match order {
            Order::SetStrategies(plans) => self.strategies.configure(plans, &mut reports),
            Order::HaltTrading(_) => self.strategies.halt(now, &mut reports),
            Order::ResumeStrategy { id, .. } => self.strategies.resume(id, &mut reports),
            _ => {}
        }
        effects.extend(reports.into_iter().map(Effect::Strategy));
    }

    fn ask_for_answers(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let queries = self.desk.ask_for_wallets(now);
        effects.extend(queries.into_iter().map(|query| Effect::WalletsWanted(Box::new(query))));
        let questions = self.desk.ask_for_filters(now);
        effects.extend(questions.into_iter().map(|question| Effect::FiltersWanted(Box::new(question))));
    }

    /// The active cycle that entries are counted by.
    fn entry_cycle(&self) -> Option<CycleId> {
        let of_threshold = |cycle: &&Cycle| cycle.id.threshold == self.plan.entry_threshold;
        self.cycles.active().find(of_threshold).map(|cycle| cycle.id)
    }
}

fn closed_cycle(effect: &Effect) -> Option<Cycle> {
    match effect {
        Effect::CycleClosed(cycle) => Some(*cycle),
        _ => None,
    }
}
