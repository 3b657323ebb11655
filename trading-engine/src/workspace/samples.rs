//! What a play entered, turned away and entered at random, with its features: what filters are searched on.

use std::collections::BTreeMap;

use duckdb::{Connection, params};
use goat::values::UnixMicros;
use serde::de::DeserializeOwned;

use super::readers::{Readers, WorkspaceError};
use crate::core::features::{FeatureId, MINUTES};
use crate::core::filters::Sample;
use crate::tables::cycle_id;
use crate::tables::duck::DuckError;

/// The newest entries: more would take too long to search.
const ENTRIES_MAX: u32 = 2_000;

/// Of one cycle, chosen by their names' hashes: more of a cycle tell little more of it.
const OF_CYCLE_MAX: u32 = 8;

/// The newest entries at random.
const RANDOM_MAX: u32 = 10_000;

/// Whose entries, and of which time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The play.
    pub play: String,
    /// Its first version that counts.
    pub version_min: u32,
    /// They were decided at this moment or later.
    pub since: UnixMicros,
    /// They were over before this moment.
    pub before: UnixMicros,
}

/// Entries of a play, over and with features, and entries at random.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// The feature and minute of each value.
    pub columns: Vec<(FeatureId, u8)>,
    /// What was turned away or entered.
    pub entries: Vec<Sample>,
    /// At random; without values.
    pub random: Vec<Sample>,
}

/// A trade that was judged before would count twice.
const ENTRIES: &str = "\
    WITH entries AS ( \
    SELECT id, cycle_id AS cycle, decided_at, left_at, gain_after_costs_percent AS gain, features_seq \
    FROM shadows WHERE play_id = $1 AND play_version >= $3 AND kind = 'rejected' AND gate <> 'not_seen' \
    AND gain_after_costs_percent IS NOT NULL AND left_at IS NOT NULL AND features_seq IS NOT NULL \
    AND decided_at >= make_timestamp($4) AND completed_at < make_timestamp($5) \
    UNION ALL \
    SELECT id, price_cycle, decided_at, closed_at, profit_percent, NULL \
    FROM follow_the_goat_buyins WHERE play_id = $1 AND play_version >= $3 \
    AND status = 'closed' AND profit_percent IS NOT NULL \
    AND decided_at >= make_timestamp($4) AND closed_at < make_timestamp($5)), \
    places AS (SELECT *, row_number() OVER (PARTITION BY cycle ORDER BY md5(id), id) AS place FROM entries), \
    chosen AS (SELECT * FROM places WHERE place <= $6 ORDER BY decided_at DESC, id LIMIT $2) \
    SELECT cycle, epoch_us(decided_at), epoch_us(left_at), gain, f.document, t.document FROM chosen \
    LEFT JOIN shadow_features f ON f.seq = features_seq LEFT JOIN buyin_trail t ON t.buyin_id = chosen.id \
    WHERE f.document IS NOT NULL OR t.document IS NOT NULL ORDER BY decided_at DESC, chosen.id";

const RANDOM: &str = "\
    SELECT cycle_id, epoch_us(decided_at), epoch_us(left_at), gain_after_costs_percent, NULL, NULL \
    FROM shadows WHERE play_id = $1 AND play_version >= $3 AND kind = 'sample' \
    AND gain_after_costs_percent IS NOT NULL AND left_at IS NOT NULL \
    AND decided_at >= make_timestamp($4) AND completed_at < make_timestamp($5) AND $6 > 0 \
    ORDER BY decided_at DESC, id LIMIT $2";

impl Readers {
    /// The newest entries of a play that are over.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn samples(&self, asked: Asked) -> Result<Samples, WorkspaceError> {
        self.read(move |connection| Ok(samples(connection, &asked))).await?
    }
}

/// The newest entries of a play that are over.
pub(super) fn samples(connection: &Connection, asked: &Asked) -> Result<Samples, WorkspaceError> {
    let (entries, random) =
        (read(connection, ENTRIES, asked, ENTRIES_MAX)?, read(connection, RANDOM, asked, RANDOM_MAX)?);
    let columns = columns();
    let with_values = |row: Entry| row.sample(&columns);
    let entries = entries.into_iter().map(with_values).collect::<Result<_, _>>()?;
    let random = random.into_iter().map(|row| row.sample(&[])).collect::<Result<_, _>>()?;
    Ok(Samples { columns, entries, random })
}

/// Every feature at every minute that it has.
fn columns() -> Vec<(FeatureId, u8)> {
    let minutes = |feature: FeatureId| if feature.feature().is_per_minute() { MINUTES } else { 1 };
    FeatureId::all().flat_map(|feature| (0..minutes(feature)).map(move |minute| (feature, minute))).collect()
}

struct Entry {
    cycle: String,
    decided_micros: i64,
    left_micros: i64,
    gain_percent: f64,
    of_shadow: Option<String>,
    of_position: Option<String>,
}

fn read(connection: &Connection, sql: &str, asked: &Asked, most: u32) -> Result<Vec<Entry>, DuckError> {
    let Asked { play, version_min, since, before } = asked;
    let mut statement = connection.prepare(sql)?;
    let parameters = params![play, most, version_min, since.get(), before.get(), OF_CYCLE_MAX];
    let rows = statement.query_map(parameters, |row| {
        Ok(Entry {
            cycle: row.get(0)?,
            decided_micros: row.get(1)?,
            left_micros: row.get(2)?,
            gain_percent: row.get(3)?,
            of_shadow: row.get(4)?,
            of_position: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?)
}

impl Entry {
    fn sample(self, columns: &[(FeatureId, u8)]) -> Result<Sample, WorkspaceError> {
        let unreadable = |what: &str| WorkspaceError::Ended(format!("an entry's {what} cannot be read"));
        let time = |micros: i64| UnixMicros::new(micros).map_err(|_| unreadable("time"));
        let mut values = vec![None; columns.len()];
        if let Some(document) = &self.of_shadow {
            let found: BTreeMap<String, Vec<Option<f32>>> = parse(document)?;
            for (value, (feature, minute)) in values.iter_mut().zip(columns) {
                let minutes = found.get(feature.feature().name);
                *value = minutes.and_then(|minutes| minutes.get(usize::from(*minute)).copied()).flatten();
            }
        }
        if let Some(document) = &self.of_position {
            let found: BTreeMap<String, BTreeMap<u8, f32>> = parse(document)?;
            for (value, (feature, minute)) in values.iter_mut().zip(columns) {
                *value = found.get(feature.feature().name).and_then(|minutes| minutes.get(minute)).copied();
            }
        }
        Ok(Sample {
            cycle: cycle_id(&self.cycle).ok_or_else(|| unreadable("cycle"))?.start_seq,
            decided_at: time(self.decided_micros)?,
            left_at: time(self.left_micros)?,
            gain_percent: self.gain_percent,
            values,
        })
    }
}

fn parse<T: DeserializeOwned>(document: &str) -> Result<T, WorkspaceError> {
    serde_json::from_str(document).map_err(|error| WorkspaceError::Ended(format!("features: {error}")))
}
