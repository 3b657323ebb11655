//! `order_book_snapshots`: the features of each book, once a second. The levels stay in the data-engine.

use goat::event::BookSnapshot;

use super::raw::{EVENT_TIME, RECEIVED_TIME, SEQ, SOURCE, known, venue_name};
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
