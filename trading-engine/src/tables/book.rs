//! `order_book_snapshots`: the features of each book, once a second. The levels stay in the data-engine.

use std::collections::BTreeMap;

use goat::event::BookSnapshot;

use super::raw::{BOOK_ROW_EVERY_MICROS, EVENT_TIME, RECEIVED_TIME, SEQ, SOURCE, known, venue_name};
use super::{Kind, Shown, Table, Value, optional, required};

pub(super) const TABLE: Table = Table {
    name: "order_book_snapshots",
    columns: &[
        SEQ,
        EVENT_TIME,
        RECEIVED_TIME,
        SOURCE,
        required("venue", Kind::Text),
        required("symbol", Kind::Text),
        optional("update_id", Kind::BigInt),
        optional("best_bid", Kind::Double),
        optional("best_ask", Kind::Double),
        optional("mid_price", Kind::Double),
        optional("spread", Kind::Double),
        optional("spread_bps", Kind::Double),
        optional("bid_depth_10", Kind::Double),
        optional("ask_depth_10", Kind::Double),
        optional("volume_imbalance", Kind::Double),
        optional("bid_vwap_10", Kind::Double),
        optional("ask_vwap_10", Kind::Double),
        optional("bid_slope", Kind::Double),
        optional("ask_slope", Kind::Double),
        optional("microprice", Kind::Double),
        optional("microprice_deviation_bps", Kind::Double),
        optional("bid_depth_5bps", Kind::Double),
        optional("ask_depth_5bps", Kind::Double),
        optional("bid_depth_10bps", Kind::Double),
        optional("ask_depth_10bps", Kind::Double),
        optional("bid_depth_25bps", Kind::Double),
        optional("ask_depth_25bps", Kind::Double),
        optional("net_liquidity_change_1s", Kind::Double),
    ],
    key: &[],
    shown: Some(Shown::Hours { age: "event_time", hours: 2 }),
    kept: None,
};

/// The second of the last row of each book, by the rows themselves: whoever makes them keeps one a second too, but
/// begins anew with each process.
#[derive(Debug, Default)]
pub struct BookRowPace(BTreeMap<(String, String), i64>);

impl BookRowPace {
    /// The table whose rows it admits.
    pub const TABLE_NAME: &str = TABLE.name;

    /// Whether a row is the first of its book in its second.
    pub fn admits(&mut self, row: &[Value]) -> bool {
        let at = |column| TABLE.position(column).and_then(|place| row.get(place));
        let (Some(Value::Text(venue)), Some(Value::Text(symbol)), Some(Value::Timestamp(micros))) =
            (at("venue"), at("symbol"), at("event_time"))
        else {
            return true;
        };
        let second = micros.div_euclid(BOOK_ROW_EVERY_MICROS);
        self.0.insert((venue.clone(), symbol.clone()), second) != Some(second)
    }
}

pub(super) fn values(book: &BookSnapshot) -> Vec<Value> {
    let features = &book.features;
    let mut row = vec![
        venue_name(book.venue),
        book.symbol.to_string().into(),
        known(book.update_id),
        book.bids.first().map(|level| level.price.get()).into(),
        book.asks.first().map(|level| level.price.get()).into(),
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
    row.push(features.net_liquidity_change_1s.into());
    row
}
