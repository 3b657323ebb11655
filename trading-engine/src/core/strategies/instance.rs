//! One strategy on one series of candles, with an account of its own.

mod orders;
mod standing;

use std::borrow::Cow;
use std::time::Duration;

use goat::event::{Candle, Venue};
use goat::values::{Price, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::{
    Bar, CandleMark, Chosen, Decision, Entry, Holding, Pauses, Report, Signal, Situation, Tally, Window,
};
use crate::core::account::Account;
use crate::core::desk::Now;
use crate::core::fill::{Costs, Order};
use crate::core::micros;
use crate::core::money::Usd;

pub use standing::Standing;

/// Without a price for longer than this the extremes of a bar may have gone unseen, so the bar itself counts.
const QUIET_MAX: Duration = Duration::from_mins(1);
/// A candle that has been closed for longer is history: it is learned from, and nothing is decided on it.
const DECIDED_WITHIN: Duration = Duration::from_secs(30);
const DAY_MICROS: i64 = 86_400_000_000;

/// What is configured of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstancePlan {
    /// The rules.
    pub strategy: Chosen,
    /// Where.
    pub venue: Venue,
    /// The venue's name of the pair.
    pub symbol: Symbol,
    /// Of the candles.
    pub interval_seconds: u32,
    /// What the account begins with.
    pub start: Usd,
    /// Of every fill.
    pub costs: Costs,
    /// From a decision to the venue.
    pub latency_ms: u32,
}

impl InstancePlan {
    /// Names the instance: strategy, venue, pair and seconds.
    #[must_use]
    pub fn id(&self) -> String {
        let venue = match self.venue {
            Venue::Binance => "binance",
            Venue::Bybit => "bybit",
        };
        format!("{}-{venue}-{}-{}", self.strategy.get().name(), self.symbol, self.interval_seconds)
    }

    pub(super) fn is_of(&self, candle: &Candle) -> bool {
        self.interval_seconds == candle.interval_seconds
            && self.venue == candle.venue
            && self.symbol == candle.symbol
    }
}

/// An order on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Waiting {
    order: Order,
    /// None for an exit.
    entry: Option<Entry>,
    reason: Cow<'static, str>,
}

/// A price at its moment, which may be before the event that told it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    now: Now,
    price: f64,
    priced_at: UnixMicros,
}

/// A strategy that trades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    plan: InstancePlan,
    id: String,
    window: Window,
    account: Account,
    waiting: Option<Waiting>,
    holding: Option<Holding>,
    tally: Tally,
    pauses: Pauses,
    last: Option<CandleMark>,
    /// The newest price by the core's clock.
    #[serde(with = "micros::optional")]
    price_at: Option<UnixMicros>,
    /// Prices were missing for too long in the present bar.
    quiet: bool,
    #[serde(with = "micros::optional")]
    closed_at: Option<UnixMicros>,
    day: i64,
    opened_today: u32,
}

impl Instance {
    /// An instance that has seen nothing.
    #[must_use]
    pub fn new(plan: InstancePlan) -> Self {
        Self {
            id: plan.id(),
            window: Window::new(plan.interval_seconds, plan.strategy.get().candles()),
            account: Account::new(plan.start),
            waiting: None,
            holding: None,
            tally: Tally::default(),
            pauses: Pauses::default(),
            last: None,
            price_at: None,
            quiet: true,
            closed_at: None,
            day: 0,
            opened_today: 0,
            plan,
        }
    }

    /// Goes on under another plan of the same name. A used account keeps what it began with.
    #[must_use]
    pub(super) fn under(mut self, plan: InstancePlan) -> Self {
        if self.account.is_untouched() {
            self.account = Account::new(plan.start);
        }
        self.plan = plan;
        self
    }

