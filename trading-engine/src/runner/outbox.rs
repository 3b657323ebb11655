//! Rows and commits that wait for their threads.

use std::time::{Duration, Instant};

use goat::values::UnixMicros;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::RunnerError;
use crate::core::{Cursor, Engine, Hour};
use crate::ledger::{Commit, Keeper, Snapshot};
use crate::restart::Warm;
use crate::snapshot;
use crate::tables::{Batch, Record};
use crate::view::StateView;
use crate::workspace::{Delivery, Recent, Rows, Writer};

/// Commits are at least so far apart, …
const COMMIT_EVERY: Duration = Duration::from_millis(250);
/// … and so many times as far as encoding the state and committing took the last time: 5 % of the time, …
const COMMIT_REST: u32 = 20;
/// … but not further: what was decided since is decided again after a crash, and late.
const COMMIT_WITHIN: Duration = Duration::from_secs(3);
/// When the disk is so slow that this many events wait for their commit, the core waits too.
const UNCOMMITTED_EVENTS_MAX: u64 = 1_000_000;

/// Rows are due when nothing else is to be done, after this time, or at this number.
const ROWS_EVERY: Duration = Duration::from_millis(50);
const ROWS_DUE: usize = 20_000;
/// When the workspace is so slow that this many rows wait for it, the core waits too.
const ROWS_WAITING_MAX: usize = 200_000;

pub(super) struct Outbox {
    keeper: Keeper,
    writer: Writer,
    pub(super) rows: Rows,
    /// For the next commit.
    uncommitted: Batch,
    begins: bool,
    hour: Option<UnixMicros>,
    uncommitted_events: u64,
    committed_cursor: Option<Cursor>,
    state: StateView,
    committed: Instant,
    encoding: Duration,
    written: Instant,
}

impl Outbox {
    pub(super) fn new(keeper: Keeper, writer: Writer) -> Self {
        Self {
            keeper,
            writer,
            rows: Rows::default(),
            uncommitted: Batch::default(),
            begins: false,
            hour: None,
            uncommitted_events: 0,
            committed_cursor: None,
            state: StateView::default(),
            committed: Instant::now(),
            encoding: Duration::ZERO,
            written: Instant::now(),
        }
    }

    /// The ledger has this state, and the workspace its rows.
    pub(super) fn resume(&mut self, warm: &Warm) {
        let snapshot = &warm.saved.snapshot;
        self.committed_cursor = Some(warm.engine.cursor());
        self.state = StateView { seq: snapshot.cursor_seq, hash: snapshot::hash_of(&snapshot.state) };
    }

    /// Neither the ledger nor the workspace has anything that counts; what waited is void.
    pub(super) fn begin(&mut self) {
        self.rows = Rows { begins: true, ..Rows::default() };
        self.uncommitted = Batch::default();
        self.begins = true;
        self.uncommitted_events = 0;
        self.committed_cursor = None;
    }

    /// A record for the ledger and the workspace, whichever has its table.
    pub(super) fn put<R: Record>(&mut self, record: &R) {
        if R::TABLE.kept.is_some() {
            self.uncommitted.put(record);
        }
        if R::TABLE.shown.is_some() {
            self.rows.batch.put(record);
        }
    }

    /// A full hour began.
    pub(super) fn begin_hour(&mut self, hour: Hour) {
        self.rows.hour = Some(hour);
        self.hour = Some(hour.begins);
    }

    /// The state that was handed over last.
    pub(super) fn committed(&self) -> &StateView {
        &self.state
    }

    pub(super) fn count(&mut self, events: u64) {
        self.uncommitted_events += events;
    }

