//! Events of the operator's own feeds, at the border: what is let into the log, and why not.
//!
//! They are read as every event is (`goat::convert`), and checked where the venues' own parsers would have seen to
//! it: texts are short, numbers finite, books ordered, candles closed, times near. What a feed of this instance
//! delivers itself is refused, so that a price that trading leans on has one origin; `publish.allow_overlap` lets
//! it in, and `source` still tells the two apart.

mod check;
mod own;

#[cfg(test)]
mod tests;

use std::time::Duration;

use goat::convert::InvalidMessage;
use goat::event::{Observation, Payload, Source};
use goat::settings::Settings;
use goat::values::{InvalidValue, UnixMicros};
use goat::wire::market::market_event::Payload as WirePayload;
use goat::wire::market::{NewEvent, new_event};

use crate::book::features::features;
use crate::hot::TableSpec;
use own::Own;

/// The most events of one batch.
pub const BATCH_MAX: usize = 1000;
/// How far ahead of our clock the operator's may be.
const AHEAD_MAX: Duration = Duration::from_secs(5);

/// An event was not let in, with what is wrong about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be right.
    #[error(transparent)]
    Invalid(#[from] InvalidMessage),
    /// A feed of this instance delivers it.
    #[error(
        "{0} comes from a feed of this instance, and what trading leans on has one origin; set publish.allow_overlap to publish it as well"
    )]
    Overlap(String),
}

impl From<InvalidValue> for Refusal {
    fn from(error: InvalidValue) -> Self {
        Self::Invalid(error.into())
    }
}

/// What is let in.
#[derive(Debug, Clone)]
pub struct Border {
    own: Option<Own>,
    hot: goat::settings::Hot,
}

impl Border {
    /// The border of an instance with these settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let own = (!settings.publish.allow_overlap).then(|| Own::of(&settings.feeds));
        Self { own, hot: settings.hot.clone() }
    }

    /// An event as it is recorded; `now` is the time that its own is measured against, `received` the wall clock's.
    ///
    /// # Errors
    ///
    /// When a field is missing or cannot be right, or a feed of this instance delivers the same.
    pub fn admit(
        &self,
        event: NewEvent,
        now: UnixMicros,
        received: UnixMicros,
    ) -> Result<Observation, Refusal> {
        let payload = event
            .payload
            .ok_or(InvalidMessage::Missing("payload, one of price, book, trade, whale, candle and user,"))?;
        let payload = read(payload)?;
        check::payload(&payload)?;
        if let Some(taken) = self.own.as_ref().and_then(|own| own.delivers(&payload)) {
            return Err(Refusal::Overlap(taken));
        }
        let event_time = match (event.event_time, &payload) {
            (Some(time), _) => UnixMicros::try_from(time)?,
            (None, Payload::Candle(candle)) => check::end_of(candle),
            (None, _) => now,
        };
        self.check_time(event_time, &payload, now)?;
        Ok(Observation {
            event_time,
            received_time: received,
            source: Source::User,
            source_position: 0,
            payload,
        })
    }

    fn check_time(
        &self,
        event_time: UnixMicros,
        payload: &Payload,
        now: UnixMicros,
    ) -> Result<(), InvalidValue> {
        if event_time > now.plus(AHEAD_MAX) {
            return Err(InvalidValue::new(
                "event_time",
                "at most 5 s ahead of the service's clock",
                event_time,
            ));
        }
        if let Payload::Candle(candle) = payload
            && check::end_of(candle) > now.plus(AHEAD_MAX)
        {
            return Err(InvalidValue::new("open_time", "that of a closed candle", candle.open_time));
        }
        let hours = TableSpec::of(payload).retention_hours(&self.hot);
        if event_time < now.minus(Duration::from_secs(u64::from(hours) * 3600)) {
            let rule = "no older than what its table keeps (hot.hours, for trades hot.trade_hours)";
            return Err(InvalidValue::new("event_time", rule, event_time));
        }
        Ok(())
    }
}

/// Reads a payload as every event's is read. The features of a book follow from its levels.
fn read(payload: new_event::Payload) -> Result<Payload, InvalidMessage> {
    Payload::try_from(match payload {
        new_event::Payload::Price(price) => WirePayload::Price(price),
        new_event::Payload::Book(mut book) => {
            book.features = Some(goat::wire::market::BookFeatures::default());
            let mut book = goat::event::BookSnapshot::try_from(*book)?;
            book.features = features(&book.bids, &book.asks, None);
            return Ok(Payload::Book(Box::new(book)));
        }
        new_event::Payload::Trade(trade) => WirePayload::Trade(trade),
        new_event::Payload::Whale(whale) => WirePayload::Whale(whale),
        new_event::Payload::Candle(candle) => WirePayload::Candle(candle),
        new_event::Payload::User(event) => WirePayload::User(event),
    })
}
