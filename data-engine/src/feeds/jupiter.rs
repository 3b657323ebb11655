//! Prices from Jupiter's price API, version 3.
//!
//! - [`parse`]: an answer becomes prices. [`pace`]: when to ask again. [`confirm`]: a jump waits for the next tick.
//!   All pure.
//! - [`feed`] asks.

pub mod confirm;
pub mod feed;
pub mod pace;
pub mod parse;
