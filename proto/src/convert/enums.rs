//! Enums, both ways from one table each. Unspecified and unknown numbers stay outside.

use super::InvalidMessage;
use crate::event::{FeedEventKind, PositionSide, Side, Source, Venue};
use crate::wire::market as wire;

/// Pairs a domain enum with its wire enum, variant by variant.
macro_rules! paired {
    ($domain:ty, $wire:ty, $field:literal, { $($ours:ident = $theirs:ident),+ $(,)? }) => {
        impl From<$domain> for $wire {
            fn from(value: $domain) -> Self {
                match value {
                    $(<$domain>::$ours => Self::$theirs,)+
                }
            }
        }

        impl TryFrom<$wire> for $domain {
            type Error = InvalidMessage;

            fn try_from(value: $wire) -> Result<Self, InvalidMessage> {
                match value {
                    $(<$wire>::$theirs => Ok(Self::$ours),)+
                    <$wire>::Unspecified => Err(InvalidMessage::Missing($field)),
                }
            }
        }
    };
}

paired!(Source, wire::Source, "source", {
    Jupiter = Jupiter,
    Binance = Binance,
    Bybit = Bybit,
    QuickNode = Quicknode,
    Simulated = Simulated,
    Replay = Replay,
    User = User,
    Engine = Engine,
});
paired!(Venue, wire::Venue, "venue", { Binance = Binance, Bybit = Bybit });
paired!(Side, wire::Side, "side", { Buy = Buy, Sell = Sell });
paired!(PositionSide, wire::PositionSide, "perp_side", { Long = Long, Short = Short });
paired!(FeedEventKind, wire::feed_event::Kind, "kind", {
    Gap = Gap,
    Stale = Stale,
    Live = Live,
    Resync = Resync,
    SourceSwitch = SourceSwitch,
    Duplicate = Duplicate,
    ClockSkew = ClockSkew,
    JumpHeld = JumpHeld,
    ReplayEnd = ReplayEnd,
    Forgotten = Forgotten,
});

/// Reads the number of a wire enum into the domain.
///
/// # Errors
///
/// When the number is unspecified or unknown.
pub(super) fn read<Wire, Domain>(field: &'static str, number: i32) -> Result<Domain, InvalidMessage>
where
    Wire: TryFrom<i32>,
    Domain: TryFrom<Wire, Error = InvalidMessage>,
{
    let wire = Wire::try_from(number).map_err(|_| InvalidMessage::UnknownEnum { field, number })?;
    Domain::try_from(wire)
}
