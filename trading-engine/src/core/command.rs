//! What users want of the engine, at its place among the events.

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

/// A command that has been made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Rises with each command of a ledger, from 1; never given twice.
    pub ordinal: u64,
    /// It is folded after the event at this position and before the next.
    pub after_seq: Seq,
    /// When it was asked for.
    pub time: UnixMicros,
    /// What is to be done.
    pub order: Order,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "document")]
pub enum Order {
    /// Opens nothing new until it is resumed.
    #[serde(rename = "trading.pause")]
    PauseTrading(Request),
    /// Opens positions again.
    #[serde(rename = "trading.resume")]
    ResumeTrading(Request),
}

/// Who wants it, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who; empty when they did not say.
    pub requested_by: String,
    /// Why; empty when they did not say.
    pub reason: String,
}
