//! What results are computed from besides positions and trades.

use std::collections::BTreeSet;

use duckdb::types::Type;
use duckdb::{Connection, ToSql};
use goat::values::UnixMicros;

use super::readers::{Readers, WorkspaceError};
use crate::core::results::{Entered, Outline, Quote};
use crate::tables::duck::DuckError;

impl Readers {
    /// Positions that were entered, by id, with what results follow from. `condition` is what stands behind the table.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn entered(
        &self,
        condition: String,
        parameters: Vec<Box<dyn ToSql + Send>>,
    ) -> Result<Vec<(String, Entered)>, WorkspaceError> {
        self.read(move |connection| {
            let sql = format!("SELECT id, document FROM follow_the_goat_buyins {condition}");
            let parameters: Vec<&dyn ToSql> =
                parameters.iter().map(|one| -> &dyn ToSql { one.as_ref() }).collect();
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map(parameters.as_slice(), |row| {
                let document: String = row.get(1)?;
                let outline: Outline = serde_json::from_str(&document).map_err(|error| {
                    duckdb::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error))
                })?;
                Ok((row.get(0)?, outline))
            })?;
            let mut entered = Vec::new();
            for row in rows {
                let (id, Outline(outline)) = row?;
                entered.extend(outline.map(|outline| (id, outline)));
            }
            Ok(entered)
        })
        .await
    }

    /// The positions that were decided or left late, by id.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn late_positions(&self) -> Result<BTreeSet<String>, WorkspaceError> {
        self.read(|connection| {
            let sql = "SELECT DISTINCT id FROM decided_late SEMI JOIN follow_the_goat_buyins USING (id)";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The fills of paper strategies that came late: the instance and the event.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn late_fills(&self) -> Result<BTreeSet<(String, u64)>, WorkspaceError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT instance, fill_seq FROM strategy_fills_late")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The traded token's price a minute, oldest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn price_marks(&self) -> Result<Vec<Quote>, WorkspaceError> {
        self.read(|connection| {
            quotes(connection, "SELECT epoch_us(time), price FROM price_marks ORDER BY time", &[])
        })
        .await
    }

    /// What the candles of a paper strategy closed at, oldest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn closes(&self, instance: String) -> Result<Vec<Quote>, WorkspaceError> {
        self.read(move |connection| {
            let sql = "SELECT epoch_us(time), close FROM strategy_equity WHERE instance = ? ORDER BY time";
            quotes(connection, sql, &[&instance])
        })
        .await
    }
}

fn quotes(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Quote>, DuckError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(parameters, |row| {
        let micros: i64 = row.get(0)?;
        let time =
            UnixMicros::new(micros).map_err(|_| duckdb::Error::IntegralValueOutOfRange(0, micros.into()))?;
        Ok(Quote { time, price: row.get(1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
