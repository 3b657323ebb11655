//! Raw rows from before a start, fetched beside the stream and never folded.
//!
//! They are written before anything of the stream is, however long that takes: at a position the tables hold the same
//! rows whether the engine was restarted on the way there or not, and so the queries of plays find the same wallets.

use std::time::Duration;

use goat::event::Observation;
use goat::service::ServiceChannel;
use goat::values::{Seq, UnixMicros};
use goat::wire::market::EventKind;
use goat::wire::market::subscribe_response::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::Rows;
use crate::core::Hour;
use crate::feed::{Start, client, subscribe_request};
use crate::tables::{BookPace, PriceRow, RAW_TABLES, Shown, Table, raw_row};

/// Rows handed to the writer at a time.
const ROWS_AT_ONCE: usize = 4096;
/// Such parts that may wait for the writer.
const PARTS_QUEUED_MAX: usize = 2;
/// Before a fetch that broke off goes on.
const RETRY_AFTER: Duration = Duration::from_millis(250);
const HOUR_MICROS: i64 = 3_600_000_000;

/// A part of the rows from before a start.
#[derive(Debug)]
pub enum Recent {
    /// Some of them.
    Rows(Rows),
    /// All of them have come.
    Whole,
}

/// What is fetched.
#[derive(Debug)]
pub struct Fetch {
    /// Of this log.
    pub log_id: String,
    /// Up to here; what follows comes by the stream.
    pub cursor_seq: u64,
    /// From where.
    pub begins: Begins,
}

/// How far back rows are fetched.
#[derive(Debug, Clone, Copy)]
pub enum Begins {
    /// To what the tables keep since this hour, the newest that has begun.
    Hour(Hour),
    /// To what the first hour will need of a state that begins so many seconds before the log's end.
    ColdSeconds(u32),
}

/// One table of a fetch, as far as it has come.
struct Progress {
    kind: EventKind,
    hours: u32,
    start: Start,
    /// Everything up to here has been fetched.
    reached: u64,
    pace: BookPace,
    rows: usize,
}

/// Why a fetch cannot go on.
enum Failed {
    /// It may later.
    Broken(Status),
    /// The log is another one, so the state that the rows belong to is dropped; or nobody takes them any more.
    Void,
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        Self::Broken(status)
    }
}

impl Fetch {
    /// The way on which the rows come to the writer.
    #[must_use]
    pub fn queue() -> (mpsc::Sender<Recent>, mpsc::Receiver<Recent>) {
        mpsc::channel(PARTS_QUEUED_MAX)
    }

    /// Copies raw rows into the workspace, as far back as each table keeps them. Goes on where it was after the
    /// data-engine was away.
    pub async fn run(self, market: ServiceChannel, recent: mpsc::Sender<Recent>) {
        'tables: for table in RAW_TABLES {
            let (Some(kind), Some(Shown::Hours { hours, .. })) = (kind_of(table), table.shown) else {
                continue;
            };
            let pace = BookPace::default();
            let start = self.start(hours);
            let mut progress = Progress { kind, hours, start, reached: 0, pace, rows: 0 };
            loop {
                match self.read(market.clone(), &mut progress, &recent).await {
                    Ok(()) => break,
                    Err(Failed::Void) => break 'tables,
                    Err(Failed::Broken(status)) => {
                        let reason = status.message();
                        tracing::warn!(
                            reason,
                            table = table.name,
                            "recent rows could not be fetched into the workspace"
                        );
                        if status.code() == Code::OutOfRange {
                            progress.start = Start::Oldest;
                        }
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                }
            }
            let rows = progress.rows;
            tracing::info!(rows, table = table.name, "recent rows were fetched into the workspace");
        }
        // Nobody takes it only when the workspace has ended.
        let _ = recent.send(Recent::Whole).await;
    }

    async fn read(
        &self,
        market: ServiceChannel,
        progress: &mut Progress,
        recent: &mpsc::Sender<Recent>,
    ) -> Result<(), Failed> {
        let request = subscribe_request(progress.start, &[progress.kind], false);
        let mut stream = client(market).subscribe(request).await?.into_inner();
        while let Some(frame) = stream.message().await? {
            let message = frame.parse().map_err(|error| Status::data_loss(error.to_string()))?;
            let (events, covers_to) = match message {
                Message::Hello(hello) if hello.log_id != self.log_id => return Err(Failed::Void),
                Message::Batch(batch) => (batch.events, batch.covers_to),
                Message::CaughtUp(_) => return Ok(()),
                Message::Hello(_) | Message::Heartbeat(_) => continue,
            };
            let mut rows = Rows::default();
            let wanted = progress.reached + 1..=self.cursor_seq;
            for event in events.into_iter().filter(|event| wanted.contains(&event.seq)) {
                let seq = Seq::new(event.seq);
                // What cannot be read was said by the core when it passed over it.
                let Ok(observation) = Observation::try_from(event) else { continue };
                if progress.pace.admits(&observation) && self.keeps(progress.hours, seq, &observation) {
                    put(&mut rows, seq, &observation);
                }
                if rows.len() >= ROWS_AT_ONCE {
                    progress.hand_over(&mut rows, recent).await?;
                }
            }
            progress.hand_over(&mut rows, recent).await?;
            progress.reached = progress.reached.max(covers_to);
            progress.start = Start::After(progress.reached);
            if covers_to >= self.cursor_seq {
                return Ok(());
            }
        }
        Err(Failed::Broken(Status::unavailable("the stream ended before its end")))
    }

    fn start(&self, hours: u32) -> Start {
        match self.begins {
            Begins::Hour(hour) => Start::Since(oldest(hour, hours)),
            Begins::ColdSeconds(seconds) => {
                Start::Lookback((hours + 1).saturating_mul(3600).saturating_add(seconds))
            }
        }
    }

    /// Whether a table has a row at the cursor: it goes at an hour that it stood before when it is too old for it.
    fn keeps(&self, hours: u32, seq: Seq, observation: &Observation) -> bool {
        match self.begins {
            Begins::Hour(hour) => seq > hour.seq || observation.event_time >= oldest(hour, hours),
            Begins::ColdSeconds(_) => true,
        }
    }
}

impl Progress {
    async fn hand_over(&mut self, rows: &mut Rows, recent: &mpsc::Sender<Recent>) -> Result<(), Failed> {
        if rows.is_empty() {
            return Ok(());
        }
        self.rows += rows.len();
        recent.send(Recent::Rows(std::mem::take(rows))).await.map_err(|_| Failed::Void)
    }
}

fn oldest(hour: Hour, hours: u32) -> UnixMicros {
    UnixMicros::new(hour.begins.get() - i64::from(hours) * HOUR_MICROS).unwrap_or_default()
}

fn put(rows: &mut Rows, seq: Seq, observation: &Observation) {
    if let Some(row) = PriceRow::of(seq, observation) {
        rows.prices.push(row);
    } else if let Some((table, row)) = raw_row(seq, observation) {
        rows.put_raw(table, row);
    }
}

fn kind_of(table: &Table) -> Option<EventKind> {
    let kinds = [
        ("prices", EventKind::Price),
        ("order_book_snapshots", EventKind::Book),
        ("sol_stablecoin_trades", EventKind::Trade),
        ("whale_movements", EventKind::Whale),
        ("candles", EventKind::Candle),
    ];
    kinds.into_iter().find_map(|(name, kind)| (name == table.name).then_some(kind))
}
