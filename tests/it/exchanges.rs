//! The exchange feeds against venues that speak the real protocols, and err.

mod candles;
mod connections;
mod engine;
mod messages;
mod scene;
mod snapshots;
