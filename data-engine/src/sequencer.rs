//! Owns positions: one thread takes submissions, refuses duplicates, and appends the rest to the journal.

mod known;
mod memory;

use std::time::Instant;

use goat::event::{FeedEventKind, Observation, Payload};
use goat::values::UnixMicros;
use tokio::sync::{mpsc, oneshot};

use crate::feeds::board::Board;
use crate::feeds::exchange::recorder::said;
use crate::feeds::reconnects::Line;
use crate::feeds::watch::{Subject, Told, Watches};
use crate::ingest::{Receipt, Refused, Submission};
use crate::journal::{WriteError, Writer};
use crate::latest::{Latest, as_price};

pub use known::{KEYS_MAX, Known};
pub use memory::Memory;

/// Observations that share one sync at most.
const GROUP_MAX: usize = 4096;

/// Takes submissions until every [`crate::ingest::Ingest`] is gone.
#[derive(Debug)]
pub struct Sequencer {
    writer: Writer,
    known: Known,
    latest: Latest,
    board: Board,
    watches: Option<Watches>,
}

/// A submission whose fate is being decided.
struct Undecided {
    outcome: oneshot::Sender<Result<Receipt, Refused>>,
    receipt: Receipt,
    /// What the group records before its first observation.
    recorded_before: u64,
}

impl Sequencer {
    /// A sequencer that goes on where the log ends.
    #[must_use]
    pub fn new(writer: Writer, memory: Memory, board: Board) -> Self {
        Self { writer, known: memory.known, latest: memory.latest, board, watches: None }
    }

    /// The same, that tells the log of what it watches.
    #[must_use]
    pub fn watching(self, watches: Watches) -> Self {
        Self { watches: Some(watches), ..self }
    }

    /// Works until there is nobody left who could submit, or the journal can no longer be trusted.
    ///
    /// # Errors
    ///
    /// When a write left the disk in an uncertain state: the process must end and start anew.
    pub fn run(mut self, mut queue: mpsc::Receiver<Submission>) -> Result<(), WriteError> {
        while let Some(first) = queue.blocking_recv() {
            let mut count = first.observations.len();
            let mut group = vec![first];
            while count < GROUP_MAX
                && let Ok(next) = queue.try_recv()
            {
                count += next.observations.len();
                group.push(next);
            }
            metrics::histogram!("goat_sequencer_group_observations")
                .record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
            self.commit(group)?;
        }
        Ok(())
    }

    /// Records a group with one sync, and tells every submitter what became of it.
    fn commit(&mut self, group: Vec<Submission>) -> Result<(), WriteError> {
        let begun = Instant::now();
        let now = UnixMicros::now();
        let mut undecided = Vec::with_capacity(group.len());
        let (mut fresh, mut told) = (Vec::new(), Vec::new());
        // What was not recorded was not seen: the machines move on only with the log.
        let mut watches = self.watches.clone();
        self.known.begin();
        for Submission { observations, outcome } in group {
            let mut receipt = Receipt::default();
            let recorded_before = fresh.len() as u64;
            for observation in observations {
                if self.known.admit(&observation) {
                    receipt.accepted += 1;
                    if let Some(watches) = &mut watches {
                        let events = watches.came(&observation);
                        fresh.extend(events.iter().map(|(_, event)| said(event.clone(), now)));
                        told.extend(events);
                    }
                    fresh.push(observation);
                } else {
                    receipt.duplicate += 1;
                    self.count_duplicate(&observation);
                }
            }
            undecided.push(Undecided { outcome, receipt, recorded_before });
        }
        if let Some(watches) = &mut watches {
            let events = watches.tick(now, self.board.blocks_skipped_since_trade());
            fresh.extend(events.iter().map(|(_, event)| said(event.clone(), now)));
            told.extend(events);
        }
        match self.writer.append(&fresh) {
            Ok(head) => {
                self.known.commit();
                self.watches = watches;
                if !fresh.is_empty() {
                    metrics::histogram!("goat_ingest_commit_seconds").record(begun.elapsed());
                }
                self.tell_readers(&fresh, head.seq, now);
                for told in &told {
                    self.act(told);
                }
                let group_first_seq = head.seq + 1 - fresh.len() as u64;
                for Undecided { outcome, receipt, recorded_before } in undecided {
                    let first_seq = if receipt.accepted > 0 { group_first_seq + recorded_before } else { 0 };
                    // A submitter that no longer waits has its answer in the log.
                    let _ = outcome.send(Ok(Receipt { head_seq: head.seq, first_seq, ..receipt }));
                }
                Ok(())
            }
            Err(error) => {
                self.known.roll_back();
                tracing::error!(%error, observations = fresh.len(), "nothing was recorded");
                metrics::counter!("goat_journal_failures_total").increment(1);
                let full = matches!(error, WriteError::Full { .. });
                let refused = if full { Refused::Full } else { Refused::Unwritable };
                for Undecided { outcome, .. } in undecided {
                    let _ = outcome.send(Err(refused));
                }
                match error {
                    WriteError::NotWritten(_) | WriteError::Full { .. } => Ok(()),
                    WriteError::Uncertain(_) => Err(error),
                }
            }
        }
    }

    fn tell_readers(&self, recorded: &[Observation], head_seq: u64, now: UnixMicros) {
        let first_seq = head_seq + 1 - recorded.len() as u64;
        for (seq, observation) in (first_seq..).zip(recorded) {
            self.board.accepted(observation, now);
            if let Payload::Feed(said) = &observation.payload {
                let kind = goat::wire::market::feed_event::Kind::from(said.kind).as_str_name();
                let kind = kind.trim_start_matches("KIND_").to_ascii_lowercase();
                metrics::counter!("goat_feed_notices_total", "feed" => said.feed.to_string(), "kind" => kind)
                    .increment(1);
            }
            if matches!(observation.payload, Payload::Price(_))
                && let Some(price) = as_price(goat::convert::record(seq, observation))
            {
                self.latest.record(price);
            }
        }
    }

    fn count_duplicate(&self, observation: &Observation) {
        if let Some(subject) = Subject::of(observation) {
            self.board.duplicate(subject.feed(), 1);
        }
    }

    /// Says what the log was told, and asks for a new connection where silence may be a connection's fault.
    fn act(&self, (subject, event): &Told) {
        let (feed, reason) = (subject.feed().as_str(), event.reason.as_str());
        if event.kind != FeedEventKind::Stale {
            tracing::info!(feed, kind = ?event.kind, reason, "the feed changed");
            return;
        }
        // Nothing of ours can make the sender of posts send: somebody has to look.
        let Some(line) = Line::of(*subject) else {
            tracing::warn!(feed, reason, "the feed is stale; its posts come to us");
            return;
        };
        tracing::warn!(feed, reason, "the feed is stale; a new connection is tried");
        self.board.reconnects.ask(line);
    }
}

#[cfg(test)]
mod tests;
