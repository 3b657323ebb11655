//! The archive of a data-engine in `PostgreSQL`: what its log may have forgotten long ago.
//!
//! Read by positions, a stretch of all tables at a time, so that neither side holds more than a stretch. Of order books
//! the archive has one snapshot a second unless `archive.all_books` was set when they were archived.

mod choice;
mod rows;

use std::time::Duration;

use futures_util::future::try_join_all;
use goat::postgres::{Connected, Patience, PostgresError, Server};
use goat::service::Failure;
use goat::settings::{Secret, Settings};
use goat::values::UnixMicros;
use goat::wire::market::{EventKind, MarketEvent, Mode, Source as Origins};
use tokio::sync::mpsc;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Statement};

use super::{Batch, Origin, Span, decode};
use rows::{TABLES, Table};

/// Positions that are read at a time.
const STRETCH_SEQS: u64 = 10_000;

/// The archive of one log.
#[derive(Debug)]
pub(super) struct Archive {
    server: Server,
    connected: Connected,
    tables: Vec<(&'static Table, Statement)>,
    /// The number of the log in the archive.
    log: i32,
    after_seq: u64,
    last_seq: u64,
    /// The first positions that were deleted before they were archived.
    gap: Option<(u64, u64)>,
    /// Read already, to see whose events they are.
    first: Option<Vec<MarketEvent>>,
}

impl Archive {
    /// Opens the events of a span; also says which log it is.
    pub(super) async fn open(
        settings: &Settings,
        address: Option<&Secret>,
        from: UnixMicros,
        span: &Span,
        kinds: &[EventKind],
    ) -> Result<(Origin, Self), Failure> {
        let (key, url) = match (address, &settings.archive.url) {
            (Some(url), _) => ("--archive", url),
            (None, Some(url)) => ("archive.url", url),
            (None, None) => {
                return Err(Failure::Usage("--archive needs an address, or the setting archive.url".into()));
            }
        };
        let patience = Patience {
            connect: Duration::from_millis(settings.archive.connect_timeout_ms),
            statement: Duration::from_millis(settings.archive.statement_timeout_ms),
            keepalive: Duration::from_secs(settings.archive.keepalive_seconds),
        };
        let server = Server::at(key, url, "trading-engine backtest", patience).map_err(failure)?;
        let connected = server.connect().await.map_err(failure)?;
        let preparing = async {
            connected
                .client
                .batch_execute("SET default_transaction_read_only = on")
                .await
                .map_err(refused)?;
            let mut tables = Vec::with_capacity(TABLES.len());
            for table in &TABLES {
                let statement = connected.client.prepare(&table.select()).await.map_err(refused)?;
                table.verify(&statement).map_err(|problem| misfit(&problem))?;
                if kinds.contains(&table.kind) {
                    tables.push((table, statement));
                }
            }
            let stretch = choice::choose(&connected.client, from, span).await?;
            Ok::<_, Failure>((tables, stretch))
        };
        let (tables, chosen) = in_time(&server, preparing).await?;
        let after_seq = chosen.first_seq.saturating_sub(1);
        let (log, last_seq, gap) = (chosen.log, chosen.last_seq, chosen.gap);
        let mut archive = Self { server, connected, tables, log, after_seq, last_seq, gap, first: None };
        let first = archive.stretch(archive.stretch_end()).await?;
        let mode = mode_of(&first);
        archive.first = Some(first);
        let after_seq = goat::values::Seq::new(after_seq);
        let origin = Origin { log_id: chosen.log_id, mode, after_seq, begins_late: chosen.begins_late };
        Ok((origin, archive))
    }

    /// Everything up to here is archived.
    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Reads to the end, into the queue.
    pub(super) async fn read(
        mut self,
        to: Option<UnixMicros>,
        queue: &mpsc::Sender<Batch>,
    ) -> Result<(), Failure> {
        while self.after_seq < self.last_seq {
            if let Some((from_seq, to_seq)) = self.gap
                && from_seq == self.after_seq.saturating_add(1)
            {
                return Err(Failure::Unavailable(format!(
                    "the archive lacks the positions {from_seq} to {to_seq}: the log forgot them before they were \
                     archived; choose --to before them or --from after them"
                )));
            }
            let end = self.stretch_end();
            let events = match self.first.take() {
                Some(events) => events,
                None => self.stretch(end).await?,
            };
            let batch = decode(events, end, to);
            let is_last = batch.is_last;
            // Whoever folds has ended only when it failed, and says so itself.
            if queue.send(batch).await.is_err() || is_last {
                return Ok(());
            }
            self.after_seq = end;
        }
        Ok(())
    }

    /// Where the next stretch ends: at what is missing, at the latest.
    fn stretch_end(&self) -> u64 {
        let end = self.after_seq.saturating_add(STRETCH_SEQS).min(self.last_seq);
        self.gap.map_or(end, |(from_seq, _)| end.min(from_seq.saturating_sub(1)))
    }

    /// The events after what was read, up to a position, in their order.
    async fn stretch(&self, end: u64) -> Result<Vec<MarketEvent>, Failure> {
        let (after, end) = (as_bigint(self.after_seq), as_bigint(end));
        let asked = self.tables.iter().map(async |(table, statement)| {
            let rows =
                self.connected.client.query(statement, &[&self.log, &after, &end]).await.map_err(refused)?;
            rows.iter()
                .map(|row| table.event(row).map_err(|problem| misfit(&problem)))
                .collect::<Result<Vec<_>, Failure>>()
        });
        let mut events = in_time(&self.server, try_join_all(asked)).await?.concat();
        events.sort_unstable_by_key(|event| event.seq);
        Ok(events)
    }
}

/// The world of a log, by whose events it has.
fn mode_of(events: &[MarketEvent]) -> Mode {
    let has = |source| events.iter().any(|event| event.source() == source);
    if has(Origins::Simulated) {
        Mode::Simulated
    } else if has(Origins::Replay) {
        Mode::Replay
    } else {
        Mode::Live
    }
}

/// Waits for the server, but not for ever.
async fn in_time<T>(server: &Server, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let done = server.in_time::<_, PostgresError, PostgresError>("reading", async { Ok(work.await) });
    done.await.map_err(failure)?
}

/// Positions stay below 2^63.
fn as_bigint(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn failure(error: PostgresError) -> Failure {
    match error {
        PostgresError::Address { .. } => Failure::Usage(error.to_string()),
        error => Failure::Unavailable(format!("the archive: {error}")),
    }
}

/// What is not there, or not as the data-engine makes it, is said so.
fn refused(error: tokio_postgres::Error) -> Failure {
    let is_misfit = |state: &SqlState| {
        [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN, SqlState::UNDEFINED_FUNCTION].contains(state)
    };
    match error.as_db_error() {
        Some(said) if is_misfit(said.code()) => misfit(said.message()),
        _ => failure(error.into()),
    }
}

fn misfit(problem: &str) -> Failure {
    Failure::Damage(format!("the archive's schema does not fit: {problem}"))
}

/// Asks for one number of rows; none when there are none.
async fn position(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> Result<Option<u64>, Failure> {
    let row = client.query_one(sql, parameters).await.map_err(refused)?;
    let found: Option<i64> = row.try_get(0).map_err(refused)?;
    Ok(found.map(|seq| u64::try_from(seq).unwrap_or_default()))
}
