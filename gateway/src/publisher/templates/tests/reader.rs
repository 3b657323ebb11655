//! Reads posts as a reader does, and holds what they say against the facts. It knows no template's code.

use proptest::test_runner::TestCaseError;

use super::super::{ClosedTrade, Facts, PostKind};
use crate::publisher::facts::{Results, World};

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

/// Everything that the facts hold, and what follows from it by adding up.
fn known(facts: &Facts) -> Vec<f64> {
    let mut known: Vec<f64> = vec![24.0, 7.0, 30.0, 5.0];
    for (_, results) in &facts.results {
        let sum = |value: fn(&Results) -> i64| results.iter().map(value).sum::<i64>();
        known.extend([cents(sum(|one| one.profit.get())), cents(sum(|one| one.fees.get()))]);
        let all: [fn(&Results) -> u32; 3] = [|one| one.trades, |one| one.wins, |one| one.losses];
        for value in all {
            known.push(results.iter().map(value).sum::<u32>().into());
        }
        for one in results {
            known.extend([one.trades, one.wins, one.losses].map(f64::from));
            known.push(cents(one.profit.get()));
        }
    }
    if let Some(account) = &facts.account {
        known.extend([
            cents(account.equity.get()),
            cents(account.growth.get()),
            account.open_positions.into(),
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
    match paragraphs.iter().find(|line| line.starts_with("All of the")) {
        Some(line) => tally(line).and_then(|()| numbers(line, facts)),
        None => Ok(()),
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
    match kind {
        PostKind::Comparison => comparison(paragraphs, facts),
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
            let account = amount_after(&text, "Paper trades that ended:").unwrap_or(f64::NAN);
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
