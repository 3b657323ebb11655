//! What the exchanges have in common: one connection a symbol, a book that is right or not served, closed candles.
//!
//! - [`protocol`]: what a venue has to say for itself. [`interval`]: lengths of candles.
//! - [`session`]: one symbol's connection, again and again; nothing that befalls it touches another symbol.
//! - [`candles`]: contiguous closed candles, with history and holes fetched.
//! - [`rest`], [`allowance`]: asking a venue without asking too much. [`back_off`], [`budget`]: connecting likewise.
//! - [`recorder`]: the bounded way into the log.

pub mod allowance;
pub mod back_off;
pub mod budget;
pub mod candles;
pub mod interval;
pub mod levels;
pub mod protocol;
pub mod recorder;
pub mod rest;
pub mod session;
pub mod venue;
