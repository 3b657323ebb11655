//! Read-only SQL on the tables of the hot store, for anyone who may read.
//!
//! How a query is bounded is in [`goat::query`]; the database reads and writes no file, loads nothing, and its
//! configuration is locked.
//!
//! Queries run in the hot store's own database: filling a second one would double the memory of the tables and
//! the work of the fold, and copying the tables that a query names costs more than most queries. What they take
//! of memory is measured while they run, and they are stopped at the limit; the database's own limit is that
//! much above what the tables may take, so that a query never takes what the tables need.

mod archive;

#[cfg(test)]
pub(crate) mod tests;

use std::time::{Duration, Instant};

use duckdb::Connection;
use goat::query::{self, Database, GRACE, Places};
use goat::settings::Query as Limits;
use goat::wire::market::{QueryResponse, QueryTarget};

use crate::archive::ArchiveError;
use crate::hot::{HotError, HotStore, TABLES};
pub use archive::Asked;
use goat::sql::Refusal;

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
    places: Places,
}

impl Queries {
    /// Queries on these tables.
    #[must_use]
    pub fn new(hot: HotStore, archive: Option<Asked>, limits: &Limits) -> Self {
        Self { hot, archive, places: Places::new(limits), limits: limits.clone() }
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
        let _place = self.places.take().await?;
        let limits = self.limits.clone();
        let admitted = tokio::task::spawn_blocking(move || archive::admitted(&sql, &limits))
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
        let place = self.places.take().await?;
        Ok(query::answer(self.hot.clone(), &self.limits, sql, place).await?)
    }
}

impl Database for HotStore {
    fn tables(&self) -> Vec<&'static str> {
        TABLES.iter().map(|table| table.name).collect()
    }

    fn connect(&self) -> Result<Connection, String> {
        Self::connect(self).map_err(|error| error.to_string())
    }

    fn applied_seq(&self) -> u64 {
        Self::applied_seq(self)
    }
}

impl From<query::QueryError> for QueryError {
    fn from(error: query::QueryError) -> Self {
        match error {
            query::QueryError::Refused(refusal) => Self::Refused(refusal),
            query::QueryError::NotUnderstood(problem) => Self::NotUnderstood(problem),
            query::QueryError::TooLong(millis) => Self::TooLong(millis),
            query::QueryError::TooMuchMemory(megabytes) => Self::TooMuchMemory(megabytes),
            query::QueryError::TooMany(most) => Self::TooMany(most),
            query::QueryError::Failed(reason) => Self::Failed(reason),
        }
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
