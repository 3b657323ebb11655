//! Wire to domain.

use super::InvalidMessage;
use super::enums::read;
use crate::event::{
    BookSnapshot, Candle, DeadLetter, FeedEvent, Level, Observation, Payload, Perp, PositionSide, TokenPrice,
    UserEvent, WalletTrade, WhaleMovement,
};
use crate::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};
use crate::wire::market as wire;
use crate::wire::market::market_event::Payload as WirePayload;

impl TryFrom<wire::MarketEvent> for Observation {
    type Error = InvalidMessage;

    fn try_from(event: wire::MarketEvent) -> Result<Self, InvalidMessage> {
        Ok(Self {
            event_time: time("event_time", event.event_time)?,
            received_time: time("received_time", event.received_time)?,
            source: read::<wire::Source, _>("source", event.source)?,
            source_position: event.source_position,
            payload: event.payload.ok_or(InvalidMessage::Missing("payload"))?.try_into()?,
        })
    }
}

impl TryFrom<WirePayload> for Payload {
    type Error = InvalidMessage;

    fn try_from(payload: WirePayload) -> Result<Self, InvalidMessage> {
        Ok(match payload {
            WirePayload::Price(price) => Self::Price(price.try_into()?),
            WirePayload::Book(book) => Self::Book(Box::new((*book).try_into()?)),
            WirePayload::Trade(trade) => Self::Trade(Box::new(trade.try_into()?)),
            WirePayload::Whale(whale) => Self::Whale(Box::new(whale.try_into()?)),
            WirePayload::Candle(candle) => Self::Candle(candle.try_into()?),
            WirePayload::Feed(event) => Self::Feed(event.try_into()?),
            WirePayload::DeadLetter(letter) => {
                Self::DeadLetter(DeadLetter::new(letter.feed, letter.reason, letter.raw))
            }
            WirePayload::User(event) => Self::User(Box::new(event.try_into()?)),
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

impl TryFrom<wire::Level> for Level {
    type Error = InvalidMessage;

    fn try_from(level: wire::Level) -> Result<Self, InvalidMessage> {
        Ok(Self { price: Price::new(level.price)?, quantity: Quantity::new(level.quantity)? })
    }
}

impl TryFrom<wire::BookSnapshot> for BookSnapshot {
    type Error = InvalidMessage;

    fn try_from(book: wire::BookSnapshot) -> Result<Self, InvalidMessage> {
        let levels =
            |levels: Vec<wire::Level>| levels.into_iter().map(Level::try_from).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            symbol: Symbol::parse(&book.symbol)?,
            venue: read::<wire::Venue, _>("venue", book.venue)?,
            update_id: book.update_id,
            bids: levels(book.bids)?,
            asks: levels(book.asks)?,
            features: book.features.ok_or(InvalidMessage::Missing("features"))?,
        })
    }
}

impl TryFrom<wire::WalletTrade> for WalletTrade {
    type Error = InvalidMessage;

    fn try_from(trade: wire::WalletTrade) -> Result<Self, InvalidMessage> {
        Ok(Self {
            side: read::<wire::Side, _>("side", trade.side)?,
            sol_amount: quantity("sol_amount", trade.sol_amount)?,
            stablecoin_amount: quantity("stablecoin_amount", trade.stablecoin_amount)?,
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

impl TryFrom<wire::WhaleMovement> for WhaleMovement {
    type Error = InvalidMessage;

    fn try_from(whale: wire::WhaleMovement) -> Result<Self, InvalidMessage> {
        Ok(Self {
            abs_change: quantity("abs_change", whale.abs_change)?,
            perp: Perp {
                has_position: whale.has_perp_position,
                side: position_side(whale.perp_side)?,
                size: whale.perp_size,
                leverage: whale.perp_leverage,
                entry_price: whale.perp_entry_price,
                platform: whale.perp_platform,
            },
            signature: whale.signature,
            wallet: whale.wallet,
            whale_type: whale.whale_type,
            direction: whale.direction,
            action: whale.action,
            significance: whale.significance,
            sol_change: whale.sol_change,
            percentage_moved: whale.percentage_moved,
            previous_balance: whale.previous_balance,
            current_balance: whale.current_balance,
            fee_paid: whale.fee_paid,
            slot: whale.slot,
            raw_json: whale.raw_json,
        })
    }
}

impl TryFrom<wire::Candle> for Candle {
    type Error = InvalidMessage;

    fn try_from(candle: wire::Candle) -> Result<Self, InvalidMessage> {
        Ok(Self {
            symbol: Symbol::parse(&candle.symbol)?,
            venue: read::<wire::Venue, _>("venue", candle.venue)?,
            interval_seconds: candle.interval_seconds,
            open_time: time("open_time", candle.open_time)?,
            open: price("open", candle.open)?,
            high: price("high", candle.high)?,
            low: price("low", candle.low)?,
            close: price("close", candle.close)?,
            volume: quantity("volume", candle.volume)?,
        })
    }
}

impl TryFrom<wire::FeedEvent> for FeedEvent {
    type Error = InvalidMessage;

    fn try_from(event: wire::FeedEvent) -> Result<Self, InvalidMessage> {
        let symbol = given_symbol(&event.symbol)?;
        Ok(Self {
            kind: read::<wire::feed_event::Kind, _>("kind", event.kind)?,
            symbol,
            from: event.from.map(UnixMicros::try_from).transpose()?,
            to: event.to.map(UnixMicros::try_from).transpose()?,
            feed: event.feed.into(),
            reason: event.reason,
        })
    }
}

impl TryFrom<wire::UserEvent> for UserEvent {
    type Error = InvalidMessage;

    fn try_from(event: wire::UserEvent) -> Result<Self, InvalidMessage> {
        let symbol = given_symbol(&event.symbol)?;
        Ok(Self::new(event.feed, symbol, event.json)?)
    }
}

/// A symbol that may be absent.
fn given_symbol(text: &str) -> Result<Option<Symbol>, InvalidValue> {
    if text.is_empty() { Ok(None) } else { Symbol::parse(text).map(Some) }
}

/// A price, refused by the name of its field.
fn price(field: &'static str, value: f64) -> Result<Price, InvalidValue> {
    Price::new(value).map_err(|error| InvalidValue { field, ..error })
}

/// An amount, refused by the name of its field.
fn quantity(field: &'static str, value: f64) -> Result<Quantity, InvalidValue> {
    Quantity::new(value).map_err(|error| InvalidValue { field, ..error })
}

fn time(
    field: &'static str,
    timestamp: Option<prost_types::Timestamp>,
) -> Result<UnixMicros, InvalidMessage> {
    let timestamp = timestamp.ok_or(InvalidMessage::Missing(field))?;
    Ok(UnixMicros::try_from(timestamp)?)
}

/// Unspecified means that the source does not say.
fn position_side(number: i32) -> Result<Option<PositionSide>, InvalidMessage> {
    if number == i32::from(wire::PositionSide::Unspecified) {
        return Ok(None);
    }
    read::<wire::PositionSide, _>("perp_side", number).map(Some)
}
