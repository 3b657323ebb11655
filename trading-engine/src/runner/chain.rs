//! What is written into the chain of results, and when.

use goat::values::{Seq, UnixMicros};

use super::Runner;
use crate::chain::{Began, Entry, Open, day_of};
use crate::core::decision::Decision;
use crate::core::fill::FillSource;
use crate::core::gate::Gate;
use crate::core::position::Position;

const DAY_MICROS: i64 = 86_400_000_000;

impl Runner {
    /// Puts a fact at the end of the chain; it goes with the next commit.
    pub(super) fn chain(&mut self, seq: Seq, entry: &Entry) {
        match self.head.append(seq, self.engine.now(), entry) {
            Ok(link) => self.outbox.put(&link),
            // What is not a number has no place in JSON, and none in an entry.
            Err(error) => tracing::error!(%seq, %error, "a result cannot be written into the chain"),
        }
    }

    /// Figures go on from the state before the first event of a day of UTC.
    pub(super) fn begin_day(&mut self, received_time: UnixMicros) {
        let day = day_of(received_time);
        if day > day_of(self.head.time) && self.log_id.is_some() {
            let begins = UnixMicros::new(day * DAY_MICROS).unwrap_or(received_time);
            let entry = self.beginning("day", begins);
            match self.head.append(self.engine.cursor().seq, begins, &entry) {
                Ok(link) => self.outbox.put(&link),
                Err(error) => tracing::error!(%error, "a day's beginning cannot be written into the chain"),
            }
        }
    }

    /// Figures go on from a state that was begun anew.
    pub(super) fn chain_cold_start(&mut self) {
        let reason = self.cold_reason.clone().unwrap_or_default();
        let entry = self.beginning(&format!("cold start: {reason}"), self.engine.now());
        self.chain(self.engine.cursor().seq, &entry);
    }

    fn beginning(&self, reason: &str, at: UnixMicros) -> Entry {
        let log_id = self.log_id.as_deref().unwrap_or_default();
        let mode = self.session.mode.as_str_name();
        Entry::Began(Box::new(Began::of(&self.engine, reason, at, log_id, mode)))
    }

    pub(super) fn chain_decision(&mut self, seq: Seq, decision: &Decision) {
        // As they are told to those who watch: not every trade of every wallet.
        if decision.passed(Gate::WalletListed) {
            self.chain(seq, &Entry::decided(decision));
        }
    }

    /// A position is reported more often than it is filled.
    pub(super) fn chain_position(&mut self, seq: Seq, position: &Position) {
        let filled_now = |fill: Option<&crate::core::fill::Fill>| {
            fill.is_some_and(|fill| match fill.source {
                FillSource::Book { seq: by, .. } | FillSource::Price { seq: by, .. } => by == seq,
            })
        };
        let Some(open) = Open::of(position) else { return };
        if filled_now(position.exit.as_ref()) {
            self.chain(seq, &Entry::Closed(Box::new(open)));
        } else if position.exit.is_none() && filled_now(position.entry.as_ref()) {
            self.chain(seq, &Entry::Opened(Box::new(open)));
        }
    }
}
