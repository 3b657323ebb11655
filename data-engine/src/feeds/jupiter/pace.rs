//! When the next request may go.

use std::time::Duration;

use goat::values::UnixMicros;

/// Without a key, half a request a second is allowed.
pub const INTERVAL_KEYLESS: Duration = Duration::from_secs(2);
/// With a free key, 60 requests a minute are; a little air keeps the sliding window from closing.
pub const INTERVAL_KEYED: Duration = Duration::from_millis(1020);

/// However long the other side asks us to stay away, we look again after this.
const WAIT_MAX: Duration = Duration::from_mins(1);
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
/// Short enough that, with the time that a request may hang, Jupiter is used within ten seconds of its return.
const BACK_OFF_MAX: Duration = Duration::from_secs(5);

/// What an answer says about further requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowance {
    /// `x-ratelimit-remaining`; may be negative.
    pub remaining: Option<i64>,
    /// `x-ratelimit-reset`: when one more request is allowed.
    pub reset: Option<UnixMicros>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// Decides when the next request may go.
///
/// **Invariant:** ticks lie on one grid, however long a request takes; ticks that passed by are left out.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next_tick: UnixMicros,
    blocked_until: UnixMicros,
    failures: u32,
}

impl Pace {
    /// The first request may go at `now`.
    #[must_use]
    pub fn new(interval: Duration, now: UnixMicros) -> Self {
        Self {
            interval: interval.max(Duration::from_millis(1)),
            next_tick: now,
            blocked_until: now,
            failures: 0,
        }
    }

    /// How long to wait at `now`; at most a minute, also when a clock was set back.
    #[must_use]
    pub fn wait(&self, now: UnixMicros) -> Duration {
        self.next_tick.max(self.blocked_until).since(now).min(WAIT_MAX)
    }

    /// A request goes at `now`.
    pub fn sent(&mut self, now: UnixMicros) {
        let behind = now.since(self.next_tick).as_micros();
        let ticks = behind / self.interval.as_micros() + 1;
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
        self.next_tick = self.next_tick.plus(self.interval.saturating_mul(ticks));
        // A clock that was set back must not silence the feed.
        self.next_tick = self.next_tick.min(now.plus(self.interval));
    }

    /// The request was answered as it should be.
    pub fn succeeded(&mut self, now: UnixMicros, allowance: Allowance) {
        self.failures = 0;
        if allowance.remaining.is_some_and(|remaining| remaining <= 0) {
            let reset = allowance.reset.unwrap_or(now);
            self.block(reset, now);
        }
    }

    /// The request failed. `random`, from 0 to 1, spreads the next ones.
    pub fn failed(&mut self, now: UnixMicros, allowance: Allowance, random: f64) {
        self.failures = self.failures.saturating_add(1);
        let doubled = BACK_OFF_FIRST.saturating_mul(1 << (self.failures - 1).min(10));
        let spread = doubled.min(BACK_OFF_MAX).mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
        self.block(now.plus(spread), now);
        if let Some(span) = allowance.retry_after {
            self.block(now.plus(span), now);
        }
        if let Some(reset) = allowance.reset {
            self.block(reset, now);
        }
    }

    fn block(&mut self, until: UnixMicros, now: UnixMicros) {
        self.blocked_until = self.blocked_until.max(until).min(now.plus(WAIT_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> UnixMicros {
        UnixMicros::new(millis * 1000).unwrap()
    }

    fn pace() -> Pace {
        Pace::new(INTERVAL_KEYED, at(0))
    }

    #[test]
    fn ticks_do_not_drift_with_the_time_that_requests_take() {
        let mut pace = pace();
        pace.sent(at(7));
        assert_eq!(pace.wait(at(300)), Duration::from_millis(720));
        pace.sent(at(1025));
        assert_eq!(pace.wait(at(1025)), Duration::from_millis(1015));
    }

    #[test]
    fn ticks_that_passed_by_are_left_out() {
        let mut pace = pace();
        pace.sent(at(5000));
        assert_eq!(pace.wait(at(5000)), Duration::from_millis(100));
    }

    #[test]
    fn an_exhausted_allowance_is_waited_for() {
        let mut pace = pace();
        pace.sent(at(0));
        let allowance = Allowance { remaining: Some(0), reset: Some(at(9000)), retry_after: None };
        pace.succeeded(at(100), allowance);
        assert_eq!(pace.wait(at(100)), Duration::from_millis(8900));
    }

    #[test]
    fn failures_back_off_longer_each_time_until_one_succeeds() {
        let mut pace = pace();
        let waits = [0, 10_000, 20_000].map(|now| {
            pace.sent(at(now));
            pace.failed(at(now), Allowance::default(), 1.0);
            pace.wait(at(now)).as_millis()
        });
        assert_eq!(waits, [1020, 2000, 4000]);

        pace.succeeded(at(24_000), Allowance::default());
        pace.sent(at(24_000));
        pace.failed(at(24_000), Allowance::default(), 0.0);
        assert!(pace.wait(at(24_000)) <= INTERVAL_KEYED);
    }

    #[test]
    fn retry_after_is_honoured_but_never_for_longer_than_a_minute() {
        let mut pace = pace();
        let allowance = Allowance { retry_after: Some(Duration::from_secs(7)), ..Allowance::default() };
        pace.failed(at(0), allowance, 0.0);
        assert_eq!(pace.wait(at(0)), Duration::from_secs(7));

        let allowance = Allowance { retry_after: Some(Duration::from_mins(150)), ..Allowance::default() };
        pace.failed(at(0), allowance, 0.0);
        assert_eq!(pace.wait(at(0)), WAIT_MAX);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_feed() {
        let mut pace = Pace::new(INTERVAL_KEYED, at(10_000_000));
        pace.sent(at(0));
        assert!(pace.wait(at(0)) <= WAIT_MAX);
        pace.sent(at(0));
        assert!(pace.wait(at(0)) <= WAIT_MAX);
    }
}
