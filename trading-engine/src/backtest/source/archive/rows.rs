//! The archive's tables, and how a row becomes the event that it was.
//!
//! What no row has (the posted item, how far a recording had been read, the size of a whale's position) is absent from
//! the event; nothing that is computed reads it.

use std::time::SystemTime;

use goat::prost_types::Timestamp;
use goat::wire::market::market_event::Payload;
use goat::wire::market::{
    BookFeatures, BookSnapshot, Candle, EventKind, FeedEvent, Level, MarketEvent, PositionSide, Price, Side,
    Source, Venue, WalletTrade, WhaleMovement, feed_event,
};
use tokio_postgres::types::FromSql;
use tokio_postgres::{Row, Statement};

/// A column: its name and its type in `PostgreSQL`.
type Column = (&'static str, &'static str);

const COMMON: &[Column] =
    &[("seq", "int8"), ("event_time", "timestamptz"), ("received_time", "timestamptz"), ("source", "text")];

/// A table of the archive.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) kind: EventKind,
    columns: &'static [Column],
    payload: fn(&Fields<'_>) -> Result<Payload, String>,
}

impl Table {
    /// The rows of the log `$1` after the position `$2` up to `$3`.
    pub(super) fn select(&self) -> String {
        let names: Vec<&str> = self.all_columns().map(|(name, _)| name).collect();
        format!(
            "SELECT {} FROM {} WHERE log = $1 AND seq > $2 AND seq <= $3 ORDER BY seq",
            names.join(", "),
            self.name
        )
    }

    /// Names the first column of another type than the data-engine writes.
    pub(super) fn verify(&self, select: &Statement) -> Result<(), String> {
        for ((name, wanted), column) in self.all_columns().zip(select.columns()) {
            let found = column.type_().name();
            if found != wanted {
                return Err(format!("{} has the column {name} of type {found}, not {wanted}", self.name));
            }
        }
        Ok(())
    }

    /// The event of a row.
    pub(super) fn event(&self, row: &Row) -> Result<MarketEvent, String> {
        let fields = Fields { table: self.name, row };
        let source = fields.text("source")?;
        Ok(MarketEvent {
            seq: fields.number("seq")?,
            event_time: fields.time("event_time")?,
            received_time: fields.time("received_time")?,
            source: fields.named("source", &source, "SOURCE_", Source::from_str_name)?.into(),
            source_position: 0,
            payload: Some((self.payload)(&fields)?),
        })
    }

    fn all_columns(&self) -> impl Iterator<Item = Column> {
        COMMON.iter().chain(self.columns).copied()
    }
}

/// The tables of everything that a core reads.
pub(super) const TABLES: [Table; 6] = [
    Table {
        name: "prices",
        kind: EventKind::Price,
        columns: &[("token", "text"), ("price", "float8"), ("block_id", "int8")],
        payload: |row| {
            let (token, price) = (row.text("token")?, row.double("price")?);
            Ok(Payload::Price(Price { token, price, block_id: row.number("block_id")? }))
        },
    },
    Table { name: "order_book_snapshots", kind: EventKind::Book, columns: BOOK, payload: book },
    Table { name: "sol_stablecoin_trades", kind: EventKind::Trade, columns: TRADE, payload: trade },
    Table { name: "whale_movements", kind: EventKind::Whale, columns: WHALE, payload: whale },
    Table {
        name: "candles",
        kind: EventKind::Candle,
        columns: &[
            ("venue", "text"),
            ("symbol", "text"),
            ("interval_seconds", "int8"),
            ("open_time", "timestamptz"),
            ("open", "float8"),
            ("high", "float8"),
            ("low", "float8"),
            ("close", "float8"),
            ("volume", "float8"),
        ],
        payload: candle,
    },
    Table {
        name: "feed_events",
        kind: EventKind::Feed,
        columns: &[
            ("feed", "text"),
            ("kind", "text"),
            ("symbol", "text"),
            ("from_time", "timestamptz"),
            ("to_time", "timestamptz"),
            ("reason", "text"),
        ],
        payload: feed_event,
    },
];

