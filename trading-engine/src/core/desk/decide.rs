//! One buy of a wallet at every play: exactly one decision each.

use std::sync::Arc;

use goat::event::{PositionSide, Side, WalletTrade};
use goat::values::UnixMicros;

use super::{Desk, Now, Report, World};
use crate::core::decision::{Decision, DecisionId, FollowedTrade};
use crate::core::features::FeatureSet;
use crate::core::fill::{Amount, Order, Purpose};
use crate::core::gate::{AccountFacts, Candidate, Evaluation, Facts, Gate, judge};
use crate::core::play::{Play, Validator};
use crate::core::position::{Position, Stage};
use crate::core::profiles::TradeKey;
use crate::core::validator::validate;

impl Desk {
    pub(super) fn decide(
        &mut self,
        now: Now,
        event_time: UnixMicros,
        trade: &WalletTrade,
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        self.recent.add(now.time, event_time, &trade.wallet, trade.perp.side);
        let key = TradeKey {
            signature: trade.signature.clone(),
            wallet: trade.wallet.clone(),
            stablecoin: trade.stablecoin.clone(),
        };
        let candidate = Candidate {
            wallet: &trade.wallet,
            key,
            event_time,
            price: trade.price.get(),
            usd: trade.stablecoin_amount.get(),
            perp: trade.perp.side,
        };
        // The features are those of the moment, so they are the same for every play that comes so far.
        let mut features = None;
        let (mut entered, mut shadowed) = (Vec::new(), false);
        let mut account = self.account_facts(now);
        let followed = Arc::new(FollowedTrade {
            wallet: candidate.wallet.to_owned(),
            signature: candidate.key.signature.clone(),
            event_time: candidate.event_time,
            price: candidate.price,
            usd: candidate.usd,
        });
        let plays = std::mem::take(&mut self.plays);
        for play in plays.iter() {
            let evaluations = self.judge(now, play, &candidate, account, world, &mut features);
            let decision = record(now, play, &followed, evaluations, world);
            shadowed |= self.shadow(now, play, &decision);
            let position = decision.enters().then(|| self.order(now, play, &decision, world)).flatten();
            reports.push(Report::Decision(Box::new(decision)));
            if let Some(position) = position {
                let id = position.id.clone();
                self.positions.insert(position);
                self.settle(&id, now, reports);
                account = self.account_facts(now);
                entered.push(id);
            }
        }
        self.plays = plays;
        if !entered.is_empty() {
            reports.push(Report::Entered(entered));
        }
        if shadowed {
            self.keep_features(now, reports);
        }
        self.seen.add(candidate.key, now.time, self.limits.trade_age_seconds_max);
    }

    fn account_facts(&self, now: Now) -> AccountFacts {
        let open = self.positions.iter().filter(|one| !one.stage.is_over()).count();
        AccountFacts {
            open: u32::try_from(open).unwrap_or(u32::MAX),
            exposure: self.exposure().to_f64(),
            day_profit: self.account.realized_on_day(now.time).to_f64(),
            cash: self.free_cash().to_f64(),
        }
    }

    fn judge(
        &self,
        now: Now,
        play: &Play,
        candidate: &Candidate<'_>,
        account: AccountFacts,
        world: &World<'_>,
        features: &mut Option<FeatureSet>,
    ) -> Vec<Evaluation> {
        let facts = Facts {
            now: now.time,
            candidate,
            play,
            paused: self.controls.pause.as_ref().map(|pause| pause.reason.as_str()),
            limits: &self.limits,
            market: world.market,
            list: self.lists.of(play),
            recent: &self.recent,
            seen: &self.seen,
            entries: &self.entries,
            cycle: world.cycle,
            account,
        };
        let mut evaluations = judge(&facts);
        let goes_on = evaluations.last().is_none_or(|last| last.passed);
        if goes_on && let Some(validator) = &play.validator {
            let features = features.get_or_insert_with(|| world.windows.at(now.time));
            evaluations.push(self.validate(validator, features));
        }
        evaluations
    }

    fn validate(&self, validator: &Validator, features: &FeatureSet) -> Evaluation {
        let (passed, note) = match validator {
            Validator::Projects(ids) => {
                let projects: Vec<_> =
                    ids.iter().filter_map(|id| Some(self.projects.get(id)?.project.clone())).collect();
                let verdict = validate(&projects, features);
                (verdict.passed(), verdict.to_string())
            }
            Validator::Stages(stages) => {
                let verdict = stages.judge(features);
                (verdict.passed, verdict.to_string())
            }
        };
        Evaluation { gate: Gate::Validator, passed, measured: None, threshold: None, note: note.into() }
    }

    /// The position that follows from a decision to enter.
    fn order(&mut self, now: Now, play: &Play, decision: &Decision, world: &World<'_>) -> Option<Position> {
        // Without a cycle no candidate comes past its gate.
        let cycle = world.cycle?;
        self.entries.add(&play.id, cycle, &decision.trade.wallet, now.time);
        let side = match play.side {
            PositionSide::Long => Side::Buy,
            PositionSide::Short => Side::Sell,
        };
        let order = Order {
            side,
            purpose: Purpose::Entry,
            amount: Amount::Notional(play.size),
            decided_time: now.time,
            latency_ms: self.limits.latency_ms,
        };
        Some(Position {
            id: decision.id.clone(),
            key: self.key(now.seq),
            play_version: play.version,
            side: play.side,
            wallet: decision.trade.wallet.clone(),
            signature: decision.trade.signature.clone(),
            cycle,
            decided_at: now.time,
            size: play.size,
            rules: play.exit.clone(),
            stage: Stage::Opening(order),
            entry: None,
            exit: None,
            stop: None,
            outcome: None,
            closed: None,
            excursion: None,
            stop_raises: 0,
            changed_seq: now.seq,
        })
    }
}

fn record(
    now: Now,
    play: &Play,
    trade: &Arc<FollowedTrade>,
    evaluations: Vec<Evaluation>,
    world: &World<'_>,
) -> Decision {
    Decision {
        id: DecisionId { seq: now.seq, play: play.id.clone() },
        time: now.time,
        play_version: play.version,
        trade: Arc::clone(trade),
        evaluations,
        price: world.market.price().copied(),
        book: world.market.book().copied(),
        cycle: world.cycle,
    }
}
