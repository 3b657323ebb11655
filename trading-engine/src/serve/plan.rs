//! What a changed play would decide otherwise, folded beside the core.

use std::sync::Arc;
use std::time::Duration;

use goat::error::Kind;
use goat::service::Failure;
use goat::values::UnixMicros;
use goat::wire::trading as wire;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use super::{Trading, count};
use crate::backtest::{Replay, Setup, Source};
use crate::core::decision::DecisionId;
use crate::core::play::Play;
use crate::core::results::Results;
use crate::plan::Difference;
use crate::plays::play_id;

/// The longest span.
const SPAN_MAX: Duration = Duration::from_hours(24);

/// Positions of each kind that are named.
const NAMED_MAX: usize = 100;

impl Trading {
    pub(super) async fn plan_play(
        &self,
        request: wire::PlanPlayRequest,
    ) -> Result<wire::PlanPlayResponse, Status> {
        let wire::PlanPlayRequest { id, play, from, to } = request;
        let (from, to) = span(from, to)?;
        let id = play_id(&id, "").map_err(|error| Kind::Invalid.status(error.to_string()))?;
        let changed = self.checked_play(play, Some(&id)).await?;
        let turn = Arc::clone(&self.what_if.turn).try_acquire_owned();
        let turn =
            turn.map_err(|_| Kind::Exhausted.status("a plan is being made already; try again later"))?;
        self.plan(changed, from, to, turn).await.map_err(status)
    }

    async fn plan(
        &self,
        changed: Play,
        from: UnixMicros,
        to: Option<UnixMicros>,
        turn: OwnedSemaphorePermit,
    ) -> Result<wire::PlanPlayResponse, Failure> {
        let desk = self.view.read().desk.clone();
        let mut wanted: Vec<Play> = desk.plays.iter().filter(|play| play.id != changed.id).cloned().collect();
        wanted.push(changed);
        wanted.sort_by(|one, other| one.id.cmp(&other.id));
        let setup = |plays: Vec<Play>| Setup {
            plan: self.what_if.plan.clone(),
            limits: self.what_if.limits.clone(),
            projects: desk.projects.clone(),
            plays,
        };
        let setups = vec![setup(desk.plays.clone()), setup(wanted)];
        // Until the log's end when nothing else is said, but no further than the longest span.
        let to = to.unwrap_or(from.plus(SPAN_MAX));
        let source = Source::since(self.what_if.market.clone(), from, to).await?;
        // The turn is given back when the fold has ended, also when nobody waits for it any more.
        let (origin, replays) = source.fold(setups, turn).await?;
        let [before, after] = replays.as_slice() else {
            return Err(Failure::Internal("an engine is gone".to_owned()));
        };
        Ok(wire::PlanPlayResponse {
            log_id: origin.log_id,
            begins_late: origin.begins_late.map(Into::into),
            ..message(before, after)
        })
    }
}

fn span(
    from: Option<prost_types::Timestamp>,
    to: Option<prost_types::Timestamp>,
) -> Result<(UnixMicros, Option<UnixMicros>), Status> {
    let moment = |name: &str, time: prost_types::Timestamp| {
        UnixMicros::try_from(time).map_err(|error| Kind::Invalid.status(format!("{name}: {error}")))
    };
    let from = moment("from", from.ok_or_else(|| Kind::Invalid.status("from is missing"))?)?;
    let to = to.map(|to| moment("to", to)).transpose()?;
    if to.is_some_and(|to| to <= from || to > from.plus(SPAN_MAX)) {
        return Err(Kind::Invalid.status("to must be after from, and at most 24 hours"));
    }
    Ok((from, to))
}

fn status(failure: Failure) -> Status {
    match failure {
        Failure::Unavailable(reason) => Kind::Unavailable.status(reason),
        Failure::Usage(reason) => Kind::Invalid.status(reason),
        failure => goat::error::internal("making a plan", &failure),
    }
}

fn message(before: &Replay, after: &Replay) -> wire::PlanPlayResponse {
    let difference = Difference::between(before, after);
    let period = before.record.period();
    let named = |ids: &[DecisionId]| ids.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    wire::PlanPlayResponse {
        from: Some(period.from.into()),
        to: Some(period.until.into()),
        events: before.record.counts.events,
        added_count: count(difference.added.len()),
        added: named(&difference.added),
        removed_count: count(difference.removed.len()),
        removed: named(&difference.removed),
        changed_count: count(difference.changed.len()),
        changed: named(&difference.changed),
        profit_usd: difference.profit.to_f64(),
        profit_uncertainty_usd: difference.profit_uncertainty_usd,
        before: Some(results(&difference.before)),
        after: Some(results(&difference.after)),
        decisions: difference.decisions,
        ..wire::PlanPlayResponse::default()
    }
}

fn results(results: &Results) -> wire::PlanResults {
    wire::PlanResults {
        trades: results.trades,
        profit_usd: results.profit().to_f64(),
        max_drawdown_percent: results.drawdown.map(|fall| fall.percent),
    }
}
