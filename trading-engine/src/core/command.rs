//! What users want of the engine, at its place among the events.

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::decision::DecisionId;
use super::desk::{Limits, SavedProject};
use super::filters::automatic::FilterAnswer;
use super::play::{Play, PlayId};
use super::strategies::InstancePlan;
use super::wallets::WalletAnswer;

/// A command that has been made durable.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "document")]
pub enum Order {
    /// Opens nothing new until it is resumed.
    #[serde(rename = "trading.pause")]
    PauseTrading(Request),
    /// Opens positions again.
    #[serde(rename = "trading.resume")]
    ResumeTrading(Request),
    /// Opens nothing new, and leaves every open position.
    #[serde(rename = "trading.halt")]
    HaltTrading(Request),
    /// Sets the bounds and costs of paper trading.
    #[serde(rename = "limits.set")]
    SetLimits(Box<Limits>),
    /// Saves a play, new or changed.
    #[serde(rename = "play.save")]
    SavePlay(Box<Play>),
    /// Takes a play away.
    #[serde(rename = "play.delete")]
    DeletePlay(PlayId),
    /// Saves a filter project, new or changed.
    #[serde(rename = "project.save")]
    SaveProject(Box<SavedProject>),
    /// Takes a filter project away.
    #[serde(rename = "project.delete")]
    DeleteProject(String),
    /// Whom a play follows: what its query found, or why it failed.
    #[serde(rename = "wallets.found")]
    WalletsFound(WalletAnswer),
    /// What a search for a play's filters found, or why it failed.
    #[serde(rename = "filters.found")]
    FiltersFound(Box<FilterAnswer>),
    /// Leaves an open position.
    #[serde(rename = "position.close")]
    ClosePosition {
        /// Which.
        id: DecisionId,
        /// Who wants it, and why.
        request: Request,
    },
    /// Which paper strategies run.
    #[serde(rename = "strategies.set")]
    SetStrategies(Vec<InstancePlan>),
    /// Ends the pause of a paper strategy.
    #[serde(rename = "strategy.resume")]
    ResumeStrategy {
        /// Its name.
        id: String,
        /// Who wants it, and why.
        request: Request,
    },
}

impl Order {
    /// Whether it is one of the operator's switches.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        matches!(self, Self::PauseTrading(_) | Self::ResumeTrading(_) | Self::HaltTrading(_))
    }
}

/// Who wants it, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who; empty when they did not say.
    pub requested_by: String,
    /// Why; empty when they did not say.
    pub reason: String,
}
