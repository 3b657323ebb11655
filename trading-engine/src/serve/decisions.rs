//! Why, and why not.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::UnixMicros;
use goat::wire::trading as wire;
use tonic::Status;

use super::positions::{Condition, decision_id};
use super::{Trading, checked_limit};
use crate::core::decision::{Decision, DecisionId};
use crate::core::gate::{Evaluation, Gate};
use crate::workspace::{FunnelRow, Lateness};

const HOURS_DEFAULT: f64 = 24.0;
const HOURS_MAX: f64 = 72.0;
const SHOWN_MAX: u32 = 100;

impl Trading {
    pub(super) async fn list_decisions(
        &self,
        request: wire::ListDecisionsRequest,
    ) -> Result<wire::ListDecisionsResponse, Status> {
        let limit = checked_limit(request.limit)?;
        let mut condition = Condition::default();
        if !request.play_id.is_empty() {
            condition.and("play_id = ?", request.play_id);
        }
        match request.verdict.as_str() {
            "" => {}
            verdict @ ("enter" | "reject") => condition.and("verdict = ?", verdict.to_owned()),
            other => {
                return Err(Kind::Invalid.status(format!("verdict is {other:?}; it must be enter or reject")));
            }
        }
        if !request.gate.is_empty() {
            let gate = Gate::named(&request.gate).ok_or_else(|| {
                Kind::Invalid.status(format!("gate is {:?}, which does not exist", request.gate))
            })?;
            condition.and("failed_gate = ?", gate.as_str());
        }
        if !request.wallet_address.is_empty() {
            condition.and("wallet_address = ?", request.wallet_address);
        }
        if let Some(since) = time("since", request.since)? {
            condition.and("time >= make_timestamp(?)", since.get());
        }
        if let Some(until) = time("until", request.until)? {
            condition.and("time < make_timestamp(?)", until.get());
        }
        if !request.page_token.is_empty() {
            let after = decision_id("page_token", &request.page_token)?;
            condition.and("(seq, id) < (?, ?)", after.seq.get());
            condition.parameters.push(Box::new(after.to_string()));
        }
        let order = format!("ORDER BY seq DESC, id DESC LIMIT {}", limit + 1);
        let mut rows: Vec<Decision> = self.records(&condition.text(&order), condition.parameters).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_page_token =
            rows.last().filter(|_| more).map(|last| last.id.to_string()).unwrap_or_default();
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let decisions = self.decision_messages(&rows).await?;
        Ok(wire::ListDecisionsResponse { decisions, count, next_page_token })
    }

    pub(super) async fn decision(&self, id: &str) -> Result<wire::Decision, Status> {
        let wanted = decision_id("id", id)?;
        let found: Vec<Decision> = self.records("WHERE id = ?", vec![Box::new(wanted.to_string())]).await?;
        let missing = || Kind::NotFound.status(format!("there is no decision {id:?}"));
        self.decision_messages(&found).await?.into_iter().next().ok_or_else(missing)
    }

    /// The decisions with whether they were late.
    async fn decision_messages(&self, decisions: &[Decision]) -> Result<Vec<wire::Decision>, Status> {
        let late = self.lateness(decisions.iter().map(|decision| &decision.id)).await?;
        let message = |decision: &Decision| {
            let lateness = late.get(&decision.id.to_string()).copied().unwrap_or_default();
            let (decided_late, late_ms) = (lateness.decision, lateness.decision_ms);
            wire::Decision { decided_late, late_ms, ..message(decision) }
        };
        Ok(decisions.iter().map(message).collect())
    }

    pub(super) async fn lateness(
        &self,
        ids: impl Iterator<Item = &DecisionId>,
    ) -> Result<BTreeMap<String, Lateness>, Status> {
        let found = self.readers.decided_late(ids.map(ToString::to_string).collect()).await;
        found.map_err(|error| internal("reading decided_late", &error))
    }

