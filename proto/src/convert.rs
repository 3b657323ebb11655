//! Between wire and domain. Into the wire never fails ([`From`]), out of it may ([`TryFrom`]).

mod from_wire;
mod to_wire;

use crate::values::{InvalidValue, UnixMicros};

pub use to_wire::record;

/// A message from outside cannot be what it says it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidMessage {
    /// A field that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An enum has a number without a meaning here.
    #[error("{field} has the unknown number {number}")]
    UnknownEnum {
        /// The field.
        field: &'static str,
        /// What it held.
        number: i32,
    },
    /// A value is outside of what it may be.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The bytes are no message.
    #[error("not a message: {0}")]
    Encoding(#[from] prost::DecodeError),
}

impl From<UnixMicros> for prost_types::Timestamp {
    fn from(time: UnixMicros) -> Self {
        let micros = time.get();
        let nanos = micros.rem_euclid(1_000_000) * 1000;
        Self { seconds: micros.div_euclid(1_000_000), nanos: i32::try_from(nanos).unwrap_or(0) }
    }
}

impl TryFrom<prost_types::Timestamp> for UnixMicros {
    type Error = InvalidValue;

    fn try_from(timestamp: prost_types::Timestamp) -> Result<Self, InvalidValue> {
        let micros =
            timestamp.seconds.saturating_mul(1_000_000).saturating_add(i64::from(timestamp.nanos) / 1000);
        Self::new(micros)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Observation, Payload, Source, TokenPrice};
    use crate::values::{Price, Symbol};
    use crate::wire::market as wire;

    fn price_event(price: f64) -> wire::MarketEvent {
        let time = UnixMicros::from_seconds(1_767_478_430).unwrap();
        let observed = TokenPrice {
            token: Symbol::parse("SOL").unwrap(),
            price: Price::new(price).unwrap(),
            block_id: 7,
        };
        record(
            42,
            &Observation {
                event_time: time,
                received_time: time,
                source: Source::Jupiter,
                source_position: 3,
                payload: Payload::Price(observed),
            },
        )
    }

    proptest! {
        /// A moment survives the wire to the microsecond, before 1970 too.
        #[test]
        fn a_moment_survives_the_wire(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
            let time = UnixMicros::new(micros).unwrap();
            let wire = prost_types::Timestamp::from(time);
            prop_assert!((0..1_000_000_000).contains(&wire.nanos));
            prop_assert_eq!(UnixMicros::try_from(wire).unwrap(), time);
        }

        /// A price survives the wire to the last bit.
        #[test]
        fn a_price_survives_the_wire(price in 1e-9_f64..1e12) {
            let observation = Observation::try_from(price_event(price)).unwrap();
            let Payload::Price(read) = observation.payload else { panic!("not a price") };
            prop_assert_eq!(read.price.get().to_bits(), price.to_bits());
            prop_assert_eq!(observation.source_position, 3);
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let mut event = price_event(1.0);
        event.event_time = None;
        assert_eq!(Observation::try_from(event).unwrap_err().to_string(), "event_time is missing");

        let mut event = price_event(1.0);
        event.source = 99;
        assert_eq!(Observation::try_from(event).unwrap_err().to_string(), "source has the unknown number 99");

        let mut event = price_event(1.0);
        if let Some(wire::market_event::Payload::Price(price)) = &mut event.payload {
            price.price = f64::NAN;
        }
        let error = Observation::try_from(event).unwrap_err();
        assert_eq!(error.to_string(), "price must be greater than zero and at most 1e15, got NaN");
    }
}
