//! What the live feeds depend on, each asked once: whether it answers, whether it takes the key, what its clock says.

use std::time::Duration;

use goat::service::Failure;
use goat::settings::Feeds;
use goat::values::UnixMicros;

use crate::feeds::binance::feed::Binance;
use crate::feeds::bybit::feed::Bybit;
use crate::feeds::exchange::protocol::{Protocol, Timings};
use crate::feeds::jupiter;

/// Ages of prices are told to the second: a clock that is further off makes them wrong.
const CLOCK_OFF_MAX_MS: i64 = 1000;
const OFF: &str = "off";

/// A sentence each. One that does not answer keeps nothing from starting: its feed tries again.
///
/// # Errors
///
/// When a setting cannot be used.
pub(super) async fn look(feeds: &Feeds) -> Result<Vec<String>, Failure> {
    let (jupiter, binance, bybit) = tokio::join!(
        async {
            if !feeds.jupiter.enabled {
                return Ok(OFF.to_owned());
            }
            jupiter::feed::try_once(&feeds.jupiter).await
        },
        async {
            if !feeds.binance.enabled {
                return Ok::<_, Failure>(OFF.to_owned());
            }
            Ok(ask(Binance::new(&feeds.binance, Timings::default())?).await)
        },
        async {
            if !feeds.bybit.enabled {
                return Ok::<_, Failure>(OFF.to_owned());
            }
            Ok(ask(Bybit::new(&feeds.bybit, Timings::default())?).await)
        },
    );
    let found = [("jupiter", jupiter?), ("binance", binance?), ("bybit", bybit?)];
    Ok(found.map(|(name, said)| format!("{name}: {said}")).into())
}

async fn ask(venue: impl Protocol) -> String {
    let asked = UnixMicros::now();
    match venue.time().await {
        Ok(told) => clock(asked, told, UnixMicros::now()),
        Err(fault) => format!("{fault}; its books and candles would be tried again"),
    }
}

/// How our clock stands to the one that told `told` somewhere between `asked` and `answered`.
fn clock(asked: UnixMicros, told: UnixMicros, answered: UnixMicros) -> String {
    let way = answered.since(asked);
    let off_ms = (asked.plus(way / 2).get() - told.get()) / 1000;
    let way_ms = i64::try_from(way.as_millis()).unwrap_or(i64::MAX);
    let answers = format!("answers in {way_ms} ms");
    // What it told may be as old as the whole way back.
    if off_ms.abs() <= way_ms.saturating_add(1) / 2 + 1 {
        return format!("{answers}; its clock and ours agree");
    }
    let side = if off_ms > 0 { "ahead of" } else { "behind" };
    let off =
        format!("{answers}; our clock is {:?} {side} its", Duration::from_millis(off_ms.unsigned_abs()));
    if off_ms.abs() <= CLOCK_OFF_MAX_MS {
        return off;
    }
    format!("{off}: set it by NTP, or every age that is shown is wrong")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> UnixMicros {
        UnixMicros::new((1_767_478_400_000 + millis) * 1000).unwrap()
    }

    #[test]
    fn a_clock_agrees_within_the_way_and_is_said_to_be_wrong_beyond_a_second() {
        let said = |told: i64| clock(at(0), at(told), at(40));
        assert_eq!(said(5), "answers in 40 ms; its clock and ours agree");
        assert_eq!(said(40), "answers in 40 ms; its clock and ours agree");
        assert_eq!(said(140), "answers in 40 ms; our clock is 120ms behind its");
        assert_eq!(said(-980), "answers in 40 ms; our clock is 1s ahead of its");
        let wrong = said(-2080);
        assert_eq!(
            wrong,
            "answers in 40 ms; our clock is 2.1s ahead of its: set it by NTP, or every age that is shown is wrong"
        );
    }
}
