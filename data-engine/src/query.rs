//! Read-only SQL on the tables of the hot store, for anyone who may read.
//!
//! Layers, each of which would have to fail:
//!
//! 1. [`goat::sql`]: one SELECT whose every part is on a list; what runs is the printed tree.
//! 2. A database that can read and write no file, load nothing, and whose configuration is locked.
//! 3. A connection of its own, in a read-only transaction that is rolled back; thrown away afterwards.
//! 4. Bounds: rows, bytes, time, memory, queries at a time and queries that wait. A watch interrupts.
//!
//! Queries run in the hot store's own database: filling a second one would double the memory of the tables and
//! the work of the fold, and copying the tables that a query names costs more than most queries. What they take
//! of memory is measured while they run, and they are stopped at the limit; the database's own limit is that
//! much above what the tables may take, so that a query never takes what the tables need.

mod archive;
mod run;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use goat::settings::Query as Limits;
use goat::wire::market::{QueryResponse, QueryTarget};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::archive::ArchiveError;
use crate::hot::{HotError, HotStore};
pub use archive::Asked;
use goat::sql::Refusal;

/// Given to a query beyond its time, to notice that it was interrupted.
const GRACE: Duration = Duration::from_secs(1);

/// A query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The statement is not one that is let through.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database does not understand it, or a value in it fails.
    #[error("the query failed: {0}")]
    NotUnderstood(String),
    /// It was stopped.
    #[error("the query was stopped after {0} ms; ask for less")]
    TooLong(u32),
    /// It was stopped.
    #[error("the query was stopped because it needs more than {0} MB of memory; ask for less")]
    TooMuchMemory(u32),
    /// It was not begun.
    #[error("{0} queries are running or waiting already; try again later")]
    TooMany(u32),
    /// The tables are not there.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// There is no archive to ask.
    #[error("there is no archive: archive.url is not set")]
    NoArchive,
    /// The archive is not there.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Our mistake.
    #[error("{0}")]
    Failed(String),
}

/// Answers queries, a few at a time. Cloning shares the bounds.
#[derive(Debug, Clone)]
pub struct Queries {
    hot: HotStore,
    archive: Option<Asked>,
    limits: Limits,
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    admitted: Arc<Semaphore>,
}

/// A place among the queries, given back when the query has ended, also when nobody waits for it any more.
#[derive(Debug)]
struct Place {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Queries {
    /// Queries on these tables.
    #[must_use]
    pub fn new(hot: HotStore, archive: Option<Asked>, limits: &Limits) -> Self {
        let permits = |count: u32| Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1)));
        Self {
            hot,
            archive,
            running: permits(limits.running_max),
            admitted: permits(limits.running_max.saturating_add(limits.waiting_max)),
            limits: limits.clone(),
        }
    }

    /// Answers one statement.
    ///
    /// # Errors
    ///
    /// When it is refused, fails, or reaches a bound.
    pub async fn answer(&self, sql: String, target: QueryTarget) -> Result<QueryResponse, QueryError> {
        let begun = Instant::now();
        let answered = match target {
            QueryTarget::Unspecified | QueryTarget::Hot => self.answer_hot(sql).await,
            QueryTarget::Archive => self.answer_archive(sql).await,
        };
        metrics::histogram!("goat_query_seconds").record(begun.elapsed().as_secs_f64());
        metrics::counter!("goat_queries_total", "outcome" => outcome(&answered)).increment(1);
        answered
    }

    async fn answer_archive(&self, sql: String) -> Result<QueryResponse, QueryError> {
        let archive = self.archive.as_ref().ok_or(QueryError::NoArchive)?;
        let _place = self.place().await?;
        let limits = self.limits.clone();
        let admitted = tokio::task::spawn_blocking(move || run::admitted_for_archive(&sql, &limits))
            .await
            .map_err(|error| QueryError::Failed(format!("its thread ended: {error}")))??;
        let patience = Duration::from_millis(self.limits.timeout_ms.into()) + GRACE;
        // The server stops it by itself; whoever waits is told when the server says nothing.
        tokio::time::timeout(patience, archive.answer(&admitted, &self.limits))
            .await
            .unwrap_or(Err(QueryError::TooLong(self.limits.timeout_ms)))
    }

    async fn answer_hot(&self, sql: String) -> Result<QueryResponse, QueryError> {
        self.hot.ensure_whole()?;
        let place = self.place().await?;
        let query = run::Query { hot: self.hot.clone(), limits: self.limits.clone(), sql };
        let answer = tokio::task::spawn_blocking(move || {
            let answer = query.watched();
            drop(place);
            answer
        });
        let patience = Duration::from_millis(self.limits.timeout_ms.into()) + GRACE;
        match tokio::time::timeout(patience, answer).await {
            Ok(answered) => {
                answered.unwrap_or_else(|error| Err(QueryError::Failed(format!("its thread ended: {error}"))))
            }
            // It keeps its place until the database notices.
            Err(_) => Err(QueryError::TooLong(self.limits.timeout_ms)),
        }
    }

    async fn place(&self) -> Result<Place, QueryError> {
        let too_many =
            || QueryError::TooMany(self.limits.running_max.saturating_add(self.limits.waiting_max));
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| too_many())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| too_many())?;
        Ok(Place { _running: running, _admitted: admitted })
    }
}

fn outcome(answered: &Result<QueryResponse, QueryError>) -> &'static str {
    match answered {
        Ok(_) => "answered",
        Err(QueryError::Refused(_)) => "refused",
        Err(QueryError::NotUnderstood(_)) => "not_understood",
        Err(QueryError::TooLong(_)) => "too_long",
        Err(QueryError::TooMuchMemory(_)) => "too_much_memory",
        Err(QueryError::TooMany(_)) => "too_many",
        Err(QueryError::Hot(_) | QueryError::Archive(_) | QueryError::NoArchive) => "unavailable",
        Err(QueryError::Failed(_)) => "failed",
    }
}
