//! What the calls are answered from.

use std::sync::Arc;

use goat::service::Stop;
use goat::values::{Symbol, UnixMicros};
use tokio::sync::{Mutex, broadcast, mpsc};

use super::Suggestions;
use crate::chain::Signing;
use crate::changes::Change;
use crate::core::cycles::Threshold;
use crate::runner::Ask;
use crate::view::Shared;
use crate::workspace::Readers;

/// Answers for the engine.
#[derive(Debug, Clone)]
pub struct Trading {
    /// When the process started.
    pub started_at: UnixMicros,
    /// What is computed.
    pub thresholds: Vec<Threshold>,
    /// What the core has published.
    pub view: Shared,
    /// The tables.
    pub readers: Readers,
    /// To the core.
    pub commands: mpsc::Sender<Ask>,
    /// One change of plays and projects at a time: what was checked is still so when it is done.
    pub changes_of_plays: Arc<Mutex<()>>,
    /// The filters that were suggested last.
    pub suggestions: Arc<Mutex<Suggestions>>,
    /// What bundles of results are signed with, and where they are written to.
    pub signing: Signing,
    /// What positions are in.
    pub token: Symbol,
    /// Where changes are told.
    pub watchers: broadcast::Sender<Change>,
    /// Ends the streams.
    pub stop: Stop,
}
