//! Orders meet the market: the first book or price that reached us strictly after they are due.

use goat::event::BookSnapshot;
use goat::values::{Price, UnixMicros};

use super::{Desk, Now, Report, World};
use crate::core::decision::DecisionId;
use crate::core::exit::StopState;
use crate::core::fill::{Fill, Order, Refusal, SeenBook, SeenPrice, fill_from_book, fill_from_price};
use crate::core::gains::{Direction, Mark, Outcome};
use crate::core::money::Usd;
use crate::core::position::{Position, Stage};
use crate::core::results::Excursion;

impl Desk {
    /// Money in positions and in orders on their way.
    pub(super) fn exposure(&self) -> Usd {
        self.account.exposure() + self.ordered()
    }

    /// Cash that no order on its way will take.
    pub(super) fn free_cash(&self) -> Usd {
        self.account.cash() - self.ordered()
    }

    fn ordered(&self) -> Usd {
        let orders = self.waiting.iter().filter_map(|id| self.positions.get(id));
        orders.filter(|one| matches!(one.stage, Stage::Opening(_))).map(|one| one.size).sum()
    }

    pub(super) fn fill_from_book(
        &mut self,
        now: Now,
        book: &BookSnapshot,
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        self.consumption.observe(book);
        if self.waiting.is_empty() {
            return;
        }
        let seen = SeenBook { seq: now.seq, time: now.time, book };
        for id in self.due(now.time) {
            let Some(order) = self.order_of(&id) else { continue };
            let filled = fill_from_book(&order, &seen, &self.limits.costs, &mut self.consumption);
            self.take(&id, now, filled, world, reports);
        }
    }

    /// Where a book is live it fills the order a moment later; the price stands in where there is none.
    pub(super) fn fill_at_price(
        &mut self,
        now: Now,
        price: Price,
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        if self.waiting.is_empty() {
            return;
        }
        let is_live = |age: i32| age <= self.limits.book_age_ms_max;
        if world.market.book().is_some_and(|book| is_live(book.age_ms(now.time))) {
            return;
        }
        let seen = SeenPrice { seq: now.seq, time: now.time, price };
        for id in self.due(now.time) {
            let Some(order) = self.order_of(&id) else { continue };
            let filled = fill_from_price(&order, &seen, &self.limits.costs);
            self.take(&id, now, filled, world, reports);
        }
    }

    fn due(&self, now: UnixMicros) -> Vec<DecisionId> {
        let is_due = |id: &&DecisionId| self.order_of(id).is_some_and(|order| order.due_time() < now);
        self.waiting.iter().filter(is_due).cloned().collect()
    }

    fn order_of(&self, id: &DecisionId) -> Option<Order> {
        match self.positions.get(id)?.stage {
            Stage::Opening(order) | Stage::Closing { order, .. } => Some(order),
            Stage::Open | Stage::Closed { .. } | Stage::Missed(_) => None,
        }
    }

    fn take(
        &mut self,
        id: &DecisionId,
        now: Now,
        filled: Result<Fill, Refusal>,
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        let Some(position) = self.positions.get(id) else { return };
        let opening = matches!(position.stage, Stage::Opening(_));
        let done = match filled {
            Ok(fill) if opening => self.enter(id, now, fill, world),
            Ok(fill) => self.leave(id, fill),
            Err(refusal) if opening => self.give_up(id, now, &refusal),
            // An exit that finds nothing waits for the next book or price.
            Err(_) => false,
        };
        if done {
            self.settle(id, now, reports);
        }
    }

    fn enter(&mut self, id: &DecisionId, now: Now, fill: Fill, world: &World<'_>) -> bool {
        let Some(position) = self.positions.get_mut(id) else { return false };
        match self.account.open(position.key, self.token, position.side, &fill) {
            Ok(()) => {
                let mark = Mark { seq: now.seq, time: fill.filled_time, price: fill.average_price };
                let direction = Direction::from(position.side);
                position.outcome = Some(Outcome::new(direction, mark, world.cycle.unwrap_or(position.cycle)));
                position.entry = Some(fill);
                position.excursion = Some(Excursion::default());
                position.stop = position.stop_entry().map(|entry| StopState::new(&position.rules, &entry));
                position.stage = Stage::Open;
            }
            Err(refused) => {
                position.stage = Stage::Missed(refused.to_string());
                self.entries.undo(&id.play, position.cycle, &position.wallet);
            }
        }
        true
    }

    fn leave(&mut self, id: &DecisionId, fill: Fill) -> bool {
        let Some(position) = self.positions.get_mut(id) else { return false };
        let Stage::Closing { reason, note, .. } = &position.stage else { return false };
        let stage = Stage::Closed { reason: *reason, note: note.clone() };
        let Ok(closed) = self.account.close(position.key, &fill) else {
            debug_assert!(false, "a position that is open can be closed");
            return false;
        };
        if let Some(outcome) = &mut position.outcome {
            let seq = fill_seq(&fill);
            outcome.left(Mark { seq, time: fill.filled_time, price: fill.average_price });
        }
        position.closed = Some(closed);
        position.exit = Some(fill);
        position.stage = stage;
        true
    }

    /// An entry waits a while for a book that has enough, then it is missed.
    fn give_up(&mut self, id: &DecisionId, now: Now, refusal: &Refusal) -> bool {
        let Some(position) = self.positions.get_mut(id) else { return false };
        let waited = now.time.since(position.decided_at).as_secs();
        if waited < u64::from(self.limits.order_seconds_max) && !matches!(refusal, Refusal::TooSmall) {
            return false;
        }
        position.stage = Stage::Missed(refusal.to_string());
        self.entries.undo(&id.play, position.cycle, &position.wallet);
        true
    }
}

fn fill_seq(fill: &Fill) -> goat::values::Seq {
    use crate::core::fill::FillSource;
    match fill.source {
        FillSource::Book { seq, .. } | FillSource::Price { seq, .. } => seq,
    }
}

impl Position {
    /// What is still held, in base.
    pub(super) fn held_quantity(&self) -> f64 {
        self.entry.as_ref().map_or(0.0, |fill| fill.quantity)
    }
}
