//! Owns positions: one thread takes submissions, refuses duplicates, and appends the rest to the journal.

mod known;

use goat::event::{Candle, Observation, Payload, Source};
use goat::values::UnixMicros;
use goat::wire::market::{self as wire, EventBatch, EventKind, MarketEvent, market_event};
use goat::wire::scan_events;
use prost::Message;
use tokio::sync::{mpsc, oneshot};

use crate::feeds::board::{Board, Name};
use crate::feeds::exchange::venue::NewestCandles;
use crate::ingest::{Receipt, Refused, Submission};
use crate::journal::{WriteError, Writer};
use crate::latest::{Latest, as_price};

pub use known::{KEYS_MAX, Known};

/// Observations that share one sync at most.
const GROUP_MAX: usize = 4096;

/// What the log taught about itself when it was opened.
#[derive(Debug, Default)]
pub struct Memory {
    /// What has been recorded, for telling duplicates.
    pub known: Known,
    /// The last prices.
    pub latest: Latest,
    /// The event time of the first thing that a source that can be rewound told: where a simulated world began.
    pub world_start: Option<UnixMicros>,
    /// The newest candle of each series.
    pub newest_candles: NewestCandles,
}

impl Memory {
    /// Learns from a block of the journal.
    pub fn learn(&mut self, payload: &[u8]) {
        for scan in scan_events(payload) {
            self.known.reached(scan.source_position);
            let wanted = matches!(
                scan.kind,
                EventKind::Price | EventKind::Trade | EventKind::Whale | EventKind::Candle
            );
            if !wanted && scan.source_position != 1 {
                continue;
            }
            // The block's checksum held, so what does not decode was written by a newer version.
            let Ok(batch) = EventBatch::decode(scan.field) else { continue };
            let Some(event) = batch.events.into_iter().next() else { continue };
            if scan.source_position == 1 {
                self.world_start = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
            }
            self.known.remember_event(&event);
            self.note_candle(&event);
            if let Some(price) = as_price(event) {
                self.latest.record(price);
            }
        }
    }
}

impl Memory {
    fn note_candle(&mut self, event: &MarketEvent) {
        let Some(market_event::Payload::Candle(candle)) = &event.payload else { return };
        // What the operator published is not what the venue told.
        if event.source() == wire::Source::User {
            return;
        }
        let parsed = Candle::try_from(candle.clone());
        let Ok(Candle { symbol, venue, interval_seconds, open_time, .. }) = parsed else { return };
        let newest = self.newest_candles.entry((venue, symbol, interval_seconds)).or_insert(open_time);
        *newest = open_time.max(*newest);
    }
}

/// Takes submissions until every [`crate::ingest::Ingest`] is gone.
#[derive(Debug)]
pub struct Sequencer {
    writer: Writer,
    known: Known,
    latest: Latest,
    board: Board,
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
        Self { writer, known: memory.known, latest: memory.latest, board }
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
        let mut undecided = Vec::with_capacity(group.len());
        let mut fresh = Vec::new();
        self.known.begin();
        for Submission { observations, outcome } in group {
            let mut receipt = Receipt::default();
            let recorded_before = fresh.len() as u64;
            for observation in observations {
                if self.known.admit(&observation) {
                    receipt.accepted += 1;
                    fresh.push(observation);
                } else {
                    receipt.duplicate += 1;
                    self.count_duplicate(&observation);
                }
            }
            undecided.push(Undecided { outcome, receipt, recorded_before });
        }
        match self.writer.append(&fresh) {
            Ok(head) => {
                self.known.commit();
                self.tell_readers(&fresh, head.seq);
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

    fn tell_readers(&self, recorded: &[Observation], head_seq: u64) {
        let first_seq = head_seq + 1 - recorded.len() as u64;
        for (seq, observation) in (first_seq..).zip(recorded) {
            if let Some(name) = feed_of(observation) {
                self.board.accepted(name, observation.event_time, observation.received_time);
            }
            if matches!(observation.payload, Payload::Price(_))
                && let Some(price) = as_price(goat::convert::record(seq, observation))
            {
                self.latest.record(price);
            }
        }
        metrics::gauge!("goat_journal_head_seq").set(precise(head_seq));
    }

    fn count_duplicate(&self, observation: &Observation) {
        if let Some(name) = feed_of(observation) {
            self.board.duplicate(name, 1);
        }
    }
}

/// The feed that an observation belongs to; none for what the engine says itself, and for what the operator
/// publishes: it does not make a feed live.
fn feed_of(observation: &Observation) -> Option<Name> {
    if observation.source == Source::User {
        return None;
    }
    match &observation.payload {
        Payload::Price(_) => Some(Name::Prices),
        Payload::Book(_) => Some(Name::Books),
        Payload::Trade(_) => Some(Name::Trades),
        Payload::Whale(_) => Some(Name::Whales),
        Payload::Candle(_) => Some(Name::Candles),
        Payload::Feed(_) | Payload::DeadLetter(_) | Payload::User(_) => None,
    }
}

/// Positions stay below 2^53, where every integer is a double.
#[allow(clippy::cast_precision_loss)]
fn precise(seq: u64) -> f64 {
    seq as f64
}

#[cfg(test)]
mod tests;
