//! What comes next in a series of candles, and what is missing.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::event::Candle;
use goat::values::UnixMicros;

use crate::feeds::exchange::interval::Interval;

/// A candle that has not come this long after its end is asked for.
const GRACE: Duration = Duration::from_secs(10);
/// Candles that came too early and wait for those before them.
const AHEAD_MAX: usize = 16;
/// The most that is fetched of the past, in candles.
const PAST_MAX: i64 = 10_000;

/// Candles that neither came nor can be fetched: from the first one's start to the last one's end.
pub type Lacking = (UnixMicros, UnixMicros);

/// The candles of one symbol and length, in order.
///
/// **Invariant:** each candle that [`Series::next_known`] gives begins where the one before it ended, or a [`Lacking`]
/// was told in between.
#[derive(Debug)]
pub struct Series {
    interval: Interval,
    /// The start of the candle that comes next.
    next: UnixMicros,
    ahead: BTreeMap<UnixMicros, Candle>,
}

impl Series {
    /// Goes on behind `last`, the newest candle in the log, or begins `history` closed candles before `now`.
    ///
    /// A log that ends too long ago is not filled up: the second value says what is left out.
    #[must_use]
    pub fn new(
        interval: Interval,
        last: Option<UnixMicros>,
        history: u32,
        now: UnixMicros,
    ) -> (Self, Option<Lacking>) {
        let open = floor(now, interval);
        let back = |candles: i64| at(open.get().saturating_sub(candles.saturating_mul(interval.micros())));
        let begin = back(i64::from(history));
        let behind_last = last.map(|last| last.plus(interval.span()));
        let (next, lacking) = match behind_last {
            None => (begin, None),
            Some(next) if next < back(PAST_MAX) => (begin, Some((next, begin))),
            Some(next) => (next, None),
        };
        (Self { interval, next, ahead: BTreeMap::new() }, lacking)
    }

    /// The length of the candles.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// The start of the candle that comes next.
    #[must_use]
    pub fn next(&self) -> UnixMicros {
        self.next
    }

    /// A closed candle came. One that is known already is forgotten, one that is early waits.
    pub fn came(&mut self, candle: Candle) {
        if candle.open_time >= self.next && (candle.open_time == self.next || self.ahead.len() < AHEAD_MAX) {
            self.ahead.insert(candle.open_time, candle);
        }
    }

    /// What was fetched from [`Series::next`] on came, oldest first.
    ///
    /// Only closed candles count: those before another one, and the last when it ended long enough ago. What the
    /// venue leaves out between them it does not have, and that is returned.
    pub fn fetched(&mut self, candles: &[Candle], now: UnixMicros) -> Vec<Lacking> {
        let mut lacking = Vec::new();
        let mut following = self.next;
        for (place, candle) in candles.iter().enumerate() {
            let is_closed = place + 1 < candles.len() || self.ended_long_ago(candle.open_time, now);
            if !is_closed || candle.open_time < following {
                continue;
            }
            if candle.open_time > following {
                lacking.push((following, candle.open_time));
            }
            self.ahead.insert(candle.open_time, *candle);
            following = candle.open_time.plus(self.interval.span());
        }
        lacking
    }

    /// The next candles, as far as they are here and at most `count`. They stay next until [`Series::recorded`].
    #[must_use]
    pub fn next_known(&self, count: usize) -> Vec<Candle> {
        let expected = (0..).map(|place: u32| self.next.plus(self.interval.span() * place));
        let run = self.ahead.values().zip(expected).take_while(|(candle, time)| candle.open_time == *time);
        run.map(|(candle, _)| *candle).take(count).collect()
    }

    /// The next `count` candles are in the log.
    pub fn recorded(&mut self, count: usize) {
        for _ in 0..count {
            self.ahead.remove(&self.next);
            self.next = self.next.plus(self.interval.span());
        }
    }

    /// The venue does not have the candles before `until`.
    pub fn skip_to(&mut self, until: UnixMicros) {
        self.next = self.next.max(until);
        self.ahead.retain(|open_time, _| *open_time >= self.next);
    }

