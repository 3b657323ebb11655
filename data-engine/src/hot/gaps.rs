//! What is missing, as the feeds said it.

use duckdb::{Row, params};
use goat::prost_types::Timestamp;
use goat::values::UnixMicros;
use goat::wire::market::{Gap, feed_event};

use super::{HotError, HotStore};

impl HotStore {
    /// Gaps, stale feeds, books fetched anew and events forgotten since a moment, newest first; whether there are
    /// more; and from when they are complete, when that is later.
    ///
    /// # Errors
    ///
    /// When the tables are not whole yet, or the database fails.
    pub async fn gaps(
        &self,
        since: UnixMicros,
        limit: u32,
    ) -> Result<(Vec<Gap>, bool, Option<UnixMicros>), HotError> {
        let store = self.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, epoch_us(event_time), kind, feed, symbol, epoch_us(from_time), epoch_us(to_time), reason
                 FROM feed_events WHERE kind IN ('gap', 'stale', 'resync', 'forgotten') AND event_time >= make_timestamp(?)
                 ORDER BY seq DESC LIMIT ?",
            )?;
            let wanted = u64::from(limit).saturating_add(1);
            let rows = statement.query_map(params![since.get(), wanted], as_gap)?;
            let mut gaps = rows.collect::<Result<Vec<_>, _>>()?;
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            let has_more = gaps.len() > most;
            gaps.truncate(most);
            // What was never in memory has no time here: then nothing is known of before the log's first event.
            let missing = store.dropped("feed_events").missing(0, since);
            Ok((gaps, has_more, missing.and_then(|missing| missing.before)))
        })
        .await
    }
}

fn as_gap(row: &Row<'_>) -> Result<Gap, duckdb::Error> {
    let time =
        |micros: Option<i64>| micros.and_then(|micros| UnixMicros::new(micros).ok()).map(Timestamp::from);
    let kind: String = row.get(2)?;
    let kind = feed_event::Kind::from_str_name(&format!("KIND_{}", kind.to_ascii_uppercase()));
    Ok(Gap {
        seq: row.get(0)?,
        event_time: time(row.get(1)?),
        kind: kind.unwrap_or_default().into(),
        feed: row.get(3)?,
        symbol: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
        from: time(row.get(5)?),
        to: time(row.get(6)?),
        reason: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
    })
}
