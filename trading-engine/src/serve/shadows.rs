//! What was not entered, and what each gate saved or cost.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::Seq;
use goat::wire::trading as wire;
use tonic::Status;

use super::decisions::wire_gate;
use super::positions::{Condition, exit_reason};
use super::{Trading, checked_limit, count};
use crate::core::filters::{Contrast, Estimate};
use crate::core::gate::Gate;
use crate::core::shadows::{Shadow, ShadowKind};
use crate::workspace::{EntryOutcome, Origin};

const HOURS_DEFAULT: f64 = 24.0;
const HOURS_MAX: f64 = 72.0;

impl Trading {
    pub(super) async fn list_shadows(
        &self,
        request: wire::ListShadowsRequest,
    ) -> Result<wire::ListShadowsResponse, Status> {
        let limit = checked_limit(request.limit)?;
        let mut condition = Condition::default();
        if !request.play_id.is_empty() {
            condition.and("play_id = ?", request.play_id);
        }
        match request.kind.as_str() {
            "" => {}
            kind @ ("rejected" | "sample") => condition.and("kind = ?", kind.to_owned()),
            other => {
                return Err(Kind::Invalid.status(format!("kind is {other:?}; it must be rejected or sample")));
            }
        }
        if !request.gate.is_empty() {
            let gate = Gate::named(&request.gate).ok_or_else(|| {
                Kind::Invalid.status(format!("gate is {:?}, which does not exist", request.gate))
            })?;
            condition.and("gate = ?", gate.as_str());
        }
        let order = format!("ORDER BY decided_seq DESC, id DESC LIMIT {limit}");
        let rows: Vec<Shadow> = self.records(&condition.text(&order), condition.parameters).await?;
        let counts = self.view.read().shadows;
        Ok(wire::ListShadowsResponse {
            count: count(rows.len()),
            shadows: rows.iter().map(message).collect(),
            following_rejected: counts.rejected,
            following_samples: counts.samples,
            overflowed: counts.overflowed,
            missed: counts.missed,
        })
    }

    pub(super) async fn gate_attribution(
        &self,
        request: wire::GetGateAttributionRequest,
    ) -> Result<wire::GetGateAttributionResponse, Status> {
        let hours = request.hours.unwrap_or(HOURS_DEFAULT);
        if !(hours > 0.0 && hours <= HOURS_MAX) {
            return Err(
                Kind::Invalid.status(format!("hours is {hours}; it must be more than 0 and at most 72"))
            );
        }
        if !request.play_id.is_empty() {
            self.play(&request.play_id)?;
        }
        let until = self.now();
        let since = until.minus(Duration::from_secs_f64(hours * 3600.0));
        let found = self.readers.outcomes(request.play_id, since, until.plus(Duration::from_micros(1))).await;
        let outcomes = found.map_err(|error| internal("reading shadows", &error))?;
        let mut response = attribution(&outcomes);
        (response.since, response.until) = (Some(since.into()), Some(until.into()));
        Ok(response)
    }
}

type Gains = Vec<(Seq, f64)>;

fn attribution(outcomes: &[EntryOutcome]) -> wire::GetGateAttributionResponse {
    let mut plays: BTreeMap<&str, BTreeMap<Origin, Gains>> = BTreeMap::new();
    for one in outcomes {
        let of_play = plays.entry(&one.play_id).or_default();
        of_play.entry(one.origin).or_default().push((one.cycle, one.gain_percent));
    }
    let mut response = wire::GetGateAttributionResponse::default();
    for (play, origins) in plays {
        let entered = origins.get(&Origin::Entered).map_or(&[][..], Vec::as_slice);
        for (origin, gains) in &origins {
            match origin {
                Origin::Rejected(gate) => response.gates.push(of_gate(play, *gate, gains, entered)),
                Origin::Random => response.random.extend(of_random(play, gains)),
                Origin::Entered => {}
            }
        }
    }
    response
}

