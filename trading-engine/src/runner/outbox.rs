//! Rows and commits that wait for their threads.

use std::time::{Duration, Instant};

use goat::values::Seq;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::RunnerError;
use crate::core::Engine;
use crate::core::cycles::Cycle;
use crate::ledger::{Commit, Snapshot};
use crate::snapshot;
use crate::workspace::{Rows, Writer};

/// A commit is due after this time, or after [`COMMIT_EVENTS`].
const COMMIT_EVERY: Duration = Duration::from_millis(250);
const COMMIT_EVENTS: u64 = 20_000;
/// When the disk is so slow that this many events wait for their commit, the core waits too.
const UNCOMMITTED_EVENTS_MAX: u64 = 1_000_000;

/// Rows are due when nothing else is to be done, after this time, or at this number.
const ROWS_EVERY: Duration = Duration::from_millis(50);
const ROWS_DUE: usize = 20_000;
/// When the workspace is so slow that this many rows wait for it, the core waits too.
const ROWS_WAITING_MAX: usize = 200_000;

pub(super) struct Outbox {
    commits: mpsc::Sender<Commit>,
    writer: Writer,
    pub(super) rows: Rows,
    closed: Vec<Cycle>,
    begins: bool,
    uncommitted_events: u64,
    committed_seq: Option<Seq>,
    committed: Instant,
    written: Instant,
}

impl Outbox {
    pub(super) fn new(commits: mpsc::Sender<Commit>, writer: Writer) -> Self {
        Self {
            commits,
            writer,
            rows: Rows::default(),
            closed: Vec::new(),
            begins: false,
            uncommitted_events: 0,
            committed_seq: None,
            committed: Instant::now(),
            written: Instant::now(),
        }
    }

    /// The ledger has the state at `cursor_seq`; the workspace has nothing yet.
    pub(super) fn resume(&mut self, closed: Vec<Cycle>, cursor_seq: Seq) {
        self.rows.closed = closed;
        self.committed_seq = Some(cursor_seq);
    }

    /// Neither the ledger nor the workspace has anything that counts; what waited is void.
    pub(super) fn begin(&mut self) {
        self.rows = Rows { begins: true, ..Rows::default() };
        self.closed.clear();
        self.begins = true;
        self.uncommitted_events = 0;
        self.committed_seq = None;
    }

    pub(super) fn close(&mut self, cycle: Cycle) {
        self.closed.push(cycle);
        self.rows.closed.push(cycle);
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
        let waited = now.saturating_duration_since(self.committed) >= COMMIT_EVERY;
        let due = waited || self.uncommitted_events >= COMMIT_EVENTS;
        let Some(log_id) = log_id.filter(|_| due && self.committed_seq != Some(engine.cursor().seq)) else {
            return Ok(());
        };
        let must = self.uncommitted_events >= UNCOMMITTED_EVENTS_MAX;
        if must || self.commits.capacity() > 0 {
            self.commit(engine, log_id)?;
            self.committed = now;
        }
        Ok(())
    }

    /// The last commit, when there is anything to commit.
    pub(super) fn finish(mut self, engine: &Engine, log_id: Option<&str>) -> Result<(), RunnerError> {
        match log_id {
            Some(log_id) if self.committed_seq != Some(engine.cursor().seq) => self.commit(engine, log_id),
            _ => Ok(()),
        }
    }

    fn commit(&mut self, engine: &Engine, log_id: &str) -> Result<(), RunnerError> {
        let cursor_seq = engine.cursor().seq;
        let state = snapshot::encode(engine)?;
        let snapshot = Snapshot { log_id: log_id.to_owned(), version: snapshot::VERSION, cursor_seq, state };
        let commit = Commit {
            snapshot,
            begins: std::mem::take(&mut self.begins),
            closed: std::mem::take(&mut self.closed),
            active: engine.cycles().active().copied().collect(),
        };
        self.commits.blocking_send(commit).map_err(|_| RunnerError::Gone("ledger"))?;
        self.committed_seq = Some(cursor_seq);
        self.uncommitted_events = 0;
        Ok(())
    }

    fn deliver_rows(&mut self, engine: &Engine, now: Instant, idle: bool) -> Result<(), RunnerError> {
        let waiting = self.rows.len();
        let waited = now.saturating_duration_since(self.written) >= ROWS_EVERY;
        if self.rows.is_empty() || !(idle || waited || waiting >= ROWS_DUE) {
            return Ok(());
        }
        self.rows.active = engine.cycles().active().copied().collect();
        let rows = std::mem::take(&mut self.rows);
        let gone = || RunnerError::Gone("workspace");
        if waiting >= ROWS_WAITING_MAX {
            self.writer.blocking_send(rows).map_err(|_| gone())?;
        } else {
            match self.writer.try_send(rows) {
                Ok(()) => {}
                Err(TrySendError::Full(rows)) => {
                    self.rows = rows;
                    return Ok(());
                }
                Err(TrySendError::Closed(_)) => return Err(gone()),
            }
        }
        self.written = now;
        Ok(())
    }
}
