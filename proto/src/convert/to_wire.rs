//! Domain to wire.

use crate::event::{
    BookSnapshot, Candle, DeadLetter, FeedEvent, Level, Observation, Payload, PositionSide, TokenPrice,
    UserEvent, WalletTrade, WhaleMovement,
};
use crate::wire::market as wire;
use crate::wire::market::market_event::Payload as WirePayload;

/// Gives an observation its place in the log.
#[must_use]
pub fn record(seq: u64, observation: &Observation) -> wire::MarketEvent {
    wire::MarketEvent {
        seq,
        event_time: Some(observation.event_time.into()),
        received_time: Some(observation.received_time.into()),
        source: wire::Source::from(observation.source).into(),
        source_position: observation.source_position,
        payload: Some(WirePayload::from(&observation.payload)),
    }
}

impl From<&Payload> for WirePayload {
    fn from(payload: &Payload) -> Self {
        match payload {
            Payload::Price(price) => Self::Price(price.into()),
            Payload::Book(book) => Self::Book(Box::new(book.as_ref().into())),
            Payload::Trade(trade) => Self::Trade(trade.as_ref().into()),
            Payload::Whale(whale) => Self::Whale(whale.as_ref().into()),
            Payload::Candle(candle) => Self::Candle(candle.into()),
            Payload::Feed(event) => Self::Feed(event.into()),
            Payload::DeadLetter(letter) => Self::DeadLetter(letter.into()),
            Payload::User(event) => Self::User(event.as_ref().into()),
        }
    }
}

impl From<&TokenPrice> for wire::Price {
    fn from(price: &TokenPrice) -> Self {
        Self { token: price.token.to_string(), price: price.price.get(), block_id: price.block_id }
    }
}

impl From<&Level> for wire::Level {
    fn from(level: &Level) -> Self {
        Self { price: level.price.get(), quantity: level.quantity.get() }
    }
}

impl From<&BookSnapshot> for wire::BookSnapshot {
    fn from(book: &BookSnapshot) -> Self {
        Self {
            symbol: book.symbol.to_string(),
            venue: wire::Venue::from(book.venue).into(),
            update_id: book.update_id,
            bids: book.bids.iter().map(Into::into).collect(),
            asks: book.asks.iter().map(Into::into).collect(),
            features: Some(book.features),
        }
    }
}

impl From<&WalletTrade> for wire::WalletTrade {
    fn from(trade: &WalletTrade) -> Self {
        Self {
            signature: trade.signature.clone(),
            wallet: trade.wallet.clone(),
            side: wire::Side::from(trade.side).into(),
            sol_amount: trade.sol_amount.get(),
            stablecoin: trade.stablecoin.clone(),
            stablecoin_amount: trade.stablecoin_amount.get(),
            price: trade.price.get(),
            slot: trade.slot,
            block_height: trade.block_height,
            has_perp_position: trade.perp.has_position,
            perp_platform: trade.perp.platform.clone(),
            perp_side: position_side(trade.perp.side).into(),
            perp_size: trade.perp.size,
            perp_leverage: trade.perp.leverage,
            perp_entry_price: trade.perp.entry_price,
            raw_json: trade.raw_json.clone(),
        }
    }
}

impl From<&WhaleMovement> for wire::WhaleMovement {
    fn from(whale: &WhaleMovement) -> Self {
        Self {
            signature: whale.signature.clone(),
            wallet: whale.wallet.clone(),
            whale_type: whale.whale_type.clone(),
            direction: whale.direction.clone(),
            action: whale.action.clone(),
            significance: whale.significance.clone(),
            sol_change: whale.sol_change,
            abs_change: whale.abs_change.get(),
            percentage_moved: whale.percentage_moved,
            previous_balance: whale.previous_balance,
            current_balance: whale.current_balance,
            fee_paid: whale.fee_paid,
            slot: whale.slot,
            has_perp_position: whale.perp.has_position,
            perp_platform: whale.perp.platform.clone(),
            perp_side: position_side(whale.perp.side).into(),
            perp_size: whale.perp.size,
            perp_leverage: whale.perp.leverage,
            perp_entry_price: whale.perp.entry_price,
            raw_json: whale.raw_json.clone(),
        }
    }
}

impl From<&Candle> for wire::Candle {
    fn from(candle: &Candle) -> Self {
        Self {
            symbol: candle.symbol.to_string(),
            venue: wire::Venue::from(candle.venue).into(),
            interval_seconds: candle.interval_seconds,
            open_time: Some(candle.open_time.into()),
            open: candle.open.get(),
            high: candle.high.get(),
            low: candle.low.get(),
            close: candle.close.get(),
            volume: candle.volume.get(),
        }
    }
}

impl From<&FeedEvent> for wire::FeedEvent {
    fn from(event: &FeedEvent) -> Self {
        Self {
            feed: event.feed.to_string(),
            kind: wire::feed_event::Kind::from(event.kind).into(),
            symbol: event.symbol.map(|symbol| symbol.to_string()).unwrap_or_default(),
            from: event.from.map(Into::into),
            to: event.to.map(Into::into),
            reason: event.reason.clone(),
        }
    }
}

impl From<&DeadLetter> for wire::DeadLetter {
    fn from(letter: &DeadLetter) -> Self {
        Self { feed: letter.feed.to_string(), reason: letter.reason.clone(), raw: letter.raw().to_owned() }
    }
}

impl From<&UserEvent> for wire::UserEvent {
    fn from(event: &UserEvent) -> Self {
        Self {
            feed: event.feed().to_owned(),
            symbol: event.symbol().map(|symbol| symbol.to_string()).unwrap_or_default(),
            json: event.json().to_owned(),
        }
    }
}

fn position_side(side: Option<PositionSide>) -> wire::PositionSide {
    match side {
        None => wire::PositionSide::Unspecified,
        Some(PositionSide::Long) => wire::PositionSide::Long,
        Some(PositionSide::Short) => wire::PositionSide::Short,
    }
}