const BOOK: &[Column] = &[
    ("venue", "text"),
    ("symbol", "text"),
    ("update_id", "int8"),
    ("mid_price", "float8"),
    ("spread", "float8"),
    ("spread_bps", "float8"),
    ("bid_depth_10", "float8"),
    ("ask_depth_10", "float8"),
    ("volume_imbalance", "float8"),
    ("bid_vwap_10", "float8"),
    ("ask_vwap_10", "float8"),
    ("bid_slope", "float8"),
    ("ask_slope", "float8"),
    ("microprice", "float8"),
    ("microprice_deviation_bps", "float8"),
    ("bid_depth_5bps", "float8"),
    ("ask_depth_5bps", "float8"),
    ("bid_depth_10bps", "float8"),
    ("ask_depth_10bps", "float8"),
    ("bid_depth_25bps", "float8"),
    ("ask_depth_25bps", "float8"),
    ("net_liquidity_change_1s", "float8"),
    ("bids", "text"),
    ("asks", "text"),
];

fn book(row: &Fields<'_>) -> Result<Payload, String> {
    Ok(Payload::Book(Box::new(BookSnapshot {
        symbol: row.text("symbol")?,
        venue: row.venue()?,
        update_id: row.number("update_id")?,
        bids: row.levels("bids")?,
        asks: row.levels("asks")?,
        features: Some(BookFeatures {
            mid_price: row.double("mid_price")?,
            spread: row.double("spread")?,
            spread_bps: row.double("spread_bps")?,
            bid_depth_10: row.double("bid_depth_10")?,
            ask_depth_10: row.double("ask_depth_10")?,
            volume_imbalance: row.double("volume_imbalance")?,
            bid_vwap_10: row.double("bid_vwap_10")?,
            ask_vwap_10: row.double("ask_vwap_10")?,
            bid_slope: row.double("bid_slope")?,
            ask_slope: row.double("ask_slope")?,
            microprice: row.double("microprice")?,
            microprice_deviation_bps: row.double("microprice_deviation_bps")?,
            bid_depth_5bps: row.double("bid_depth_5bps")?,
            ask_depth_5bps: row.double("ask_depth_5bps")?,
            bid_depth_10bps: row.double("bid_depth_10bps")?,
            ask_depth_10bps: row.double("ask_depth_10bps")?,
            bid_depth_25bps: row.double("bid_depth_25bps")?,
            ask_depth_25bps: row.double("ask_depth_25bps")?,
            net_liquidity_change_1s: row.known("net_liquidity_change_1s")?,
        }),
    })))
}

const TRADE: &[Column] = &[
    ("signature", "text"),
    ("wallet", "text"),
    ("side", "text"),
    ("sol_amount", "float8"),
    ("stablecoin", "text"),
    ("stablecoin_amount", "float8"),
    ("price", "float8"),
    ("slot", "int8"),
    ("block_height", "int8"),
    ("has_perp_position", "bool"),
    ("perp_platform", "text"),
    ("perp_side", "text"),
    ("perp_size", "float8"),
    ("perp_leverage", "float8"),
    ("perp_entry_price", "float8"),
];

fn trade(row: &Fields<'_>) -> Result<Payload, String> {
    let side = row.text("side")?;
    Ok(Payload::Trade(WalletTrade {
        signature: row.text("signature")?,
        wallet: row.text("wallet")?,
        side: row.named("side", &side, "SIDE_", Side::from_str_name)?.into(),
        sol_amount: row.double("sol_amount")?,
        stablecoin: row.text("stablecoin")?,
        stablecoin_amount: row.double("stablecoin_amount")?,
        price: row.double("price")?,
        slot: row.number("slot")?,
        block_height: row.number("block_height")?,
        has_perp_position: row.known("has_perp_position")?.unwrap_or_default(),
        perp_platform: row.text("perp_platform")?,
        perp_side: row.perp_side()?,
        perp_size: row.known("perp_size")?,
        perp_leverage: row.known("perp_leverage")?,
        perp_entry_price: row.known("perp_entry_price")?,
        raw_json: String::new(),
    }))
}

const WHALE: &[Column] = &[
    ("signature", "text"),
    ("wallet", "text"),
    ("whale_type", "text"),
    ("direction", "text"),
    ("action", "text"),
    ("significance", "text"),
    ("sol_change", "float8"),
    ("abs_change", "float8"),
    ("percentage_moved", "float8"),
    ("previous_balance", "float8"),
    ("current_balance", "float8"),
    ("fee_paid", "float8"),
    ("slot", "int8"),
    ("has_perp_position", "bool"),
    ("perp_platform", "text"),
    ("perp_side", "text"),
];

