//! History page by page: rows of a table over a span, rows after a position, what is missing, how far back.

use std::time::Duration;

use goat::error::Kind;
use goat::prost_types::Timestamp;
use goat::values::UnixMicros;
use goat::wire::market as wire;
use tonic::Status;

use super::seam::{Page, earliest};
use super::{MarketData, limit};
use crate::hot::Span;
use crate::journal::{JournalError, Log, Start};

const ROWS_DEFAULT: u32 = 1000;
const ROWS_MAX: u32 = 10_000;
const HOURS_MAX: f64 = 24.0 * 366.0;

/// Where a backfill goes on. Readers hand it back as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PageToken {
    log_id: String,
    table: String,
    span: Span,
    /// What the first page said to be complete.
    complete_from_seq: u64,
}

/// Segments that retention may delete while their oldest event is being read, one after the other.
const OLDEST_READS_MAX: u32 = 5;

impl PageToken {
    fn write(&self) -> String {
        let Span { after_seq, to_seq, since } = self.span;
        let (log_id, table, complete_from_seq) = (&self.log_id, &self.table, self.complete_from_seq);
        format!("{log_id}.{table}.{}.{to_seq}.{after_seq}.{complete_from_seq}", since.get())
    }

    fn read(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split('.').collect();
        let [log_id, table, since, to_seq, after_seq, complete_from_seq] = parts.as_slice() else {
            return None;
        };
        let span = Span {
            after_seq: after_seq.parse().ok()?,
            to_seq: to_seq.parse().ok()?,
            since: UnixMicros::new(since.parse().ok()?).ok()?,
        };
        let complete_from_seq = complete_from_seq.parse().ok()?;
        Some(Self { log_id: (*log_id).to_owned(), table: (*table).to_owned(), span, complete_from_seq })
    }
}

impl MarketData {
    pub(super) async fn backfill_page(
        &self,
        request: wire::BackfillRequest,
    ) -> Result<wire::BackfillResponse, Status> {
        let rows_max = limit("limit", request.limit, ROWS_DEFAULT, ROWS_MAX)?;
        let log_id = self.log.id().to_string();
        let before = match request.page_token.as_str() {
            "" => None,
            _ => Some(next_page(&request, &log_id)?),
        };
        let span = before.as_ref().map_or_else(|| self.first_span(&request), |token| Ok(token.span))?;
        let Page { rows, covered_to, has_more, lacking, .. } =
            self.rows(&request.table, span, rows_max).await?;
        let found_from_seq = lacking.as_ref().map_or(1, |(through_seq, _)| through_seq.saturating_add(1));
        // The first page says what there is at one moment; later ones must not miss what it still saw.
        if let (Some(token), Some((_, why))) = (&before, &lacking)
            && found_from_seq > token.complete_from_seq
        {
            return Err(why.status(format!(
                "rows of this backfill were dropped before they were read; {} is complete from position \
                 {found_from_seq} on ({why}): begin again, with fewer hours",
                request.table
            )));
        }
        let complete_from_seq = before.map_or(found_from_seq, |token| token.complete_from_seq);
        let next = has_more.then(|| PageToken {
            log_id,
            table: request.table.clone(),
            span: Span { after_seq: covered_to, ..span },
            complete_from_seq,
        });
        Ok(wire::BackfillResponse {
            table: request.table,
            count: count(&rows),
            rows,
            next_page_token: next.map(|token| token.write()).unwrap_or_default(),
            last_seq: span.to_seq,
            complete_from_seq,
            incomplete_reason: lacking.map(|(_, why)| why.to_string()).unwrap_or_default(),
        })
    }

    fn first_span(&self, request: &wire::BackfillRequest) -> Result<Span, Status> {
        let hours = match (request.hours, request.minutes) {
            (None, None) => 2.0,
            (hours, minutes) => hours.unwrap_or(0.0) + minutes.unwrap_or(0.0) / 60.0,
        };
        // The tables first: what they contain is in the log.
        let to_seq = self.hot.applied_seq();
        Ok(Span { after_seq: 0, to_seq, since: self.hours_back("hours", hours)? })
    }

    pub(super) async fn sync_page(&self, request: wire::SyncRequest) -> Result<wire::SyncResponse, Status> {
        let rows_max = limit("limit", request.limit, ROWS_DEFAULT, ROWS_MAX)?;
        let to_seq = self.hot.applied_seq();
        let after_seq = request.since_id.unwrap_or(0);
        let head = self.log.head().seq;
        if after_seq > head {
            return Err(Kind::Invalid.status(format!("since_id is {after_seq}, beyond the head {head}")));
        }
        let span = Span { after_seq, to_seq, since: earliest() };
        let Some(since_id) = request.since_id else {
            return self.sync_from_memory(request.table, span, rows_max).await;
        };
        let Page { rows, covered_to, has_more, oldest_seq, lacking } =
            self.rows(&request.table, span, rows_max).await?;
        if let Some((through_seq, why)) = lacking {
            return Err(why.status(format!(
                "since_id {since_id} is older than what {} keeps; it is complete from position {} on ({why})",
                request.table,
                through_seq.saturating_add(1)
            )));
        }
        Ok(wire::SyncResponse {
            table: request.table,
            count: count(&rows),
            oldest_seq,
            has_more,
            rows,
            next_since_id: covered_to.max(after_seq),
        })
    }

