//! What follows from the recorded market: a pure fold of the log.
//!
//! `(state, event) → (state, effects)`, and nothing else: no clock, no randomness, no I/O, no map whose order
//! reaches the output. Time comes with the event. Whoever folds the same events reaches the same state, to the
//! last bit; that is what makes a restart harmless.
//!
//! Each part of the engine is one fold over the events, side by side in [`Engine`]. A part reads what it
//! needs of an event, changes its own state, and reports by [`Effect`].

pub mod account;
pub mod command;
pub mod controls;
mod cursor;
pub mod cycles;
pub mod decision;
pub mod desk;
mod due;
mod engine;
pub mod exit;
pub mod features;
pub mod fill;
pub mod filters;
pub mod gains;
pub mod gate;
pub mod market;
mod micros;
pub mod money;
pub mod play;
pub mod position;
pub mod profiles;
mod quiet;
pub mod results;
pub mod shadows;
pub mod strategies;
pub mod validator;
pub mod wallets;

pub use cursor::Cursor;
pub use due::Due;
pub use engine::{Carried, Effect, Engine, Hour, Plan};

#[cfg(test)]
mod tests;
