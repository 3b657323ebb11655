//! What was observed, as the services think of it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use crate::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};
use crate::wire::market as wire;

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The Jupiter price API.
    Jupiter,
    /// Binance spot.
    Binance,
    /// Bybit v5.
    Bybit,
    /// `QuickNode` streams, by webhook.
    QuickNode,
    /// Generated, not observed.
    Simulated,
    /// Read from a recording.
    Replay,
    /// Published by the operator's own programs.
    User,
    /// Said by the data-engine about its feeds.
    Engine,
}

/// An exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Venue {
    /// Binance spot.
    Binance,
    /// Bybit spot.
    Bybit,
}

impl Source {
    /// Its name in rows and sentences.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jupiter => "jupiter",
            Self::Binance => "binance",
            Self::Bybit => "bybit",
            Self::QuickNode => "quicknode",
            Self::Simulated => "simulated",
            Self::Replay => "replay",
            Self::User => "user",
            Self::Engine => "engine",
        }
    }
}

impl Venue {
    /// Its name in rows and sentences.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Source::from(self).as_str()
    }
}

impl From<Venue> for Source {
    fn from(venue: Venue) -> Self {
        match venue {
            Venue::Binance => Self::Binance,
            Venue::Bybit => Self::Bybit,
        }
    }
}

/// The side of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Base was bought.
    Buy,
    /// Base was sold.
    Sell,
}

/// The direction of a perpetual position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PositionSide {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

/// An observation that has no place in the log yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When it happened, by the source's clock.
    pub event_time: UnixMicros,
    /// When it reached us.
    pub received_time: UnixMicros,
    /// Where it came from.
    pub source: Source,
    /// How far a source that can be rewound had got; 0 for all others.
    pub source_position: u64,
    /// What was observed.
    pub payload: Payload,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A token's price.
    Price(TokenPrice),
    /// The best levels of a book.
    Book(Box<BookSnapshot>),
    /// A wallet's trade.
    Trade(Box<WalletTrade>),
    /// A large wallet's balance changed.
    Whale(Box<WhaleMovement>),
    /// A closed candle.
    Candle(Candle),
    /// Something happened to a feed.
    Feed(FeedEvent),
    /// An item that could not be read.
    DeadLetter(DeadLetter),
    /// An event of the operator's own feed.
    User(Box<UserEvent>),
}

/// A token's price in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenPrice {
    /// SOL, BTC, ETH.
    pub token: Symbol,
    /// USD for one token.
    pub price: Price,
    /// The block whose last swap made it; 0 when the source does not say.
    pub block_id: u64,
}

/// One price with its total quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Quote for one unit of base.
    pub price: Price,
    /// In base units.
    pub quantity: Quantity,
}

/// The best levels of one book, never crossed.
#[derive(Debug, Clone, PartialEq)]
pub struct BookSnapshot {
    /// The venue's own name.
    pub symbol: Symbol,
    /// Where it trades.
    pub venue: Venue,
    /// The venue's number of the last update that went in.
    pub update_id: u64,
    /// Highest price first.
    pub bids: Vec<Level>,
    /// Lowest price first.
    pub asks: Vec<Level>,
    /// Computed when the snapshot was taken.
    pub features: wire::BookFeatures,
}

/// What is known of a wallet's perpetual position.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Perp {
    /// Whether it has one.
    pub has_position: bool,
    /// drift, jupiter, mango, zeta; empty when unknown.
    pub platform: String,
    /// Its direction.
    pub side: Option<PositionSide>,
    /// In base units.
    pub size: Option<f64>,
    /// Times the collateral.
    pub leverage: Option<f64>,
    /// USD.
    pub entry_price: Option<f64>,
}

/// A wallet exchanged SOL for a stablecoin or back.
#[derive(Debug, Clone, PartialEq)]
pub struct WalletTrade {
    /// The transaction.
    pub signature: String,
    /// Who traded.
    pub wallet: String,
    /// Buy: SOL was bought.
    pub side: Side,
    /// SOL exchanged.
    pub sol_amount: Quantity,
    /// USDC, USDT, PYUSD, …
    pub stablecoin: String,
    /// Stablecoin exchanged.
    pub stablecoin_amount: Quantity,
    /// Stablecoin for one SOL.
    pub price: Price,
    /// Where in the chain.
    pub slot: u64,
    /// Which block.
    pub block_height: u64,
    /// The wallet's perpetual position.
    pub perp: Perp,
    /// The item as it was posted.
    pub raw_json: String,
}

