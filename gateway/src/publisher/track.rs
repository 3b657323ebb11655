//! Which positions and trades are news. Pure: the engine's lists against what was seen of them before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use goat::values::UnixMicros;
use goat::wire::trading::{Position, StrategyTrade, position::State};
use serde::{Deserialize, Serialize};

use super::gather::{decided_seq, trade_id};

/// Which log is followed, and how far. It is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    pub(crate) log: String,
    /// Every position that was decided before this place has come to its end, and is told; every trade of a strategy that
    /// was closed before it is told.
    pub(crate) settled_below: u64,
    /// What ended before is not told, in microseconds of event time.
    pub(crate) since: i64,
}

/// What a position did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum News {
    Opened,
    Closed,
}

/// Remembers what was seen since the start, so that the same list is no news.
#[derive(Debug, Default)]
pub(crate) struct Track(BTreeMap<String, News>);

/// The same for the trades of strategies, which are listed when they are over.
#[derive(Debug, Default)]
pub(crate) struct TrackTrades(BTreeSet<String>);

fn moment(time: Option<goat::prost_types::Timestamp>) -> Option<UnixMicros> {
    time.and_then(|time| UnixMicros::try_from(time).ok())
}

impl TrackTrades {
    /// What is new in a list, in the order in which it ended.
    pub(crate) fn news<'a>(
        &self,
        followed: &Followed,
        trades: &'a [StrategyTrade],
    ) -> Vec<(UnixMicros, &'a StrategyTrade)> {
        let is_new = |trade: &StrategyTrade| {
            trade.closed_seq >= followed.settled_below && !self.0.contains(&trade_id(trade))
        };
        let mut news: Vec<_> = trades
            .iter()
            .filter(|trade| is_new(trade))
            .filter_map(|trade| Some((moment(trade.closed_at)?, trade)))
            .filter(|(closed, _)| closed.get() >= followed.since)
            .collect();
        news.sort_by_key(|(closed, trade)| (*closed, trade.closed_seq, &trade.strategy));
        news
    }

    /// Everything in this list is told.
    pub(crate) fn seen(&mut self, trades: &[StrategyTrade]) {
        self.0 = trades.iter().map(trade_id).collect();
    }
}

impl Followed {
    /// A log that was never looked at: what ended within `history_hours` before `as_of` is still told.
    pub(crate) fn begin(log: &str, as_of: UnixMicros, history_hours: u32) -> Self {
        let since = as_of.minus(Duration::from_hours(history_hours.into())).get();
        Self { log: log.to_owned(), settled_below: 0, since }
    }

    /// Takes a list of trades in which everything is told. Two strategies may leave by one event.
    pub(crate) fn settle_trades(&mut self, trades: &[StrategyTrade]) {
        let newest = trades.iter().map(|trade| trade.closed_seq).max().unwrap_or_default();
        self.settled_below = newest.max(self.settled_below);
    }

    /// Takes a list in which everything is told.
    pub(crate) fn settle(&mut self, positions: &[Position]) {
        let seqs = |unsettled: bool| {
            let of = positions.iter().filter(move |position| !unsettled || is_under_way(position));
            of.filter_map(|position| decided_seq(&position.id))
        };
        let next = seqs(true).min().or_else(|| seqs(false).max());
        self.settled_below = next.unwrap_or_default().max(self.settled_below);
    }
}

fn is_under_way(position: &Position) -> bool {
    matches!(position.state(), State::Opening | State::Open | State::Closing | State::Unspecified)
}

