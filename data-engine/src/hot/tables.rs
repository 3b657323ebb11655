//! The tables: names, columns, and how an event becomes a row. Each stands here and nowhere else.

use duckdb::types::{TimeUnit, Value};
use goat::event::Payload as Observed;
use goat::settings::Hot;
use goat::wire::market::{
    BookSnapshot, Level, MarketEvent, PositionSide, Price, Side, Source, Venue, WalletTrade, WhaleMovement,
    market_event::Payload,
};

/// A column: its name and its type in `DuckDB`.
pub(crate) type Column = (&'static str, &'static str);

/// Columns that every table begins with.
const COMMON: &[Column] = &[
    ("seq", "UBIGINT NOT NULL"),
    ("event_time", "TIMESTAMP NOT NULL"),
    ("received_time", "TIMESTAMP NOT NULL"),
    ("source", "VARCHAR NOT NULL"),
];

/// One table of the hot store.
#[derive(Debug, Clone, Copy)]
pub struct TableSpec {
    /// Its name.
    pub name: &'static str,
    columns: &'static [Column],
    row: fn(&Payload) -> Option<Vec<Value>>,
    is_trade: bool,
}

/// All tables, in the order in which they are listed.
pub const TABLES: &[TableSpec] =
    &[PRICES, ORDER_BOOK_SNAPSHOTS, TRADES, WHALES, CANDLES, FEED_EVENTS, DEAD_LETTERS, USER_EVENTS];

impl TableSpec {
    /// The statement that makes the table.
    pub(crate) fn create(&self) -> String {
        let columns: Vec<_> = self.all_columns().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!("CREATE TABLE {} ({})", self.name, columns.join(", "))
    }

    /// Its columns, in the order of a row's values.
    pub(crate) fn all_columns(&self) -> impl Iterator<Item = Column> {
        COMMON.iter().chain(self.columns).copied()
    }

    /// The table that an event with this payload belongs to.
    pub(crate) fn of(payload: &Observed) -> &'static Self {
        match payload {
            Observed::Price(_) => &PRICES,
            Observed::Book(_) => &ORDER_BOOK_SNAPSHOTS,
            Observed::Trade(_) => &TRADES,
            Observed::Whale(_) => &WHALES,
            Observed::Candle(_) => &CANDLES,
            Observed::Feed(_) => &FEED_EVENTS,
            Observed::DeadLetter(_) => &DEAD_LETTERS,
            Observed::User(_) => &USER_EVENTS,
        }
    }

    /// The row of an event; none when the event belongs to another table.
    pub(crate) fn row(&self, event: &MarketEvent) -> Option<Vec<Value>> {
        let rest = (self.row)(event.payload.as_ref()?)?;
        let mut row = Vec::with_capacity(COMMON.len() + rest.len());
        row.push(Value::UBigInt(event.seq));
        row.push(time(event.event_time.as_ref()));
        row.push(time(event.received_time.as_ref()));
        row.push(lower(Source::try_from(event.source).unwrap_or_default().as_str_name(), "SOURCE_"));
        row.extend(rest);
        Some(row)
    }

    /// Rows older than this against the newest event are dropped.
    #[must_use]
    pub fn retention_hours(&self, settings: &Hot) -> u32 {
        if self.is_trade { settings.trade_hours } else { settings.hours }
    }
}

const PRICES: TableSpec = TableSpec {
    name: "prices",
    columns: &[("token", "VARCHAR NOT NULL"), ("price", "DOUBLE NOT NULL"), ("block_id", "UBIGINT")],
    row: |payload| {
        let Payload::Price(Price { token, price, block_id }) = payload else { return None };
        Some(vec![text(token), Value::Double(*price), known(*block_id)])
    },
    is_trade: false,
};

const ORDER_BOOK_SNAPSHOTS: TableSpec = TableSpec {
    name: "order_book_snapshots",
    columns: &[
        ("venue", "VARCHAR NOT NULL"),
        ("symbol", "VARCHAR NOT NULL"),
        ("update_id", "UBIGINT"),
        ("best_bid", "DOUBLE"),
        ("best_ask", "DOUBLE"),
        ("mid_price", "DOUBLE"),
        ("spread", "DOUBLE"),
        ("spread_bps", "DOUBLE"),
        ("bid_depth_10", "DOUBLE"),
        ("ask_depth_10", "DOUBLE"),
        ("volume_imbalance", "DOUBLE"),
        ("bid_vwap_10", "DOUBLE"),
        ("ask_vwap_10", "DOUBLE"),
        ("bid_slope", "DOUBLE"),
        ("ask_slope", "DOUBLE"),
        ("microprice", "DOUBLE"),
        ("microprice_deviation_bps", "DOUBLE"),
        ("bid_depth_5bps", "DOUBLE"),
        ("ask_depth_5bps", "DOUBLE"),
        ("bid_depth_10bps", "DOUBLE"),
        ("ask_depth_10bps", "DOUBLE"),
        ("bid_depth_25bps", "DOUBLE"),
        ("ask_depth_25bps", "DOUBLE"),
        ("net_liquidity_change_1s", "DOUBLE"),
        ("bids", "VARCHAR"),
        ("asks", "VARCHAR"),
    ],
    row: |payload| {
        let Payload::Book(book) = payload else { return None };
        Some(book_row(book))
    },
    is_trade: false,
};

