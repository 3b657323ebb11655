//! What every call has in common: limits, thresholds, rows of the workspace.

use duckdb::ToSql;
use goat::error::{Kind, internal};
use tonic::Status;

use super::Trading;
use crate::core::cycles::Threshold;
use crate::tables::Recorded;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 10_000;

impl Trading {
    /// The records of those rows of their table that `condition` chooses, in its order.
    pub(super) async fn records<R: Recorded + Send + 'static>(
        &self,
        condition: &str,
        parameters: Vec<Box<dyn ToSql + Send>>,
    ) -> Result<Vec<R>, Status> {
        let found = self.readers.records(condition.to_owned(), parameters).await;
        found.map_err(|error| internal("reading the workspace", &error))
    }

    pub(super) fn threshold(&self, percent: f64) -> Result<Threshold, Status> {
        let known = Threshold::from_percent(percent).filter(|threshold| self.thresholds.contains(threshold));
        known.ok_or_else(|| {
            let known: Vec<String> = self.thresholds.iter().map(|one| one.percent().to_string()).collect();
            Kind::Invalid.status(format!("threshold is {percent}; computed are {}", known.join(", ")))
        })
    }
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(super) fn checked_limit(limit: Option<u32>) -> Result<u32, Status> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Kind::Invalid.status(format!("limit is {limit}; it must be 1 to {LIMIT_MAX}")))
}