fn whale(row: &Fields<'_>) -> Result<Payload, String> {
    Ok(Payload::Whale(WhaleMovement {
        signature: row.text("signature")?,
        wallet: row.text("wallet")?,
        whale_type: row.text("whale_type")?,
        direction: row.text("direction")?,
        action: row.text("action")?,
        significance: row.text("significance")?,
        sol_change: row.double("sol_change")?,
        abs_change: row.double("abs_change")?,
        percentage_moved: row.double("percentage_moved")?,
        previous_balance: row.double("previous_balance")?,
        current_balance: row.double("current_balance")?,
        fee_paid: row.double("fee_paid")?,
        slot: row.number("slot")?,
        has_perp_position: row.known("has_perp_position")?.unwrap_or_default(),
        perp_platform: row.text("perp_platform")?,
        perp_side: row.perp_side()?,
        ..WhaleMovement::default()
    }))
}

fn candle(row: &Fields<'_>) -> Result<Payload, String> {
    let seconds = row.number("interval_seconds")?;
    Ok(Payload::Candle(Candle {
        symbol: row.text("symbol")?,
        venue: row.venue()?,
        interval_seconds: u32::try_from(seconds)
            .map_err(|_| format!("candles.interval_seconds is {seconds}"))?,
        open_time: row.time("open_time")?,
        open: row.double("open")?,
        high: row.double("high")?,
        low: row.double("low")?,
        close: row.double("close")?,
        volume: row.double("volume")?,
    }))
}

fn feed_event(row: &Fields<'_>) -> Result<Payload, String> {
    let kind = row.text("kind")?;
    Ok(Payload::Feed(FeedEvent {
        feed: row.text("feed")?,
        kind: row.named("kind", &kind, "KIND_", feed_event::Kind::from_str_name)?.into(),
        symbol: row.text("symbol")?,
        from: row.time("from_time")?,
        to: row.time("to_time")?,
        reason: row.text("reason")?,
    }))
}

/// A row whose columns are read by name. What the source did not say is null in the table and the empty value in the
/// event, as it was.
struct Fields<'a> {
    table: &'static str,
    row: &'a Row,
}

impl<'a> Fields<'a> {
    fn known<T: FromSql<'a>>(&self, name: &str) -> Result<Option<T>, String> {
        self.row.try_get(name).map_err(|error| format!("{}.{name}: {error}", self.table))
    }

    fn text(&self, name: &str) -> Result<String, String> {
        Ok(self.known(name)?.unwrap_or_default())
    }

    fn double(&self, name: &str) -> Result<f64, String> {
        Ok(self.known(name)?.unwrap_or_default())
    }

    fn number(&self, name: &str) -> Result<u64, String> {
        let number: i64 = self.known(name)?.unwrap_or_default();
        u64::try_from(number).map_err(|_| format!("{}.{name} is {number}", self.table))
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, String> {
        Ok(self.known::<SystemTime>(name)?.map(Timestamp::from))
    }

    /// A value of an enum by what its name has after the prefix, in lower case.
    fn named<T>(
        &self,
        name: &str,
        found: &str,
        prefix: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, String> {
        let whole = format!("{prefix}{}", found.to_ascii_uppercase());
        parse(&whole).ok_or_else(|| format!("{}.{name} is {found:?}, which is not known", self.table))
    }

    fn venue(&self) -> Result<i32, String> {
        let venue = self.text("venue")?;
        Ok(self.named("venue", &venue, "VENUE_", Venue::from_str_name)?.into())
    }

    fn perp_side(&self) -> Result<i32, String> {
        match self.known::<String>("perp_side")? {
            None => Ok(PositionSide::Unspecified.into()),
            Some(side) => {
                Ok(self.named("perp_side", &side, "POSITION_SIDE_", PositionSide::from_str_name)?.into())
            }
        }
    }

    /// `[[price, quantity], …]`, best first.
    fn levels(&self, name: &str) -> Result<Vec<Level>, String> {
        let text: Option<&str> = self.known(name)?;
        let pairs: Vec<[f64; 2]> = serde_json::from_str(text.unwrap_or("[]"))
            .map_err(|error| format!("{}.{name}: {error}", self.table))?;
        Ok(pairs.into_iter().map(|[price, quantity]| Level { price, quantity }).collect())
    }
}