impl Track {
    /// What is new in a list, in the order in which it happened.
    pub(crate) fn news<'a>(
        &self,
        followed: &Followed,
        positions: &'a [Position],
    ) -> Vec<(UnixMicros, News, &'a Position)> {
        let mut news = Vec::new();
        for position in positions {
            let seen = self.0.get(&position.id).copied();
            let moment = |time| moment(time).filter(|time| time.get() >= followed.since);
            let has_closed = position.state() == State::Closed;
            if seen.is_none()
                && (has_closed || matches!(position.state(), State::Open | State::Closing))
                && let Some(opened) = moment(position.opened_at)
            {
                news.push((opened, News::Opened, position));
            }
            if has_closed
                && seen != Some(News::Closed)
                && let Some(closed) = moment(position.closed_at)
            {
                news.push((closed, News::Closed, position));
            }
        }
        news.sort_by(|one, other| {
            (one.0, one.1, decided_seq(&one.2.id), &one.2.id).cmp(&(
                other.0,
                other.1,
                decided_seq(&other.2.id),
                &other.2.id,
            ))
        });
        news
    }

    /// Everything in this list is told.
    pub(crate) fn seen(&mut self, positions: &[Position]) {
        self.0 = positions
            .iter()
            .filter_map(|position| match position.state() {
                State::Closed => Some((position.id.clone(), News::Closed)),
                State::Open | State::Closing => Some((position.id.clone(), News::Opened)),
                _ => None,
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(seq: u64, state: State, opened: i64, closed: i64) -> Position {
        let time = |seconds: i64| UnixMicros::from_seconds(seconds).ok().map(Into::into);
        Position {
            id: format!("{seq}.play"),
            state: state.into(),
            opened_at: (opened > 0).then(|| time(opened)).flatten(),
            closed_at: (closed > 0).then(|| time(closed)).flatten(),
            ..Position::default()
        }
    }

    fn followed() -> Followed {
        Followed::begin("log", UnixMicros::from_seconds(10_000).unwrap(), 1)
    }

    fn told(news: &[(UnixMicros, News, &Position)]) -> Vec<(News, String)> {
        news.iter().map(|(_, news, position)| (*news, position.id.clone())).collect()
    }

    #[test]
    fn news_come_in_the_order_in_which_they_happened() {
        let list = [
            position(3, State::Open, 9000, 0),
            position(1, State::Closed, 8000, 9500),
            position(2, State::Closed, 8100, 8900),
        ];

        let news = Track::default().news(&followed(), &list);

        let expected = [
            (News::Opened, "1.play"),
            (News::Opened, "2.play"),
            (News::Closed, "2.play"),
            (News::Opened, "3.play"),
            (News::Closed, "1.play"),
        ];
        assert_eq!(told(&news), expected.map(|(news, id)| (news, id.to_owned())));
    }

    #[test]
    fn what_was_seen_is_no_news_and_its_end_is() {
        let mut track = Track::default();
        track.seen(&[position(1, State::Open, 8000, 0)]);

        assert!(track.news(&followed(), &[position(1, State::Open, 8000, 0)]).is_empty());
        let news = [position(1, State::Closed, 8000, 9000)];
        assert_eq!(told(&track.news(&followed(), &news)), [(News::Closed, "1.play".to_owned())]);
    }

    #[test]
    fn what_ended_long_before_the_first_look_is_not_told() {
        let list = [position(1, State::Closed, 100, 200), position(2, State::Closed, 100, 6400)];

        assert_eq!(told(&Track::default().news(&followed(), &list)), [(News::Closed, "2.play".to_owned())]);
    }

    #[test]
    fn a_position_under_way_is_looked_at_again_however_old_it_is() {
        let mut followed = followed();
        followed.settle(&[position(900, State::Closed, 1, 2), position(40, State::Open, 1, 0)]);
        assert_eq!(followed.settled_below, 40);

        followed.settle(&[position(901, State::Missed, 0, 0), position(40, State::Closed, 1, 5)]);
        assert_eq!(followed.settled_below, 901);
    }

    fn trade(strategy: &str, closed_seq: u64, closed: i64) -> StrategyTrade {
        let closed_at = UnixMicros::from_seconds(closed).ok().map(Into::into);
        StrategyTrade { strategy: strategy.to_owned(), closed_seq, closed_at, ..StrategyTrade::default() }
    }

    fn ended(news: &[(UnixMicros, &StrategyTrade)]) -> Vec<String> {
        news.iter().map(|(_, trade)| trade_id(trade)).collect()
    }

    #[test]
    fn trades_of_strategies_are_news_once_and_in_the_order_of_their_ends() {
        let (mut track, mut followed) = (TrackTrades::default(), followed());
        let list = [trade("b", 9, 9000), trade("a", 9, 9000), trade("a", 7, 8000), trade("a", 3, 200)];

        assert_eq!(ended(&track.news(&followed, &list)), ["a.7", "a.9", "b.9"]);
        track.seen(&list);
        followed.settle_trades(&list);
        assert!(track.news(&followed, &list).is_empty());
        let next = [trade("a", 12, 9500), trade("b", 9, 9000), trade("a", 9, 9000)];
        assert_eq!(ended(&track.news(&followed, &next)), ["a.12"]);
        let restarted = TrackTrades::default().news(&followed, &next).len();
        assert_eq!(
            restarted, 3,
            "what was told by the last event is asked about again, as it may be half of it"
        );
    }
}
