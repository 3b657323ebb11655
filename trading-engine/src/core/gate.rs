//! The gates between a wallet's trade and a position: in order, each recorded, all fail closed.
//!
//! [`GATES`] is the one place that says which gates there are and in which order they are asked.

// A gate that every play asks answers as one that a play need not ask.
#![allow(clippy::unnecessary_wraps)]

use std::borrow::Cow;
use std::collections::BTreeSet;

use goat::event::PositionSide;
use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::cycles::CycleId;
use super::desk::{Entries, Limits, SeenTrades, TradeKey};
use super::market::Market;
use super::play::{Play, WalletSelection};
use super::wallets::{RecentBuys, WalletList};

/// Where a candidate is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gate {
    /// Trading is not paused.
    TradingOn,
    /// The play may enter.
    PlayActive,
    /// The price is fresh, and the book is when one is required.
    FeedQuality,
    /// The play follows the wallet.
    WalletListed,
    /// The trade is not too old.
    TradeFresh,
    /// The trade's size is what the play wants to follow.
    TradeSize,
    /// The trade was not judged before.
    NotSeen,
    /// The wallet's perpetual position is what the play wants.
    PerpMode,
    /// Enough of the play's wallets bought together.
    Bundle,
    /// The price has moved.
    Timing,
    /// One position per play, cycle and wallet.
    OnePerCycle,
    /// Positions of the play in this cycle.
    MaxPerCycle,
    /// Positions that are open.
    MaxOpen,
    /// USD that is in positions.
    MaxExposure,
    /// The day's loss.
    DailyLoss,
    /// Time since the play's last entry.
    Cooldown,
    /// The account can pay.
    Cash,
    /// The market looks as it should.
    Validator,
}

impl Gate {
    /// Its name as users write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        rule(self).name
    }

    /// The unit of what it measures; empty for yes or no.
    #[must_use]
    pub fn unit(self) -> &'static str {
        rule(self).unit
    }

    /// Every gate, in the order they are asked.
    pub fn all() -> impl Iterator<Item = Self> {
        GATES.iter().map(|rule| rule.gate)
    }

    /// The gate of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        GATES.iter().find(|rule| rule.name == name).map(|rule| rule.gate)
    }
}

/// What a gate found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The gate.
    pub gate: Gate,
    /// Whether the candidate goes on.
    pub passed: bool,
    /// In the gate's unit; none when nothing could be measured.
    pub measured: Option<f64>,
    /// In the gate's unit.
    pub threshold: Option<f64>,
    /// What else there is to say.
    pub note: Cow<'static, str>,
}

/// A trade that a play might follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate<'a> {
    /// Who bought.
    pub wallet: &'a str,
    /// Names the trade.
    pub key: TradeKey,
    /// When the trade happened.
    pub event_time: UnixMicros,
    /// Stablecoin for one SOL.
    pub price: f64,
    /// Stablecoin exchanged.
    pub usd: f64,
    /// The wallet's perpetual position.
    pub perp: Option<PositionSide>,
}

/// All that is looked at.
pub(super) struct Facts<'a> {
    pub(super) now: UnixMicros,
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) play: &'a Play,
    pub(super) paused: Option<&'a str>,
    pub(super) limits: &'a Limits,
    pub(super) market: &'a Market,
    pub(super) list: Option<&'a WalletList>,
    pub(super) recent: &'a RecentBuys,
    pub(super) seen: &'a SeenTrades,
    pub(super) entries: &'a Entries,
    pub(super) cycle: Option<CycleId>,
    pub(super) account: AccountFacts,
}

/// What of the account is looked at, in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AccountFacts {
    pub(super) open: u32,
    pub(super) exposure: f64,
    pub(super) day_profit: f64,
    pub(super) cash: f64,
}

