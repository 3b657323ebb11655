//! A market that never was: generated from a seed, always the same.
//!
//! - `random`: numbers from a seed. `path`: the prices behind everything, known a little ahead.
//!   `wallets`: who trades, and how well. `trades`, `whales`, `books`, `candles`: what they make of it.
//! - [`world`] puts them together, second by second. All pure; only additions, multiplications and square roots,
//!   so that every machine generates the same.
//! - [`feed`] follows the wall clock.

mod books;
mod candles;
pub mod feed;
mod path;
mod random;
mod trades;
mod wallets;
mod whales;
pub mod world;
