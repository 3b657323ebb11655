//! Wire to domain, for what the engines read: prices and wallet trades.
//!
//! Other kinds convert when a reader of theirs exists; until then they are [`InvalidMessage::Missing`].

use super::InvalidMessage;
use crate::event::{Observation, Payload, Perp, PositionSide, Side, Source, TokenPrice, WalletTrade};
use crate::values::{Price, Quantity, Symbol, UnixMicros};
use crate::wire::market as wire;
use crate::wire::market::market_event::Payload as WirePayload;

impl TryFrom<wire::MarketEvent> for Observation {
    type Error = InvalidMessage;

    fn try_from(event: wire::MarketEvent) -> Result<Self, InvalidMessage> {
        Ok(Self {
            event_time: time("event_time", event.event_time)?,
            received_time: time("received_time", event.received_time)?,
            source: source(event.source)?,
            source_position: event.source_position,
            payload: match event.payload {
                Some(WirePayload::Price(price)) => Payload::Price(price.try_into()?),
                Some(WirePayload::Trade(trade)) => Payload::Trade(Box::new(trade.try_into()?)),
                _ => return Err(InvalidMessage::Missing("payload")),
            },
        })
    }
}

impl TryFrom<wire::Price> for TokenPrice {
    type Error = InvalidMessage;

    fn try_from(price: wire::Price) -> Result<Self, InvalidMessage> {
        Ok(Self {
            token: Symbol::parse(&price.token)?,
            price: Price::new(price.price)?,
            block_id: price.block_id,
        })
    }
}

impl TryFrom<wire::WalletTrade> for WalletTrade {
    type Error = InvalidMessage;

    fn try_from(trade: wire::WalletTrade) -> Result<Self, InvalidMessage> {
        let side = match wire::Side::try_from(trade.side) {
            Ok(wire::Side::Buy) => Side::Buy,
            Ok(wire::Side::Sell) => Side::Sell,
            Ok(wire::Side::Unspecified) => return Err(InvalidMessage::Missing("side")),
            Err(_) => return Err(InvalidMessage::UnknownEnum { field: "side", number: trade.side }),
        };
        Ok(Self {
            side,
            sol_amount: Quantity::new(trade.sol_amount)?,
            stablecoin_amount: Quantity::new(trade.stablecoin_amount)?,
            price: Price::new(trade.price)?,
            perp: Perp {
                has_position: trade.has_perp_position,
                side: position_side(trade.perp_side)?,
                size: trade.perp_size,
                leverage: trade.perp_leverage,
                entry_price: trade.perp_entry_price,
                platform: trade.perp_platform,
            },
            signature: trade.signature,
            wallet: trade.wallet,
            stablecoin: trade.stablecoin,
            slot: trade.slot,
            block_height: trade.block_height,
            raw_json: trade.raw_json,
        })
    }
}

fn time(
    field: &'static str,
    timestamp: Option<prost_types::Timestamp>,
) -> Result<UnixMicros, InvalidMessage> {
    let timestamp = timestamp.ok_or(InvalidMessage::Missing(field))?;
    Ok(UnixMicros::try_from(timestamp)?)
}

fn source(number: i32) -> Result<Source, InvalidMessage> {
    match wire::Source::try_from(number) {
        Ok(wire::Source::Jupiter) => Ok(Source::Jupiter),
        Ok(wire::Source::Binance) => Ok(Source::Binance),
        Ok(wire::Source::Bybit) => Ok(Source::Bybit),
        Ok(wire::Source::Quicknode) => Ok(Source::QuickNode),
        Ok(wire::Source::Simulated) => Ok(Source::Simulated),
        Ok(wire::Source::Replay) => Ok(Source::Replay),
        Ok(wire::Source::User) => Ok(Source::User),
        Ok(wire::Source::Engine) => Ok(Source::Engine),
        Ok(wire::Source::Unspecified) => Err(InvalidMessage::Missing("source")),
        Err(_) => Err(InvalidMessage::UnknownEnum { field: "source", number }),
    }
}

fn position_side(number: i32) -> Result<Option<PositionSide>, InvalidMessage> {
    match wire::PositionSide::try_from(number) {
        Ok(wire::PositionSide::Unspecified) => Ok(None),
        Ok(wire::PositionSide::Long) => Ok(Some(PositionSide::Long)),
        Ok(wire::PositionSide::Short) => Ok(Some(PositionSide::Short)),
        Err(_) => Err(InvalidMessage::UnknownEnum { field: "perp_side", number }),
    }
}