    /// What is configured.
    #[must_use]
    pub fn plan(&self) -> &InstancePlan {
        &self.plan
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What it holds.
    #[must_use]
    pub fn holding(&self) -> Option<&Holding> {
        self.holding.as_ref()
    }

    /// Its trades so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Its pauses.
    #[must_use]
    pub fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// Its newest candle.
    #[must_use]
    pub fn last(&self) -> Option<&CandleMark> {
        self.last.as_ref()
    }

    /// Its bars.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Ends its pause before its time.
    pub(super) fn resume(&mut self, reports: &mut Vec<Report>) {
        if self.pauses.present().is_none() {
            return;
        }
        self.pauses.end();
        reports.push(Report::State(Box::new(self.clone())));
    }

    /// Leaves what is held, and takes an entry on its way back.
    pub(super) fn halt(&mut self, now: Now, reports: &mut Vec<Report>) {
        self.waiting = None;
        if self.holding.is_some() {
            self.leave(now, "HALT".into());
        }
        reports.push(Report::State(Box::new(self.clone())));
    }

    pub(super) fn fold_price(&mut self, now: Now, price: f64, reports: &mut Vec<Report>) {
        // After a cold start: seen before.
        if self.price_at.is_some_and(|at| now.time < at) {
            return;
        }
        self.quiet |= self.price_at.is_none_or(|at| now.time.since(at) > QUIET_MAX);
        self.price_at = Some(now.time);
        if self.holding.is_none() && self.waiting.is_none() {
            return;
        }
        let before = reports.len();
        let seen = Seen { now, price, priced_at: now.time };
        if let Some(touch) = self.holding.as_ref().and_then(|holding| holding.touched(price)) {
            self.take_out(&seen, touch, reports);
        }
        if let Some(holding) = &mut self.holding {
            holding.note(price);
        }
        let filled = self.fill_waiting(&seen, reports);
        self.mark(price);
        if filled || reports.len() > before {
            reports.push(Report::State(Box::new(self.clone())));
        }
    }

    pub(super) fn fold_candle(
        &mut self,
        now: Now,
        candle: &Candle,
        may_enter: bool,
        reports: &mut Vec<Report>,
    ) {
        self.window.put(Bar::from(candle));
        let mut advanced = false;
        while let Some(bar) = self.window.advance() {
            advanced = true;
            self.take_bar(now, &bar, may_enter, reports);
        }
        if advanced {
            self.quiet = false;
        }
        self.drop_late_entry(now);
        reports.push(Report::State(Box::new(self.clone())));
    }

    fn take_bar(&mut self, now: Now, bar: &Bar, may_enter: bool, reports: &mut Vec<Report>) {
        let closed = self.window.end_of(bar);
        let seen = Seen { now, price: bar.close, priced_at: closed };
        let unseen = self.quiet || self.price_at.is_none_or(|at| closed.since(at) > QUIET_MAX);
        let of_bar = |holding: &&mut Holding| unseen && holding.priced_at <= bar.open_time;
        let mut touch = None;
        if let Some(holding) = self.holding.as_mut().filter(of_bar) {
            touch = holding.touched_by(bar);
            holding.note_bar(bar);
        }
        if let Some(touch) = touch {
            self.take_out(&seen, touch, reports);
        }
        self.fill_waiting(&seen, reports);
        if let Some(holding) = &mut self.holding {
            holding.begin_bar();
        }
        self.mark(bar.close);
        self.pauses.pass(now.time, self.account.equity());
        let asked = self.ask(now, closed);
        let withheld = match &asked {
            Ok(decision) => self.act(now, decision, may_enter),
            Err(why) => Some(Cow::Borrowed(*why)),
        };
        let mark = CandleMark {
            instance: self.id.clone(),
            time: closed,
            seq: now.seq,
            close: bar.close,
            equity: self.account.equity(),
            cash: self.account.cash(),
            unrealized: self.account.unrealized_pnl(),
            decision: asked.ok(),
            withheld,
        };
        self.last = Some(mark.clone());
        reports.push(Report::Candle(Box::new(mark)));
    }

    /// What the strategy says to the bar that has just closed; why it is not asked, else.
    fn ask(&mut self, now: Now, closed: UnixMicros) -> Result<Decision, &'static str> {
        if self.window.gap_since().is_some() {
            return Err("candles are missing");
        }
        if now.time.since(closed) > DECIDED_WITHIN {
            return Err("the candle is history");
        }
        if !self.window.is_full() {
            return Err("there are too few candles yet");
        }
        let opened_today = if day_of(now.time) == self.day { self.opened_today } else { 0 };
        let situation = Situation {
            time: now.time,
            holding: self.holding.as_ref(),
            closed_at: self.closed_at,
            opened_today,
        };
        Ok(self.plan.strategy.get().decide(self.window.bars(), &situation))
    }

    /// Does what was decided, or says why not.
    fn act(&mut self, now: Now, decision: &Decision, may_enter: bool) -> Option<Cow<'static, str>> {
        if self.waiting.is_some() && decision.signal != Signal::Nothing {
            return Some("an order is on its way".into());
        }
        match &decision.signal {
            Signal::Enter(_) if self.holding.is_some() => Some("a position is open".into()),
            Signal::Enter(_) if !may_enter => Some("trading is paused by the operator".into()),
            Signal::Enter(entry) => match self.pauses.present() {
                Some(pause) => Some(format!("paused: {}", pause.cause.as_str()).into()),
                None => self.enter(now, *entry, decision.reason.clone()),
            },
            Signal::Leave(reason) if self.holding.is_some() => {
                self.leave(now, reason.clone());
                None
            }
            Signal::Leave(_) | Signal::Nothing => None,
        }
    }

    /// Values what is held. What would be worth more than an amount can be keeps its last mark.
    fn mark(&mut self, price: f64) {
        if let (true, Ok(price)) = (self.holding.is_some(), Price::new(price)) {
            self.account.mark(self.plan.symbol, price).ok();
        }
    }

    /// An entry that no price has filled for two candles is no longer what was decided.
    fn drop_late_entry(&mut self, now: Now) {
        let two = Duration::from_secs(u64::from(self.plan.interval_seconds) * 2);
        let late = |waiting: &mut Waiting| {
            waiting.entry.is_some() && now.time.since(waiting.order.decided_time) > two
        };
        self.waiting.take_if(late);
    }
}

fn day_of(time: UnixMicros) -> i64 {
    time.get().div_euclid(DAY_MICROS)
}
