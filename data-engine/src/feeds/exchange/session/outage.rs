//! What the log is told about the time in which a book was not served.

use goat::event::{FeedEvent, FeedEventKind, Venue};
use goat::values::{Symbol, UnixMicros};

use crate::book::live::Missing;
use crate::feeds::exchange::venue::LastBook;
use crate::feeds::watch::{Moment, Subject, Watch};

/// The watch over one book, which knows the numbers of its updates.
#[derive(Debug)]
pub(super) struct Outage {
    venue: Venue,
    symbol: Symbol,
    watch: Watch,
    /// The book at the end of the log, until it is served again.
    before_start: Option<LastBook>,
}

impl Outage {
    /// A book that has not been served since `start`.
    pub(super) fn new(venue: Venue, symbol: Symbol, last: Option<LastBook>, start: UnixMicros) -> Self {
        let watch = Watch::new(Subject::Book(venue, symbol), last.map(|last| last.moment), start);
        Self { venue, symbol, watch, before_start: last }
    }

    /// An update went in.
    pub(super) fn updated(&mut self, now: UnixMicros) {
        self.watch.saw(received(now));
    }

    /// The book is not served any more; told once an outage, and not of a book that never was.
    pub(super) fn began(&mut self, kind: FeedEventKind, reason: &str) -> Option<FeedEvent> {
        if !self.watch.is_live() {
            return None;
        }
        self.watch.lost(kind, format!("{}: {reason}", self.venue.as_str()))
    }

    /// The book is live with the update `update_id`: the gap with both its ends, and that it delivers again.
    ///
    /// A snapshot that replaces a live book leaves a gap as well when it skips numbers, and so does the time in
    /// which this process did not run.
    pub(super) fn ended(
        &mut self,
        missing: Option<Missing>,
        update_id: u64,
        now: UnixMicros,
    ) -> Vec<FeedEvent> {
        let before_start = self.before_start.take();
        let down = before_start.map(|last| {
            let first = last.update_id.saturating_add(1);
            (first < update_id).then_some((first, update_id))
        });
        let missing = missing.or(down.flatten());
        let was_served = self.watch.newest().is_some();
        let is_missing = was_served && (!self.watch.is_live() || missing.is_some());
        let venue = self.venue.as_str();
        let reason = match (missing, down) {
            (Some((first, last)), None) => format!("{venue}: updates {first} to {last} were missed"),
            (Some((first, last)), Some(_)) => {
                format!("{venue}: updates {first} to {last} were missed while the engine did not run")
            }
            (None, _) => format!("{venue}: the book was not served; no number was missed"),
        };
        let from = self.watch.newest().map(|newest| newest.received_time);
        let gap = from.filter(|_| is_missing).map(|from| (from, reason));
        self.watch.resumed(received(now), gap)
    }

    /// The venue's clock is too far from ours to be believed.
    pub(super) fn skew(&self, time: UnixMicros, now: UnixMicros) -> FeedEvent {
        FeedEvent {
            feed: Subject::Book(self.venue, self.symbol).feed().as_str().into(),
            kind: FeedEventKind::ClockSkew,
            symbol: Some(self.symbol),
            from: None,
            to: None,
            reason: format!("{}: its clock shows {time} at {now}; ours is used", self.venue.as_str()),
        }
    }
}

/// The venue's clock may be off, so a book is as old as its arrival.
fn received(now: UnixMicros) -> Moment {
    Moment { event_time: now, received_time: now }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(seconds).unwrap()
    }

    fn outage(last: Option<LastBook>) -> Outage {
        Outage::new(Venue::Bybit, Symbol::parse("SOLUSDT").unwrap(), last, at(100))
    }

    fn told(events: &[FeedEvent]) -> Vec<(FeedEventKind, Option<i64>, Option<i64>)> {
        let seconds = |time: Option<UnixMicros>| time.map(|time| time.get() / 1_000_000);
        events.iter().map(|event| (event.kind, seconds(event.from), seconds(event.to))).collect()
    }

    #[test]
    fn an_outage_is_told_once_with_its_ends_and_numbers() {
        let mut outage = outage(None);
        assert_eq!(outage.began(FeedEventKind::Resync, "not yet"), None);
        assert_eq!(told(&outage.ended(None, 5, at(101))), [(FeedEventKind::Live, None, None)]);
        outage.updated(at(110));
        let began = outage.began(FeedEventKind::Stale, "nothing came").unwrap();
        assert_eq!((began.reason.as_str(), began.from), ("bybit: nothing came", Some(at(110))));
        assert_eq!(outage.began(FeedEventKind::Resync, "again"), None);
        let ended = outage.ended(Some((6, 9)), 9, at(120));
        let (gap, live) = (FeedEventKind::Gap, FeedEventKind::Live);
        assert_eq!(told(&ended), [(gap, Some(110), Some(120)), (live, Some(110), Some(120))]);
        assert_eq!(ended[0].reason, "bybit: updates 6 to 9 were missed");
    }

    #[test]
    fn the_time_in_which_the_engine_did_not_run_is_a_gap_once() {
        let moment = Moment { event_time: at(49), received_time: at(50) };
        let mut outage = outage(Some(LastBook { update_id: 7, moment }));
        let ended = outage.ended(None, 40, at(101));
        assert_eq!(told(&ended)[0], (FeedEventKind::Gap, Some(50), Some(101)));
        assert_eq!(ended[0].reason, "bybit: updates 8 to 40 were missed while the engine did not run");
        assert_eq!(outage.ended(None, 41, at(102)), []);
    }
}