    pub(super) async fn why_not(&self, request: wire::WhyNotRequest) -> Result<wire::WhyNotResponse, Status> {
        if !request.play_id.is_empty() {
            self.play(&request.play_id)?;
        }
        let mut asked = wire::ListDecisionsRequest {
            play_id: request.play_id.clone(),
            limit: Some(SHOWN_MAX),
            ..wire::ListDecisionsRequest::default()
        };
        if !request.trade_signature.is_empty() {
            return self.why_not_trade(&request.trade_signature, &request.play_id).await;
        }
        let until = time("until", request.until)?.unwrap_or_else(|| self.now());
        let hour = Duration::from_hours(1);
        let since = time("since", request.since)?.unwrap_or_else(|| until.minus(hour));
        (asked.since, asked.until) = (Some(since.into()), Some(after(until).into()));
        let decisions = self.list_decisions(asked).await?.decisions;
        let funnel = self.funnel_between(since, after(until), &request.play_id).await?;
        let answer = explain(&funnel, &request.play_id);
        Ok(wire::WhyNotResponse { answer, decisions, funnel: Some(funnel) })
    }

    async fn why_not_trade(&self, signature: &str, play: &str) -> Result<wire::WhyNotResponse, Status> {
        let mut condition = Condition::default();
        condition.and("trade_signature = ?", signature.to_owned());
        if !play.is_empty() {
            condition.and("play_id = ?", play.to_owned());
        }
        let found: Vec<Decision> =
            self.records(&condition.text("ORDER BY seq, id LIMIT 100"), condition.parameters).await?;
        let answer = if found.is_empty() {
            format!(
                "No play has judged a trade {signature:?}: it has not reached us, it was no buy, or it is too old."
            )
        } else {
            found.iter().map(Decision::explanation).collect::<Vec<_>>().join("\n")
        };
        let decisions = self.decision_messages(&found).await?;
        Ok(wire::WhyNotResponse { answer, decisions, funnel: None })
    }

    pub(super) async fn funnel(
        &self,
        request: wire::GetFunnelRequest,
    ) -> Result<wire::GetFunnelResponse, Status> {
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
        let rows = self.funnel_rows(since, after(until)).await?;
        let of = |play: &str| funnel(play, since, until, &rows);
        let mut plays: Vec<&str> = rows.iter().map(|row| row.play_id.as_str()).collect();
        plays.dedup();
        if !request.play_id.is_empty() {
            plays.retain(|play| *play == request.play_id);
        }
        Ok(wire::GetFunnelResponse {
            total: Some(of(&request.play_id)),
            plays: plays.into_iter().map(of).collect(),
        })
    }

    async fn funnel_between(
        &self,
        since: UnixMicros,
        until: UnixMicros,
        play: &str,
    ) -> Result<wire::Funnel, Status> {
        Ok(funnel(play, since, until, &self.funnel_rows(since, until).await?))
    }

    pub(super) async fn funnel_rows(
        &self,
        since: UnixMicros,
        until: UnixMicros,
    ) -> Result<Vec<FunnelRow>, Status> {
        let found = self.readers.funnel(since, until).await;
        found.map_err(|error| internal("reading decisions", &error))
    }

    /// The time of the newest event: what hours are counted back from.
    pub(super) fn now(&self) -> UnixMicros {
        self.view.read().clock
    }
}

/// The moment after: so that an interval contains its end.
fn after(time: UnixMicros) -> UnixMicros {
    time.plus(Duration::from_micros(1))
}

/// The funnel of one play, or of all of them when `play` is empty.
fn funnel(play: &str, since: UnixMicros, until: UnixMicros, rows: &[FunnelRow]) -> wire::Funnel {
    let rows: Vec<&FunnelRow> = rows.iter().filter(|row| play.is_empty() || row.play_id == play).collect();
    let candidates: u64 = rows.iter().map(|row| row.count).sum();
    let entered = rows.iter().filter(|row| row.gate.is_none()).map(|row| row.count).sum();
    let mut reached = candidates;
    let mut steps = Vec::new();
    for gate in Gate::all() {
        let here: Vec<&&FunnelRow> = rows.iter().filter(|row| row.gate == Some(gate)).collect();
        let failed: u64 = here.iter().map(|row| row.count).sum();
        // Of several plays the one with most failures here speaks for all.
        let most = here.iter().max_by_key(|row| row.count);
        steps.push(wire::FunnelStep {
            gate: wire_gate(gate).into(),
            reached,
            failed,
            median_measured: most.and_then(|row| row.median_measured),
            threshold: most.and_then(|row| row.threshold),
            unit: gate.unit().to_owned(),
        });
        reached -= failed;
    }
    wire::Funnel {
        play_id: play.to_owned(),
        since: Some(since.into()),
        until: Some(until.into()),
        candidates,
        entered,
        steps,
    }
}

