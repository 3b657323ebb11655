//! The machines of everything whose events pass through the sequencer.

use std::collections::BTreeMap;

use goat::event::{FeedEvent, FeedEventKind, Observation};
use goat::values::UnixMicros;

use super::{Moment, Subject, Watch};

/// What the log says of each subject when it is opened.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    newest: BTreeMap<Subject, Moment>,
    stale: BTreeMap<Subject, bool>,
}

impl Seen {
    /// An event of the log.
    pub fn event(&mut self, subject: Subject, moment: Moment) {
        self.newest.entry(subject).and_modify(|newest| *newest = newest.newest(moment)).or_insert(moment);
    }

    /// The newest of each subject.
    pub fn newest(&self) -> impl Iterator<Item = (Subject, Moment)> {
        self.newest.iter().map(|(subject, moment)| (*subject, *moment))
    }

    /// What the log was told about a feed. Candles tell neither venue nor length, so that their silence is told again.
    pub fn told(&mut self, event: &FeedEvent) {
        let subject = match (event.feed.as_ref(), event.symbol) {
            ("prices", Some(token)) => Subject::Price(token),
            ("trades", None) => Subject::Trades,
            ("whales", None) => Subject::Whales,
            _ => return,
        };
        match event.kind {
            FeedEventKind::Stale => self.stale.insert(subject, true),
            FeedEventKind::Live => self.stale.insert(subject, false),
            _ => None,
        };
    }
}

/// What the log is to be told of a subject.
pub type Told = (Subject, FeedEvent);

/// Every subject but the books, whose numbers only their own sessions can judge.
#[derive(Debug, Clone)]
pub struct Watches {
    watches: BTreeMap<Subject, Watch>,
    start: UnixMicros,
}

impl Watches {
    /// Goes on behind a log, at `start`.
    #[must_use]
    pub fn new(seen: &Seen, start: UnixMicros) -> Self {
        let watch = |(subject, newest): (&Subject, &Moment)| {
            let watch = Watch::new(*subject, Some(*newest), start);
            let is_stale = seen.stale.get(subject) == Some(&true);
            (*subject, if is_stale { watch.known_to_be_out() } else { watch })
        };
        let is_watched = |(subject, _): &(&Subject, &Moment)| !matches!(subject, Subject::Book(..));
        Self { watches: seen.newest.iter().filter(is_watched).map(watch).collect(), start }
    }

    /// An observation is about to be recorded; what is said belongs before it.
    pub fn came(&mut self, observation: &Observation) -> Vec<Told> {
        let subject = match Subject::of(observation) {
            None | Some(Subject::Book(..)) => return Vec::new(),
            Some(subject) => subject,
        };
        let events = self.watch(subject).came(Moment::of(observation));
        events.into_iter().map(|event| (subject, event)).collect()
    }

    /// Time has passed. `blocks_skipped` is how many blocks the stream of trades has left out as too old since the
    /// newest trade: a stream that only does so lags, whatever its posts are answered.
    pub fn tick(&mut self, now: UnixMicros, blocks_skipped: u32) -> Vec<Told> {
        if blocks_skipped > 0 && self.watch(Subject::Trades).newest().is_none() {
            let reason = format!("no trade came, and {blocks_skipped} blocks were skipped as too old");
            let lost = self.watch(Subject::Trades).lost(FeedEventKind::Stale, reason);
            return lost.into_iter().map(|event| (Subject::Trades, event)).collect();
        }
        let ticked = |(subject, watch): (&Subject, &mut Watch)| Some((*subject, watch.tick(now)?));
        self.watches.iter_mut().filter_map(ticked).collect()
    }

    fn watch(&mut self, subject: Subject) -> &mut Watch {
        self.watches.entry(subject).or_insert_with(|| Watch::new(subject, None, self.start))
    }
}
