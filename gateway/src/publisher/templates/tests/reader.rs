//! Reads posts as a reader does, and holds what they say against the facts. It knows no template's code.

use proptest::test_runner::TestCaseError;

use super::super::{ClosedTrade, Facts, PostKind};
use crate::publisher::facts::{Results, TraderKind, Window, World};

type Checked = Result<(), TestCaseError>;

fn wrong(what: &str, text: &str) -> TestCaseError {
    TestCaseError::fail(format!("{what}: {text}"))
}

/// A world that is not the real one, and figures that are old, are said on every part.
pub(super) fn labels(part: &str, facts: &Facts) -> Checked {
    let word = match facts.world {
        World::Simulated => Some("SIMULATED"),
        World::Replay => Some("RECORDED"),
        World::Live => None,
    };
    if word.is_some_and(|word| !part.starts_with('[') || !part.contains(word)) {
        return Err(wrong("not labelled", part));
    }
    if facts.world == World::Live && facts.age_seconds > 120 && !part.contains("old") {
        return Err(wrong("its age is not said", part));
    }
    Ok(())
}

/// The numbers of a text, without those that are part of a word.
fn numbers_of(text: &str) -> Vec<f64> {
    let mut numbers = Vec::new();
    let mut word = String::new();
    for one in text.chars().chain([' ']) {
        let belongs = one.is_ascii_digit() || one.is_alphabetic() || matches!(one, '.' | ',' | '_');
        if belongs {
            word.push(one);
            continue;
        }
        let bare = word.trim_end_matches(['.', ',']).replace(',', "");
        if let Ok(number) = bare.parse::<f64>() {
            numbers.push(number);
        }
        word.clear();
    }
    numbers
}

fn cents(cents: i64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let value = cents.abs() as f64 / 100.0;
    value
}

/// Profit, fees, trades, wins and losses of all, or of a kind.
fn sums(results: &[Results], kind: Option<TraderKind>) -> Vec<f64> {
    let of: Vec<&Results> =
        results.iter().filter(|one| kind.is_none_or(|kind| one.trader.kind == kind)).collect();
    let amounts: [fn(&Results) -> i64; 2] = [|one| one.profit.get(), |one| one.fees.get()];
    let counts: [fn(&Results) -> u32; 3] = [|one| one.trades, |one| one.wins, |one| one.losses];
    let amounts = amounts.map(|amount| cents(of.iter().map(|one| amount(one)).sum()));
    let counts = counts.map(|count| of.iter().map(|one| count(one)).sum::<u32>().into());
    amounts.into_iter().chain(counts).collect()
}

/// Everything that the facts hold, and what follows from it by adding up.
fn known(facts: &Facts) -> Vec<f64> {
    let mut known: Vec<f64> = vec![24.0, 7.0, 30.0, 5.0];
    for (_, results) in &facts.results {
        for kind in [None, Some(TraderKind::Play), Some(TraderKind::Strategy)] {
            known.extend(sums(results, kind));
        }
        for one in results {
            known.extend([one.trades, one.wins, one.losses].map(f64::from));
            known.push(cents(one.profit.get()));
        }
    }
    let mut open = 0.0;
    for account in [&facts.account, &facts.strategies].into_iter().flatten() {
        open += f64::from(account.open_positions);
        known.extend([
            cents(account.equity.get()),
            cents(account.growth.get()),
            account.open_positions.into(),
            open,
        ]);
    }
    for quote in &facts.quotes {
        known.push(quote.price.get());
        known.extend(quote.day_change.map(|change| cents(change.get())));
    }
    if let Some(benchmark) = facts.benchmark {
        known.extend([benchmark.from.get(), benchmark.to.get()]);
        known.extend([benchmark.change.get(), benchmark.traded.get()].map(cents));
    }
    known
}

fn is_among(number: f64, known: &[f64]) -> bool {
    // A price is written with five digits at least.
    known.iter().any(|one| {
        (one - number).abs() <= 0.005_001_f64.min(1e-4 * one.abs().max(0.001)) || (one - number).abs() < 1e-9
    })
}