    /// Hands over what is due and can be taken. `idle`: no event waits for the core.
    pub(super) fn deliver(
        &mut self,
        engine: &Engine,
        log_id: Option<&str>,
        now: Instant,
        idle: bool,
    ) -> Result<(), RunnerError> {
        self.deliver_rows(engine, now, idle)?;
        let took = self.encoding + self.keeper.last_commit();
        let due = now.saturating_duration_since(self.committed)
            >= COMMIT_EVERY.max(COMMIT_WITHIN.min(took * COMMIT_REST));
        let must = self.uncommitted_events >= UNCOMMITTED_EVENTS_MAX;
        match log_id {
            // A query that waits for its answer is asked again after a restart, of tables that have gone on by then.
            Some(log_id)
                if self.is_ahead(engine)
                    && (must || due && self.keeper.has_room() && engine.next_answer_due_at().is_none()) =>
            {
                self.commit(engine, log_id)
            }
            _ => Ok(()),
        }
    }

    /// The last commit, when there is anything to commit. Not while a query waits, for the reason of [`Self::deliver`]:
    /// the events since the commit before are folded again then.
    pub(super) fn finish(&mut self, engine: &Engine, log_id: Option<&str>) -> Result<(), RunnerError> {
        match log_id {
            Some(log_id) if self.is_ahead(engine) && engine.next_answer_due_at().is_none() => {
                self.commit(engine, log_id)
            }
            _ => Ok(()),
        }
    }

    fn is_ahead(&self, engine: &Engine) -> bool {
        self.committed_cursor != Some(engine.cursor())
    }

    /// Hands the state over with the rows that belong to it.
    pub(super) fn commit(&mut self, engine: &Engine, log_id: &str) -> Result<(), RunnerError> {
        let began = Instant::now();
        let cursor = engine.cursor();
        let state = snapshot::encode(engine)?;
        self.state = StateView { seq: cursor.seq, hash: snapshot::hash_of(&state) };
        // They change with every tick, so they are written as they are now.
        engine.cycles().active().for_each(|cycle| self.uncommitted.put(cycle));
        let snapshot = Snapshot {
            log_id: log_id.to_owned(),
            version: snapshot::VERSION,
            cursor_seq: cursor.seq,
            command: cursor.command,
            state,
        };
        self.encoding = began.elapsed();
        let commit = Commit {
            snapshot,
            begins: std::mem::take(&mut self.begins),
            rows: std::mem::take(&mut self.uncommitted),
            hour: self.hour.take(),
        };
        self.keeper.commit(commit).map_err(|_| RunnerError::Gone("ledger"))?;
        self.committed = Instant::now();
        self.committed_cursor = Some(cursor);
        self.uncommitted_events = 0;
        Ok(())
    }

    fn deliver_rows(&mut self, engine: &Engine, now: Instant, idle: bool) -> Result<(), RunnerError> {
        let waiting = self.rows.len();
        let waited = now.saturating_duration_since(self.written) >= ROWS_EVERY;
        if self.rows.is_empty() || !(idle || waited || waiting >= ROWS_DUE) {
            return Ok(());
        }
        if waiting >= ROWS_WAITING_MAX {
            return self.deliver_rows_now(engine);
        }
        let place = match self.writer.try_reserve() {
            Ok(place) => place,
            Err(TrySendError::Full(())) => return Ok(()),
            Err(TrySendError::Closed(())) => return Err(RunnerError::Gone("workspace")),
        };
        engine.cycles().active().for_each(|cycle| self.rows.batch.put(cycle));
        place.send(std::mem::take(&mut self.rows).into());
        self.written = now;
        Ok(())
    }

    /// Hands the rows over, and waits until they can be taken.
    pub(super) fn deliver_rows_now(&mut self, engine: &Engine) -> Result<(), RunnerError> {
        engine.cycles().active().for_each(|cycle| self.rows.batch.put(cycle));
        let rows = std::mem::take(&mut self.rows);
        self.hand_over(rows.into())
    }

    /// The rows from before the start come in between, whenever they come.
    pub(super) fn await_recent(&mut self, recent: mpsc::Receiver<Recent>) -> Result<(), RunnerError> {
        self.hand_over(Delivery::Recent(recent))
    }

    fn hand_over(&mut self, delivery: Delivery) -> Result<(), RunnerError> {
        self.writer.blocking_send(delivery).map_err(|_| RunnerError::Gone("workspace"))?;
        self.written = Instant::now();
        Ok(())
    }
}
