//! What the service answers from.

use std::sync::Arc;

use goat::service::{ServiceChannel, Stop};
use goat::values::{Symbol, UnixMicros};
use tokio::sync::{Mutex, Semaphore, broadcast, mpsc};

use super::{Backups, Suggestions};
use crate::chain::Signing;
use crate::changes::Change;
use crate::core::Plan;
use crate::core::cycles::Threshold;
use crate::core::desk::Limits;
use crate::jobs::Jobs;
use crate::parity::Checks;
use crate::runner::Ask;
use crate::view::Shared;
use crate::workspace::{Queries, Readers};

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
    /// Whoever asks with SQL.
    pub queries: Queries,
    /// What a changed play is tried with.
    pub what_if: WhatIf,
    /// What runs beside the core.
    pub jobs: Jobs,
    /// Days that are compared.
    pub checks: Checks,
    /// Copies of the ledger.
    pub backups: Backups,
    /// What positions are in.
    pub token: Symbol,
    /// Where changes are told.
    pub watchers: broadcast::Sender<Change>,
    /// Ends the streams.
    pub stop: Stop,
}

/// What a changed play is tried with.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// What is computed.
    pub plan: Plan,
    /// The bounds and costs of paper trading.
    pub limits: Limits,
    /// The data-engine.
    pub market: ServiceChannel,
    /// One at a time.
    pub turn: Arc<Semaphore>,
}

impl WhatIf {
    /// With nothing under way.
    #[must_use]
    pub fn new(plan: Plan, limits: Limits, market: ServiceChannel) -> Self {
        Self { plan, limits, market, turn: Arc::new(Semaphore::new(1)) }
    }
}