    /// Whether candles have to be fetched: a later one is here, or the next one should have come.
    #[must_use]
    pub fn has_hole(&self, now: UnixMicros) -> bool {
        !self.ahead.contains_key(&self.next)
            && (!self.ahead.is_empty() || self.ended_long_ago(self.next, now))
    }

    /// When the next candle should have come at the latest.
    #[must_use]
    pub fn due(&self) -> UnixMicros {
        self.next.plus(self.interval.span()).plus(GRACE)
    }

    fn ended_long_ago(&self, open_time: UnixMicros, now: UnixMicros) -> bool {
        open_time.plus(self.interval.span()).plus(GRACE) <= now
    }
}

/// The start of the candle that is open at `now`.
fn floor(now: UnixMicros, interval: Interval) -> UnixMicros {
    at(now.get() - now.get().rem_euclid(interval.micros()))
}

fn at(micros: i64) -> UnixMicros {
    UnixMicros::new(micros).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use goat::event::Venue;
    use goat::values::{Price, Quantity, Symbol};
    use proptest::prelude::*;

    use super::*;

    fn minute(number: i64) -> UnixMicros {
        UnixMicros::from_seconds(number * 60).unwrap()
    }

    fn candle(number: i64) -> Candle {
        let price = Price::new(1.0).unwrap();
        Candle {
            symbol: Symbol::parse("BTCUSDT").unwrap(),
            venue: Venue::Binance,
            interval_seconds: 60,
            open_time: minute(number),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::new(1.0).unwrap(),
        }
    }

    fn series(last: Option<i64>, now: i64) -> (Series, Option<Lacking>) {
        Series::new(Interval::parse("1m").unwrap(), last.map(minute), 5, minute(now))
    }

    fn drain(series: &mut Series) -> Vec<i64> {
        let mut drained = Vec::new();
        loop {
            let known = series.next_known(2);
            if known.is_empty() {
                return drained;
            }
            drained.extend(known.iter().map(|candle| candle.open_time.get() / 60_000_000));
            series.recorded(known.len());
        }
    }

    #[test]
    fn a_series_begins_with_its_history_or_behind_the_log() {
        assert_eq!(series(None, 100).0.next(), minute(95));
        assert_eq!(series(Some(70), 100).0.next(), minute(71));
        let (begun_anew, lacking) = series(Some(70), 20_000);
        assert_eq!((begun_anew.next(), lacking), (minute(19_995), Some((minute(71), minute(19_995)))));
    }

    #[test]
    fn a_candle_that_is_early_waits_until_the_hole_is_fetched() {
        let (mut series, _) = series(Some(99), 101);
        series.came(candle(102));
        assert!(series.has_hole(minute(101)) && series.next_known(1).is_empty());

        assert_eq!(series.fetched(&[candle(100), candle(101), candle(102)], minute(103)), []);

        assert_eq!(drain(&mut series), [100, 101, 102]);
        assert!(!series.has_hole(minute(103)));
    }

    #[test]
    fn an_open_candle_is_never_taken() {
        let (mut series, _) = series(Some(99), 101);
        series.fetched(&[candle(100), candle(101)], minute(101));
        assert_eq!(drain(&mut series), [100]);
    }

    #[test]
    fn what_the_venue_does_not_have_is_named() {
        let (mut series, _) = series(Some(99), 105);
        let lacking = series.fetched(&[candle(102), candle(103)], minute(104));
        assert_eq!(lacking, [(minute(100), minute(102))]);
        series.skip_to(minute(102));
        assert_eq!(drain(&mut series), [102]);
    }

    #[test]
    fn a_candle_that_does_not_come_is_due() {
        let (series, _) = series(Some(99), 100);
        assert!(!series.has_hole(minute(101)) && series.has_hole(minute(102)));
    }

    proptest! {
        /// Whatever comes in whatever order, what is recorded rises by one candle at a time.
        #[test]
        fn recorded_candles_are_contiguous(numbers in prop::collection::vec(90_i64..130, 0..100)) {
            let (mut series, _) = series(Some(99), 100);
            let mut recorded = Vec::new();
            for number in numbers {
                series.came(candle(number));
                recorded.extend(drain(&mut series));
            }
            let expected: Vec<i64> = (100..).take(recorded.len()).collect();
            prop_assert_eq!(recorded, expected);
        }
    }
}
