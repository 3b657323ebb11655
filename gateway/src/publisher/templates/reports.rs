//! Posts about all of the trading, and about the market.

use super::{TRADES_MIN, draft, tally};
use crate::publisher::draft::{Draft, PostKind};
use crate::publisher::facts::{
    Account, CoolOff, Facts, Percent, Quote, Results, Side, Totals, TraderKind, Usd, Window, count, price,
    span,
};
use goat::values::UnixMicros;

/// Traders that one post compares.
const COMPARED_MAX: usize = 4;
/// A week with fewer trades has no result.
const WEEKLY_TRADES_MIN: u32 = 5;

/// Traders beside one another over the longest window in which two of them ended trades.
pub(crate) fn comparison(facts: &Facts, subject: &str) -> Option<Draft> {
    let traded = |window: Window| -> Vec<&Results> {
        facts.results(window).iter().filter(|results| results.trades > 0).collect()
    };
    let (window, mut compared) = [Window::Month, Window::Week, Window::Day]
        .into_iter()
        .map(|window| (window, traded(window)))
        .find(|(_, traded)| traded.len() >= 2)?;
    compared.sort_by(|one, other| other.profit.cmp(&one.profit).then_with(|| one.trader.cmp(&other.trader)));
    let (first, second) = (*compared.first()?, *compared.get(1)?);

    let mut paragraphs = vec![format!("Paper traders compared, {}", window.words())];
    for one in compared.iter().take(COMPARED_MAX) {
        paragraphs.push(format!(
            "{}: {}",
            one.trader.name,
            tally(one.trades, one.wins, one.losses, one.profit)
        ));
    }
    let left_out = compared.len().saturating_sub(COMPARED_MAX);
    if left_out > 0 {
        paragraphs.push(format!("Not shown: {left_out} more"));
    }
    let lead = Usd::from_cents(first.profit.get().saturating_sub(second.profit.get()));
    paragraphs.push(if lead.get() == 0 {
        format!("A tie at the top, at {}", first.profit.signed())
    } else {
        format!("Ahead: {}, by {}", first.trader.name, lead.size())
    });
    let fewest = compared.iter().map(|one| one.trades).min().unwrap_or_default();
    if fewest < TRADES_MIN {
        paragraphs.push(format!("With fewer than {TRADES_MIN} trades the order may well be luck."));
    }
    Some(draft(PostKind::Comparison, subject, facts, paragraphs))
}

/// `plays $10,012.00 (+0.12%)`.
fn worth(whose: &str, account: &Account) -> String {
    format!("{whose} {} ({})", account.equity.plain(), account.growth.signed())
}

/// All trades of a window, and where plays and strategies both ended some, those of either.
fn tallies(facts: &Facts, window: Window) -> Vec<String> {
    let mut lines: Vec<String> = facts.totals(window).map(Totals::tally).into_iter().collect();
    let (plays, strategies) =
        (facts.totals_of(TraderKind::Play, window), facts.totals_of(TraderKind::Strategy, window));
    if let (Some(plays), Some(strategies)) = (plays, strategies) {
        lines.push(format!("Plays: {}", plays.tally()));
        lines.push(format!("Strategies: {}", strategies.tally()));
    }
    lines
}

/// The last 24 hours, also when nothing happened.
pub(crate) fn daily(facts: &Facts, subject: &str) -> Option<Draft> {
    let account = facts.account.as_ref()?;
    let (mut worths, mut open) = (worth("plays", account), account.open_positions);
    if let Some(strategies) = &facts.strategies {
        worths = format!("{worths}, {}", worth("strategies", strategies));
        open += strategies.open_positions;
    }
    let mut paragraphs =
        vec![format!("Paper trading, {}", Window::Day.words()), format!("Equity so far: {worths}")];
    if let Some(totals) = facts.totals(Window::Day) {
        paragraphs.extend(tallies(facts, Window::Day));
        paragraphs.push(format!("Fees {}, open positions {open}", totals.fees.size()));
        let judged = match totals.profit.get() {
            ..0 => "A day that cost money, fees included.",
            0 => "A day that brought nothing and cost nothing.",
            1.. => "A day in the black, fees included.",
        };
        paragraphs.push(judged.to_owned());
    } else {
        paragraphs.push(format!("No trade ended. Open positions {open}"));
        paragraphs.push("No trade is a position too.".to_owned());
    }
    Some(draft(PostKind::Daily, subject, facts, paragraphs))
}

/// The last seven days; that there is no result when there were few trades.
pub(crate) fn weekly(facts: &Facts, subject: &str) -> Option<Draft> {
    let totals = facts.totals(Window::Week)?;
    let mut paragraphs = vec![format!("Paper trading, {}", Window::Week.words())];
    paragraphs.extend(tallies(facts, Window::Week));
    if totals.trades < WEEKLY_TRADES_MIN {
        paragraphs.push(format!("Fewer than {WEEKLY_TRADES_MIN} trades: too few for a result."));
        return Some(draft(PostKind::Weekly, subject, facts, paragraphs));
    }
    paragraphs.push(format!("Fees {}", totals.fees.size()));
    let decided = totals.wins + totals.losses;
    if let Some(rate) = Percent::of(f64::from(totals.wins) / f64::from(decided) * 100.0) {
        paragraphs.push(format!("Win rate {} of {} decided", rate.size(), count(decided.into())));
    }
    if totals.wins > totals.losses && totals.profit.get() < 0 {
        paragraphs.push("More wins than losses, and still less money: the losses were larger.".to_owned());
    }
    if totals.wins < totals.losses && totals.profit.get() > 0 {
        paragraphs.push("More losses than wins, and still more money: the wins were larger.".to_owned());
    }
    Some(draft(PostKind::Weekly, subject, facts, paragraphs))
}

