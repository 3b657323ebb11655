//! Raw prices from before a warm restart, fetched beside the stream and never folded.

use goat::event::Observation;
use goat::service::ServiceChannel;
use goat::values::Seq;
use goat::wire::market::EventKind;
use goat::wire::market::subscribe_response::Message;
use tonic::Status;

use super::{PRICES_FETCHED_HOURS, PriceRow, Rows, Writer};
use crate::feed::{Start, client, subscribe_request};

/// Rows handed to the writer at a time.
const ROWS_AT_ONCE: usize = 4096;

/// Copies the prices of the last hours into the workspace, up to `cursor_seq`: what follows comes by the stream.
///
/// It is a convenience for those who ask with SQL; when it fails the table is shorter, and that is all.
pub async fn fetch_recent_prices(market: ServiceChannel, cursor_seq: u64, writer: Writer) {
    match fetch(market, cursor_seq, &writer).await {
        Ok(rows) => tracing::info!(rows, "recent prices were fetched into the workspace"),
        Err(status) => {
            let reason = status.message();
            tracing::warn!(reason, "recent prices could not be fetched into the workspace");
        }
    }
}

async fn fetch(market: ServiceChannel, cursor_seq: u64, writer: &Writer) -> Result<usize, Status> {
    let request = subscribe_request(Start::Lookback(PRICES_FETCHED_HOURS * 3600), &[EventKind::Price], false);
    let mut stream = client(market).subscribe(request).await?.into_inner();
    let mut prices = Vec::new();
    let mut fetched = 0;
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
            prices
                .extend(Observation::try_from(event).ok().and_then(|observed| PriceRow::of(seq, &observed)));
        }
        if at_end || prices.len() >= ROWS_AT_ONCE {
            fetched += prices.len();
            let rows = Rows { prices: std::mem::take(&mut prices), ..Rows::default() };
            writer.send(rows).await.map_err(|_| Status::unavailable("the workspace has ended"))?;
        }
        if at_end {
            break;
        }
    }
    Ok(fetched)
}
