//! The one thread that has the ledger, and how the core speaks to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use goat::values::Seq;
use goat::wire::market::Mode;
use tokio::sync::{mpsc, oneshot};

use super::{Commit, Ledger, LedgerError, Logged, Snapshot, recorded};
use crate::chain::Head;
use crate::core::Carried;
use crate::core::decision::Decision;
use crate::tables::{Batch, Record, Value};
use crate::{Outcome, restart};

/// Commits that may wait for the disk. A full queue makes the next commit larger, not the core slower.
pub const COMMITS_QUEUED_MAX: usize = 1;

/// The thread behind the queue has ended; its outcome says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ledger thread has ended")]
pub struct Ended;

/// What a cold start takes over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// The records of before.
    pub carried: Carried,
    /// The rows of tables that stay, for the workspace.
    pub rows: Batch,
    /// Commands that those do not contain yet, in the order of their ordinals.
    pub commands: Vec<Logged>,
    /// The ordinal of the newest command there ever was.
    pub last_command: u64,
    /// The end of the chain of results.
    pub chain: Head,
}

#[derive(Debug)]
enum Task {
    Commit(Box<Commit>),
    Append(Box<Logged>, oneshot::Sender<Option<Logged>>),
    Take { log_id: String, mode: Mode, taken: oneshot::Sender<Taken> },
    Commands { after: u64, found: oneshot::Sender<Vec<Logged>> },
    Decisions { log_id: String, after: Seq, to: Seq, found: oneshot::Sender<Vec<Vec<Value>>> },
    BackUp { to: PathBuf, done: oneshot::Sender<Result<Option<Snapshot>, LedgerError>> },
}

/// The core's end. What waits for an answer blocks the thread that asks.
#[derive(Debug, Clone)]
pub struct Keeper {
    tasks: mpsc::Sender<Task>,
    commit_micros: Arc<AtomicU64>,
}

impl Keeper {
    /// Whether a commit would be taken at once.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.tasks.capacity() > 0
    }

    /// Shows how much waits for the ledger.
    pub fn measure(&self) {
        crate::measure::measure_queue("goat_trading_commit_queue_commits", &self.tasks);
    }

    /// How long the last commit took.
    #[must_use]
    pub fn last_commit(&self) -> Duration {
        Duration::from_micros(self.commit_micros.load(Ordering::Relaxed))
    }

    /// Hands a commit over, once there is room.
    ///
    /// # Errors
    ///
    /// When the thread has ended.
    pub fn commit(&self, commit: Commit) -> Result<(), Ended> {
        self.tasks.blocking_send(Task::Commit(Box::new(commit))).map_err(|_| Ended)
    }

    /// Makes a command durable; waits until it is. When one with its `request_id` is there already nothing is added,
    /// and that one is the answer.
    ///
    /// # Errors
    ///
    /// When the thread has ended: whether the command is durable is not known then.
    pub fn append(&self, command: Logged) -> Result<Option<Logged>, Ended> {
        let (done, appended) = oneshot::channel();
        self.tasks.blocking_send(Task::Append(Box::new(command), done)).map_err(|_| Ended)?;
        appended.blocking_recv().map_err(|_| Ended)
    }

    /// What a cold start on the log takes over of what was committed.
    ///
    /// # Errors
    ///
    /// When the thread has ended.
    pub fn take(&self, log_id: &str, mode: Mode) -> Result<Taken, Ended> {
        let (done, taken) = oneshot::channel();
        let task = Task::Take { log_id: log_id.to_owned(), mode, taken: done };
        self.tasks.blocking_send(task).map_err(|_| Ended)?;
        taken.blocking_recv().map_err(|_| Ended)
    }

    /// A way to read what is kept. It does not keep the thread from ending.
    #[must_use]
    pub fn records(&self) -> Records {
        Records(self.tasks.downgrade())
    }
}

/// Reads what the ledger keeps, beside the core. What waits for an answer blocks the thread that asks.
#[derive(Debug, Clone)]
pub struct Records(mpsc::WeakSender<Task>);

impl Records {
    /// The commands after an ordinal and up to another, of all logs, in the order of their ordinals.
    ///
    /// # Errors
    ///
    /// When the thread has ended.
    pub fn commands_between(&self, after: u64, to: u64) -> Result<Vec<Logged>, Ended> {
        let (done, found) = oneshot::channel();
        self.0
            .upgrade()
            .ok_or(Ended)?
            .blocking_send(Task::Commands { after, found: done })
            .map_err(|_| Ended)?;
        let mut commands = found.blocking_recv().map_err(|_| Ended)?;
        commands.retain(|logged| logged.command.ordinal <= to);
        Ok(commands)
    }

    /// The rows of the decisions of a log, after a position and up to another. Commits wait while they are read.
    ///
    /// # Errors
    ///
    /// When the thread has ended.
    pub fn decisions_between(&self, log_id: &str, after: Seq, to: Seq) -> Result<Vec<Vec<Value>>, Ended> {
        let (done, found) = oneshot::channel();
        let task = Task::Decisions { log_id: log_id.to_owned(), after, to, found: done };
        self.0.upgrade().ok_or(Ended)?.blocking_send(task).map_err(|_| Ended)?;
        found.blocking_recv().map_err(|_| Ended)
    }

