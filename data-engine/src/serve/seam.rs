//! Rows from the archive and from memory as one sequence.
//!
//! Memory is read first, and says up to which position it may have dropped rows: that is the seam. Rows up to it
//! come from the archive, later ones from memory. The archive only grows, so it does not matter that it is read
//! later; whatever retention does meanwhile, each row is on one side of the seam.

use goat::error::Kind;
use goat::prost_types::Struct;
use goat::values::UnixMicros;
use prost::Message;
use tonic::Status;

use super::MarketData;
use crate::archive::{ArchiveError, Coverage, Range};
use crate::hot::{HotError, Missing, PAGE_BYTES_MAX, Point, Span};

/// Why rows that memory no longer has cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lacking {
    /// There is no archive.
    #[error("archive.url is not set")]
    Off,
    /// They were never archived.
    #[error("the log forgot them before they were archived")]
    Forgotten,
    /// The archive has not got them yet.
    #[error("the archive has got up to position {0} only")]
    Behind(u64),
    /// The archive cannot be asked.
    #[error("{0}")]
    Unreachable(#[from] ArchiveError),
}

impl Lacking {
    /// What a reader is told who must not miss them: to begin again, or to come again.
    pub(super) fn status(&self, message: String) -> Status {
        match self {
            Self::Off | Self::Forgotten => Kind::TooOld.status(message),
            Self::Behind(_) | Self::Unreachable(_) => Kind::Unavailable.status(message),
        }
    }
}

/// A page of a span, in the order of the positions.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Struct>,
    /// Everything of the span up to here is in `rows`, or missing.
    pub(super) covered_to: u64,
    /// Whether the span has further rows, or may have.
    pub(super) has_more: bool,
    /// The table is complete from here on, as far as was looked.
    pub(super) oldest_seq: u64,
    /// Rows of the span up to this position may be missing, and why.
    pub(super) lacking: Option<(u64, Lacking)>,
}

/// What memory has of a span, each row with its position.
#[derive(Debug)]
struct Hot {
    rows: Vec<(u64, Struct)>,
    has_more: bool,
}

/// What the archive has of the part up to the seam.
#[derive(Debug)]
struct Archived {
    rows: Vec<Struct>,
    /// Where its next page goes on.
    next_after_seq: Option<u64>,
    coverage: Coverage,
}

/// Puts the two sides together. The archive has something of the part up to the seam; `hot` was read from the
/// span's beginning and may have rows of that part too.
fn join(span: &Span, limit: usize, seam: u64, archived: Archived, hot: Hot) -> Page {
    let Archived { mut rows, next_after_seq, coverage } = archived;
    let forgotten = coverage.missing_through_seq.min(seam);
    let lacking = (forgotten > span.after_seq).then_some((forgotten, Lacking::Forgotten));
    let oldest_seq = coverage.missing_through_seq.saturating_add(1);
    // What it has goes out; whoever goes on after it is told when the rest is not there yet.
    let stops_early = next_after_seq.or((coverage.last_seq < seam).then_some(coverage.last_seq));
    if let Some(covered_to) = stops_early {
        return Page { rows, covered_to, has_more: true, oldest_seq, lacking };
    }
    let mut bytes: usize = rows.iter().map(Message::encoded_len).sum();
    let (mut covered_to, mut cut) = (seam, false);
    for (seq, row) in hot.rows.into_iter().filter(|(seq, _)| *seq > seam) {
        bytes = bytes.saturating_add(row.encoded_len());
        if rows.len() >= limit || (bytes > PAGE_BYTES_MAX && !rows.is_empty()) {
            cut = true;
            break;
        }
        covered_to = seq;
        rows.push(row);
    }
    let has_more = cut || hot.has_more;
    if !has_more {
        covered_to = span.to_seq;
    }
    Page { rows, covered_to, has_more, oldest_seq, lacking }
}