type Ask = fn(&Facts<'_>) -> Option<Found>;

struct Rule {
    gate: Gate,
    name: &'static str,
    unit: &'static str,
    /// None: the play does not ask for it. The validator is asked elsewhere, last of all.
    ask: Ask,
}

struct Found {
    passed: bool,
    measured: Option<f64>,
    threshold: Option<f64>,
    note: Cow<'static, str>,
}

impl Found {
    fn yes_or_no(passed: bool, note: impl Into<Cow<'static, str>>) -> Self {
        let note = if passed { Cow::default() } else { note.into() };
        Self { passed, measured: None, threshold: None, note }
    }

    fn at_most(measured: f64, threshold: f64) -> Self {
        let passed = measured <= threshold;
        Self { passed, measured: Some(measured), threshold: Some(threshold), note: Cow::default() }
    }

    fn at_least(measured: f64, threshold: f64) -> Self {
        let passed = measured >= threshold;
        Self { passed, measured: Some(measured), threshold: Some(threshold), note: Cow::default() }
    }

    fn unknown(threshold: Option<f64>, note: impl Into<Cow<'static, str>>) -> Self {
        Self { passed: false, measured: None, threshold, note: note.into() }
    }
}

const fn asked(gate: Gate, name: &'static str, unit: &'static str, ask: Ask) -> Rule {
    Rule { gate, name, unit, ask }
}

/// Every gate, in the order they are asked.
const GATES: [Rule; 18] = [
    asked(Gate::TradingOn, "trading_on", "", trading_on),
    asked(Gate::PlayActive, "play_active", "", play_active),
    asked(Gate::FeedQuality, "feed_quality", "s", feed_quality),
    asked(Gate::WalletListed, "wallet_listed", "", wallet_listed),
    asked(Gate::TradeFresh, "trade_fresh", "s", trade_fresh),
    asked(Gate::TradeSize, "trade_size", "USD", trade_size),
    asked(Gate::NotSeen, "not_seen", "", not_seen),
    asked(Gate::PerpMode, "perp_mode", "", perp_mode),
    asked(Gate::Bundle, "bundle", "wallets", bundle),
    asked(Gate::Timing, "timing", "percent", timing),
    asked(Gate::OnePerCycle, "one_per_cycle", "", one_per_cycle),
    asked(Gate::MaxPerCycle, "max_per_cycle", "positions", max_per_cycle),
    asked(Gate::MaxOpen, "max_open", "positions", max_open),
    asked(Gate::MaxExposure, "max_exposure", "USD", max_exposure),
    asked(Gate::DailyLoss, "daily_loss", "USD", daily_loss),
    asked(Gate::Cooldown, "cooldown", "s", cooldown),
    asked(Gate::Cash, "cash", "USD", cash),
    asked(Gate::Validator, "validator", "", |_| None),
];

fn rule(gate: Gate) -> &'static Rule {
    // The order of the enum is the order of the table; a test holds them together.
    #[allow(clippy::indexing_slicing)]
    &GATES[gate as usize]
}

/// Asks the gates before the validator, up to the first that fails.
pub(super) fn judge(facts: &Facts<'_>) -> Vec<Evaluation> {
    let mut evaluations = Vec::new();
    for rule in &GATES {
        let Some(Found { passed, measured, threshold, note }) = (rule.ask)(facts) else { continue };
        evaluations.push(Evaluation { gate: rule.gate, passed, measured, threshold, note });
        if !passed {
            break;
        }
    }
    evaluations
}

fn trading_on(facts: &Facts<'_>) -> Option<Found> {
    Some(Found::yes_or_no(facts.paused.is_none(), facts.paused.unwrap_or_default().to_owned()))
}

fn play_active(facts: &Facts<'_>) -> Option<Found> {
    Some(Found::yes_or_no(facts.play.active, "the play is not active"))
}

fn feed_quality(facts: &Facts<'_>) -> Option<Found> {
    let limit = seconds(facts.limits.price_age_ms_max);
    let Some(price) = facts.market.price() else { return Some(Found::unknown(Some(limit), "no price yet")) };
    if let Some(reason) = facts.market.price_stale() {
        return Some(Found::unknown(Some(limit), format!("the prices are stale: {reason}")));
    }
    let age = price.age_ms(facts.now);
    if age > facts.limits.price_age_ms_max {
        return Some(Found { note: "the price is too old".into(), ..Found::at_most(seconds(age), limit) });
    }
    let book_age = facts.market.book().map(|book| book.age_ms(facts.now));
    if facts.limits.book_required && book_age.is_none_or(|age| age > facts.limits.book_age_ms_max) {
        let limit = seconds(facts.limits.book_age_ms_max);
        let note = "no live book to price the fill".into();
        return Some(Found { passed: false, measured: book_age.map(seconds), threshold: Some(limit), note });
    }
    Some(Found::at_most(seconds(age), limit))
}

fn wallet_listed(facts: &Facts<'_>) -> Option<Found> {
    let Some(list) = facts.list else {
        return Some(Found::yes_or_no(false, "the play's wallets have not been found yet"));
    };
    if let Some(error) = &list.error {
        return Some(Found::yes_or_no(false, format!("the play's wallet query failed: {error}")));
    }
    if let WalletSelection::Query { cache_seconds, .. } = &facts.play.wallets
        && facts.now.since(list.found_at).as_secs() > 2 * u64::from(*cache_seconds) + 60
    {
        return Some(Found::yes_or_no(false, "the play's list of wallets is out of date"));
    }
    Some(Found::yes_or_no(
        list.wallets.contains(facts.candidate.wallet),
        "the play does not follow this wallet",
    ))
}

