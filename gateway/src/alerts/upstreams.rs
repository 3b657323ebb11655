//! Whether what everything depends on can be reached: the engines, their feeds, the archive. Pure.
//!
//! It is looked at again and again, and written down every so often, and at once when it changes. That it changed is
//! told by `watch`, with the patience and the severity of its kind.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::values::UnixMicros;
use goat::wire::market::{self, archive, feed};
use serde::{Deserialize, Serialize};

use crate::publisher::gather::Condition;
use crate::publisher::text;

/// Under which they are kept.
pub(crate) const UPSTREAMS: &str = "upstreams";

/// What was written down last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upstreams {
    /// Of the last check, in microseconds; absent before the first.
    checked_at: Option<i64>,
    checks: BTreeMap<String, Check>,
}

/// How one of them is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) is_reachable: bool,
    /// Why it is not; empty when it is.
    pub(crate) reason: String,
    /// Since when it has been so, in microseconds.
    pub(crate) since: i64,
}

impl Upstreams {
    /// When they were checked last.
    pub(crate) fn checked_at(&self) -> Option<UnixMicros> {
        self.checked_at.and_then(|micros| UnixMicros::new(micros).ok())
    }

    /// By name: `data-engine`, `trading-engine`, `archive`, `feed/…`.
    pub(crate) fn checks(&self) -> impl Iterator<Item = (&str, &Check)> {
        self.checks.iter().map(|(name, check)| (name.as_str(), check))
    }

    /// What is to be written down now; none when nothing has changed and the last check is younger than `every`.
    pub(crate) fn check(&self, condition: &Condition, every: Duration, now: UnixMicros) -> Option<Self> {
        let found = self.found(condition);
        let is_as_before = found.len() == self.checks.len()
            && found.iter().all(|(name, reason)| {
                self.checks.get(name).is_some_and(|check| check.is_reachable == reason.is_none())
            });
        let is_due = self.checked_at().is_none_or(|at| now.since(at) >= every);
        if is_as_before && !is_due {
            return None;
        }
        let check = |(name, reason): (String, Option<String>)| {
            let is_reachable = reason.is_none();
            let before = self.checks.get(&name).filter(|check| check.is_reachable == is_reachable);
            let since = before.map_or(now.get(), |check| check.since);
            (name, Check { is_reachable, reason: text::line(&reason.unwrap_or_default()), since })
        };
        Some(Self { checked_at: Some(now.get()), checks: found.into_iter().map(check).collect() })
    }

    /// Why each of them cannot be reached; none for those that can. Feeds of an engine that does not answer are those
    /// that it had.
    fn found(&self, condition: &Condition) -> BTreeMap<String, Option<String>> {
        let mut found = BTreeMap::from([
            ("data-engine".to_owned(), condition.market.as_ref().err().cloned()),
            ("trading-engine".to_owned(), condition.trading.as_ref().err().cloned()),
        ]);
        match &condition.market {
            Ok(status) => {
                let feeds = status.feeds.iter().filter(|one| one.state() != feed::State::Off);
                found.extend(feeds.map(|one| (format!("feed/{}", one.name), of_feed(one))));
                let archive = status.archive.as_ref().filter(|one| one.state() != archive::State::Off);
                found.extend(archive.map(|one| ("archive".to_owned(), of_archive(one))));
            }
            Err(reason) => {
                let behind = self.checks.keys().filter(|name| !found.contains_key(*name)).cloned();
                let behind: Vec<String> = behind.collect();
                found.extend(behind.into_iter().map(|name| (name, Some(reason.clone()))));
            }
        }
        found
    }
}

fn of_feed(one: &market::Feed) -> Option<String> {
    let how = match one.state() {
        feed::State::Down => "down",
        feed::State::Stale => "stale",
        _ => return None,
    };
    Some(if one.reason.is_empty() { how.to_owned() } else { format!("{how}: {}", one.reason) })
}

fn of_archive(one: &market::Archive) -> Option<String> {
    (one.state() == archive::State::Down).then(|| format!("down: {}", one.reason))
}

#[cfg(test)]
mod tests {
    use goat::wire::trading;

    use super::*;

    const EVERY: Duration = Duration::from_mins(15);

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(1_767_478_400 + seconds).unwrap()
    }

    fn with_prices(state: feed::State) -> Condition {
        let feed = |name: &str, state: feed::State| market::Feed {
            name: name.to_owned(),
            state: state.into(),
            reason: "no answer".to_owned(),
            ..market::Feed::default()
        };
        let feeds = vec![feed("prices", state), feed("whales", feed::State::Off)];
        let market = market::GetStatusResponse { feeds, ..market::GetStatusResponse::default() };
        Condition { market: Ok(market), trading: Ok(trading::GetStatusResponse::default()) }
    }

    fn told(upstreams: &Upstreams) -> Vec<(&str, &str, i64)> {
        let begins = at(0).get();
        upstreams
            .checks()
            .map(|(name, check)| (name, check.reason.as_str(), (check.since - begins) / 1_000_000))
            .collect()
    }

    #[test]
    fn it_is_written_down_every_quarter_of_an_hour_and_when_it_changes() {
        let well = with_prices(feed::State::Live);
        let first = Upstreams::default().check(&well, EVERY, at(0)).unwrap();
        assert_eq!(told(&first), [("data-engine", "", 0), ("feed/prices", "", 0), ("trading-engine", "", 0)]);

        assert_eq!(first.check(&well, EVERY, at(899)), None);
        let second = first.check(&well, EVERY, at(900)).unwrap();
        assert_eq!((second.checked_at(), told(&second)), (Some(at(900)), told(&first)));
        let ill = second.check(&with_prices(feed::State::Down), EVERY, at(905)).unwrap();
        assert_eq!(told(&ill)[1], ("feed/prices", "down: no answer", 905));
        assert_eq!(ill.check(&with_prices(feed::State::Stale), EVERY, at(906)), None, "as unwell as before");
    }

    #[test]
    fn behind_an_engine_that_does_not_answer_nothing_can_be_reached() {
        let well = with_prices(feed::State::Live);
        let first = Upstreams::default().check(&well, EVERY, at(0)).unwrap();
        let gone = Condition { market: Err("nobody is there".to_owned()), ..well };

        let second = first.check(&gone, EVERY, at(7)).unwrap();

        let expected = [
            ("data-engine", "nobody is there", 7),
            ("feed/prices", "nobody is there", 7),
            ("trading-engine", "", 0),
        ];
        assert_eq!(told(&second), expected);
    }
}