/// Every number of a sentence is a figure of ours.
pub(super) fn numbers(sentence: &str, facts: &Facts) -> Checked {
    let known = known(facts);
    match numbers_of(sentence).into_iter().find(|number| !is_among(*number, &known)) {
        Some(number) => Err(wrong(&format!("nobody measured {number}"), sentence)),
        None => Ok(()),
    }
}

/// The signed amount that follows these words.
fn amount_after(text: &str, words: &str) -> Option<f64> {
    let (_, rest) = text.split_once(words)?;
    let written: String =
        rest.trim_start().chars().take_while(|one| "+-$0123456789.,%".contains(*one)).collect();
    let bare = written.trim_end_matches(['.', ',']).replace(['$', ',', '%', '+'], "");
    bare.parse().ok()
}

/// A closed trade: its verdict, its amounts, and what is said of all trades.
pub(super) fn trade(paragraphs: &[String], trade: &ClosedTrade, facts: &Facts) -> Checked {
    let text = paragraphs.join("\n");
    let profit = amount_after(&text, "P&L").ok_or_else(|| wrong("no profit", &text))?;
    let verdict = paragraphs.first().and_then(|line| line.rsplit(": ").next()).unwrap_or_default();
    let is_right = match verdict {
        "WIN" => profit > 0.0,
        "LOSS" => profit < 0.0,
        "BREAK-EVEN" => profit == 0.0,
        _ => false,
    };
    if !is_right || (profit.abs() - cents(trade.profit.get())).abs() > 1e-9 {
        return Err(wrong("the verdict is not that of the profit", &text));
    }
    if text.contains("make that good") {
        let needed = amount_after(&text, "a gain of").ok_or_else(|| wrong("no gain", &text))?;
        let left = 100.0 - cents(trade.gain.get());
        let whole = left * (1.0 + needed / 100.0);
        if profit >= 0.0 || (whole - 100.0).abs() > 0.005 * left / 100.0 + 1e-9 {
            return Err(wrong("that does not make it good", &text));
        }
    }
    if let Some(gross) = amount_after(&text, "Of the ") {
        let fees = cents(trade.fees.get());
        if profit <= 0.0 || (gross - profit - fees).abs() > 1e-9 {
            return Err(wrong("price, fees and profit do not add up", &text));
        }
    }
    let kind = trade.trader.kind;
    let (own, other) = match kind {
        TraderKind::Play => ("All plays", "All strategies"),
        TraderKind::Strategy => ("All strategies", "All plays"),
    };
    if text.contains(other) {
        return Err(wrong("the totals are those of others", &text));
    }
    let Some(line) = paragraphs.iter().find(|line| line.starts_with(own)) else { return Ok(()) };
    tally(line)?;
    let known = sums(facts.results(Window::Day), Some(kind));
    let told = numbers_of(line.rsplit_once(": ").map_or("", |(_, told)| told));
    match told.into_iter().find(|number| !is_among(*number, &known)) {
        Some(number) => Err(wrong(&format!("{number} is none of {known:?}"), line)),
        None => Ok(()),
    }
}

/// Posts about results carry the chain's head, once, and others do not.
pub(super) fn chain(parts: &[String], tells_results: bool, facts: &Facts) -> Checked {
    let text = parts.join("\n");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("Chain ")).collect();
    match (lines.as_slice(), facts.chain.as_ref().filter(|_| tells_results)) {
        ([], None) => Ok(()),
        ([line], Some(head)) => {
            let (place, hash) = line.rsplit_once(' ').unwrap_or_default();
            let (day, record) = place.rsplit_once(" #").unwrap_or_default();
            let day = day.trim_start_matches("Chain ");
            let is_right = head.time.to_string().starts_with(day)
                && day.len() == "2026-01-03".len()
                && record.parse() == Ok(head.record)
                && hash.len() == 12
                && head.hash.starts_with(hash);
            if is_right { Ok(()) } else { Err(wrong("not the head of the chain", line)) }
        }
        _ => Err(wrong("the chain's head belongs into posts about results, once", &text)),
    }
}

/// `14 trades, 9 won, 5 lost`: no more decided than traded.
fn tally(line: &str) -> Checked {
    let (_, told) = line.rsplit_once(": ").unwrap_or(("", line));
    let counts = numbers_of(told);
    match counts.as_slice() {
        [trades, won, lost, ..] if won + lost <= *trades => Ok(()),
        _ => Err(wrong("more won and lost than traded", line)),
    }
}