/// What memory alone has.
fn hot_only(span: &Span, oldest_seq: u64, hot: Hot, lacking: Option<(u64, Lacking)>) -> Page {
    let Hot { rows, has_more } = hot;
    let last_seq = rows.last().map(|(seq, _)| *seq);
    let covered_to = last_seq.filter(|_| has_more).unwrap_or(span.to_seq);
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Page { rows, covered_to, has_more, oldest_seq, lacking }
}

impl MarketData {
    /// The first rows of a span, at most `limit`.
    pub(super) async fn rows(&self, table: &str, span: Span, limit: u32) -> Result<Page, HotError> {
        let page = self.hot.page(table, span, limit).await?;
        let oldest_seq = page.oldest_seq();
        let hot = Hot { rows: page.rows, has_more: page.has_more };
        let Some(Missing { through_seq, .. }) = page.missing else {
            return Ok(hot_only(&span, oldest_seq, hot, None));
        };
        let seam = through_seq.min(span.to_seq);
        let archived = match self.archived(table, &span, seam, limit).await {
            Ok(archived) => archived,
            Err(lacking) => return Ok(hot_only(&span, oldest_seq, hot, Some((seam, lacking)))),
        };
        Ok(join(&span, usize::try_from(limit).unwrap_or(usize::MAX), seam, archived, hot))
    }

    /// What the archive has of a span up to the seam; it has something.
    async fn archived(&self, table: &str, span: &Span, seam: u64, limit: u32) -> Result<Archived, Lacking> {
        let history = self.history.as_ref().ok_or(Lacking::Off)?;
        let range = Range {
            after_seq: span.after_seq,
            before_seq: Some(seam.saturating_add(1)),
            from: (span.since != earliest()).then_some(span.since),
            to: None,
        };
        let page = history.page(table, &range, limit).await?;
        if page.coverage.last_seq <= span.after_seq {
            return Err(Lacking::Behind(page.coverage.last_seq));
        }
        let crate::archive::Page { rows, next_after_seq, coverage } = page;
        Ok(Archived { rows, next_after_seq, coverage })
    }

    /// The prices of a token since a moment, oldest first; and from when they are complete, with the reason, when
    /// that is later.
    pub(super) async fn line(
        &self,
        token: String,
        since: UnixMicros,
    ) -> Result<(Vec<Point>, Option<(UnixMicros, Lacking)>), HotError> {
        let (points, missing) = self.hot.prices_since(token.clone(), since).await?;
        let Some(Missing { through_seq, before }) = missing else { return Ok((points, None)) };
        // A log that begins later has nothing of before its first price here.
        let hot_from = before.or_else(|| points.first().map(|point| point.time));
        let hot_from = hot_from.unwrap_or_else(|| self.log.head().time);
        let Some(history) = &self.history else { return Ok((points, Some((hot_from, Lacking::Off)))) };
        let range = Range {
            after_seq: 0,
            before_seq: Some(through_seq.saturating_add(1)),
            from: Some(since),
            to: None,
        };
        let (archived, coverage) = match history.prices(&token, &range).await {
            Ok(found) => found,
            Err(error) => return Ok((points, Some((hot_from, error.into())))),
        };
        let lacking = if coverage.last_seq < through_seq {
            Some((hot_from, Lacking::Behind(coverage.last_seq)))
        } else if coverage.missing_through_seq > 0 {
            let first = archived.iter().find(|point| point.seq > coverage.missing_through_seq);
            Some((first.map_or(hot_from, |point| point.time), Lacking::Forgotten))
        } else {
            None
        };
        Ok((joined(archived, points, through_seq), lacking))
    }
}

/// Points up to the seam from the archive, later ones from memory, in the order of their times.
fn joined(archived: Vec<Point>, hot: Vec<Point>, seam: u64) -> Vec<Point> {
    let mut points = archived;
    points.extend(hot.into_iter().filter(|point| point.seq > seam));
    points.sort_by_key(|point| (point.time, point.seq));
    points
}

/// The moment before which nothing happens.
pub(super) fn earliest() -> UnixMicros {
    UnixMicros::default().minus(std::time::Duration::MAX)
}

#[cfg(test)]
mod tests;