/// A large wallet's balance of SOL changed.
#[derive(Debug, Clone, PartialEq)]
pub struct WhaleMovement {
    /// The transaction.
    pub signature: String,
    /// Whose balance.
    pub wallet: String,
    /// `MEGA_WHALE`, …, `MODERATE_HOLDER`.
    pub whale_type: String,
    /// in or out; empty when the source does not say.
    pub direction: String,
    /// As the source names it.
    pub action: String,
    /// CRITICAL, HIGH, MEDIUM, LOW.
    pub significance: String,
    /// Signed, in SOL.
    pub sol_change: f64,
    /// Its size.
    pub abs_change: Quantity,
    /// In percent of the previous balance.
    pub percentage_moved: f64,
    /// In SOL.
    pub previous_balance: f64,
    /// In SOL.
    pub current_balance: f64,
    /// In SOL.
    pub fee_paid: f64,
    /// Where in the chain.
    pub slot: u64,
    /// The wallet's perpetual position.
    pub perp: Perp,
    /// The item as it was posted.
    pub raw_json: String,
}

/// A closed candle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// The venue's own name.
    pub symbol: Symbol,
    /// Where it traded.
    pub venue: Venue,
    /// Its length.
    pub interval_seconds: u32,
    /// Its first moment.
    pub open_time: UnixMicros,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// In base units.
    pub volume: Quantity,
}

/// What happened to a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedEventKind {
    /// Data that never reached us.
    Gap,
    /// Nothing new for longer than the limit.
    Stale,
    /// The feed delivers again.
    Live,
    /// A book is fetched anew.
    Resync,
    /// Prices come from another source.
    SourceSwitch,
    /// A known event came with other content.
    Duplicate,
    /// Two clocks disagree.
    ClockSkew,
    /// A jump waits for confirmation.
    JumpHeld,
    /// A recording has ended.
    ReplayEnd,
    /// Events of the log were deleted for want of room, and are nowhere else.
    Forgotten,
}

/// Something happened to a feed: what is missing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEvent {
    /// The feed's name.
    pub feed: Cow<'static, str>,
    /// What happened.
    pub kind: FeedEventKind,
    /// The symbol it concerns; none for the whole feed.
    pub symbol: Option<Symbol>,
    /// Where it began, for gaps.
    pub from: Option<UnixMicros>,
    /// Where it ended, for gaps.
    pub to: Option<UnixMicros>,
    /// One sentence.
    pub reason: String,
}

/// An item that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// The feed's name.
    pub feed: Cow<'static, str>,
    /// Which field, which value, what is wrong.
    pub reason: String,
    /// The item as it came, shortened to [`DeadLetter::RAW_BYTES_MAX`].
    raw: String,
}

impl DeadLetter {
    /// The most that is kept of an unreadable item.
    pub const RAW_BYTES_MAX: usize = 16 * 1024;

    /// Keeps an item with the reason why it could not be read.
    #[must_use]
    pub fn new(
        feed: impl Into<Cow<'static, str>>,
        reason: impl Into<String>,
        raw: impl Into<String>,
    ) -> Self {
        let mut raw = raw.into();
        raw.truncate(raw.floor_char_boundary(Self::RAW_BYTES_MAX));
        Self { feed: feed.into(), reason: reason.into(), raw }
    }

    /// The item.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// An event of the operator's own feed, of whatever form.
#[derive(Debug, Clone, PartialEq)]
pub struct UserEvent {
    feed: String,
    symbol: Option<Symbol>,
    json: String,
}

impl UserEvent {
    /// The longest name of a feed.
    const FEED_BYTES_MAX: usize = 64;
    /// The longest content.
    pub const JSON_BYTES_MAX: usize = 64 * 1024;

    /// Checks an event.
    ///
    /// # Errors
    ///
    /// When the feed has no plain name, or the content is too long or no JSON.
    pub fn new(
        feed: impl Into<String>,
        symbol: Option<Symbol>,
        json: impl Into<String>,
    ) -> Result<Self, InvalidValue> {
        let (feed, json) = (feed.into(), json.into());
        let known = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
        };
        if !(1..=Self::FEED_BYTES_MAX).contains(&feed.len()) || !feed.bytes().all(known) {
            return Err(InvalidValue::new("feed", "1 to 64 of a-z, 0-9, '-', '_' and '.'", feed));
        }
        if json.len() > Self::JSON_BYTES_MAX {
            let found = format!("{} bytes", json.len());
            return Err(InvalidValue::new("json", "at most 65536 bytes", found));
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(&json).is_err() {
            return Err(InvalidValue::new("json", "JSON", json));
        }
        Ok(Self { feed, symbol, json })
    }

    /// The feed's name.
    #[must_use]
    pub fn feed(&self) -> &str {
        &self.feed
    }

    /// What it is about; none when it is about nothing that has a symbol.
    #[must_use]
    pub fn symbol(&self) -> Option<Symbol> {
        self.symbol
    }

    /// Its content, as it was published.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}
