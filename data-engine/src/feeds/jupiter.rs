//! Prices from Jupiter's price API, version 3.
//!
//! - [`parse`]: an answer becomes prices. [`pace`]: when to ask again. [`confirm`]: a jump waits for the next tick.
//!   [`fallback`]: an exchange prices a token while Jupiter does not. All pure.
//! - [`feed`] asks.

pub mod confirm;
pub mod fallback;
pub mod feed;
pub mod pace;
pub mod parse;
