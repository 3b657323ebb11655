//! Events into the core, and its effects to where they belong.

use std::time::Instant;

use goat::event::Observation;
use goat::values::{Seq, UnixMicros};
use goat::wire::market::MarketEvent;

use super::{Runner, RunnerError};
use crate::chain::Entry;
use crate::core::Effect;
use crate::tables::{PriceRow, raw_row};

impl Runner {
    pub(super) fn fold(&mut self, events: Vec<MarketEvent>) -> Result<(), RunnerError> {
        let began = Instant::now();
        let count = events.len() as u64;
        for event in events {
            self.fold_event(event, began)?;
        }
        if !self.caught_up
            && let Some(restart) = &mut self.restart
        {
            restart.events += count;
        }
        self.outbox.count(count);
        metrics::counter!("goat_trading_events_folded_total").increment(count);
        metrics::histogram!("goat_trading_fold_batch_seconds").record(began.elapsed());
        Ok(())
    }

    fn fold_event(&mut self, event: MarketEvent, now: Instant) -> Result<(), RunnerError> {
        let seq = Seq::new(event.seq);
        // Commands that were folded before this event when it came first.
        self.fold_logged(Seq::new(event.seq.saturating_sub(1)))?;
        let event_time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
        match Observation::try_from(event) {
            Ok(observation) => {
                self.fold_answers(observation.received_time)?;
                self.begin_figures(observation.received_time);
                self.copy_row(seq, &observation);
                self.engine.handle(seq, &observation, &mut self.effects);
                self.perform(seq, now)?;
            }
            Err(error) => {
                tracing::warn!(%seq, %error, "an event cannot be read and is passed over");
                self.engine.pass(seq, event_time);
            }
        }
        Ok(())
    }

    /// Folds the commands from before the start whose place is at most `seq`.
    pub(super) fn fold_logged(&mut self, seq: Seq) -> Result<(), RunnerError> {
        while let Some(logged) = self.logged.pop_front_if(|logged| logged.command.after_seq <= seq) {
            let place = logged.command.after_seq.max(self.engine.cursor().seq);
            self.engine.pass(place, None);
            self.engine.command(&logged.command, &mut self.effects);
            self.perform(place, Instant::now())?;
        }
        Ok(())
    }

    fn copy_row(&mut self, seq: Seq, observation: &Observation) {
        if let Some(row) = PriceRow::of(seq, observation) {
            self.outbox.rows.prices.push(row);
        } else if self.pace.admits(observation)
            && let Some((table, row)) = raw_row(seq, observation)
        {
            self.outbox.rows.put_raw(table, row);
        }
    }

    pub(super) fn perform(&mut self, seq: Seq, now: Instant) -> Result<(), RunnerError> {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::CycleChanged(cycle) => self.changes.grew(seq, cycle),
                Effect::CycleOpened(cycle) => self.changes.turned(seq, cycle, now),
                Effect::CycleClosed(cycle) => {
                    self.changes.turned(seq, cycle, now);
                    self.outbox.put(&cycle);
                    self.closed.push(cycle);
                }
                Effect::PriceAnalyzed(analysis) => self.outbox.rows.analysis.push(analysis),
                Effect::ControlsChanged(controls) => self.outbox.put(controls.as_ref()),
                Effect::HourBegan(hour) => self.begin_hour(hour)?,
                Effect::Profiled(profile) => self.outbox.put(profile.as_ref()),
                Effect::PriceMarked(mark) => {
                    self.chain(seq, &Entry::Priced(mark));
                    self.outbox.put(&mark);
                }
                Effect::Strategy(report) => self.report_strategy(seq, report),
                Effect::Desk(report) => self.report(seq, report),
                Effect::WalletsWanted(query) => self.ask_workspace(*query)?,
                Effect::FiltersWanted(question) => self.ask_for_search(*question)?,
            }
        }
        self.effects = effects;
        Ok(())
    }
}