    /// Writes a copy of the ledger to the new file `to`, and says which snapshot it has; none when there is nothing to
    /// copy. Commits wait while it is written.
    ///
    /// # Errors
    ///
    /// When the thread has ended, or, within, when the copy cannot be written.
    pub fn back_up(&self, to: PathBuf) -> Result<Result<Option<Snapshot>, LedgerError>, Ended> {
        let (done, copied) = oneshot::channel();
        self.0.upgrade().ok_or(Ended)?.blocking_send(Task::BackUp { to, done }).map_err(|_| Ended)?;
        copied.blocking_recv().map_err(|_| Ended)
    }
}

/// Keeps what comes through the returned handle until the last copy of it is gone, on a thread of its own.
///
/// The outcome comes when the thread ends: after the last task, or at the first that failed.
///
/// # Errors
///
/// When the thread cannot be started.
pub fn keep_on_a_thread(mut ledger: Box<dyn Ledger>) -> std::io::Result<(Keeper, Outcome<LedgerError>)> {
    let (tasks, mut asked) = mpsc::channel::<Task>(COMMITS_QUEUED_MAX);
    let (told, outcome) = oneshot::channel();
    let commit_micros = Arc::new(AtomicU64::new(0));
    let took = Arc::clone(&commit_micros);
    std::thread::Builder::new().name("ledger".to_owned()).spawn(move || {
        let mut ended = Ok(());
        while let Some(task) = asked.blocking_recv() {
            ended = perform(ledger.as_mut(), task, &took);
            if ended.is_err() {
                break;
            }
        }
        drop(asked);
        // The receiver is gone only when the service is.
        let _ = told.send(ended);
    })?;
    Ok((Keeper { tasks, commit_micros }, outcome))
}

fn perform(ledger: &mut dyn Ledger, task: Task, took: &AtomicU64) -> Result<(), LedgerError> {
    let began = Instant::now();
    match task {
        Task::Commit(commit) => {
            ledger.commit(&commit)?;
            let elapsed = began.elapsed();
            took.store(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            metrics::histogram!("goat_trading_commit_seconds").record(elapsed);
        }
        Task::Append(command, done) => {
            let before = match &command.request_id {
                Some(request_id) => ledger.command_of(request_id)?,
                None => None,
            };
            let before = recorded(&Vec::from_iter(before))?.pop();
            if before.is_none() {
                ledger.append(&command)?;
                metrics::histogram!("goat_trading_command_append_seconds").record(began.elapsed());
            }
            // Whoever asked is gone only when the core is.
            let _ = done.send(before);
        }
        Task::Take { log_id, mode, taken } => {
            let _ = taken.send(restart::take(ledger, &log_id, mode)?);
        }
        // Whoever compares may have given up.
        Task::Commands { after, found } => {
            let _ = found.send(recorded(&ledger.commands_after(after)?)?);
        }
        Task::Decisions { log_id, after, to, found } => {
            let _ = found.send(ledger.rows_between(Decision::TABLE, &log_id, after, to)?);
        }
        // A copy that fails leaves the ledger as it was: whoever asked is told, and the thread goes on.
        Task::BackUp { to, done } => {
            let _ = done.send(back_up(ledger, &to));
        }
    }
    Ok(())
}

fn back_up(ledger: &mut dyn Ledger, to: &Path) -> Result<Option<Snapshot>, LedgerError> {
    let Some(snapshot) = ledger.snapshot()? else { return Ok(None) };
    Ok(ledger.back_up(to)?.then_some(snapshot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Table;

    struct FullDisk;

    impl Ledger for FullDisk {
        fn snapshot(&mut self) -> Result<Option<Snapshot>, LedgerError> {
            Ok(None)
        }

        fn rows(
            &mut self,
            _: &'static Table,
            _: &str,
            _: Option<goat::values::UnixMicros>,
        ) -> Result<Vec<Vec<Value>>, LedgerError> {
            Ok(Vec::new())
        }

        fn rows_between(
            &mut self,
            _: &'static Table,
            _: &str,
            _: Seq,
            _: Seq,
        ) -> Result<Vec<Vec<Value>>, LedgerError> {
            Ok(Vec::new())
        }

        fn commands_after(&mut self, _: u64) -> Result<Vec<Vec<Value>>, LedgerError> {
            Ok(Vec::new())
        }

        fn command_of(&mut self, _: &str) -> Result<Option<Vec<Value>>, LedgerError> {
            Ok(None)
        }

        fn newest_link(&mut self) -> Result<Option<Vec<Value>>, LedgerError> {
            Ok(None)
        }

        fn append(&mut self, _: &Logged) -> Result<(), LedgerError> {
            Err(full())
        }

        fn commit(&mut self, _: &Commit) -> Result<(), LedgerError> {
            Err(full())
        }

        fn back_up(&mut self, _: &Path) -> Result<bool, LedgerError> {
            Err(full())
        }
    }

    fn full() -> LedgerError {
        LedgerError::File("ledger".into(), std::io::ErrorKind::StorageFull.into())
    }

    #[test]
    fn the_first_commit_that_fails_is_the_last_and_says_why() {
        let (keeper, outcome) = keep_on_a_thread(Box::new(FullDisk)).unwrap();
        let snapshot =
            Snapshot { log_id: "log".into(), version: 1, cursor_seq: Seq::new(1), command: 0, state: vec![] };

        keeper.commit(Commit { snapshot, begins: true, rows: Batch::default(), hour: None }).unwrap();

        let error = outcome.blocking_recv().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "ledger: no storage space");
        assert_eq!(keeper.take("log", Mode::Live), Err(Ended));
    }
}
