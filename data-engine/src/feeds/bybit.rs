//! Bybit v5 spot: order book topics that begin with a snapshot, and candles.
//!
//! - [`parse`]: a message becomes an update, an answer candles. Pure.
//! - [`feed`]: the venue's side of a connection.

pub mod feed;
pub mod parse;