/// The answer in a few sentences.
fn explain(funnel: &wire::Funnel, play: &str) -> String {
    let who = if play.is_empty() { "the plays".to_owned() } else { format!("play {play}") };
    if funnel.candidates == 0 {
        return format!("No wallet's buy reached {who} in this time.");
    }
    let mut failed: Vec<&wire::FunnelStep> = funnel.steps.iter().filter(|step| step.failed > 0).collect();
    failed.sort_by_key(|step| std::cmp::Reverse(step.failed));
    let reasons = failed.iter().map(|step| {
        let gate = Gate::all().find(|gate| wire_gate(*gate) == step.gate()).map_or("", Gate::as_str);
        let measured = match (step.median_measured, step.threshold) {
            (Some(median), Some(threshold)) => {
                format!(" (median {median:.4}, limit {threshold:.4} {})", step.unit)
            }
            _ => String::new(),
        };
        format!("{} failed at {gate}{measured}", step.failed)
    });
    let reasons: Vec<String> = reasons.collect();
    let ending = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
    format!("{} candidates reached {who}, {} entered{ending}.", funnel.candidates, funnel.entered)
}

pub(super) fn message(decision: &Decision) -> wire::Decision {
    let verdict =
        if decision.enters() { wire::decision::Verdict::Enter } else { wire::decision::Verdict::Reject };
    let gate = decision.failed().map_or(wire::Gate::Unspecified, |failed| wire_gate(failed.gate));
    wire::Decision {
        id: decision.id.to_string(),
        seq: decision.id.seq.get(),
        time: Some(decision.time.into()),
        play_id: decision.id.play.to_string(),
        play_version: decision.play_version,
        verdict: verdict.into(),
        gate: gate.into(),
        wallet_address: decision.trade.wallet.clone(),
        trade_signature: decision.trade.signature.clone(),
        trade_time: Some(decision.trade.event_time.into()),
        trade_price: decision.trade.price,
        trade_usd: decision.trade.usd,
        evaluations: decision.evaluations.iter().map(evaluation).collect(),
        price_seq: decision.price.map(|quote| quote.seq.get()),
        price: decision.price.map(|quote| quote.price),
        price_age_ms: decision.price.map(|quote| quote.age_ms(decision.time)),
        book_seq: decision.book.map(|book| book.seq.get()),
        book_age_ms: decision.book.map(|book| book.age_ms(decision.time)),
        cycle_id: decision.cycle.map(|cycle| cycle.to_string()).unwrap_or_default(),
        explanation: decision.explanation(),
        position_id: if decision.enters() { decision.id.to_string() } else { String::new() },
        decided_late: false,
        late_ms: None,
    }
}

fn evaluation(evaluation: &Evaluation) -> wire::Evaluation {
    wire::Evaluation {
        gate: wire_gate(evaluation.gate).into(),
        passed: evaluation.passed,
        measured: evaluation.measured,
        threshold: evaluation.threshold,
        unit: evaluation.gate.unit().to_owned(),
        note: evaluation.note.to_string(),
    }
}

pub(super) fn wire_gate(gate: Gate) -> wire::Gate {
    match gate {
        Gate::TradingOn => wire::Gate::TradingOn,
        Gate::PlayActive => wire::Gate::PlayActive,
        Gate::FeedQuality => wire::Gate::FeedQuality,
        Gate::WalletListed => wire::Gate::WalletListed,
        Gate::TradeFresh => wire::Gate::TradeFresh,
        Gate::TradeSize => wire::Gate::TradeSize,
        Gate::NotSeen => wire::Gate::NotSeen,
        Gate::PerpMode => wire::Gate::PerpMode,
        Gate::Bundle => wire::Gate::Bundle,
        Gate::Timing => wire::Gate::Timing,
        Gate::OnePerCycle => wire::Gate::OnePerCycle,
        Gate::MaxPerCycle => wire::Gate::MaxPerCycle,
        Gate::MaxOpen => wire::Gate::MaxOpen,
        Gate::MaxExposure => wire::Gate::MaxExposure,
        Gate::DailyLoss => wire::Gate::DailyLoss,
        Gate::Cooldown => wire::Gate::Cooldown,
        Gate::Cash => wire::Gate::Cash,
        Gate::Validator => wire::Gate::Validator,
    }
}

fn time(field: &str, found: Option<prost_types::Timestamp>) -> Result<Option<UnixMicros>, Status> {
    found
        .map(|time| {
            UnixMicros::try_from(time).map_err(|error| Kind::Invalid.status(format!("{field}: {error}")))
        })
        .transpose()
}
