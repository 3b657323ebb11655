//! Rows in the order of their positions, page by page.

use duckdb::params;
use goat::prost_types::Struct;
use goat::values::UnixMicros;
use prost::Message;

use super::kept::{Dropped, Missing};
use super::read::{as_struct, find};
use super::tables::TABLES;
use super::{HotError, HotStore};

/// A page ends early at this size: it must fit into a message.
pub(crate) const PAGE_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Which rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Rows after this position.
    pub after_seq: u64,
    /// Up to this one, at most what the tables contain.
    pub to_seq: u64,
    /// Of this event time and later.
    pub since: UnixMicros,
}

/// Rows in the order of their positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows, each with its position.
    pub rows: Vec<(u64, Struct)>,
    /// Whether the span has further rows.
    pub has_more: bool,
    /// Rows of the span that may have been dropped before they were read.
    pub missing: Option<Missing>,
    dropped: Dropped,
}

impl Page {
    /// The table is complete from this position on.
    #[must_use]
    pub fn oldest_seq(&self) -> u64 {
        self.dropped.through_seq.saturating_add(1)
    }
}

impl HotStore {
    /// The first rows of a span, at most `limit`, fewer when they are large.
    ///
    /// What the page says about dropped rows was read after the rows: a row that is neither in the page nor
    /// counted as dropped does not exist.
    ///
    /// # Errors
    ///
    /// When there is no such table, it is not whole yet, or the database fails.
    pub async fn page(&self, table: &str, span: Span, limit: u32) -> Result<Page, HotError> {
        let table = find(table)?;
        let to_seq = span.to_seq.min(self.applied_seq());
        let store = self.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT * FROM {} WHERE seq > ? AND seq <= ? AND event_time >= make_timestamp(?)
                 ORDER BY seq LIMIT ?",
                table.name
            ))?;
            let wanted = u64::from(limit).saturating_add(1);
            let mut rows = statement.query(params![span.after_seq, to_seq, span.since.get(), wanted])?;
            let (mut found, mut bytes, mut has_more) = (Vec::new(), 0_usize, false);
            while let Some(row) = rows.next()? {
                let fields = as_struct(row)?;
                bytes = bytes.saturating_add(fields.encoded_len());
                let is_full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
                if is_full || (bytes > PAGE_BYTES_MAX && !found.is_empty()) {
                    has_more = true;
                    break;
                }
                found.push((row.get("seq")?, fields));
            }
            let dropped = store.dropped(table.name);
            let missing = dropped.missing(span.after_seq, span.since);
            Ok(Page { rows: found, has_more, missing, dropped })
        })
        .await
    }

    pub(super) fn dropped(&self, table: &str) -> Dropped {
        let mut kept = TABLES.iter().zip(&self.shared.kept);
        kept.find(|(spec, _)| spec.name == table).map(|(_, kept)| kept.get()).unwrap_or_default()
    }
}
