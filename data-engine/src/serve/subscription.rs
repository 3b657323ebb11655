//! One reader: history, then live, in one loop. The reader cannot tell which it is in but for `CaughtUp`.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use goat::error::{Kind, internal};
use goat::service::Stop;
use goat::values::UnixMicros;
use goat::wire::market::{self as wire, EventKind, subscribe_response::Message};
use goat::wire::{Frame, scan_events};
use tokio::time::Instant;
use tonic::Status;

use crate::journal::{Chunk, Cursor, JournalError, Log, Start};

/// A batch holds about this much; whatever is ready goes out, so nothing waits for it to fill.
const LIVE_BATCH_BYTES: usize = 32 * 1024;
/// A reader that catches up is served larger batches.
const CATCH_UP_BATCH_BYTES: usize = 128 * 1024;
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Which events a reader wants.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// None means all.
    pub(super) kinds: Vec<EventKind>,
    /// Upper case; none means all. Kinds without a symbol always pass.
    pub(super) symbols: Vec<String>,
}

impl Filter {
    fn passes_all(&self) -> bool {
        self.kinds.is_empty() && self.symbols.is_empty()
    }

    fn passes(&self, kind: EventKind, symbol: Option<&str>) -> bool {
        let kind_wanted = self.kinds.is_empty() || self.kinds.contains(&kind);
        let symbol_wanted = match symbol {
            Some(symbol) => self.symbols.is_empty() || self.symbols.iter().any(|wanted| wanted == symbol),
            None => true,
        };
        kind_wanted && symbol_wanted
    }
}

/// Encoded events that cover a stretch of the log.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) events: Vec<Bytes>,
    pub(super) covers_from: u64,
    pub(super) covers_to: u64,
}

/// What a reader is told next.
#[derive(Debug)]
pub(super) enum Item {
    Batch(Batch),
    CaughtUp { seq: u64 },
    Heartbeat { seq: u64 },
}

impl From<Item> for Frame {
    fn from(item: Item) -> Self {
        match item {
            Item::Batch(batch) => Frame::batch(batch.events, batch.covers_from, batch.covers_to),
            Item::CaughtUp { seq } => Frame::of(Message::CaughtUp(wire::CaughtUp { seq })),
            Item::Heartbeat { seq } => {
                let time = Some(UnixMicros::now().into());
                Frame::of(Message::Heartbeat(wire::Heartbeat { seq, time }))
            }
        }
    }
}

/// A reader and where it is. It holds no events: being slow costs nothing but its own lag.
#[derive(Debug)]
pub(super) struct Subscription {
    log: Log,
    cursor: Option<Cursor>,
    filter: Filter,
    follow: bool,
    stop: Stop,
    opened_at: u64,
    caught_up: bool,
    /// The first position that no message has covered yet.
    uncovered: u64,
    /// The first position that has not been read yet.
    next_seq: u64,
    heartbeat_due: Instant,
}

impl Subscription {
    /// Finds the place to begin.
    pub(super) async fn open(
        log: Log,
        start: Start,
        filter: Filter,
        follow: bool,
        stop: Stop,
    ) -> Result<Self, Status> {
        let head = log.head().seq;
        if let Start::After(seq) = start
            && seq > head
        {
            return Err(
                Kind::Invalid.status(format!("after_seq is {seq}, beyond the head of the log, {head}"))
            );
        }
        let finder = log.clone();
        let cursor = blocking(move || finder.cursor(start)).await?;
        let next_seq = cursor.next_seq();
        metrics::gauge!("goat_subscriptions").increment(1.0);
        Ok(Self {
            log,
            cursor: Some(cursor),
            filter,
            follow,
            stop,
            opened_at: head,
            caught_up: false,
            uncovered: next_seq,
            next_seq,
            heartbeat_due: Instant::now() + HEARTBEAT,
        })
    }

    /// The first position that this stream covers.
    pub(super) fn start_seq(&self) -> u64 {
        self.next_seq
    }

