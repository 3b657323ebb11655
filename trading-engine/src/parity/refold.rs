//! One day, folded again beside the engine.

use std::collections::VecDeque;

use goat::service::ServiceChannel;
use goat::values::{Seq, UnixMicros};
use tokio::sync::mpsc;

use super::compare::Comparison;
use super::days::{Day, DayStart};
use super::{Parity, State};
use crate::backtest::{Batch, Source};
use crate::core::desk::Report;
use crate::core::{Effect, Engine};
use crate::ledger::{Logged, Records};
use crate::snapshot;

/// Batches that may wait for the fold.
const BATCHES_QUEUED_MAX: usize = 16;

/// Positions whose decisions are compared at a time: the ledger's commits wait no longer than this takes.
const COMPARED_EVERY: u64 = 20_000;

/// Folds from one state to the other and compares.
pub(super) async fn refold(
    records: &Records,
    market: ServiceChannel,
    day: Day,
    start: DayStart,
    end: DayStart,
) -> Result<Parity, String> {
    let source = Source::after(market, start.cursor_seq).await.map_err(|failure| failure.to_string())?;
    if source.log_id() != start.log_id {
        return Err(format!("the data-engine's log is {}, not {}", source.log_id(), start.log_id));
    }
    let (queue, mut batches) = mpsc::channel(BATCHES_QUEUED_MAX);
    let records = records.clone();
    let folded = tokio::task::spawn_blocking(move || {
        let mut fold = Fold::begin(records, &start, &end)?;
        while fold.engine.cursor().seq < end.cursor_seq {
            let Some(batch) = batches.blocking_recv() else { break };
            fold.batch(&batch, end.cursor_seq)?;
        }
        fold.end(day, &start, &end)
    });
    // It ends with an error when the fold has reached the day's end before the log's; the fold knows how far it came.
    let read = source.read(&queue).await;
    drop(queue);
    let folded = folded.await.map_err(|error| format!("the fold: {error}"))?;
    match (folded, read) {
        (Err(_), Err(failure)) => Err(failure.to_string()),
        (folded, _) => folded,
    }
}

struct Fold {
    records: Records,
    log_id: String,
    engine: Engine,
    effects: Vec<Effect>,
    commands: VecDeque<Logged>,
    comparison: Comparison,
    compared_to: Seq,
    events: u64,
    folded_commands: u64,
}

impl Fold {
    fn begin(records: Records, start: &DayStart, end: &DayStart) -> Result<Self, String> {
        let engine = snapshot::decode(&start.state).map_err(|error| error.to_string())?;
        let gone = |error: crate::ledger::Ended| error.to_string();
        let commands = records.commands_between(start.command, end.command).map_err(gone)?;
        let commands = commands.into_iter().filter(|logged| logged.log_id == start.log_id).collect();
        Ok(Self {
            records,
            log_id: start.log_id.clone(),
            engine,
            effects: Vec::new(),
            commands,
            comparison: Comparison::default(),
            compared_to: start.cursor_seq,
            events: 0,
            folded_commands: 0,
        })
    }

    fn batch(&mut self, batch: &Batch, to: Seq) -> Result<(), String> {
        for (seq, observed) in batch.events.iter().take_while(|(seq, _)| *seq <= to) {
            self.fold_commands(Seq::new(seq.get().saturating_sub(1)));
            match observed {
                Ok(observation) => self.engine.handle(*seq, observation, &mut self.effects),
                Err(event_time) => self.pass(*seq, *event_time),
            }
            self.take();
            self.events += 1;
        }
        let covered = batch.covers_to.min(to);
        // What stands right where the day's first event of the next stands belongs to the next.
        if covered < to {
            self.fold_commands(covered);
            self.pass(covered, None);
        }
        let reached = self.engine.cursor().seq;
        if reached.get() - self.compared_to.get() >= COMPARED_EVERY {
            self.compare(reached)?;
        }
        Ok(())
    }

    fn pass(&mut self, seq: Seq, event_time: Option<UnixMicros>) {
        self.engine.pass(seq.max(self.engine.cursor().seq), event_time);
    }

    /// As the runner does: before the next event, those whose place is at most `seq`.
    fn fold_commands(&mut self, seq: Seq) {
        while let Some(logged) = self.commands.pop_front_if(|logged| logged.command.after_seq <= seq) {
            self.pass(logged.command.after_seq, None);
            self.engine.command(&logged.command, &mut self.effects);
            self.folded_commands += 1;
            self.take();
        }
    }

    fn take(&mut self) {
        for effect in self.effects.drain(..) {
            if let Effect::Desk(Report::Decision(decision)) = effect {
                self.comparison.again(&decision);
            }
        }
    }

    /// Compares what was decided up to `to`. Decisions of one position are all there, or none.
    fn compare(&mut self, to: Seq) -> Result<(), String> {
        let found = self.records.decisions_between(&self.log_id, self.compared_to, to);
        self.comparison.with(found.map_err(|error| error.to_string())?, to)?;
        self.compared_to = to;
        Ok(())
    }

    fn end(mut self, day: Day, start: &DayStart, end: &DayStart) -> Result<Parity, String> {
        let reached = self.engine.cursor().seq;
        if reached != end.cursor_seq {
            return Err(format!(
                "the log ends at position {reached}, before the day does at {}",
                end.cursor_seq
            ));
        }
        self.compare(reached)?;
        let state = snapshot::encode(&self.engine).map_err(|error| error.to_string())?;
        let (same_state, differences) = (state == end.state, self.comparison.differences);
        let reason = match (same_state, &self.comparison.first) {
            (true, None) => String::new(),
            (_, Some(first)) => first.clone(),
            (false, None) => "the decisions are the same, the state at the day's end is not".to_owned(),
        };
        Ok(Parity {
            state: if same_state && differences == 0 { State::Match } else { State::Differ },
            reason,
            after_seq: start.cursor_seq,
            to_seq: end.cursor_seq,
            events: self.events,
            commands: self.folded_commands,
            decisions: self.comparison.decisions,
            differences,
            first_difference: self.comparison.first,
            ..Parity::not_possible(day, String::new())
        })
    }
}
