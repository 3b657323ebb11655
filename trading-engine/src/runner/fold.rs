//! Events into the core, and its effects to where they belong.

use std::time::Instant;

use goat::event::Observation;
use goat::values::{Seq, UnixMicros};
use goat::wire::market::MarketEvent;
use goat::wire::market::market_event::Payload as WirePayload;

use super::Runner;
use crate::core::Effect;
use crate::workspace::PriceRow;

impl Runner {
    pub(super) fn fold(&mut self, events: Vec<MarketEvent>) {
        let began = Instant::now();
        let count = events.len() as u64;
        for event in events {
            self.fold_event(event, began);
        }
        if !self.caught_up
            && let Some(restart) = &mut self.restart
        {
            restart.events += count;
        }
        self.outbox.count(count);
        metrics::counter!("goat_trading_events_folded_total").increment(count);
        metrics::histogram!("goat_trading_fold_batch_seconds").record(began.elapsed());
    }

    fn fold_event(&mut self, event: MarketEvent, now: Instant) {
        let seq = Seq::new(event.seq);
        let event_time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
        if !matches!(event.payload, Some(WirePayload::Price(_))) {
            self.engine.pass(seq, event_time);
            return;
        }
        match Observation::try_from(event) {
            Ok(observation) => {
                self.copy_price(seq, &observation);
                self.engine.handle(seq, &observation, &mut self.effects);
                self.perform(seq, now);
            }
            Err(error) => {
                tracing::warn!(%seq, %error, "a price cannot be read and is passed over");
                self.engine.pass(seq, event_time);
            }
        }
    }

    fn copy_price(&mut self, seq: Seq, observation: &Observation) {
        if let Some(row) = PriceRow::of(seq, observation) {
            self.outbox.rows.prices.push(row);
        }
    }

    fn perform(&mut self, seq: Seq, now: Instant) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::CycleChanged(cycle) => self.changes.grew(seq, cycle),
                Effect::CycleOpened(cycle) => self.changes.turned(seq, cycle, now),
                Effect::CycleClosed(cycle) => {
                    self.changes.turned(seq, cycle, now);
                    self.outbox.close(cycle);
                    self.closed.push(cycle);
                }
                Effect::PriceAnalyzed(analysis) => self.outbox.rows.analysis.push(analysis),
            }
        }
    }
}