const TRADES: TableSpec = TableSpec {
    name: "sol_stablecoin_trades",
    columns: &[
        ("signature", "VARCHAR NOT NULL"),
        ("wallet", "VARCHAR NOT NULL"),
        ("side", "VARCHAR NOT NULL"),
        ("sol_amount", "DOUBLE"),
        ("stablecoin", "VARCHAR"),
        ("stablecoin_amount", "DOUBLE"),
        ("price", "DOUBLE"),
        ("slot", "UBIGINT"),
        ("block_height", "UBIGINT"),
        ("has_perp_position", "BOOLEAN"),
        ("perp_platform", "VARCHAR"),
        ("perp_side", "VARCHAR"),
        ("perp_size", "DOUBLE"),
        ("perp_leverage", "DOUBLE"),
        ("perp_entry_price", "DOUBLE"),
    ],
    row: |payload| {
        let Payload::Trade(trade) = payload else { return None };
        Some(trade_row(trade))
    },
    is_trade: true,
};

const WHALES: TableSpec = TableSpec {
    name: "whale_movements",
    columns: &[
        ("signature", "VARCHAR NOT NULL"),
        ("wallet", "VARCHAR NOT NULL"),
        ("whale_type", "VARCHAR"),
        ("direction", "VARCHAR"),
        ("action", "VARCHAR"),
        ("significance", "VARCHAR"),
        ("sol_change", "DOUBLE"),
        ("abs_change", "DOUBLE"),
        ("percentage_moved", "DOUBLE"),
        ("previous_balance", "DOUBLE"),
        ("current_balance", "DOUBLE"),
        ("fee_paid", "DOUBLE"),
        ("slot", "UBIGINT"),
        ("has_perp_position", "BOOLEAN"),
        ("perp_platform", "VARCHAR"),
        ("perp_side", "VARCHAR"),
    ],
    row: |payload| {
        let Payload::Whale(whale) = payload else { return None };
        Some(whale_row(whale))
    },
    is_trade: false,
};

const CANDLES: TableSpec = TableSpec {
    name: "candles",
    columns: &[
        ("venue", "VARCHAR NOT NULL"),
        ("symbol", "VARCHAR NOT NULL"),
        ("interval_seconds", "UINTEGER NOT NULL"),
        ("open_time", "TIMESTAMP NOT NULL"),
        ("open", "DOUBLE"),
        ("high", "DOUBLE"),
        ("low", "DOUBLE"),
        ("close", "DOUBLE"),
        ("volume", "DOUBLE"),
    ],
    row: |payload| {
        let Payload::Candle(candle) = payload else { return None };
        Some(vec![
            venue(candle.venue),
            text(&candle.symbol),
            Value::UInt(candle.interval_seconds),
            time(candle.open_time.as_ref()),
            Value::Double(candle.open),
            Value::Double(candle.high),
            Value::Double(candle.low),
            Value::Double(candle.close),
            Value::Double(candle.volume),
        ])
    },
    is_trade: false,
};

const FEED_EVENTS: TableSpec = TableSpec {
    name: "feed_events",
    columns: &[
        ("feed", "VARCHAR NOT NULL"),
        ("kind", "VARCHAR NOT NULL"),
        ("symbol", "VARCHAR"),
        ("from_time", "TIMESTAMP"),
        ("to_time", "TIMESTAMP"),
        ("reason", "VARCHAR"),
    ],
    row: |payload| {
        let Payload::Feed(event) = payload else { return None };
        Some(vec![
            text(&event.feed),
            lower(event.kind().as_str_name(), "KIND_"),
            given(&event.symbol),
            time(event.from.as_ref()),
            time(event.to.as_ref()),
            text(&event.reason),
        ])
    },
    is_trade: false,
};

