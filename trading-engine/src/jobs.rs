//! The work beside the fold of the events: what ran, when, and how it ended.
//!
//! Whoever does the work says so here; nothing is derived from when it should have been done.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use goat::values::UnixMicros;

use crate::core::play::PlayId;

/// Jobs that are remembered; beyond it those go whose last run began longest ago.
const JOBS_MAX: usize = 1_000;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobName {
    /// The query that finds a play's wallets.
    Wallets(PlayId),
    /// The search for a play's filters.
    Filters(PlayId),
    /// Old rows leave the workspace.
    Retention,
    /// A day is folded again and compared.
    Parity,
}

impl JobName {
    /// A run that takes longer is slow.
    #[must_use]
    pub fn slow_after(&self) -> Duration {
        match self {
            Self::Wallets(_) => Duration::from_millis(500),
            Self::Filters(_) => Duration::from_secs(10),
            Self::Retention => Duration::from_secs(1),
            Self::Parity => Duration::from_mins(2),
        }
    }

    /// What is done, whichever play it is done for.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Wallets(_) => "wallets",
            Self::Filters(_) => "filters",
            Self::Retention => "retention",
            Self::Parity => "parity",
        }
    }

    /// When it is done.
    #[must_use]
    pub fn cadence(&self) -> &'static str {
        match self {
            Self::Wallets(_) => "when the play's list is older than its cache_seconds, by the log's clock",
            Self::Filters(_) => "every 5 minutes of the log's clock, for plays with auto_update",
            Self::Retention => "at every full hour of event time",
            Self::Parity => "after every UTC day of event time, and when it is asked for",
        }
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wallets(play) => write!(formatter, "wallets:{play}"),
            Self::Filters(play) => write!(formatter, "filters:{play}"),
            Self::Retention => formatter.write_str("retention"),
            Self::Parity => formatter.write_str("parity"),
        }
    }
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// By the service's clock.
    pub at: UnixMicros,
    /// How long it took.
    pub took: Duration,
    /// What came of it, or why it failed, in one sentence.
    pub result: Result<String, String>,
}

/// A job since the process started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// Runs that began.
    pub runs: u64,
    /// Runs that failed.
    pub failures: u64,
    /// Runs that were slow.
    pub slow: u64,
    /// Runs that are under way.
    pub running: u32,
    /// When the newest run began, by the service's clock.
    pub last_started_at: Option<UnixMicros>,
    /// The newest run that has ended.
    pub last: Option<Ended>,
    /// Why the newest run that failed did.
    pub last_error: Option<String>,
}

/// All jobs. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Jobs(Arc<Mutex<BTreeMap<JobName, Job>>>);

impl Jobs {
    /// A run begins.
    #[must_use]
    pub fn begin(&self, name: JobName) -> Run {
        let now = UnixMicros::now();
        let mut jobs = self.lock();
        if jobs.len() >= JOBS_MAX && !jobs.contains_key(&name) {
            let oldest = jobs.iter().min_by_key(|(_, job)| job.last_started_at).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| jobs.remove(&oldest));
        }
        let job = jobs.entry(name.clone()).or_default();
        job.runs += 1;
        job.running += 1;
        job.last_started_at = Some(now);
        drop(jobs);
        Run { jobs: self.clone(), name, began: Instant::now(), ended: false }
    }

    /// All that have run, by name.
    #[must_use]
    pub fn all(&self) -> BTreeMap<JobName, Job> {
        self.lock().clone()
    }

    fn end(&self, name: &JobName, took: Duration, result: Result<String, String>) {
        let outcome = if result.is_ok() { "succeeded" } else { "failed" };
        metrics::counter!("goat_trading_job_runs_total", "job" => name.kind(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("goat_trading_job_seconds", "job" => name.kind()).record(took);
        let mut jobs = self.lock();
        let Some(job) = jobs.get_mut(name) else { return };
        job.running = job.running.saturating_sub(1);
        job.slow += u64::from(took > name.slow_after());
        if let Err(error) = &result {
            job.failures += 1;
            job.last_error = Some(error.clone());
        }
        job.last = Some(Ended { at: UnixMicros::now(), took, result });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobName, Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run under way. One that is dropped has failed.
#[derive(Debug)]
pub struct Run {
    jobs: Jobs,
    name: JobName,
    began: Instant,
    ended: bool,
}

impl Run {
    /// It has ended: what came of it, or why it failed.
    pub fn end(mut self, result: Result<String, String>) {
        self.ended = true;
        self.jobs.end(&self.name, self.began.elapsed(), result);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.ended {
            self.jobs.end(&self.name, self.began.elapsed(), Err("it broke off".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_an_error_and_what_breaks_off_has_failed() {
        let jobs = Jobs::default();
        jobs.begin(JobName::Retention).end(Ok("3 rows".to_owned()));
        jobs.begin(JobName::Retention).end(Err("the disk is full".to_owned()));
        let last = jobs.all().remove(&JobName::Retention).unwrap();
        assert_eq!((last.runs, last.failures, last.running), (2, 1, 0));
        assert_eq!(last.last_error.as_deref(), Some("the disk is full"));

        jobs.begin(JobName::Retention).end(Ok("nothing".to_owned()));
        let under_way = jobs.begin(JobName::Retention);
        let now = jobs.all().remove(&JobName::Retention).unwrap();
        assert_eq!((now.runs, now.failures, now.running), (4, 1, 1));
        assert_eq!(now.last.unwrap().result, Ok("nothing".to_owned()));
        assert_eq!(now.last_error.as_deref(), Some("the disk is full"));

        drop(under_way);
        let ended = jobs.all().remove(&JobName::Retention).unwrap();
        assert_eq!((ended.failures, ended.running), (2, 0));
        assert_eq!(ended.last.unwrap().result, Err("it broke off".to_owned()));
    }

    #[test]
    fn the_jobs_of_many_plays_are_bounded() {
        let jobs = Jobs::default();
        for number in 0..JOBS_MAX + 10 {
            let play = PlayId::new(&format!("play-{number}")).unwrap();
            jobs.begin(JobName::Wallets(play)).end(Ok(String::new()));
        }
        assert_eq!(jobs.all().len(), JOBS_MAX);
    }
}
