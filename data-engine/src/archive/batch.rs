//! From events to rows on their way: what one transaction writes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use goat::postgres::copy::CopyRows;
use goat::values::UnixMicros;
use goat::wire::market::{EventBatch, MarketEvent};
use goat::wire::scan_events;
use prost::Message;

use super::ArchiveError;
use super::copy::push;
use super::partitions::Day;
use crate::hot::TABLES;
use crate::hot::pace::BookPace;
use crate::journal::{BLOCK_EVENTS_MAX, Cursor};

const READ_BYTES: usize = 256 * 1024;

/// Rows of one table, and the days that they lie on.
#[derive(Debug)]
pub(super) struct TableRows {
    pub(super) copy: CopyRows,
    pub(super) days: BTreeSet<Day>,
}

/// What one transaction writes.
#[derive(Debug)]
pub(super) struct Batch {
    /// By the place of the table in [`TABLES`].
    pub(super) tables: BTreeMap<usize, TableRows>,
    pub(super) rows: usize,
    /// Everything up to here is archived with this batch.
    pub(super) last_seq: u64,
    /// The newest event time in it.
    pub(super) time: UnixMicros,
    /// The seconds of the books after it.
    pub(super) books: String,
    /// Whether more is waiting.
    pub(super) full: bool,
}

/// Reads the log and makes batches of it.
#[derive(Debug)]
pub(super) struct Feeder {
    cursor: Cursor,
    /// The number of the log in the archive.
    log: i32,
    pace: BookPace,
    all_books: bool,
    rows_max: usize,
    /// Read, and not in a batch yet.
    payloads: VecDeque<Bytes>,
    /// The last position in a batch.
    last_seq: u64,
}

impl Feeder {
    /// Goes on after `cursor`'s position.
    pub(super) fn new(cursor: Cursor, log: i32, pace: BookPace, settings: &goat::settings::Archive) -> Self {
        let last_seq = cursor.next_seq() - 1;
        Self {
            cursor,
            log,
            pace,
            all_books: settings.all_books,
            rows_max: settings.batch_rows as usize,
            payloads: VecDeque::new(),
            last_seq,
        }
    }

    /// What is archived next; none at the head of the log. Blocks the thread.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>, ArchiveError> {
        let mut batch = Batch {
            tables: BTreeMap::new(),
            rows: 0,
            last_seq: self.last_seq,
            time: UnixMicros::default(),
            books: String::new(),
            full: false,
        };
        loop {
            let Some(payload) = self.next_payload()? else { break };
            self.take(&payload, &mut batch);
            if batch.rows + BLOCK_EVENTS_MAX as usize > self.rows_max {
                batch.full = true;
                break;
            }
        }
        if batch.last_seq == self.last_seq {
            return Ok(None);
        }
        self.last_seq = batch.last_seq;
        batch.books = self.pace.to_text().map_err(|error| ArchiveError::Internal(error.to_string()))?;
        Ok(Some(batch))
    }

    fn next_payload(&mut self) -> Result<Option<Bytes>, ArchiveError> {
        if self.payloads.is_empty() {
            let chunk = match self.cursor.read_memory(READ_BYTES) {
                Some(chunk) => Some(chunk),
                None => self.cursor.read_disk(READ_BYTES)?,
            };
            self.payloads.extend(chunk.map(|chunk| chunk.payloads).unwrap_or_default());
        }
        Ok(self.payloads.pop_front())
    }

    fn take(&mut self, payload: &Bytes, batch: &mut Batch) {
        let Ok(decoded) = EventBatch::decode(payload.as_ref()) else {
            // The block's checksum held, so what does not decode was written by a newer version.
            batch.last_seq = scan_events(payload).last().map_or(batch.last_seq, |scan| scan.seq);
            return;
        };
        for event in decoded.events {
            if event.seq > batch.last_seq {
                batch.last_seq = event.seq;
                self.take_event(&event, batch);
            }
        }
    }

    fn take_event(&mut self, event: &MarketEvent, batch: &mut Batch) {
        let time = event.event_time.and_then(|time| UnixMicros::try_from(time).ok()).unwrap_or_default();
        batch.time = batch.time.max(time);
        if !self.pace.admits(event, time) && !self.all_books {
            return;
        }
        let found = TABLES.iter().enumerate().find_map(|(place, table)| Some((place, table.row(event)?)));
        let Some((place, row)) = found else { return };
        let table = batch
            .tables
            .entry(place)
            .or_insert_with(|| TableRows { copy: CopyRows::default(), days: BTreeSet::new() });
        push(&mut table.copy, self.log, &row);
        table.days.insert(Day::of(time));
        batch.rows += 1;
    }
}