    /// From the oldest row in memory on.
    async fn sync_from_memory(
        &self,
        table: String,
        span: Span,
        rows_max: u32,
    ) -> Result<wire::SyncResponse, Status> {
        let page = self.hot.page(&table, span, rows_max).await?;
        // Without more rows the reader has everything up to where it looked.
        let last_seq = page.rows.last().map(|(seq, _)| *seq);
        let (oldest_seq, has_more) = (page.oldest_seq(), page.has_more);
        let rows: Vec<_> = page.rows.into_iter().map(|(_, row)| row).collect();
        Ok(wire::SyncResponse {
            table,
            count: count(&rows),
            oldest_seq,
            has_more,
            rows,
            next_since_id: last_seq.filter(|_| has_more).unwrap_or(span.to_seq),
        })
    }

    pub(super) async fn recorded_gaps(
        &self,
        request: wire::ListGapsRequest,
    ) -> Result<wire::ListGapsResponse, Status> {
        let rows_max = limit("limit", request.limit, ROWS_DEFAULT, ROWS_MAX)?;
        let since = self.hours_back("hours", request.hours.unwrap_or(24.0))?;
        let (gaps, truncated, complete_from) = self.hot.gaps(since, rows_max).await?;
        let complete_from = complete_from.map(Timestamp::from);
        Ok(wire::ListGapsResponse { count: count(&gaps), gaps, truncated, complete_from })
    }

    pub(super) async fn replay_info(&self) -> Result<wire::GetReplayInfoResponse, Status> {
        let log = self.log.clone();
        let oldest = tokio::task::spawn_blocking(move || at_the_oldest(|| oldest_event(&log)));
        let failed = |error: &dyn std::fmt::Display| goat::error::internal("reading the oldest event", error);
        let (oldest_seq, oldest_event_time) =
            oldest.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        let head = self.log.head();
        Ok(wire::GetReplayInfoResponse {
            log_id: self.log.id().to_string(),
            mode: self.mode().into(),
            oldest_seq,
            oldest_event_time,
            head_seq: head.seq,
            head_event_time: (head.seq > 0).then(|| head.time.into()),
        })
    }

    fn hours_back(&self, field: &str, hours: f64) -> Result<UnixMicros, Status> {
        if hours > 0.0 && hours <= HOURS_MAX {
            return Ok(self.log.head().time.minus(Duration::from_secs_f64(hours * 3600.0)));
        }
        Err(Kind::Invalid.status(format!("{field} must be above 0 and at most {HOURS_MAX}, got {hours}")))
    }
}

fn next_page(request: &wire::BackfillRequest, log_id: &str) -> Result<PageToken, Status> {
    let refused = |why: &str| Kind::Invalid.status(format!("page_token {why}"));
    let token = PageToken::read(&request.page_token).ok_or_else(|| refused("is not one of ours"))?;
    if token.log_id != log_id {
        return Err(refused("belongs to another log; begin again"));
    }
    if token.table != request.table {
        return Err(refused("belongs to another table"));
    }
    Ok(token)
}

/// What `read` finds at the oldest position kept. Retention may delete it meanwhile: then the next oldest is read.
fn at_the_oldest<T>(mut read: impl FnMut() -> Result<T, JournalError>) -> Result<T, JournalError> {
    let mut reads = 1;
    loop {
        match read() {
            Err(JournalError::TooOld { .. }) if reads < OLDEST_READS_MAX => reads += 1,
            read => return read,
        }
    }
}

/// The oldest event kept. Blocks the thread.
fn oldest_event(log: &Log) -> Result<(u64, Option<Timestamp>), JournalError> {
    let mut cursor = log.cursor(Start::Oldest)?;
    let oldest_seq = cursor.next_seq();
    let chunk = cursor.read_disk(1)?;
    let payload = chunk.as_ref().and_then(|chunk| chunk.payloads.first());
    let events =
        payload.and_then(|payload| <wire::EventBatch as prost::Message>::decode(payload.as_ref()).ok());
    let first = events.and_then(|batch| batch.events.into_iter().next());
    Ok((oldest_seq, first.and_then(|event| event.event_time)))
}

fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
