//! The gRPC service. One subscription is one cursor; answers come from the log, the hot store and the board.

mod backfill;
mod history;
mod market;
mod publish;
mod seam;
mod streams;
mod subscription;

use std::pin::Pin;
use std::sync::Arc;

use goat::error::Kind;
use goat::service::Stop;
use goat::settings::{Mode, Settings};
use goat::values::UnixMicros;
use goat::wire::market as wire;
use tokio_stream::Stream;
use tonic::Status;

use crate::archive::{Archive, History};
use crate::feeds::board::Board;
use crate::hot::{HotError, HotStore};
use crate::ingest::Ingest;
use crate::journal::Log;
use crate::latest::Latest;
use crate::publish::Border;
use crate::query::{Queries, QueryError};

type Reply<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Answers `goat.market.v1`.
#[derive(Debug, Clone)]
pub struct MarketData {
    /// The log.
    pub log: Log,
    /// The tables.
    pub hot: HotStore,
    /// SQL on the tables.
    pub queries: Queries,
    /// How the archiving goes.
    pub archive: Archive,
    /// The archive, for reading; none when it is off.
    pub history: Option<Arc<History>>,
    /// The way into the log, for the operator's own feeds.
    pub ingest: Ingest,
    /// What is let in there.
    pub border: Border,
    /// The feeds.
    pub board: Board,
    /// The last prices.
    pub latest: Latest,
    /// Ends every stream.
    pub stop: Stop,
    /// What the instance records.
    pub settings: Settings,
    /// When the process started.
    pub started_at: UnixMicros,
}

impl MarketData {
    /// What counts as now: in a replay event time is the clock.
    fn now(&self) -> UnixMicros {
        if self.settings.feeds.mode == Mode::Replay { self.log.head().time } else { UnixMicros::now() }
    }

    fn mode(&self) -> wire::Mode {
        match self.settings.feeds.mode {
            Mode::Simulated => wire::Mode::Simulated,
            Mode::Replay => wire::Mode::Replay,
            Mode::Live => wire::Mode::Live,
        }
    }
}

impl From<HotError> for Status {
    fn from(error: HotError) -> Self {
        match &error {
            HotError::Rebuilding { .. } | HotError::Failed(_) => Kind::Unavailable.status(error.to_string()),
            HotError::UnknownTable { .. } => Kind::NotFound.status(error.to_string()),
            HotError::Database(source) => goat::error::internal("asking the hot store", source),
        }
    }
}

impl From<QueryError> for Status {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Refused(_) | QueryError::NotUnderstood(_) => Kind::Invalid.status(error.to_string()),
            QueryError::TooLong(_) | QueryError::TooMuchMemory(_) | QueryError::TooMany(_) => {
                Kind::Exhausted.status(error.to_string())
            }
            QueryError::Hot(error) => error.into(),
            QueryError::NoArchive | QueryError::Archive(_) => Kind::Unavailable.status(error.to_string()),
            QueryError::Failed(reason) => goat::error::internal("answering a query", &reason),
        }
    }
}

/// A limit within its bounds, or the default when absent.
fn limit(field: &str, given: Option<u32>, default: u32, most: u32) -> Result<u32, Status> {
    match given {
        None => Ok(default),
        Some(value) if (1..=most).contains(&value) => Ok(value),
        Some(value) => Err(Kind::Invalid.status(format!("{field} must be from 1 to {most}, got {value}"))),
    }
}