const DEAD_LETTERS: TableSpec = TableSpec {
    name: "dead_letters",
    columns: &[("feed", "VARCHAR NOT NULL"), ("reason", "VARCHAR NOT NULL"), ("raw", "VARCHAR")],
    row: |payload| {
        let Payload::DeadLetter(letter) = payload else { return None };
        Some(vec![text(&letter.feed), text(&letter.reason), text(&letter.raw)])
    },
    is_trade: false,
};

const USER_EVENTS: TableSpec = TableSpec {
    name: "user_events",
    columns: &[("feed", "VARCHAR NOT NULL"), ("symbol", "VARCHAR"), ("json", "VARCHAR NOT NULL")],
    row: |payload| {
        let Payload::User(event) = payload else { return None };
        Some(vec![text(&event.feed), given(&event.symbol), text(&event.json)])
    },
    is_trade: false,
};

fn book_row(book: &BookSnapshot) -> Vec<Value> {
    let features = book.features.unwrap_or_default();
    let mut row = vec![
        venue(book.venue),
        text(&book.symbol),
        known(book.update_id),
        number(book.bids.first().map(|level| level.price)),
        number(book.asks.first().map(|level| level.price)),
    ];
    let figures = [
        features.mid_price,
        features.spread,
        features.spread_bps,
        features.bid_depth_10,
        features.ask_depth_10,
        features.volume_imbalance,
        features.bid_vwap_10,
        features.ask_vwap_10,
        features.bid_slope,
        features.ask_slope,
        features.microprice,
        features.microprice_deviation_bps,
        features.bid_depth_5bps,
        features.ask_depth_5bps,
        features.bid_depth_10bps,
        features.ask_depth_10bps,
        features.bid_depth_25bps,
        features.ask_depth_25bps,
    ];
    row.extend(figures.map(Value::Double));
    row.push(number(features.net_liquidity_change_1s));
    row.push(levels(&book.bids));
    row.push(levels(&book.asks));
    row
}

fn trade_row(trade: &WalletTrade) -> Vec<Value> {
    vec![
        text(&trade.signature),
        text(&trade.wallet),
        lower(Side::try_from(trade.side).unwrap_or_default().as_str_name(), "SIDE_"),
        Value::Double(trade.sol_amount),
        text(&trade.stablecoin),
        Value::Double(trade.stablecoin_amount),
        Value::Double(trade.price),
        known(trade.slot),
        known(trade.block_height),
        Value::Boolean(trade.has_perp_position),
        given(&trade.perp_platform),
        position_side(trade.perp_side),
        number(trade.perp_size),
        number(trade.perp_leverage),
        number(trade.perp_entry_price),
    ]
}

fn whale_row(whale: &WhaleMovement) -> Vec<Value> {
    vec![
        text(&whale.signature),
        text(&whale.wallet),
        given(&whale.whale_type),
        given(&whale.direction),
        given(&whale.action),
        given(&whale.significance),
        Value::Double(whale.sol_change),
        Value::Double(whale.abs_change),
        Value::Double(whale.percentage_moved),
        Value::Double(whale.previous_balance),
        Value::Double(whale.current_balance),
        Value::Double(whale.fee_paid),
        known(whale.slot),
        Value::Boolean(whale.has_perp_position),
        given(&whale.perp_platform),
        position_side(whale.perp_side),
    ]
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Text that may be absent.
fn given(value: &str) -> Value {
    if value.is_empty() { Value::Null } else { text(value) }
}

/// A number whose zero means that the source did not say.
fn known(value: u64) -> Value {
    if value == 0 { Value::Null } else { Value::UBigInt(value) }
}

fn number(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Double)
}

fn time(timestamp: Option<&goat::prost_types::Timestamp>) -> Value {
    let Some(timestamp) = timestamp else { return Value::Null };
    let micros =
        timestamp.seconds.saturating_mul(1_000_000).saturating_add(i64::from(timestamp.nanos) / 1000);
    Value::Timestamp(TimeUnit::Microsecond, micros)
}

fn lower(name: &str, prefix: &str) -> Value {
    Value::Text(name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase())
}

fn venue(number: i32) -> Value {
    lower(Venue::try_from(number).unwrap_or_default().as_str_name(), "VENUE_")
}

fn position_side(number: i32) -> Value {
    match PositionSide::try_from(number) {
        Ok(PositionSide::Unspecified) | Err(_) => Value::Null,
        Ok(side) => lower(side.as_str_name(), "POSITION_SIDE_"),
    }
}

/// `[[price, quantity], …]`, best first.
fn levels(levels: &[Level]) -> Value {
    let pairs: Vec<_> = levels.iter().map(|level| format!("[{},{}]", level.price, level.quantity)).collect();
    Value::Text(format!("[{}]", pairs.join(",")))
}
