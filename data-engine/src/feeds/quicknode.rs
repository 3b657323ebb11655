//! Wallet trades and whale movements, posted by `QuickNode` streams.
//!
//! - [`parse`] reads a post; `shape` finds the items in it, `item` reads one field, `trade` and `whale` one
//!   item. All pure.
//! - [`signature`] says who signed a post, pure; [`nonces`] remember which posts were answered; [`guard`] asks both.
//! - [`server`] receives the posts; `body` keeps them within bounds, `post` answers one once it is durable,
//!   `refusal` is the table of what else may be answered, `tally` counts and `health` tells.

mod body;
pub mod guard;
mod health;
mod item;
pub mod nonces;
pub mod parse;
mod post;
mod refusal;
pub mod server;
mod shape;
pub mod signature;
mod tally;
mod trade;
mod whale;
