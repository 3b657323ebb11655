//! The jobs as they ran, with when they are due again.

use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::UnixMicros;
use goat::wire::trading as wire;
use tonic::Status;

use super::{Trading, count, message};
use crate::core::play::{Play, WalletSelection};
use crate::jobs::{Ended, Job, JobName};
use crate::parity::Day;

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;

impl Trading {
    /// Those of plays that there are, also before they ran.
    pub(super) fn scheduler(&self) -> wire::GetSchedulerResponse {
        let (desk, clock) = {
            let view = self.view.read();
            (view.desk.clone(), view.clock)
        };
        let mut wanted: Vec<(JobName, Option<UnixMicros>)> = Vec::new();
        for play in desk.plays.iter().filter(|play| play.active) {
            if let WalletSelection::Query { cache_seconds, .. } = &play.wallets {
                let good_for = Duration::from_secs(u64::from(*cache_seconds));
                let due = desk.lists.get(&play.id).map(|list| list.found_at.plus(good_for));
                wanted.push((JobName::Wallets(play.id.clone()), due));
            }
            if play.auto_update {
                wanted.push((JobName::Filters(play.id.clone()), desk.next_looks.get(&play.id).copied()));
            }
        }
        let has_begun = clock > UnixMicros::default();
        wanted.push((JobName::Retention, has_begun.then(|| next(clock, HOUR_MICROS)).flatten()));
        wanted.push((JobName::Parity, has_begun.then(|| next(clock, DAY_MICROS)).flatten()));
        let mut ran = self.jobs.all();
        let mut jobs: Vec<wire::Job> = wanted
            .into_iter()
            .map(|(name, due)| {
                let job = ran.remove(&name).unwrap_or_default();
                self::job(&name, job, due)
            })
            .collect();
        let exists = |name: &JobName| match name {
            JobName::Wallets(id) | JobName::Filters(id) => {
                desk.plays.iter().any(|play: &Play| play.id == *id)
            }
            JobName::Retention | JobName::Parity => true,
        };
        let others = ran.into_iter().filter(|(name, _)| exists(name));
        jobs.extend(others.map(|(name, job)| self::job(&name, job, None)));
        jobs.sort_by(|one, other| one.name.cmp(&other.name));
        wire::GetSchedulerResponse { count: count(jobs.len()), jobs, since: Some(self.started_at.into()) }
    }
}

/// The first moment after `clock` that is a multiple of `step_micros`.
fn next(clock: UnixMicros, step_micros: i64) -> Option<UnixMicros> {
    UnixMicros::new((clock.get().div_euclid(step_micros) + 1).saturating_mul(step_micros)).ok()
}

fn job(name: &JobName, job: Job, next_due_at: Option<UnixMicros>) -> wire::Job {
    let Job { runs, failures, slow, running, last_started_at, last, last_error } = job;
    let (outcome, result) = match last.as_ref().map(|ended| &ended.result) {
        None => (wire::job::Outcome::Unspecified, String::new()),
        Some(Ok(result)) => (wire::job::Outcome::Succeeded, result.clone()),
        Some(Err(error)) => (wire::job::Outcome::Failed, error.clone()),
    };
    let took = |ended: &Ended| ended.took.as_secs_f64() * 1000.0;
    wire::Job {
        name: name.to_string(),
        cadence: name.cadence().to_owned(),
        runs,
        failures,
        slow,
        slow_after_ms: u32::try_from(name.slow_after().as_millis()).unwrap_or(u32::MAX),
        running: running > 0,
        last_started_at: last_started_at.map(Into::into),
        last_ended_at: last.as_ref().map(|ended| ended.at.into()),
        last_duration_ms: last.as_ref().map(took),
        last_outcome: outcome.into(),
        last_result: result,
        last_error: last_error.unwrap_or_default(),
        next_due_at: next_due_at.map(Into::into),
    }
}

impl Trading {
    pub(super) async fn check_parity(
        &self,
        request: wire::CheckParityRequest,
    ) -> Result<wire::CheckParityResponse, Status> {
        let day = if request.day.is_empty() {
            Day::of(self.view.read().clock).previous()
        } else {
            Day::parse(&request.day).ok_or_else(|| {
                Kind::Invalid.status(format!("day is {:?}; it must be a day such as 2026-01-03", request.day))
            })?
        };
        let checking = self.checks.begin(day).map_err(|busy| Kind::Exhausted.status(busy.to_string()))?;
        let parity = checking.await.map_err(|error| internal("comparing a day", &error))?;
        Ok(wire::CheckParityResponse { parity: Some(message::parity(&parity)) })
    }
}
