//! A day folded again, against what was decided: the proof that decisions are those of the log, day after day.
//!
//! ```text
//! ├─ state kept at the day's first event ──── events and recorded commands ──── state kept at the next day's ─┤
//!                └→ the same fold, beside the engine ─→ decisions = ledger's?   state = that one?
//! ```
//!
//! Answers of queries and searches are commands, so nothing is asked again: what is folded is what was recorded.

mod compare;
mod days;
mod refold;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use goat::service::ServiceChannel;
use goat::values::{Seq, UnixMicros};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use days::{Day, DayStart, Days};

use crate::jobs::{JobName, Jobs};
use crate::ledger::Records;
use crate::snapshot;
use crate::view::Shared;

/// Days that may wait to be compared, beside the one that is; further ones are told to be too many.
const WAITING_MAX: usize = 8;

/// How long the ledger may take until it has the day.
const COMMITTED_WITHIN: Duration = Duration::from_secs(30);

/// How it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every decision, and the state at the end.
    Match,
    /// Something is different.
    Differ,
    /// It could not be compared.
    NotPossible,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq)]
pub struct Parity {
    /// Which day.
    pub day: Day,
    /// How it came out.
    pub state: State,
    /// Why; empty when everything is the same.
    pub reason: String,
    /// Where the day's first state ends.
    pub after_seq: Seq,
    /// The last position that was folded again.
    pub to_seq: Seq,
    /// Events that were folded again.
    pub events: u64,
    /// Commands that were folded again.
    pub commands: u64,
    /// Decisions that were compared.
    pub decisions: u64,
    /// Those that are different or on one side only.
    pub differences: u64,
    /// The first of them.
    pub first_difference: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// By the service's clock.
    pub checked_at: UnixMicros,
}

impl Parity {
    fn not_possible(day: Day, reason: String) -> Self {
        Self {
            day,
            state: State::NotPossible,
            reason,
            after_seq: Seq::ZERO,
            to_seq: Seq::ZERO,
            events: 0,
            commands: 0,
            decisions: 0,
            differences: 0,
            first_difference: None,
            took: Duration::ZERO,
            checked_at: UnixMicros::now(),
        }
    }

    /// In one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { day, decisions, differences, reason, .. } = self;
        match self.state {
            State::Match => format!("{day}: all {decisions} decisions and the state at the end are the same"),
            State::Differ => format!("{day}: {differences} of {decisions} decisions differ; {reason}"),
            State::NotPossible => format!("{day}: not possible: {reason}"),
        }
    }
}

/// Compares days, one at a time. Cloning shares the turn and the result.
#[derive(Debug, Clone)]
pub struct Checks {
    days: Days,
    records: Records,
    market: ServiceChannel,
    view: Shared,
    jobs: Jobs,
    turn: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    newest: Arc<Mutex<Option<Parity>>>,
}

/// Another day is being compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is being compared already; try again later")]
pub struct Busy;

impl Checks {
    /// Compares days of the engine behind `view`.
    #[must_use]
    pub fn new(days: Days, records: Records, market: ServiceChannel, view: Shared, jobs: Jobs) -> Self {
        Self {
            days,
            records,
            market,
            view,
            jobs,
            turn: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            newest: Arc::default(),
        }
    }

    /// What the newest comparison found.
    #[must_use]
    pub fn newest(&self) -> Option<Parity> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the states with which days begin are kept.
    #[must_use]
    pub fn days(&self) -> &Days {
        &self.days
    }

    /// Compares a day that is over, once those before are done.
    pub async fn of_itself(self, day: Day) {
        let Ok(_waiting) = Arc::clone(&self.waiting).try_acquire_owned() else {
            let problem = format!("{day} is not compared: {WAITING_MAX} days wait already");
            self.jobs.begin(JobName::Parity).end(Err(problem));
            return;
        };
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else { return };
        self.run(day, turn).await;
    }

    /// Compares a day now; it is brought to its end also when nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// When another is being compared.
    pub fn begin(&self, day: Day) -> Result<tokio::task::JoinHandle<Parity>, Busy> {
        let turn = Arc::clone(&self.turn).try_acquire_owned().map_err(|_| Busy)?;
        let checks = self.clone();
        Ok(tokio::spawn(async move { checks.run(day, turn).await }))
    }

    async fn run(&self, day: Day, turn: OwnedSemaphorePermit) -> Parity {
        let (run, began) = (self.jobs.begin(JobName::Parity), Instant::now());
        let mut parity = self.compare(day).await.unwrap_or_else(|reason| Parity::not_possible(day, reason));
        parity.took = began.elapsed();
        let sentence = parity.sentence();
        match parity.state {
            State::Match => {
                tracing::info!(%day, decisions = parity.decisions, "a day folded again is the same");
            }
            State::Differ => tracing::error!(%day, reason = sentence, "a day folded again is different"),
            State::NotPossible => {
                tracing::info!(%day, reason = parity.reason, "a day cannot be folded again");
            }
        }
        run.end(if parity.state == State::Match { Ok(sentence) } else { Err(sentence) });
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(parity.clone());
        drop(turn);
        parity
    }

    async fn compare(&self, day: Day) -> Result<Parity, String> {
        let log_id = self.view.read().log_id.clone();
        let (start, end) = (self.state_of(&log_id, day).await?, self.state_of(&log_id, day.next()).await?);
        self.until_committed(end.cursor_seq).await?;
        refold::refold(&self.records, self.market.clone(), day, start, end).await
    }

    async fn state_of(&self, log_id: &str, day: Day) -> Result<DayStart, String> {
        let (days, log_id) = (self.days.clone(), log_id.to_owned());
        let read = tokio::task::spawn_blocking(move || days.read(&log_id, day)).await;
        let start = read.map_err(|error| format!("reading the state: {error}"))??;
        if start.version == snapshot::VERSION {
            return Ok(start);
        }
        Err(format!(
            "the state with which {day} began was written by another version of the engine: {}, not {}",
            start.version,
            snapshot::VERSION
        ))
    }

    /// The ledger is read after the day's last commit was handed to it.
    async fn until_committed(&self, seq: Seq) -> Result<(), String> {
        let deadline = Instant::now() + COMMITTED_WITHIN;
        while self.view.read().state.seq < seq {
            if Instant::now() >= deadline {
                return Err(format!("position {seq} is not committed yet"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}
