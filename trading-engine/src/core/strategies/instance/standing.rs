//! Whether an instance would enter now, and why not.

use std::borrow::Cow;
use std::time::Duration;

use goat::values::UnixMicros;

use super::Instance;

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Flat; the next candle may bring an entry.
    Watching,
    /// An order is on its way.
    Ordered,
    /// A position is open.
    Holding,
    /// Flat, and it would not enter.
    Idle,
}

impl Instance {
    /// What it is doing at `now`, and why it enters nothing: the first thing in the way, or what the rules said to the
    /// newest candle.
    #[must_use]
    pub fn standing(&self, now: UnixMicros, may_enter: bool) -> (Standing, Cow<'static, str>) {
        if self.waiting.is_some() {
            return (Standing::Ordered, "an order is on its way".into());
        }
        if self.holding.is_some() {
            return (Standing::Holding, "a position is open".into());
        }
        if let Some(why) = self.in_the_way(now, may_enter) {
            return (Standing::Idle, why);
        }
        let decision = self.last.as_ref().and_then(|last| last.decision.as_ref());
        (Standing::Watching, decision.map_or_else(Cow::default, |decision| decision.reason.clone()))
    }

    /// Whether candles have stopped coming: the newest is older than two intervals and a half.
    #[must_use]
    pub fn is_stale(&self, now: UnixMicros) -> bool {
        let patience = Duration::from_secs(u64::from(self.plan.interval_seconds)) * 5 / 2;
        self.last.as_ref().is_none_or(|last| now.since(last.time) > patience)
    }

    fn in_the_way(&self, now: UnixMicros, may_enter: bool) -> Option<Cow<'static, str>> {
        if !may_enter {
            return Some("trading is paused by the operator".into());
        }
        let Some(last) = &self.last else { return Some("no candle has come yet".into()) };
        if self.is_stale(now) {
            return Some(format!("no candle has come since {}", last.time).into());
        }
        if let Some(since) = self.window.gap_since() {
            return Some(format!("the candle that began at {since} is missing").into());
        }
        if !self.window.is_full() {
            let (have, needed) = (self.window.len(), self.plan.strategy.get().candles());
            return Some(format!("{have} of {needed} candles are there").into());
        }
        let pause = self.pauses.present().filter(|pause| pause.until > now);
        pause.map(|pause| format!("paused until {}: {}", pause.until, pause.cause.as_str()).into())
    }
}
