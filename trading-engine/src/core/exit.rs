//! When a position is left: the stops, the longest hold, and what is decided from outside.
//!
//! | | long | short |
//! |---|---|---|
//! | gain | (P − E) / E | (E − P) / E |
//! | best price B | highest since entry | lowest since entry |
//! | drop | (P − B) / B | (B − P) / B |
//! | the stop is hit | strictly under the stop price | strictly over it |
//!
//! E is the entry price, P the price looked at. Gains, drops and tolerances are fractions: 0.002 is 0.2 %. A short
//! is the same formulas with the sign of the price's change turned, so that 0.2 % is 0.2 % of the same price.
//!
//! [`Algorithm::DualCheck`]: the position is left when gain < −s, with s the tolerance of `decreases` at the
//! gain; else when B is better than E and drop < −K. K is the smallest tolerance that `increases` has had at the
//! best gain so far.
//!
//! [`Algorithm::Locked`]: K is the smallest tolerance so far, at the gain of each price, out of `increases`
//! while the position gains and out of `decreases` otherwise. The position is left when drop < −K while it gains,
//! and when gain < −K otherwise.

mod evaluate;
mod rules;
mod stop;

pub use evaluate::{Decision, Entry, StopRaise, StopState, StopStep, step};
pub use rules::{Algorithm, ExitReason, ExitRules, InvalidRules, Tier, UncheckedRules};

#[cfg(test)]
mod tests;