/// The reports: their tallies, their leaders, their judgements.
pub(super) fn report(kind: PostKind, paragraphs: &[String], facts: &Facts) -> Checked {
    let text = paragraphs.join("\n");
    for line in paragraphs.iter().filter(|line| line.contains(" won, ")) {
        tally(line)?;
    }
    parts_add_up(paragraphs)?;
    match kind {
        PostKind::Comparison => comparison(paragraphs, facts),
        PostKind::Exchanges => exchanges(paragraphs, facts),
        PostKind::Daily => {
            let profit = amount_after(&text, "P&L");
            let claims = [("cost money", -1.0), ("brought nothing", 0.0), ("in the black", 1.0)];
            let said = claims.into_iter().find(|(words, _)| text.contains(words));
            match (profit, said) {
                (None, None) => numbers(&text, facts),
                (Some(profit), Some((_, sign))) if (profit == 0.0 && sign == 0.0) || profit * sign > 0.0 => {
                    numbers(&text, facts)
                }
                _ => Err(wrong("the day was not so", &text)),
            }
        }
        PostKind::Weekly => {
            let counts = paragraphs.get(1).map(|line| numbers_of(line)).unwrap_or_default();
            let profit = amount_after(&text, "P&L").unwrap_or_default();
            let (trades, won, lost) = (counts[0], counts[1], counts[2]);
            let is_false = (text.contains("More wins") && !(won > lost && profit < 0.0))
                || (text.contains("More losses") && !(won < lost && profit > 0.0))
                || (text.contains("too few") != (trades < 5.0));
            if is_false { Err(wrong("the week was not so", &text)) } else { Ok(()) }
        }
        PostKind::BuyAndHold => {
            let holding =
                amount_after(text.split_once('(').map_or("", |(_, rest)| rest), "").unwrap_or(f64::NAN);
            let account = amount_after(&text, "Trades of plays that ended:").unwrap_or(f64::NAN);
            let lead = amount_after(&text, "ahead by").unwrap_or_default();
            let is_right = match () {
                () if text.contains("Trading is ahead") => account > holding,
                () if text.contains("Holding is ahead") => account < holding,
                () => account.total_cmp(&holding).is_eq() || (account - holding).abs() < 1e-9,
            };
            let adds_up = ((account - holding).abs() - lead).abs() < 1e-6;
            if is_right && adds_up { Ok(()) } else { Err(wrong("the lead is not so", &text)) }
        }
        PostKind::Market => {
            let stale = facts.quotes.iter().filter(|quote| quote.stale).count();
            if text.matches("STALE").count() == stale {
                Ok(())
            } else {
                Err(wrong("stale prices look fresh", &text))
            }
        }
        PostKind::OpenPosition => {
            let is_open = text.contains("no result") && text.contains("before fees");
            if is_open { Ok(()) } else { Err(wrong("an open position looks like a result", &text)) }
        }
        _ => Ok(()),
    }
}

/// Where plays and strategies are told apart, they make up the whole.
fn parts_add_up(paragraphs: &[String]) -> Checked {
    let counts = |begin: &str| {
        let line = paragraphs.iter().find(|line| line.starts_with(begin) && line.contains(" won, "))?;
        let counts = numbers_of(line.rsplit_once(": ")?.1);
        let profit = amount_after(line, "P&L")?;
        counts.get(..3).map(|counts| [counts[0], counts[1], counts[2], profit])
    };
    let (Some(plays), Some(strategies)) = (counts("Plays: "), counts("Strategies: ")) else { return Ok(()) };
    let text = paragraphs.join("\n");
    let whole = paragraphs.iter().find(|line| line.contains(" won, ")).map(|line| numbers_of(line));
    let whole = whole.filter(|whole| whole.len() >= 3).ok_or_else(|| wrong("no whole", &text))?;
    let profit = amount_after(&text, "P&L").unwrap_or(f64::NAN);
    let whole = [whole[0], whole[1], whole[2], profit];
    let adds_up = (0..4).all(|at| (plays[at] + strategies[at] - whole[at]).abs() < 1e-6);
    if adds_up { Ok(()) } else { Err(wrong("the parts are not the whole", &text)) }
}

