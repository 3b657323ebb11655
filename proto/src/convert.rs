//! Between wire and domain. Into the wire never fails ([`From`]), out of it may ([`TryFrom`]).

mod enums;
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
mod tests;
