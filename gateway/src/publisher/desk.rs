//! Decides what is composed and when something may be sent: `(event, now) → effects`.
//!
//! Posts go out one a slot. A slot comes 3 to 10 minutes after the last one ended (`publisher.posts.…`), never less than
//! two, never in quiet hours, and never above the day's bound. What waits goes first, oldest first; when nothing waits,
//! the slot's number says what is composed: every eighth is a report of the trading, the others teach or tell prices.

use std::time::Duration;

use goat::settings::Posts;
use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::draft::{Draft, PostId, PostKind};
use super::facts::{ClosedTrade, CoolOff, Facts};
use super::lessons::Lessons;
use super::templates;

/// Every so many slots a report of the trading.
const REPORT_EVERY: u64 = 8;
/// Of the slots between, every so many tells prices.
const MARKET_EVERY: u64 = 5;
/// Reports in their order; those of a day and a week stand before them when they are due.
const REPORTS: [PostKind; 4] =
    [PostKind::Comparison, PostKind::Exchanges, PostKind::OpenPosition, PostKind::BuyAndHold];

/// What happened.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// A trade ended that nothing was composed about. `log` names the log that it stands in.
    TradeClosed { trade: &'a ClosedTrade, log: &'a str, facts: &'a Facts },
    /// Nothing new is opened, as the facts say.
    Paused(&'a Facts),
    /// A strategy enters nothing for a while.
    CoolOff { cool_off: &'a CoolOff, log: &'a str, facts: &'a Facts },
    /// Time went on. What is known is absent where no engine answers.
    Tick {
        facts: Option<&'a Facts>,
        /// Posts that are composed and not at their end.
        waiting: u32,
        /// Posts that were sent within 24 hours.
        sent_within_day: u32,
    },
    /// A post came to its end, sent or not.
    Ended,
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Keep this post, unless there is one of its id.
    Compose(Draft),
    /// The oldest post that waits may be sent now.
    Send,
}

/// What must survive to go on with the same order. The default stands at the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// Slots that have come.
    slots: u64,
    lessons: u64,
    reports: u64,
    /// When the next slot comes; at once when absent.
    next_slot_at: Option<i64>,
    /// The last of which a report was composed, as days since 1970 and weeks since then.
    day: Option<i64>,
    week: Option<i64>,
    /// A slot has come, and its post is not at its end.
    open: bool,
}

/// Decides. All that it remembers is its [`Turn`].
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) turn: Turn,
    posts: Posts,
    lessons: Lessons,
}

impl Desk {
    /// A desk that goes on from a turn.
    pub(crate) fn new(turn: Turn, posts: Posts, lessons: Lessons) -> Self {
        Self { turn, posts, lessons }
    }

    /// When the next slot comes; absent when it may come now.
    pub(crate) fn next_slot_at(&self) -> Option<UnixMicros> {
        self.turn.next_slot_at.and_then(|micros| UnixMicros::new(micros).ok())
    }

    /// Whether a slot has come, whose post is not at its end.
    pub(crate) fn is_open(&self) -> bool {
        self.turn.open
    }

    /// Takes an event in, and says what is to be done.
    pub(crate) fn handle(&mut self, event: &Event<'_>, now: UnixMicros) -> Vec<Effect> {
        match event {
            Event::TradeClosed { trade, log, facts } => {
                let subject = format!("{log}/{}", trade.id);
                vec![Effect::Compose(templates::trade_result(trade, &subject, facts))]
            }
            Event::Paused(facts) => {
                let since = facts.pause.as_ref().map(|pause| pause.since.to_string()).unwrap_or_default();
                templates::paused(facts, &since).map(Effect::Compose).into_iter().collect()
            }
            Event::CoolOff { cool_off, log, facts } => {
                let subject = subject_of_cool_off(log, cool_off);
                vec![Effect::Compose(templates::cool_off(cool_off, facts, &subject))]
            }
            Event::Tick { facts, waiting, sent_within_day } => {
                self.tick(*facts, *waiting, *sent_within_day, now)
            }
            Event::Ended => {
                self.end_slot(now);
                Vec::new()
            }
        }
    }

    fn tick(&mut self, facts: Option<&Facts>, waiting: u32, sent: u32, now: UnixMicros) -> Vec<Effect> {
        if self.turn.open {
            return vec![Effect::Send];
        }
        let is_early = self.next_slot_at().is_some_and(|at| now < at);
        if is_early || sent >= self.posts.per_day_max || self.is_quiet(now) {
            return Vec::new();
        }
        self.turn.slots += 1;
        self.turn.open = true;
        if waiting > 0 {
            return vec![Effect::Send];
        }
        let composed = self.of_slot(facts, now);
        composed.map(Effect::Compose).into_iter().chain([Effect::Send]).collect()
    }