fn exchanges(paragraphs: &[String], facts: &Facts) -> Checked {
    let text = paragraphs.join("\n");
    let compared = facts.exchanges.as_ref().ok_or_else(|| wrong("nothing was compared", &text))?;
    for side in &compared.sides {
        let begin = format!("{}: ", side.exchange);
        let line = paragraphs.iter().find(|line| line.starts_with(&begin));
        let line = line.ok_or_else(|| wrong("a side is missing", &text))?;
        let counts = [side.trades, side.wins, side.losses].map(f64::from);
        let told = numbers_of(line.trim_start_matches(&begin));
        let growth = amount_after(line, "equity").unwrap_or(f64::NAN);
        #[allow(clippy::cast_precision_loss)]
        let (grown, made) = (side.growth.get() as f64 / 100.0, side.profit.get() as f64 / 100.0);
        let profit = amount_after(line, "P&L").unwrap_or(f64::NAN);
        if told.get(..3) != Some(&counts) || (growth - grown).abs() > 1e-9 || (profit - made).abs() > 1e-9 {
            return Err(wrong("that side was not so", line));
        }
    }
    let [one, other] = &compared.sides;
    let lead = cents(one.growth.get() - other.growth.get());
    let said = match one.growth.cmp(&other.growth) {
        std::cmp::Ordering::Less => format!("Ahead: {}, by", other.exchange),
        std::cmp::Ordering::Equal => "A tie".to_owned(),
        std::cmp::Ordering::Greater => format!("Ahead: {}, by", one.exchange),
    };
    let told = amount_after(&text, ", by ").unwrap_or_default();
    if !text.contains(&said) || (told - lead).abs() > 1e-9 || text.contains("Ahead") == (lead == 0.0) {
        return Err(wrong("the lead is not so", &text));
    }
    let stale = compared.sides.iter().filter(|side| side.stale).count();
    if text.matches("STALE").count() != stale || text.matches(" old").count() != 2 {
        return Err(wrong("how fresh it is is not said", &text));
    }
    let [from, until] = [compared.from, compared.until].map(|time| time.to_string()[..10].to_owned());
    if !text.contains(&from) || !text.contains(&until) {
        return Err(wrong("the common time is not said", &text));
    }
    if one.trades.min(other.trades) < 30 && !text.contains("luck") {
        return Err(wrong("few trades without a word about it", &text));
    }
    Ok(())
}

fn comparison(paragraphs: &[String], facts: &Facts) -> Checked {
    let text = paragraphs.join("\n");
    let compared: Vec<&String> = paragraphs.iter().filter(|line| line.contains(" won, ")).collect();
    let profits: Vec<f64> = compared
        .iter()
        .filter_map(|line| amount_after(line.rsplit_once(", P&L").map_or("", |(_, end)| end), ""))
        .collect();
    let [first, second, ..] = profits.as_slice() else { return Err(wrong("fewer than two", &text)) };
    if profits.windows(2).any(|two| two[0] < two[1]) {
        return Err(wrong("not in order", &text));
    }
    let is_tie = (first - second).abs() < 1e-9;
    if text.contains("A tie at the top") != is_tie {
        return Err(wrong("a tie is a tie", &text));
    }
    let lead = paragraphs.iter().find(|line| line.starts_with("Ahead: "));
    if let Some(line) = lead {
        let told = line.rsplit_once(", by ").and_then(|(_, by)| amount_after(by, "")).unwrap_or(f64::NAN);
        if (told - (first - second)).abs() > 1e-6 {
            return Err(wrong("the lead is not so", &text));
        }
    }
    let fewest = compared.iter().filter_map(|line| numbers_of(line.rsplit_once(": ")?.1).first().copied());
    if fewest.fold(f64::INFINITY, f64::min) < 30.0 && !text.contains("luck") {
        return Err(wrong("few trades without a word about it", &text));
    }
    let numbers_are_known = compared.iter().all(|line| {
        let told = line.rsplit_once(": ").map_or("", |(_, told)| told);
        numbers(told, facts).is_ok()
    });
    if numbers_are_known { Ok(()) } else { Err(wrong("a number that nobody measured", &text)) }
}
