//! What each kind of post says, from the facts alone.
//!
//! A sentence stands there only when the figures that it leans on are there and say so. Whatever cannot be said
//! honestly is not said: a kind without its facts makes no post.

use super::draft::{Draft, PostId, PostKind};
use super::facts::{
    ChainHead, ClosedTrade, Direction, Facts, OpenTrade, Outcome, Percent, Totals, TraderKind, Usd, Window,
    count, price, span,
};
use super::lessons::Lesson;

mod reports;
mod tie;

pub(crate) use reports::{buy_and_hold, comparison, cool_off, daily, exchanges, market, paused, weekly};

/// Traders with fewer trades than this are not told apart.
pub(crate) const TRADES_MIN: u32 = 30;

/// A post of these paragraphs, labelled with the world and the age of the figures.
fn draft(kind: PostKind, subject: &str, facts: &Facts, paragraphs: Vec<String>) -> Draft {
    let labels = facts.world.label().map(str::to_owned).into_iter().chain(facts.staleness());
    let label: Vec<String> = labels.collect();
    let chain = facts.chain.as_ref().filter(|_| kind.tells_results()).map(ChainHead::words);
    Draft {
        id: PostId::new(kind, subject),
        kind,
        label: (!label.is_empty()).then(|| label.join(" · ")),
        paragraphs,
        chain,
    }
}

/// `14 trades, 9 won, 5 lost, P&L +$12.10`.
fn tally(trades: u32, wins: u32, losses: u32, profit: Usd) -> String {
    let noun = if trades == 1 { "trade" } else { "trades" };
    format!(
        "{} {noun}, {} won, {} lost, P&L {}",
        count(trades.into()),
        count(wins.into()),
        count(losses.into()),
        profit.signed()
    )
}

impl Totals {
    fn tally(self) -> String {
        tally(self.trades, self.wins, self.losses, self.profit)
    }
}

fn all_of(kind: TraderKind) -> &'static str {
    match kind {
        TraderKind::Play => "All plays",
        TraderKind::Strategy => "All strategies",
    }
}

/// A trade that is over. `subject` is its id, distinct among all logs.
pub(crate) fn trade_result(trade: &ClosedTrade, subject: &str, facts: &Facts) -> Draft {
    let outcome = match trade.outcome() {
        Outcome::Win => "WIN",
        Outcome::Loss => "LOSS",
        Outcome::BreakEven => "BREAK-EVEN",
    };
    let mut paragraphs = vec![
        format!("Paper trade closed: {outcome}"),
        format!("{} · {} {}", trade.trader.name, trade.symbol, trade.direction),
        format!("Entry {} → exit {}", price(trade.entry), price(trade.exit)),
        format!(
            "P&L {} ({}) after {} of fees",
            trade.profit.signed(),
            trade.gain.signed(),
            trade.fees.size()
        ),
        format!("Exit: {}, held {}", trade.exit_reason, span(trade.held_seconds)),
    ];
    if trade.decided_late {
        paragraphs.push("Decided late: the engine was not running at the time.".to_owned());
    }
    let kind = trade.trader.kind;
    if let Some(totals) = facts.totals_of(kind, Window::Day) {
        paragraphs.push(format!("{}, {}: {}", all_of(kind), Window::Day.words(), totals.tally()));
    }
    paragraphs.extend(trade_lesson(trade));
    draft(PostKind::TradeResult, subject, facts, paragraphs)
}

/// What this very trade teaches.
fn trade_lesson(trade: &ClosedTrade) -> Option<String> {
    match trade.outcome() {
        Outcome::Loss => {
            let needed = gain_that_makes_good(trade.gain)?;
            Some(format!("It takes a gain of {} on the rest to make that good.", needed.size()))
        }
        Outcome::Win if trade.fees.get() > 0 => {
            let gross = trade.profit.get().checked_add(trade.fees.get()).map(Usd::from_cents)?;
            Some(format!(
                "Of the {} that the price gave, {} went into fees.",
                gross.size(),
                trade.fees.size()
            ))
        }
        Outcome::BreakEven if trade.fees.get() > 0 => {
            Some("The price move paid for the fees, and for nothing else.".to_owned())
        }
        Outcome::Win | Outcome::BreakEven => None,
    }
}

/// The gain on the rest that makes a loss of l good: l / (1 − l). None when nothing is left, or nothing was lost.
fn gain_that_makes_good(gain: Percent) -> Option<Percent> {
    const WHOLE: i64 = 100 * 100;
    let lost = gain.get().checked_neg().filter(|lost| (1..WHOLE).contains(lost))?;
    let left = WHOLE - lost;
    Some(Percent::from_hundredths((lost * WHOLE + left / 2) / left))
}

/// The position that has been open longest.
pub(crate) fn open_position(facts: &Facts, subject: &str) -> Option<Draft> {
    let trade = facts
        .open
        .iter()
        .max_by(|one, other| one.held_seconds.cmp(&other.held_seconds).then_with(|| other.id.cmp(&one.id)))?;
    let mut paragraphs = vec![
        "Open paper position".to_owned(),
        format!("{} · {} {}, {}", trade.trader.name, trade.symbol, trade.direction, trade.size.size()),
        format!(
            "Entry {} → now {} ({} before fees)",
            price(trade.entry),
            price(trade.current),
            trade.gain.signed()
        ),
    ];
    paragraphs.extend(stop_distance(trade));
    paragraphs.push(format!("Held {}, one of {} open", span(trade.held_seconds), facts.open.len()));
    paragraphs.push("Until it is closed, this is no result.".to_owned());
    Some(draft(PostKind::OpenPosition, subject, facts, paragraphs))
}

fn stop_distance(trade: &OpenTrade) -> Option<String> {
    let stop = trade.stop?;
    let away = match trade.direction {
        Direction::Long => trade.current.get() - stop.get(),
        Direction::Short => stop.get() - trade.current.get(),
    };
    let distance = Percent::of(away / trade.current.get() * 100.0)?;
    Some(match distance.get() {
        1.. => format!("Stop {}, {} away", price(stop), distance.size()),
        _ => format!("Stop {}, reached", price(stop)),
    })
}

/// A lesson, with the figure of ours that belongs to it where there is one.
pub(crate) fn lesson(lesson: &Lesson, facts: Option<&Facts>, subject: &str) -> Draft {
    let mut paragraphs = vec![format!("On {}", lesson.topic), lesson.text.clone()];
    let tied = facts.and_then(|facts| tie::sentence(lesson.tie, facts).map(|tied| (facts, tied)));
    match tied {
        Some((facts, tied)) => {
            paragraphs.push(tied);
            draft(PostKind::Lesson, subject, facts, paragraphs)
        }
        // Without a figure there is nothing to label.
        None => Draft {
            id: PostId::new(PostKind::Lesson, subject),
            kind: PostKind::Lesson,
            label: None,
            paragraphs,
            chain: None,
        },
    }
}

#[cfg(test)]
pub(in crate::publisher) mod tests;