fn trade_fresh(facts: &Facts<'_>) -> Option<Found> {
    let age = seconds(facts.now.millis_since(facts.candidate.event_time));
    Some(Found::at_most(age, f64::from(facts.limits.trade_age_seconds_max)))
}

fn trade_size(facts: &Facts<'_>) -> Option<Found> {
    let (usd, play) = (facts.candidate.usd, facts.play);
    match (play.source_min_usd, play.source_max_usd) {
        (Some(least), _) if usd < least => Some(Found::at_least(usd, least)),
        (_, Some(most)) => Some(Found::at_most(usd, most)),
        (Some(least), None) => Some(Found::at_least(usd, least)),
        (None, None) => None,
    }
}

fn not_seen(facts: &Facts<'_>) -> Option<Found> {
    let seen = facts.seen.contains(&facts.candidate.key);
    Some(Found::yes_or_no(!seen, "the trade was judged before"))
}

fn perp_mode(facts: &Facts<'_>) -> Option<Found> {
    let admitted = facts.play.perp_mode.admits(facts.candidate.perp);
    let note = match facts.candidate.perp {
        None => "the wallet has no perpetual position that is known",
        Some(PositionSide::Long) => "the wallet is long",
        Some(PositionSide::Short) => "the wallet is short",
    };
    Some(Found::yes_or_no(admitted, note))
}

fn bundle(facts: &Facts<'_>) -> Option<Found> {
    let bundle = facts.play.bundle?;
    let nobody = BTreeSet::new();
    let listed = facts.list.map_or(&nobody, |list| &list.wallets);
    let wallets = facts.recent.distinct_wallets(facts.play, listed, bundle, facts.candidate.event_time);
    Some(Found::at_least(f64::from(wallets), f64::from(bundle.wallets)))
}

fn timing(facts: &Facts<'_>) -> Option<Found> {
    let timing = facts.play.timing?;
    let asked = if timing.increase { timing.change_percent } else { -timing.change_percent };
    let now = facts.market.price().map(|quote| quote.price);
    let then = facts.market.price_ago(facts.now, timing.window_seconds);
    let Some((now, then)) = now.zip(then) else {
        let note = format!("no price is known from {} s ago", timing.window_seconds);
        return Some(Found::unknown(Some(asked), note));
    };
    let change_percent = (now - then) / then * 100.0;
    let passed = timing.holds(change_percent);
    Some(Found { passed, measured: Some(change_percent), threshold: Some(asked), note: Cow::default() })
}

fn one_per_cycle(facts: &Facts<'_>) -> Option<Found> {
    let Some(cycle) = facts.cycle else { return Some(Found::yes_or_no(false, "no cycle is active yet")) };
    let there = facts.entries.has(&facts.play.id, cycle, facts.candidate.wallet);
    Some(Found::yes_or_no(!there, "the play has followed this wallet in this cycle"))
}

fn max_per_cycle(facts: &Facts<'_>) -> Option<Found> {
    let entries = facts.cycle.map_or(0, |cycle| facts.entries.count(&facts.play.id, cycle));
    below(entries, facts.play.max_entries_per_cycle)
}

fn max_open(facts: &Facts<'_>) -> Option<Found> {
    below(facts.account.open, facts.limits.open_max)
}

/// Room for one more: `count` has to be under `most`.
fn below(count: u32, most: u32) -> Option<Found> {
    Some(Found { passed: count < most, ..Found::at_most(f64::from(count), f64::from(most)) })
}

fn max_exposure(facts: &Facts<'_>) -> Option<Found> {
    Some(Found::at_most(
        facts.account.exposure + facts.play.size.to_f64(),
        facts.limits.exposure_max.to_f64(),
    ))
}

fn daily_loss(facts: &Facts<'_>) -> Option<Found> {
    Some(Found::at_least(facts.account.day_profit, -facts.limits.daily_loss_max.to_f64()))
}

fn cooldown(facts: &Facts<'_>) -> Option<Found> {
    let rest = facts.limits.cooldown_seconds;
    if rest == 0 {
        return None;
    }
    let last = facts.entries.last_entry_at(&facts.play.id)?;
    Some(Found::at_least(seconds(facts.now.millis_since(last)), f64::from(rest)))
}

fn cash(facts: &Facts<'_>) -> Option<Found> {
    let needed = facts.play.size.to_f64() * (1.0 + facts.limits.costs.get().taker_fee_bps / 10_000.0);
    Some(Found::at_least(facts.account.cash, needed))
}

fn seconds(millis: i32) -> f64 {
    f64::from(millis) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_gates_and_names_are_found_again() {
        for (at, gate) in Gate::all().enumerate() {
            assert_eq!(gate as usize, at);
            assert_eq!(Gate::named(gate.as_str()), Some(gate));
        }
    }
}