    /// What the reader is told next; none when it did not want to follow and has everything.
    pub(super) async fn next(&mut self) -> Result<Option<Item>, Status> {
        loop {
            if self.next_seq <= self.log.head().seq && !self.reached_its_end() {
                if let Some(batch) = self.read().await? {
                    return Ok(Some(self.told(Item::Batch(batch))));
                }
                if Instant::now() < self.heartbeat_due {
                    continue;
                }
            }
            if let Some(item) = self.idle() {
                return Ok(Some(self.told(item)));
            }
            if self.reached_its_end() {
                return Ok(None);
            }
            tokio::select! {
                grown = self.log.grown_past(self.next_seq - 1) => {
                    if !grown {
                        return Err(stopping());
                    }
                }
                () = tokio::time::sleep_until(self.heartbeat_due) => {}
                () = self.stop.cancelled() => return Err(stopping()),
            }
        }
    }

    /// Whether a reader that does not follow has what there was when it came.
    fn reached_its_end(&self) -> bool {
        !self.follow && self.next_seq > self.opened_at
    }

    /// What is to be said when no event is.
    fn idle(&mut self) -> Option<Item> {
        let arrived = !self.caught_up && self.next_seq > self.opened_at;
        let due = Instant::now() >= self.heartbeat_due;
        if !arrived && !due {
            return None;
        }
        // What was passed over is covered first, so that the position that follows is never a surprise.
        if self.uncovered < self.next_seq {
            let covers_from = self.uncovered;
            return Some(Item::Batch(Batch {
                events: Vec::new(),
                covers_from,
                covers_to: self.next_seq - 1,
            }));
        }
        let seq = self.next_seq - 1;
        if arrived {
            self.caught_up = true;
            return Some(Item::CaughtUp { seq });
        }
        Some(Item::Heartbeat { seq })
    }

    fn told(&mut self, item: Item) -> Item {
        match &item {
            Item::Batch(batch) if batch.events.is_empty() => {}
            _ => self.heartbeat_due = Instant::now() + HEARTBEAT,
        }
        if let Item::Batch(batch) = &item {
            #[allow(clippy::cast_precision_loss)]
            let lag = self.log.head().seq.saturating_sub(batch.covers_to) as f64;
            metrics::histogram!("goat_subscription_lag_events").record(lag);
            self.uncovered = batch.covers_to + 1;
        }
        item
    }

    /// The next stretch of the log; none when it holds nothing that was asked for.
    async fn read(&mut self) -> Result<Option<Batch>, Status> {
        let Some(chunk) = self.read_chunk().await? else { return Ok(None) };
        self.next_seq = chunk.last_seq + 1;
        let events = self.select(&chunk);
        if events.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch { events, covers_from: self.uncovered, covers_to: chunk.last_seq }))
    }

    async fn read_chunk(&mut self) -> Result<Option<Chunk>, Status> {
        let Some(mut cursor) = self.cursor.take() else { return Ok(None) };
        if let Some(chunk) = cursor.read_memory(LIVE_BATCH_BYTES) {
            self.cursor = Some(cursor);
            return Ok(Some(chunk));
        }
        let (cursor, chunk) = blocking(move || {
            let chunk = cursor.read_disk(CATCH_UP_BATCH_BYTES)?;
            Ok((cursor, chunk))
        })
        .await?;
        self.cursor = Some(cursor);
        Ok(chunk)
    }

    /// The encoded events of a chunk that are wanted.
    fn select(&self, chunk: &Chunk) -> Vec<Bytes> {
        let mut selected = Vec::with_capacity(chunk.payloads.len());
        for (place, payload) in chunk.payloads.iter().enumerate() {
            let early = place == 0 && chunk.begins_early;
            if self.filter.passes_all() && !early {
                selected.push(payload.clone());
                continue;
            }
            let mut wanted = BytesMut::new();
            for event in scan_events(payload) {
                if event.seq >= chunk.first_seq && self.filter.passes(event.kind, event.symbol()) {
                    wanted.extend_from_slice(event.field);
                }
            }
            if !wanted.is_empty() {
                selected.push(wanted.freeze());
            }
        }
        selected
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        metrics::gauge!("goat_subscriptions").decrement(1.0);
    }
}

fn stopping() -> Status {
    Kind::Unavailable.status("the data-engine is stopping; resume after the last position received")
}

/// Reads the journal where it may block.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(JournalError::TooOld { wanted, oldest })) => Err(Kind::TooOld.status(format!(
            "position {wanted} is no longer kept; the oldest is {oldest}: start after_seq {}",
            oldest - 1
        ))),
        Ok(Err(error)) => Err(internal("reading the journal", &error)),
        Err(error) => Err(internal("reading the journal", &error)),
    }
}

#[cfg(test)]
mod tests;
