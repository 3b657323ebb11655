//! Binance spot: diff depth streams with snapshots over HTTP, and candles.
//!
//! - [`parse`]: a message becomes an update. [`rest`]: so does an answer. Both pure.
//! - [`feed`]: the venue's side of a connection.

pub mod feed;
pub mod parse;
pub mod rest;
