//! Entries and exits as alerts, and the silence explained.

use std::borrow::Cow;

use goat::values::{Price, UnixMicros};
use goat::wire::market::PositionSide;
use goat::wire::trading::{Funnel, FunnelStep, Position, Strategy};

use crate::publisher::facts::{ClosedTrade, Direction, Outcome, Trader, World, count, price, span};
use crate::publisher::gather::trader;
use crate::publisher::outbox::{Alert, Severity};
use crate::publisher::text;

/// Gates that the explanation names.
const NAMED_MAX: usize = 3;

fn labelled(world: World, title: &str) -> String {
    world.label().map_or_else(|| title.to_owned(), |label| format!("[{label}] {title}"))
}

/// A position was opened. None when its fill is not known.
pub(crate) fn entry(log: &str, position: &Position, world: World, now: UnixMicros) -> Option<Alert> {
    let fill = position.entry.as_ref()?;
    let at = price(Price::new(fill.average_price).ok()?);
    let play = text::name(&position.play_id);
    Some(Alert {
        id: format!("entry/{log}/{}", position.id),
        severity: Severity::Info,
        kind: "entry",
        title: labelled(world, &format!("Paper entry: {play} at {at}")),
        text: format!("Follows {}", text::name(&position.wallet_address)),
        raised_at: now,
    })
}

/// A strategy's fill.
pub(crate) struct Entry<'a> {
    pub(crate) trader: Cow<'a, Trader>,
    pub(crate) direction: Direction,
    pub(crate) price: Price,
    pub(crate) opened: UnixMicros,
    /// In the rules' words.
    pub(crate) reason: &'a str,
}

impl<'a> Entry<'a> {
    /// What a strategy holds; none when it is flat.
    pub(crate) fn of(strategy: &'a Strategy) -> Option<Self> {
        let position = strategy.position.as_ref()?;
        let direction = match position.direction() {
            PositionSide::Long => Direction::Long,
            PositionSide::Short => Direction::Short,
            PositionSide::Unspecified => return None,
        };
        Some(Self {
            trader: Cow::Owned(trader(strategy)),
            direction,
            price: Price::new(position.entry_price).ok()?,
            opened: position.opened_at.and_then(|time| time.try_into().ok())?,
            reason: &position.entry_reason,
        })
    }

    /// The same entry makes the same alert, whether it is still held or over.
    pub(crate) fn alert(&self, log: &str, world: World, now: UnixMicros) -> Alert {
        let Self { trader, direction, price: at, opened, reason } = self;
        Alert {
            id: format!("entry/{log}/{}.{}", trader.id, opened.get()),
            severity: Severity::Info,
            kind: "entry",
            title: labelled(world, &format!("Paper entry: {}, {direction} at {}", trader.name, price(*at))),
            text: text::line(reason),
            raised_at: now,
        }
    }
}

/// A position was closed.
pub(crate) fn exit(log: &str, trade: &ClosedTrade, world: World, now: UnixMicros) -> Alert {
    let outcome = match trade.outcome() {
        Outcome::Win => "win",
        Outcome::Loss => "loss",
        Outcome::BreakEven => "break-even",
    };
    let (play, profit) = (&trade.trader.name, trade.profit.signed());
    Alert {
        id: format!("exit/{log}/{}", trade.id),
        severity: Severity::Info,
        kind: "exit",
        title: labelled(world, &format!("Paper exit: {play}, {outcome} {profit}")),
        text: format!(
            "{} → {}, {}, held {}",
            price(trade.entry),
            price(trade.exit),
            trade.exit_reason,
            span(trade.held_seconds)
        ),
        raised_at: now,
    }
}

/// Nothing was entered since a moment, and why: at which gates the candidates failed.
pub(crate) fn silence(
    log: &str,
    funnel: &Funnel,
    since: UnixMicros,
    as_of: UnixMicros,
    world: World,
    now: UnixMicros,
) -> Alert {
    let title = labelled(world, &format!("No entry in {}", span(as_of.since(since).as_secs())));
    Alert {
        id: format!("silence/{log}/{}", since.get()),
        severity: Severity::Warning,
        kind: "silence",
        title,
        text: explanation(funnel),
        raised_at: now,
    }
}

fn explanation(funnel: &Funnel) -> String {
    if funnel.candidates == 0 {
        return "No trade of a wallet reached any play.".to_owned();
    }
    let mut failed: Vec<&FunnelStep> = funnel.steps.iter().filter(|step| step.failed > 0).collect();
    failed.sort_by_key(|step| std::cmp::Reverse(step.failed));
    let candidates = count(funnel.candidates);
    let mut named: Vec<String> = failed.iter().take(NAMED_MAX).map(|step| told(step)).collect();
    let others: u64 = failed.iter().skip(NAMED_MAX).map(|step| step.failed).sum();
    if others > 0 {
        named.push(format!("{} at others", count(others)));
    }
    if funnel.entered > 0 {
        named.push(format!("{} passed", count(funnel.entered)));
    }
    format!("Of {candidates} candidates {}.", named.join(", "))
}

/// `1,190 failed at timing (median 0.04 percent, threshold 0.20)`.
fn told(step: &FunnelStep) -> String {
    let gate = step.gate().as_str_name().trim_start_matches("GATE_").to_lowercase().replace('_', " ");
    let failed = count(step.failed);
    let unit = if step.unit.is_empty() { String::new() } else { format!(" {}", step.unit) };
    match (step.median_measured, step.threshold) {
        (Some(median), Some(threshold)) => {
            format!("{failed} failed at {gate} (median {median:.2}{unit}, threshold {threshold:.2})")
        }
        _ => format!("{failed} failed at {gate}"),
    }
}

#[cfg(test)]
mod tests {
    use goat::wire::trading::Gate;

    use super::*;

    #[test]
    fn a_silence_is_explained_by_the_gates_that_most_failed_at() {
        let step = |gate: Gate, failed, median, threshold| FunnelStep {
            gate: gate.into(),
            failed,
            median_measured: median,
            threshold,
            unit: "percent".to_owned(),
            ..FunnelStep::default()
        };
        let steps = vec![
            step(Gate::TradingOn, 0, None, None),
            step(Gate::WalletListed, 14, None, None),
            step(Gate::Timing, 1190, Some(0.04), Some(0.2)),
        ];
        let funnel = Funnel { candidates: 1204, entered: 0, steps, ..Funnel::default() };
        let at = |hours: i64| UnixMicros::from_seconds(hours * 3600).unwrap();

        let alert = silence("log", &funnel, at(1), at(7), World::Live, at(7));

        assert_eq!(alert.title, "No entry in 6 h 0 min");
        assert_eq!(
            alert.text,
            "Of 1,204 candidates 1,190 failed at timing (median 0.04 percent, threshold 0.20), \
             14 failed at wallet listed."
        );
    }

    #[test]
    fn a_silence_without_candidates_says_so() {
        assert_eq!(explanation(&Funnel::default()), "No trade of a wallet reached any play.");
    }
}
