//! Two back-tests of the same events, decision by decision.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::backtest::{Record, Replay};
use crate::core::decision::{Decision, DecisionId};
use crate::core::money::Usd;
use crate::core::results::Results;

/// Decisions that are told one by one.
const SHOWN_MAX: usize = 20;

/// Of a normal distribution: 95 % lie within so many deviations.
const Z_95: f64 = 1.959_963_984_540_054;

/// What the change makes different.
#[derive(Debug)]
pub struct Difference {
    /// Positions that only the changed plays enter.
    pub added: Vec<DecisionId>,
    /// Positions that only the present plays enter.
    pub removed: Vec<DecisionId>,
    /// Positions that both enter and that bring another profit.
    pub changed: Vec<DecisionId>,
    /// The first decisions with another verdict or another reason, a line each.
    pub decisions: Vec<String>,
    /// The gain of the change after fees, over positions that are closed: with minus without.
    pub profit: Usd,
    /// Half the width of its 95 % interval, from how much it varies between the positions that differ; none of fewer
    /// than two.
    pub profit_uncertainty_usd: Option<f64>,
    /// The account without the change.
    pub before: Results,
    /// The account with it.
    pub after: Results,
}

impl Difference {
    /// Compares two engines that have read the same events.
    #[must_use]
    pub fn between(before: &Replay, after: &Replay) -> Self {
        let (old, new) = (&before.record, &after.record);
        let ids: BTreeSet<&DecisionId> = old.positions.keys().chain(new.positions.keys()).collect();
        let (mut added, mut removed, mut changed, mut gains) = (vec![], vec![], vec![], vec![]);
        for id in ids {
            let gain = profit(new, id).unwrap_or_default() - profit(old, id).unwrap_or_default();
            match (old.positions.contains_key(id), new.positions.contains_key(id)) {
                (false, _) => added.push(id.clone()),
                (_, false) => removed.push(id.clone()),
                _ if gain != Usd::ZERO => changed.push(id.clone()),
                _ => continue,
            }
            gains.push(gain);
        }
        Self {
            added,
            removed,
            changed,
            decisions: differing(old, new),
            profit: gains.iter().copied().sum(),
            profit_uncertainty_usd: uncertainty(&gains),
            before: old.results(None, before.engine()),
            after: new.results(None, after.engine()),
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let fall = |results: &Results| results.drawdown.map_or(0.0, |fall| fall.percent);
        let width = match self.profit_uncertainty_usd {
            Some(usd) => format!(" ± {usd:.2}"),
            None => " (n too small for an interval)".to_owned(),
        };
        let mut text = format!(
            "would add {} positions, remove {}, leave {} otherwise\nP&L {:+.2}{width} USD: {:.2} becomes {:.2}\n\
             max drawdown {:.3} % becomes {:.3} %\n",
            self.added.len(),
            self.removed.len(),
            self.changed.len(),
            self.profit.to_f64(),
            self.before.profit().to_f64(),
            self.after.profit().to_f64(),
            fall(&self.before),
            fall(&self.after)
        );
        if self.decisions.is_empty() {
            text.push_str("every decision is the same\n");
        }
        for line in &self.decisions {
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    /// As a document.
    #[must_use]
    pub fn json(&self) -> Value {
        let names = |ids: &[DecisionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let side = |results: &Results| {
            json!({
                "trades": results.trades, "profit_usd": results.profit().to_f64(),
                "max_drawdown_percent": results.drawdown.map(|fall| fall.percent),
            })
        };
        json!({
            "added": names(&self.added), "removed": names(&self.removed), "changed": names(&self.changed),
            "profit_usd": self.profit.to_f64(), "profit_uncertainty_usd": self.profit_uncertainty_usd,
            "decisions": self.decisions, "before": side(&self.before), "after": side(&self.after),
        })
    }
}

fn profit(record: &Record, id: &DecisionId) -> Option<Usd> {
    record.positions.get(id)?.profit()
}

/// 95 % of the sums of as many gains as these lie within so much of theirs.
fn uncertainty(gains: &[Usd]) -> Option<f64> {
    if gains.len() < 2 {
        return None;
    }
    let number = f64::from(u32::try_from(gains.len()).ok()?);
    let mean = gains.iter().map(|gain| gain.to_f64()).sum::<f64>() / number;
    let squares: f64 = gains.iter().map(|gain| (gain.to_f64() - mean).powi(2)).sum();
    Some(Z_95 * (squares / (number - 1.0) * number).sqrt())
}

/// The decisions about followed wallets whose verdict or gate differs, first ones first.
fn differing(old: &Record, new: &Record) -> Vec<String> {
    let ids: BTreeSet<&DecisionId> = old.followed.keys().chain(new.followed.keys()).collect();
    let gate = |decision: &Decision| decision.failed().map(|failed| failed.gate);
    let differs = ids.into_iter().filter_map(|id| {
        let (before, after) = (old.followed.get(id), new.followed.get(id));
        let differs = before.map(gate) != after.map(gate);
        differs.then(|| format!("{id}: {} → {}", verdict(before), verdict(after)))
    });
    differs.take(SHOWN_MAX).collect()
}

fn verdict(decision: Option<&Decision>) -> String {
    match decision {
        None => "wallet not followed".to_owned(),
        Some(decision) => match decision.failed() {
            None => "entered".to_owned(),
            Some(failed) => format!("rejected at {}", failed.gate.as_str()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uncertainty_is_that_of_the_sum() {
        let usd = |dollars: i32| Usd::from_dollars(dollars);
        assert_eq!(uncertainty(&[usd(3)]), None);
        assert_eq!(uncertainty(&[usd(3), usd(3), usd(3)]), Some(0.0));
        // Deviation 2 of one gain, so 2 · √2 of the sum of two.
        let found = uncertainty(&[usd(1), usd(1) + Usd::from_f64(8.0_f64.sqrt()).unwrap()]).unwrap();
        assert!((found - Z_95 * 8.0_f64.sqrt()).abs() < 1e-5, "{found}");
    }
}
