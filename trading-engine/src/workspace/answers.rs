//! What the service asks of the tables.

use std::collections::BTreeMap;

use duckdb::{ToSql, params};
use goat::values::UnixMicros;
use goat::wire::trading as wire;

use super::readers::{Readers, WorkspaceError};
use super::wallet_query::check_wallet_query;
use crate::core::gate::Gate;
use crate::tables::{InvalidRow, Late, Layout, Recorded, Row, duck};

/// How many candidates of a play ended at a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct FunnelRow {
    /// The play.
    pub play_id: String,
    /// Where they ended; none for those that entered.
    pub gate: Option<Gate>,
    /// How many.
    pub count: u64,
    /// Of what was measured there.
    pub median_measured: Option<f64>,
    /// Of the newest.
    pub threshold: Option<f64>,
}

/// What of a decision and its position was late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lateness {
    /// The decision.
    pub decision: bool,
    /// How late the decision was; none when it was not, or when that is not known.
    pub decision_ms: Option<i32>,
    /// The exit.
    pub exit: bool,
}

impl Readers {
    /// The records of those rows of their table that `condition` chooses, in its order.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn records<R: Recorded + Send + 'static>(
        &self,
        condition: String,
        parameters: Vec<Box<dyn ToSql + Send>>,
    ) -> Result<Vec<R>, WorkspaceError> {
        let records = self
            .read(move |connection| {
                let parameters: Vec<&dyn ToSql> =
                    parameters.iter().map(|one| -> &dyn ToSql { one.as_ref() }).collect();
                let rows = duck::rows(connection, Layout::of_workspace(R::TABLE), &condition, &parameters)?;
                // Here, as reading many documents takes a while.
                let read = rows.iter().map(|row| R::recorded(&Row::new(R::TABLE, row)));
                Ok(read.collect::<Result<Vec<R>, InvalidRow>>())
            })
            .await?;
        records.map_err(|error| WorkspaceError::Ended(error.to_string()))
    }

    /// How the candidates between two times ended, by play.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn funnel(
        &self,
        since: UnixMicros,
        until: UnixMicros,
    ) -> Result<Vec<FunnelRow>, WorkspaceError> {
        self.read(move |connection| {
            let sql = "SELECT play_id, failed_gate, count(*), median(measured), arg_max(threshold, seq) \
                       FROM decisions WHERE time >= make_timestamp(?) AND time < make_timestamp(?) \
                       GROUP BY play_id, failed_gate ORDER BY play_id, failed_gate NULLS FIRST";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![since.get(), until.get()], |row| {
                let gate: Option<String> = row.get(1)?;
                Ok(FunnelRow {
                    play_id: row.get(0)?,
                    gate: gate.as_deref().and_then(Gate::named),
                    count: row.get(2)?,
                    median_measured: row.get(3)?,
                    threshold: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// Which of these decisions and positions were decided late.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn decided_late(&self, ids: Vec<String>) -> Result<BTreeMap<String, Lateness>, WorkspaceError> {
        self.read(move |connection| {
            let mut late: BTreeMap<String, Lateness> = BTreeMap::new();
            if ids.is_empty() {
                return Ok(late);
            }
            let places = vec!["?"; ids.len()].join(", ");
            let sql = format!("SELECT id, what, late_ms FROM decided_late WHERE id IN ({places})");
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(duckdb::params_from_iter(&ids))?;
            while let Some(row) = rows.next()? {
                let (what, late_ms): (String, Option<i32>) = (row.get(1)?, row.get(2)?);
                let lateness = late.entry(row.get(0)?).or_default();
                if what == Late::Exit.as_str() {
                    lateness.exit = true;
                } else {
                    (lateness.decision, lateness.decision_ms) = (true, late_ms);
                }
            }
            Ok(late)
        })
        .await
    }

    /// The path of a position's stop, oldest first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn price_checks(&self, id: String) -> Result<Vec<wire::PriceCheck>, WorkspaceError> {
        self.read(move |connection| {
            let sql = "SELECT seq, epoch_us(time), price, highest_price, tolerance, stop_price \
                       FROM buyin_price_checks WHERE buyin_id = ? ORDER BY seq";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![id], |row| {
                Ok(wire::PriceCheck {
                    seq: row.get(0)?,
                    time: UnixMicros::new(row.get(1)?).ok().map(Into::into),
                    price: row.get(2)?,
                    highest_price: row.get(3)?,
                    tolerance: row.get(4)?,
                    stop_price: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await
    }

    /// The features at a position's decision, by name and minute; those that could not be computed are absent.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn trail(&self, id: String) -> Result<Vec<wire::FeatureValue>, WorkspaceError> {
        let documents: Vec<String> = self
            .read(move |connection| {
                let mut statement =
                    connection.prepare("SELECT document FROM buyin_trail WHERE buyin_id = ?")?;
                let rows = statement.query_map(params![id], |row| row.get(0))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })
            .await?;
        let mut values = Vec::new();
        for document in documents {
            let features: BTreeMap<String, BTreeMap<u32, f64>> = serde_json::from_str(&document)
                .map_err(|error| WorkspaceError::Ended(format!("buyin_trail.document: {error}")))?;
            for (feature, minutes) in features {
                values.extend(minutes.into_iter().map(|(minute, value)| wire::FeatureValue {
                    feature: feature.clone(),
                    minute,
                    value: Some(value),
                }));
            }
        }
        Ok(values)
    }

    /// All profiles that `condition` chooses, together.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn profile_stats(
        &self,
        condition: String,
        parameters: Vec<Box<dyn ToSql + Send>>,
    ) -> Result<wire::GetProfileStatsResponse, WorkspaceError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT count(*), count(DISTINCT wallet_address), count(DISTINCT price_cycle), \
                 coalesce(sum(stablecoin_amount), 0), avg(trade_entry_price), avg(gain_percent) \
                 FROM wallet_profiles {condition}"
            );
            let parameters: Vec<&dyn ToSql> =
                parameters.iter().map(|one| -> &dyn ToSql { one.as_ref() }).collect();
            Ok(connection.query_row(&sql, parameters.as_slice(), |row| {
                Ok(wire::GetProfileStatsResponse {
                    profiles: row.get(0)?,
                    wallets: row.get(1)?,
                    cycles: row.get(2)?,
                    invested_usd: row.get(3)?,
                    mean_entry_price: row.get(4)?,
                    mean_gain_percent: row.get(5)?,
                })
            })?)
        })
        .await
    }

    /// Whether a play's query can be run on the tables, without running it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one sentence.
    pub async fn check_wallet_query(&self, sql: String) -> Result<(), String> {
        let checked = self.read(move |connection| Ok(check_wallet_query(connection, &sql))).await;
        checked.map_err(|error| error.to_string())?
    }
}
