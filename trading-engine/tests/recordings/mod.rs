//! Real prices as a log, where the recordings are at hand.

use std::path::PathBuf;
use std::sync::Arc;

use duckdb::Connection;
use goat::convert::record;
use goat::event::{Observation, Payload, Perp, Side, Source, TokenPrice, WalletTrade};
use goat::values::{Price, Quantity, Symbol, UnixMicros};
use goat::wire::market::{MarketEvent, Mode};

use crate::market::Log;

fn file(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GOAT_RECORDINGS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/recordings"),
        PathBuf::from,
    );
    let path = folder.join(name);
    let found = path.is_file();
    if !found {
        eprintln!("SKIPPED: {} is not there", path.display());
    }
    found.then_some(path)
}

/// The prices of a recording in the order in which a replay has them; none when it is not there.
pub fn prices(name: &str) -> Option<Vec<Observation>> {
    let path = file(name)?;
    let connection = Connection::open_in_memory().unwrap();
    let rows = format!(
        "SELECT epoch_us(ts::TIMESTAMP), token, price::DOUBLE FROM read_parquet('{}') ORDER BY ts, token",
        path.display()
    );
    let mut statement = connection.prepare(&rows).unwrap();
    let prices =
        statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?)));
    let observed = prices.unwrap().map(|row| {
        let (micros, token, price) = row.unwrap();
        price_at(micros, &token, price)
    });
    Some(observed.collect())
}

/// A price tick.
pub fn price_at(micros: i64, token: &str, price: f64) -> Observation {
    let time = UnixMicros::new(micros).unwrap();
    let price =
        TokenPrice { token: Symbol::parse(token).unwrap(), price: Price::new(price).unwrap(), block_id: 0 };
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Replay,
        source_position: 0,
        payload: Payload::Price(price),
    }
}

/// A wallet's trade, with as much raw text as such a post has.
pub fn trade_at(micros: i64, number: u32) -> Observation {
    let trade = WalletTrade {
        signature: format!("{micros}-{number}"),
        wallet: format!("wallet-{number}"),
        side: Side::Buy,
        sol_amount: Quantity::new(1.5).unwrap(),
        stablecoin: "USDC".into(),
        stablecoin_amount: Quantity::new(190.0).unwrap(),
        price: Price::new(126.6).unwrap(),
        slot: 1,
        block_height: 1,
        perp: Perp::default(),
        raw_json: "x".repeat(600),
    };
    Observation { payload: Payload::Trade(Box::new(trade)), ..price_at(micros, "SOL", 1.0) }
}

/// The observations as a log that begins at position 1.
pub fn log_of(id: &str, mode: Mode, observations: &[Observation]) -> Log {
    let events: Vec<MarketEvent> =
        (1..).zip(observations).map(|(seq, observed)| record(seq, observed)).collect();
    Log { id: id.to_owned(), oldest_seq: 1, mode, events: Arc::new(events) }
}