fn of_gate(play: &str, gate: Gate, gains: &[(Seq, f64)], entered: &[(Seq, f64)]) -> wire::GateAttribution {
    let against = Contrast::of(gains, entered);
    // What was turned away is told also while there is nothing to compare it with.
    let alone = Estimate::of(gains);
    let difference = against.map(|contrast| contrast.difference);
    let verdict = match difference {
        Some(Estimate { high: Some(high), .. }) if high < 0.0 => wire::gate_attribution::Verdict::Saved,
        Some(Estimate { low: Some(low), .. }) if low > 0.0 => wire::gate_attribution::Verdict::Cost,
        _ => wire::gate_attribution::Verdict::Open,
    };
    wire::GateAttribution {
        play_id: play.to_owned(),
        gate: wire_gate(gate).into(),
        shadows: count(gains.len()),
        cycles: alone.map_or(0, |(_, cycles)| cycles),
        rejected: alone.map(|(gain, _)| estimate(gain)),
        positions: count(entered.len()),
        position_cycles: against.map_or(0, |contrast| contrast.against_cycles),
        entered: against.map(|contrast| estimate(contrast.against)),
        difference: difference.map(estimate),
        verdict: verdict.into(),
    }
}

fn of_random(play: &str, gains: &[(Seq, f64)]) -> Option<wire::RandomEntries> {
    let (gain, cycles) = Estimate::of(gains)?;
    Some(wire::RandomEntries {
        play_id: play.to_owned(),
        shadows: count(gains.len()),
        cycles,
        gain: Some(estimate(gain)),
    })
}

pub(super) fn estimate(estimate: Estimate) -> wire::GainEstimate {
    wire::GainEstimate { mean_percent: estimate.mean, low_percent: estimate.low, high_percent: estimate.high }
}

fn message(shadow: &Shadow) -> wire::Shadow {
    let kind = match shadow.kind {
        ShadowKind::Rejected(_) => wire::shadow::Kind::Rejected,
        ShadowKind::Sample => wire::shadow::Kind::Sample,
    };
    let outcome = &shadow.outcome;
    wire::Shadow {
        id: shadow.id.to_string(),
        play_id: shadow.id.play.to_string(),
        play_version: shadow.play_version,
        kind: kind.into(),
        gate: shadow.kind.gate().map_or(wire::Gate::Unspecified, wire_gate).into(),
        decided_at: Some(shadow.decided_at.into()),
        cycle_id: outcome.cycle.to_string(),
        entry_price: outcome.path.entry.price,
        entered_at: Some(outcome.path.entry.time.into()),
        exit_price: outcome.exit.map(|exit| exit.price),
        left_at: outcome.exit.map(|exit| exit.time.into()),
        exit_reason: exit_reason(shadow.reason).into(),
        gains: Some((&outcome.gains(shadow.cost_bps)).into()),
        completed_seq: shadow.completed_seq.get(),
        features_seq: shadow.features_seq.map(Seq::get),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(origin: Origin, gains: &[f64]) -> Vec<EntryOutcome> {
        let one = |(cycle, gain): (u64, &f64)| EntryOutcome {
            play_id: "play".to_owned(),
            origin,
            cycle: Seq::new(cycle),
            gain_percent: *gain,
        };
        (1..).zip(gains).map(one).collect()
    }

    fn verdict(rejected: &[f64], entered: &[f64]) -> wire::gate_attribution::Verdict {
        let mut all = outcomes(Origin::Rejected(Gate::Bundle), rejected);
        all.extend(outcomes(Origin::Entered, entered));
        all.extend(outcomes(Origin::Random, &[0.1]));
        let response = attribution(&all);
        assert_eq!((response.gates.len(), response.random.len()), (1, 1));
        assert_eq!(response.gates[0].gate(), wire::Gate::Bundle);
        response.gates[0].verdict()
    }

    #[test]
    fn a_gate_saved_or_cost_only_when_the_interval_says_so() {
        let (good, bad) = ([0.5, 0.6, 0.4, 0.5, 0.6], [-0.3, -0.2, -0.4, -0.3, -0.2]);
        assert_eq!(verdict(&bad, &good), wire::gate_attribution::Verdict::Saved);
        assert_eq!(verdict(&good, &bad), wire::gate_attribution::Verdict::Cost);
        assert_eq!(verdict(&[0.5, -0.4, 0.3], &[0.1, 0.2, -0.1]), wire::gate_attribution::Verdict::Open);
        assert_eq!(verdict(&good, &[]), wire::gate_attribution::Verdict::Open);
    }
}
