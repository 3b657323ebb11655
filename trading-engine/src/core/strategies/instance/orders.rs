//! From what was decided to what was got.

use std::borrow::Cow;

use goat::event::{PositionSide, Side};
use goat::values::{Price, UnixMicros};

use super::{Instance, Seen, Waiting, day_of};
use crate::core::account::PositionKey;
use crate::core::desk::Now;
use crate::core::fill::{Amount, Fill, Order, Purpose, SeenPrice, fill_from_price};
use crate::core::money::Usd;
use crate::core::strategies::protection::Touch;
use crate::core::strategies::{ClosedTrade, Entry, Holding, Report};

impl Instance {
    pub(super) fn enter(
        &mut self,
        now: Now,
        entry: Entry,
        reason: Cow<'static, str>,
    ) -> Option<Cow<'static, str>> {
        let Ok(size) = Usd::from_f64(self.account.equity().to_f64() * entry.fraction) else {
            return Some("the account is too large to size an entry".into());
        };
        let buys_or_sells = match entry.side {
            PositionSide::Long => Side::Buy,
            PositionSide::Short => Side::Sell,
        };
        let order = self.order(now.time, buys_or_sells, Purpose::Entry, Amount::Notional(size));
        self.waiting = Some(Waiting { order, entry: Some(entry), reason });
        None
    }

    pub(super) fn leave(&mut self, now: Now, reason: Cow<'static, str>) {
        let Some(holding) = &self.holding else { return };
        let amount = Amount::Quantity(holding.fill.quantity);
        let order = self.order(now.time, holding.exit_side(), Purpose::Exit, amount);
        self.waiting = Some(Waiting { order, entry: None, reason });
    }

    fn order(&self, decided_time: UnixMicros, side: Side, purpose: Purpose, amount: Amount) -> Order {
        Order { side, purpose, amount, decided_time, latency_ms: self.plan.latency_ms }
    }

    /// Stop or target of what is held: an order that has been at the venue since the entry.
    pub(super) fn take_out(&mut self, seen: &Seen, touch: Touch, reports: &mut Vec<Report>) {
        let Some(holding) = &self.holding else { return };
        let amount = Amount::Quantity(holding.fill.quantity);
        let order = self.order(holding.opened_at, holding.exit_side(), Purpose::Exit, amount);
        let seen = Seen { price: touch.price, ..*seen };
        if let Some(fill) = self.fill(&order, &seen) {
            self.close(&seen, fill, touch.reason.into(), reports);
        }
    }

    /// Fills the order on its way with a price that came after it was due. Returns whether it is no longer waiting.
    pub(super) fn fill_waiting(&mut self, seen: &Seen, reports: &mut Vec<Report>) -> bool {
        let Some(waiting) = self.waiting.take_if(|waiting| seen.priced_at > waiting.order.due_time()) else {
            return false;
        };
        match (self.fill(&waiting.order, seen), waiting.entry) {
            (Some(fill), Some(entry)) => self.open(seen, fill, entry, waiting.reason),
            (Some(fill), None) => self.close(seen, fill, waiting.reason, reports),
            // An entry that cannot be filled is given up; an exit is tried again at the next price.
            (None, Some(_)) => {}
            (None, None) => self.waiting = Some(waiting),
        }
        true
    }

    fn fill(&self, order: &Order, seen: &Seen) -> Option<Fill> {
        let price = Price::new(seen.price).ok()?;
        let seen = SeenPrice { seq: seen.now.seq, time: seen.now.time, price };
        fill_from_price(order, &seen, &self.plan.costs).ok()
    }

    fn open(&mut self, seen: &Seen, fill: Fill, entry: Entry, reason: Cow<'static, str>) {
        let key = PositionKey { seq: seen.now.seq, ordinal: 0 };
        let equity = self.account.equity();
        if self.account.open(key, self.plan.symbol, entry.side, &fill).is_err() {
            return;
        }
        let today = day_of(seen.now.time);
        if today != self.day {
            (self.day, self.opened_today) = (today, 0);
        }
        self.opened_today += 1;
        self.holding = Some(Holding::new(key, entry, reason, fill, equity, seen.priced_at));
    }

    fn close(&mut self, seen: &Seen, fill: Fill, reason: Cow<'static, str>, reports: &mut Vec<Report>) {
        let Some(holding) = self.holding.take() else { return };
        let Ok(closed) = self.account.close(holding.key, &fill) else {
            self.holding = Some(holding);
            return;
        };
        self.waiting = None;
        self.closed_at = Some(seen.now.time);
        let fees = holding.fill.fee + closed.fee;
        let profit = closed.realized_pnl - fees;
        self.tally.count(profit);
        let equity = self.account.equity();
        self.pauses.count(seen.now.time, &self.plan.strategy.get().bounds(), profit, equity);
        reports.push(Report::Trade(Box::new(ClosedTrade {
            instance: self.id.clone(),
            number: self.tally.trades,
            strategy: self.plan.strategy.get().name().to_owned(),
            venue: self.plan.venue,
            symbol: self.plan.symbol,
            side: holding.entry.side,
            exit_reason: reason,
            opened_seq: holding.key.seq,
            closed_seq: seen.now.seq,
            stop_price: holding.stop_price,
            target_price: holding.target_price,
            gross_profit: closed.realized_pnl,
            fees,
            profit,
            profit_percent: profit.to_f64() / holding.fill.notional.to_f64() * 100.0,
            best_percent: holding.gain_percent(holding.best_price),
            worst_percent: holding.gain_percent(holding.worst_price),
            equity_before: holding.equity_before,
            equity_after: equity,
            entry_reason: holding.entry_reason,
            entry: holding.fill,
            exit: fill,
        })));
    }
}
