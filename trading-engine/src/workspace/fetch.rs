//! Raw rows from before a start, fetched beside the stream and never folded.

use goat::event::Observation;
use goat::service::ServiceChannel;
use goat::values::{Seq, UnixMicros};
use goat::wire::market::EventKind;
use goat::wire::market::subscribe_response::Message;
use tonic::Status;

use super::{Rows, Writer};
use crate::core::Hour;
use crate::feed::{Start, client, subscribe_request};
use crate::tables::{BookPace, PriceRow, RAW_TABLES, Shown, Table, raw_row};

/// Rows handed to the writer at a time.
const ROWS_AT_ONCE: usize = 4096;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Copies raw rows up to `cursor_seq` into the workspace, as far back as each table keeps them: what follows comes by
/// the stream. `hour` is the newest one that has begun, if any has.
///
/// It is a convenience for those who ask with SQL; when it fails the tables are shorter, and that is all.
pub async fn fetch_recent(market: ServiceChannel, hour: Hour, cursor_seq: u64, writer: Writer) {
    for table in RAW_TABLES {
        let name = table.name;
        match fetch(market.clone(), table, hour, cursor_seq, &writer).await {
            Ok(rows) => tracing::info!(rows, table = name, "recent rows were fetched into the workspace"),
            Err(status) => {
                let reason = status.message();
                tracing::warn!(reason, table = name, "recent rows could not be fetched into the workspace");
            }
        }
    }
}

async fn fetch(
    market: ServiceChannel,
    table: &'static Table,
    hour: Hour,
    cursor_seq: u64,
    writer: &Writer,
) -> Result<usize, Status> {
    let (Some(kind), Some(Shown::Hours { hours, .. })) = (kind_of(table), table.shown) else { return Ok(0) };
    let oldest = UnixMicros::new(hour.begins.get() - i64::from(hours) * HOUR_MICROS).unwrap_or_default();
    // Up to an hour more than is wanted; what is too old is left out below.
    let request = subscribe_request(Start::Lookback((hours + 1) * 3600), &[kind], false);
    let mut stream = client(market).subscribe(request).await?.into_inner();
    let (mut rows, mut pace, mut fetched) = (Rows::default(), BookPace::default(), 0);
    while let Some(frame) = stream.message().await? {
        let message = frame.parse().map_err(|error| Status::data_loss(error.to_string()))?;
        let (events, at_end) = match message {
            Message::Batch(batch) => (batch.events, batch.covers_to >= cursor_seq),
            Message::CaughtUp(_) => (Vec::new(), true),
            Message::Hello(_) | Message::Heartbeat(_) => continue,
        };
        for event in events.into_iter().filter(|event| event.seq <= cursor_seq) {
            let seq = Seq::new(event.seq);
            // What cannot be read was said by the core when it passed over it.
            let Ok(observation) = Observation::try_from(event) else { continue };
            if pace.admits(&observation) && observation.event_time >= oldest {
                put(&mut rows, seq, &observation);
            }
        }
        if at_end || rows.len() >= ROWS_AT_ONCE {
            fetched += rows.len();
            let full = std::mem::take(&mut rows);
            writer.send(full).await.map_err(|_| Status::unavailable("the workspace has ended"))?;
        }
        if at_end {
            break;
        }
    }
    Ok(fetched)
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
