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

    /// Figures go on from the state before the first event of a day of UTC, and from one that was begun anew.
    ///
    /// A state begun anew knows no time before its first event. Until then it is not in the chain, also where it was
    /// committed and read again.
    pub(super) fn begin_figures(&mut self, received_time: UnixMicros) {
        if self.log_id.is_none() {
            return;
        }
        let day = day_of(received_time);
        let (reason, begins) = if self.engine.now() == UnixMicros::default() {
            let why = self.cold_reason.as_deref().unwrap_or("the engine ended before its first event");
            (format!("cold start: {why}"), received_time)
        } else if day > day_of(self.head.time) {
            ("day".to_owned(), UnixMicros::new(day * DAY_MICROS).unwrap_or(received_time))
        } else {
            return;
        };
        let entry = self.beginning(&reason, begins);
        match self.head.append(self.engine.cursor().seq, begins, &entry) {
            Ok(link) => self.outbox.put(&link),
            Err(error) => tracing::error!(%error, reason, "a beginning cannot be written into the chain"),
        }
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
