//! Wallet trades and whale movements, posted by `QuickNode` streams.
//!
//! - [`parse`] reads a post; `shape` finds the items in it, `item` reads one field, `trade` and `whale` one
//!   item. All pure.
//! - [`server`] receives the posts; `post` answers one once it is durable.

mod item;
pub mod parse;
mod post;
pub mod server;
mod shape;
mod trade;
mod whale;
