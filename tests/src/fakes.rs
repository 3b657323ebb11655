//! Venues on loopback that speak the real protocols, and err as told.
//!
//! - [`market`]: what is true, whatever was sent: books that move, and candles.
//! - [`candles`]: closed candles, by a clock that is set.
//! - [`fault`]: what goes wrong, symbol by symbol. [`delivery`]: how a message fares.
//! - [`x`]: the API of X. [`anthropic`]: a model that rewords. [`chats`]: Telegram, Discord, Slack and any webhook. [`smtp`]: a mail server.
//! - [`binance`], [`bybit`]: the venues. [`jupiter`]: the price API. [`http`]: their side without streams.

pub mod anthropic;
pub mod binance;
pub mod bybit;
pub mod candles;
pub mod chats;
pub mod delivery;
pub mod fault;
pub mod http;
pub mod jupiter;
pub mod market;
pub mod smtp;
pub mod x;