    /// The post that this slot is for. A report that has no facts leaves its place to a lesson.
    fn of_slot(&mut self, facts: Option<&Facts>, now: UnixMicros) -> Option<Draft> {
        let slot = self.turn.slots;
        let is_report = slot.is_multiple_of(REPORT_EVERY);
        let told = facts.and_then(|facts| {
            if is_report {
                return self.report(facts, now);
            }
            slot.is_multiple_of(MARKET_EVERY).then(|| templates::market(facts, &slot.to_string())).flatten()
        });
        told.or_else(|| self.lesson(facts))
    }

    fn report(&mut self, facts: &Facts, now: UnixMicros) -> Option<Draft> {
        const DAY_MICROS: i64 = 86_400_000_000;
        let (day, week) = (now.get().div_euclid(DAY_MICROS), now.get().div_euclid(7 * DAY_MICROS));
        if self.turn.day != Some(day)
            && let Some(draft) = templates::daily(facts, &day.to_string())
        {
            self.turn.day = Some(day);
            return Some(draft);
        }
        if self.turn.week != Some(week)
            && let Some(draft) = templates::weekly(facts, &week.to_string())
        {
            self.turn.week = Some(week);
            return Some(draft);
        }
        let slot = self.turn.slots.to_string();
        for _ in REPORTS {
            let at = usize::try_from(self.turn.reports % REPORTS.len() as u64).unwrap_or_default();
            self.turn.reports += 1;
            let draft = REPORTS.get(at).and_then(|kind| compose(*kind, facts, &slot));
            if draft.is_some() {
                return draft;
            }
        }
        None
    }

    fn lesson(&mut self, facts: Option<&Facts>) -> Option<Draft> {
        let turn = self.turn.lessons;
        self.turn.lessons += 1;
        self.lessons.of_turn(turn).map(|lesson| templates::lesson(lesson, facts, &turn.to_string()))
    }

    /// A post of a kind as it would be written now, without taking its turn. None without its facts.
    pub(crate) fn preview(&self, kind: PostKind, facts: Option<&Facts>) -> Option<Draft> {
        const SUBJECT: &str = "preview";
        match (kind, facts) {
            (PostKind::Lesson, facts) => {
                let lesson = self.lessons.of_turn(self.turn.lessons)?;
                Some(templates::lesson(lesson, facts, SUBJECT))
            }
            (kind, facts) => compose(kind, facts?, SUBJECT),
        }
    }

    fn end_slot(&mut self, now: UnixMicros) {
        self.turn.open = false;
        let Posts { interval_seconds_min, interval_seconds_max, .. } = self.posts;
        let span = u64::from(interval_seconds_max.saturating_sub(interval_seconds_min)) + 1;
        let spread = spread(self.turn.slots) % span;
        let seconds = (u64::from(interval_seconds_min) + spread).max(self.posts.between_seconds_min.into());
        self.turn.next_slot_at = Some(now.plus(Duration::from_secs(seconds)).get());
    }

    fn is_quiet(&self, now: UnixMicros) -> bool {
        self.posts.quiet_hours.contains(now)
    }
}

/// A post of a kind that the facts suffice for.
pub(crate) fn compose(kind: PostKind, facts: &Facts, subject: &str) -> Option<Draft> {
    match kind {
        PostKind::OpenPosition => templates::open_position(facts, subject),
        PostKind::Comparison => templates::comparison(facts, subject),
        PostKind::Exchanges => templates::exchanges(facts, subject),
        PostKind::Daily => templates::daily(facts, subject),
        PostKind::Weekly => templates::weekly(facts, subject),
        PostKind::BuyAndHold => templates::buy_and_hold(facts, subject),
        PostKind::Paused => templates::paused(facts, subject),
        PostKind::Market => templates::market(facts, subject),
        PostKind::TradeResult | PostKind::Lesson => None,
    }
}

/// The id that a trade's post has.
pub(crate) fn id_of_trade(log: &str, trade: &str) -> PostId {
    PostId::new(PostKind::TradeResult, &format!("{log}/{trade}"))
}

/// The id that the post about a strategy's pause has.
pub(crate) fn id_of_cool_off(log: &str, cool_off: &CoolOff) -> PostId {
    PostId::new(PostKind::Paused, &subject_of_cool_off(log, cool_off))
}

fn subject_of_cool_off(log: &str, cool_off: &CoolOff) -> String {
    format!("{log}/{}/{}", cool_off.trader.id, cool_off.since)
}

/// A number that looks like chance and is the same for the same slot, so that a run can be repeated.
fn spread(slot: u64) -> u64 {
    let digest = Sha256::digest(slot.to_be_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
