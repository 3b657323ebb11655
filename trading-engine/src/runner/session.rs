//! What the core asks the feed for, and what it makes of what comes.

use std::time::Instant;

use goat::values::Seq;
use goat::wire::Frame;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{EventBatch, Hello, Mode};

use super::{Runner, RunnerError};
use crate::core::Engine;
use crate::feed::{Content, Continuity, Discontinuity, Ended, Item, Request, Start};
use crate::view::{Link, Restart};
use crate::workspace::{Begins, Fetch};

/// One stream, from its request to its end.
#[derive(Debug)]
pub(super) struct Session {
    number: u64,
    start: Start,
    /// None before the greeting.
    continuity: Option<Continuity>,
    head: u64,
    pub(super) mode: Mode,
    greeted_before: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            number: 0,
            start: Start::Oldest,
            continuity: None,
            head: 0,
            mode: Mode::Unspecified,
            greeted_before: false,
        }
    }
}

impl Session {
    /// Positions that the log is known to have beyond `cursor`.
    pub(super) fn lag(&self, cursor: u64) -> u64 {
        self.head.saturating_sub(cursor)
    }
}

/// The stream is not what it should be; another is asked for.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Message(#[from] goat::convert::InvalidMessage),
    #[error(transparent)]
    Discontinuity(#[from] Discontinuity),
    #[error("the stream began with something else than a greeting")]
    NoHello,
    #[error("the stream begins at {found}, but {expected} comes next")]
    Start { found: u64, expected: u64 },
    /// Not the stream's fault: the core cannot go on.
    #[error(transparent)]
    Core(#[from] RunnerError),
}

impl Runner {
    /// Asks for a stream from where the core is.
    pub(super) fn request(&mut self, after_failure: bool) {
        let start = match self.log_id {
            Some(_) => Start::After(self.engine.cursor().seq.get()),
            None if self.session.mode == Mode::Replay => Start::Oldest,
            None => Start::Lookback(self.surroundings.cold_seconds),
        };
        self.session.number += 1;
        self.session.start = start;
        self.session.continuity = None;
        self.feed.requests.send_replace(Some(Request { session: self.session.number, start, after_failure }));
    }

    pub(super) fn take(&mut self, item: Item) -> Result<(), RunnerError> {
        if item.session != self.session.number {
            return Ok(());
        }
        match item.content {
            Content::Ended(ended) => self.end(&ended)?,
            Content::Frame(frame) => {
                self.feed_view.last_message_time = Some(item.received_time);
                match self.read(&frame) {
                    Ok(()) => {}
                    Err(Unusable::Core(error)) => return Err(error),
                    Err(unusable) => {
                        metrics::counter!("goat_trading_feed_unusable_total").increment(1);
                        self.set_link(Link::Connecting, &unusable.to_string());
                        self.request(true);
                    }
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, frame: &Frame) -> Result<(), Unusable> {
        match frame.parse()? {
            Message::Hello(hello) => return self.greet(hello),
            Message::Batch(batch) => {
                self.continuity()?.cover(batch.covers_from, batch.covers_to)?;
                self.read_batch(batch)?;
            }
            Message::Heartbeat(heartbeat) => self.continuity()?.confirm(heartbeat.seq)?,
            Message::CaughtUp(end) => {
                self.continuity()?.confirm(end.seq)?;
                self.reach_the_end();
            }
        }
        Ok(())
    }

    fn continuity(&mut self) -> Result<&mut Continuity, Unusable> {
        self.session.continuity.as_mut().ok_or(Unusable::NoHello)
    }

    fn read_batch(&mut self, batch: EventBatch) -> Result<(), Unusable> {
        let (mut from, to) = (batch.covers_from, batch.covers_to);
        for event in &batch.events {
            if event.seq < from || event.seq > to {
                return Err(Discontinuity::Event { seq: event.seq, from, to }.into());
            }
            from = event.seq + 1;
        }
        self.fold(batch.events)?;
        // Past what was not asked for.
        self.fold_logged(Seq::new(to))?;
        self.engine.pass(Seq::new(to), None);
        self.session.head = self.session.head.max(to);
        Ok(())
    }

    fn greet(&mut self, hello: Hello) -> Result<(), Unusable> {
        self.session.mode = hello.mode();
        self.session.head = hello.head_seq;
        let after = hello.start_seq.saturating_sub(1);
        match &self.log_id {
            Some(log_id) if *log_id != hello.log_id => {
                let reason = format!("the log is {}, not {log_id}", hello.log_id);
                self.begin_anew(reason)?;
                self.request(false);
                return Ok(());
            }
            Some(_) => {
                let expected = self.engine.cursor().seq.get();
                if after != expected {
                    return Err(Unusable::Start { found: hello.start_seq, expected: expected + 1 });
                }
            }
            // A replay is judged whole.
            None if self.session.mode == Mode::Replay && self.session.start != Start::Oldest => {
                self.request(false);
                return Ok(());
            }
            None => {
                self.engine = Engine::new(self.surroundings.plan.clone(), Seq::new(after));
                self.begin_on(hello.log_id)?;
            }
        }
        self.session.continuity = Some(Continuity::after(after));
        self.note_greeting();
        self.set_link(Link::CatchingUp, "reading what was recorded before");
        Ok(())
    }

    fn note_greeting(&mut self) {
        if self.session.greeted_before {
            self.feed_view.reconnects += 1;
        }
        self.session.greeted_before = true;
        if self.restart.is_some() {
            return;
        }
        let from_seq = self.engine.cursor().seq;
        self.restart = Some(Restart { cold_reason: self.cold_reason.clone(), from_seq, events: 0 });
        match &self.cold_reason {
            None => tracing::info!(%from_seq, "the state is that of the ledger"),
            Some(reason) => tracing::info!(%from_seq, reason, "the state begins with nothing"),
        }
    }

    /// Has the rows from before the cursor fetched into the workspace; nothing that follows is written, and no query
    /// that is asked from now on is answered, before they are there.
    pub(super) fn fetch_recent(&mut self, log_id: String, begins: Begins) -> Result<(), RunnerError> {
        let cursor_seq = self.engine.cursor().seq.get();
        if cursor_seq == 0 {
            return Ok(());
        }
        let (parts, recent) = Fetch::queue();
        self.outbox.await_recent(recent)?;
        let fetch = Fetch { log_id, cursor_seq, begins }.run(self.surroundings.market.clone(), parts);
        self.runtime.spawn(self.surroundings.stop.clone().run_until_cancelled_owned(fetch));
        Ok(())
    }

    fn reach_the_end(&mut self) {
        self.set_link(Link::Live, "");
        if self.caught_up {
            return;
        }
        self.caught_up = true;
        let elapsed = self.began.elapsed().as_millis();
        self.catch_up_ms = Some(i32::try_from(elapsed).unwrap_or(i32::MAX));
        self.surroundings.readiness.set(true);
        let events = self.restart.as_ref().map_or(0, |restart| restart.events);
        let seq = self.engine.cursor().seq;
        tracing::info!(%seq, events, catch_up_ms = self.catch_up_ms, "the log's end is reached");
    }

    fn end(&mut self, ended: &Ended) -> Result<(), RunnerError> {
        let no_longer_fits = matches!(ended, Ended::TooOld(_) | Ended::Refused(_));
        if no_longer_fits && self.log_id.is_some() {
            self.begin_anew(ended.to_string())?;
        }
        let link = if *ended == Ended::Silent { Link::Stale } else { Link::Connecting };
        self.set_link(link, &ended.to_string());
        self.request(true);
        Ok(())
    }

    /// Begins a state on a log: takes over what stays, folds the commands that it does not contain, and commits, so
    /// that every later command finds the state that it belongs to.
    fn begin_on(&mut self, log_id: String) -> Result<(), RunnerError> {
        let gone = |_| RunnerError::Gone("ledger");
        let taken = self.surroundings.keeper.take(&log_id, self.session.mode).map_err(gone)?;
        self.outbox.begin();
        self.outbox.rows.batch.merge(taken.rows);
        self.outbox.deliver_rows_now(&self.engine)?;
        self.fetch_recent(log_id.clone(), Begins::ColdSeconds(self.surroundings.cold_seconds))?;
        self.engine.carry(taken.carried, &mut self.effects);
        self.last_command = taken.last_command;
        self.head = taken.chain;
        let (seq, now) = (self.engine.cursor().seq, Instant::now());
        for logged in taken.commands {
            self.engine.command(&logged.command, &mut self.effects);
        }
        self.engine.contain(taken.last_command);
        self.perform(seq, now)?;
        self.outbox.commit(&self.engine, &log_id)?;
        self.log_id = Some(log_id);
        self.set_limits()?;
        self.set_strategies()?;
        self.save_configured_plays()
    }

    /// Drops the state: the log that it was made of is not there any more. What stays is taken from the ledger when the
    /// next log is met, so it is committed first.
    fn begin_anew(&mut self, reason: String) -> Result<(), RunnerError> {
        tracing::warn!(reason, "the state is dropped");
        self.outbox.finish(&self.engine, self.log_id.as_deref())?;
        self.logged.clear();
        self.engine = Engine::new(self.surroundings.plan.clone(), Seq::ZERO);
        self.log_id = None;
        self.cold_reason = Some(reason);
        self.restart = None;
        self.caught_up = false;
        self.catch_up_ms = None;
        self.began = Instant::now();
        self.closed.clear();
        self.day = None;
        self.surroundings.readiness.set(false);
        self.surroundings.view.write().forget();
        self.changes.began_anew();
        Ok(())
    }

    fn set_link(&mut self, link: Link, reason: &str) {
        if self.feed_view.link == link && self.feed_view.reason == reason {
            return;
        }
        self.feed_view.link = link;
        reason.clone_into(&mut self.feed_view.reason);
        match link {
            Link::Live | Link::CatchingUp => tracing::info!(state = ?link, "the stream from the data-engine"),
            Link::Connecting | Link::Stale => {
                tracing::warn!(state = ?link, reason, "the stream from the data-engine");
            }
        }
    }
}