/// What was traded against the coin, over the same window.
pub(crate) fn buy_and_hold(facts: &Facts, subject: &str) -> Option<Draft> {
    let benchmark = facts.benchmark?;
    let lead = benchmark.traded.less(benchmark.change);
    let paragraphs = vec![
        format!("Trading against holding, {}", benchmark.window.words()),
        format!(
            "Holding SOL: {} → {} ({})",
            price(benchmark.from),
            price(benchmark.to),
            benchmark.change.signed()
        ),
        format!("Trades of plays that ended: {} of the start", benchmark.traded.signed()),
        match lead.get() {
            ..0 => format!("Holding is ahead by {} points.", lead.size().trim_end_matches('%')),
            0 => "Neither is ahead.".to_owned(),
            1.. => format!("Trading is ahead by {} points.", lead.size().trim_end_matches('%')),
        },
        "Holding pays no fees and takes the whole way down.".to_owned(),
    ];
    Some(draft(PostKind::BuyAndHold, subject, facts, paragraphs))
}

/// The same rules on two exchanges. They tie where what is shown is equal.
pub(crate) fn exchanges(facts: &Facts, subject: &str) -> Option<Draft> {
    let compared = facts.exchanges.as_ref()?;
    let [one, other] = &compared.sides;
    let mut paragraphs = vec![format!("Paper strategy {} on {}", compared.rules, compared.symbol)];
    paragraphs.extend([one, other].map(|side| {
        let tally = tally(side.trades, side.wins, side.losses, side.profit);
        format!("{}: {tally}, equity {}", side.exchange, side.growth.signed())
    }));
    let lead = one.growth.less(other.growth);
    let points = lead.size();
    let points = points.trim_end_matches('%');
    paragraphs.push(match lead.get() {
        ..0 => format!("Ahead: {}, by {points} points of equity", other.exchange),
        0 => "A tie in equity".to_owned(),
        1.. => format!("Ahead: {}, by {points} points of equity", one.exchange),
    });
    paragraphs.push(format!("Both from {} to {}", minute(compared.from), minute(compared.until)));
    paragraphs.push(format!("Newest candle: {}, {}", freshness(one), freshness(other)));
    if one.trades.min(other.trades) < TRADES_MIN {
        paragraphs.push(format!("With fewer than {TRADES_MIN} trades the order may well be luck."));
    }
    Some(draft(PostKind::Exchanges, subject, facts, paragraphs))
}

fn freshness(side: &Side) -> String {
    let stale = if side.stale { "STALE, " } else { "" };
    format!("{} {stale}{} old", side.exchange, span(side.age_seconds))
}

/// `2026-01-03 22:14 UTC`.
fn minute(time: UnixMicros) -> String {
    let time = time.to_string();
    format!("{} UTC", time.get(..16).unwrap_or(&time).replace('T', " "))
}

/// A strategy enters nothing for a while.
pub(crate) fn cool_off(cool_off: &CoolOff, facts: &Facts, subject: &str) -> Draft {
    let CoolOff { trader, cause, since, until } = cool_off;
    let paragraphs = vec![
        format!("Paper strategy paused: {}", trader.name),
        format!("Why: {cause}"),
        format!("From {} to {}", minute(*since), minute(*until)),
        "Nothing new is opened; what is open keeps its stop.".to_owned(),
    ];
    draft(PostKind::Paused, subject, facts, paragraphs)
}

/// Nothing new is opened.
pub(crate) fn paused(facts: &Facts, subject: &str) -> Option<Draft> {
    let pause = facts.pause.as_ref()?;
    let mut paragraphs = vec![format!("Paper trading is paused since {}", minute(pause.since))];
    if !pause.reason.is_empty() {
        paragraphs.push(format!("Reason given: {}", pause.reason));
    }
    paragraphs.push("Nothing new is opened; what is open keeps its stop.".to_owned());
    Some(draft(PostKind::Paused, subject, facts, paragraphs))
}

/// Prices, each with its age and source. A stale one is said to be so.
pub(crate) fn market(facts: &Facts, subject: &str) -> Option<Draft> {
    if facts.quotes.is_empty() {
        return None;
    }
    let mut paragraphs = vec!["The market".to_owned()];
    paragraphs.extend(facts.quotes.iter().map(quoted));
    if let Some((threshold, rise)) = facts.cycle {
        paragraphs.push(format!("Cycle of {}: peak {} over its start", threshold.size(), rise.signed()));
    }
    Some(draft(PostKind::Market, subject, facts, paragraphs))
}

fn quoted(quote: &Quote) -> String {
    let change =
        quote.day_change.map_or_else(String::new, |change| format!(" ({} in 24 h)", change.signed()));
    let stale = if quote.stale { "STALE, " } else { "" };
    let (token, source) = (&quote.token, &quote.source);
    format!("{token} {}{change} · {stale}{source}, {} old", price(quote.price), span(quote.age_seconds))
}
