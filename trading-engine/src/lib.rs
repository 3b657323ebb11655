//! Everything that is computed from the recorded market; restartable at any moment.
//!
//! ```text
//! data-engine ═ gRPC ═▶ feed → runner (one thread) ─┬→ ledger     (DuckDB file │ PostgreSQL: state, rows, cursor, one commit; commands)
//!                                core (pure fold)   ├→ workspace  (DuckDB in memory: SQL)
//!                                                   └→ view → serve (gRPC)
//! ```
//!
//! - [`core`]: what follows from the events; knows nothing of all that is around it.
//! - [`feed`]: the stream from the data-engine: resumed, watched, bounded.
//! - `configured`: the settings as the core wants them.
//! - [`strategies`]: the paper strategies of the settings.
//! - [`runner`]: the thread between the two, and where its effects go.
//! - [`ledger`], [`snapshot`], [`restart`]: what survives the process, and when it can be gone on with.
//! - [`chain`]: results that can be checked: hashes, signatures, bundles.
//! - [`stats_files`]: the original's files, where they are wanted.
//! - [`tables`]: every table that is kept or asked, described once.
//! - [`workspace`]: the tables that are asked with SQL.
//! - [`jobs`]: what runs beside the fold, as it ran; [`parity`]: days folded again and compared.
//! - [`view`], [`changes`], [`serve`]: what the outside sees.
//! - [`backtest`], [`plan`], [`apply`], [`verify`]: the commands that end by themselves.

// Tests compare what must be equal to the last bit, and count in whatever number is at hand.
#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::cast_lossless
    )
)]

pub mod apply;
pub mod backtest;
pub mod chain;
pub mod changes;
mod configured;
pub mod core;
pub mod feed;
pub mod jobs;
pub mod ledger;
pub mod measure;
pub mod parity;
pub mod plan;
pub mod plays;
pub mod restart;
pub mod runner;
pub mod serve;
pub mod snapshot;
pub mod stats_files;
pub mod strategies;
pub mod tables;
pub mod verify;
pub mod view;
pub mod workspace;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use duckdb::Connection;
use goat::postgres::PostgresError;
use goat::service::{Entrance, Failure, Reach, Readiness, Stop, bind, serve_admin, serve_grpc};
use goat::settings::{Ledger as LedgerSettings, Settings};
use goat::values::UnixMicros;
use goat::wire::TradingServiceServer;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::chain::Signing;
use crate::changes::CHANGES_QUEUED_MAX;
use crate::configured::{limits, plan};
use crate::core::Plan;
use crate::core::play::{Play, WalletSelection};
use crate::jobs::Jobs;
use crate::ledger::{DuckLedger, Ledger, LedgerError, PostgresLedger};
use crate::parity::{Checks, Days};
use crate::restart::Origin;
use crate::runner::{COMMANDS_QUEUED_MAX, RunnerError, Surroundings};
use crate::serve::{Backups, Trading, WhatIf};
use crate::view::{Shared, View};
use crate::workspace::{Queries, Readers, WorkspaceError};

/// Told once when a thread ends: well, or why not.
pub type Outcome<E> = oneshot::Receiver<Result<(), E>>;

/// Runs the engine until it is stopped: addresses first, then the ledger, then the stream.
///
/// `cold` begins with nothing instead of the ledger's state.
///
/// # Errors
///
/// When an address is taken, the settings or the ledger cannot be used, or a part of the engine fails.
pub async fn run(settings: Settings, cold: bool, stop: Stop) -> Result<(), Failure> {
    let (started, started_at) = (Instant::now(), UnixMicros::now());
    let addresses = &settings.trading_engine;
    let grpc = bind("trading_engine.listen", addresses.listen).await?;
    let admin = bind("trading_engine.metrics_listen", addresses.metrics_listen).await?;
    let entrance = Entrance::of(&settings)?;
    let market = Reach::of(&settings)?.service_channel(settings.data_engine.listen);
    let (plan, readiness) = (plan(&settings)?, Readiness::default());
    let plays = plays::configured(&settings.trading.plays)?;
    let signing = Signing::of_folder(&ledger_folder(&settings))?;
    let administered = administer(admin, &entrance, &readiness, &stop);
    let opened = opened(&settings, plan.clone(), cold).await?;
    let (watchers, _) = broadcast::channel(CHANGES_QUEUED_MAX);
    let view = Shared::new(View::new(&plan.cycle_thresholds));
    check_queries(&plays, &opened.workspace)?;
    let readers = Readers::new(&opened.workspace).map_err(|error| Failure::Internal(error.to_string()))?;
    let (keeper, kept) = ledger::keep_on_a_thread(opened.ledger).map_err(|error| no_thread(&error))?;
    let queries = queries(&settings, &opened.workspace, &view)?;
    let (jobs, folder) = (Jobs::default(), ledger_folder(&settings));
    let (days, backups) = (Days::new(folder.join("days")), Backups::new(keeper.records(), folder));
    let checks = Checks::new(days, keeper.records(), market.clone(), view.clone(), jobs.clone());
    let (questions, discovery) = workspace::discovery(&jobs);
    let (rows, written) =
        workspace::write_on_a_thread(opened.workspace, questions).map_err(|error| no_thread(&error))?;
    let (commands, asked) = mpsc::channel(COMMANDS_QUEUED_MAX);
    let limits = limits(&settings.trading)?;
    let what_if = WhatIf::new(plan.clone(), limits.clone(), market.clone());
    let surroundings = Surroundings {
        plan: plan.clone(),
        cold_seconds: addresses.cold_hours.saturating_mul(3600),
        market,
        started,
        keeper,
        commands: asked,
        rows,
        discovery,
        limits,
        checks: checks.clone(),
        strategies: strategies::plans(&settings)?,
        plays,
        view: view.clone(),
        watchers: watchers.clone(),
        readiness,
        stop: stop.clone(),
    };
    let ran = runner::start(opened.origin, surroundings).map_err(|error| no_thread(&error))?;
    let trading = Trading {
        signing,
        started_at,
        thresholds: plan.cycle_thresholds,
        view,
        readers,
        commands,
        changes_of_plays: Arc::default(),
        suggestions: Arc::default(),
        token: plan.cycle_token,
        queries,
        what_if,
        jobs,
        checks,
        backups,
        watchers,
        stop: stop.clone(),
    };
    let written_files = write_files(&settings, &trading, &stop);
    let served =
        serve_grpc(grpc, &entrance, TradingServiceServer::new(trading), "trading-engine", stop.clone());

    Box::pin(until_all_end(&stop, (kept, written, ran), (served, written_files), administered)).await
}

/// The first failure in the order of the parts; each that fails stops the others.
async fn until_all_end(
    stop: &Stop,
    threads: (Outcome<LedgerError>, Outcome<WorkspaceError>, Outcome<RunnerError>),
    (served, written_files): (
        impl Future<Output = Result<(), Failure>>,
        impl Future<Output = Result<(), Failure>>,
    ),
    administered: JoinHandle<Result<(), Failure>>,
) -> Result<(), Failure> {
    let (kept, written, ran) = threads;
    let administered = async {
        administered.await.map_err(|error| Failure::Internal(format!("the metrics server ended: {error}")))?
    };
    let outcomes = tokio::join!(
        guard(stop, outcome("ledger", kept)),
        guard(stop, outcome("workspace", written)),
        guard(stop, outcome("core", ran)),
        guard(stop, served),
        guard(stop, administered),
        guard(stop, written_files),
    );
    outcomes.0.and(outcomes.1).and(outcomes.2).and(outcomes.3).and(outcomes.4).and(outcomes.5)
}

/// Checks settings, addresses and the ledger without changing anything.
///
/// # Errors
///
/// When the engine would refuse to start, for the first reason found.
pub fn check(settings: &Settings) -> Result<Vec<String>, Failure> {
    let plan = plan(settings)?;
    strategies::plans(settings)?;
    let plays = plays::configured(&settings.trading.plays)?;
    check_queries(&plays, &empty_workspace()?)?;
    let addresses = &settings.trading_engine;
    let listens = [
        ("trading_engine.listen", addresses.listen),
        ("trading_engine.metrics_listen", addresses.metrics_listen),
    ];
    for (setting, address) in listens {
        std::net::TcpListener::bind(address).map_err(|error| {
            Failure::Unavailable(format!("cannot listen on {address} ({setting}): {error}"))
        })?;
    }
    let folder = ledger_folder(settings);
    let place = match &settings.ledger.url {
        Some(_) => "in PostgreSQL".to_owned(),
        None => folder.display().to_string(),
    };
    let found = settings.ledger.url.is_some() || DuckLedger::exists(&folder)?;
    let ledger = if found {
        match open(&settings.ledger, &folder, &plan, false)?.origin {
            Origin::Warm(warm) => {
                format!("holds the state at position {} of log {}", warm.engine.cursor().seq, warm.log_id)
            }
            Origin::Cold(reason) => format!("would not be gone on with: {reason}"),
        }
    } else {
        "is not there yet".to_owned()
    };
    let thresholds: Vec<String> = plan.cycle_thresholds.iter().map(|one| one.percent().to_string()).collect();
    Ok(vec![
        format!("addresses: {} and {} are free", addresses.listen, addresses.metrics_listen),
        format!("cycles: {} at {} %", plan.cycle_token, thresholds.join(", ")),
        format!("ledger: {place} {ledger}"),
        goat::service::found("data-engine", settings.data_engine.listen),
    ])
}

/// What is written for others to read, until `stop`.
fn write_files(
    settings: &Settings,
    trading: &Trading,
    stop: &Stop,
) -> impl Future<Output = Result<(), Failure>> + use<> {
    let Trading { signing, view, readers, .. } = trading.clone();
    let bundles = chain::write_bundles(signing, view, readers, stop.clone());
    let stats = stats_files::write(settings.trading.stats_folder.clone(), trading.clone(), stop.clone());
    async { tokio::try_join!(bundles, stats).map(|((), ())| ()) }
}

fn administer(
    listener: TcpListener,
    entrance: &Entrance,
    readiness: &Readiness,
    stop: &Stop,
) -> JoinHandle<Result<(), Failure>> {
    let (entrance, readiness, stop) = (entrance.clone(), readiness.clone(), stop.clone());
    tokio::spawn(async move { serve_admin(listener, measure::METRICS, &entrance, readiness, stop).await })
}

async fn opened(settings: &Settings, plan: Plan, cold: bool) -> Result<Opened, Failure> {
    let (folder, kept) = (ledger_folder(settings), settings.ledger.clone());
    let opened = tokio::task::spawn_blocking(move || open(&kept, &folder, &plan, cold));
    opened.await.map_err(|error| Failure::Internal(format!("opening the ledger: {error}")))?
}

struct Opened {
    ledger: Box<dyn Ledger>,
    origin: Origin,
    workspace: Connection,
}

fn open(kept: &LedgerSettings, folder: &Path, plan: &Plan, cold: bool) -> Result<Opened, Failure> {
    let mut ledger: Box<dyn Ledger> = match PostgresLedger::open(kept)? {
        Some(ledger) => Box::new(ledger),
        None => Box::new(DuckLedger::open(folder)?),
    };
    // What is going to be dropped need not be readable.
    let saved = if cold { None } else { ledger::load(ledger.as_mut())? };
    let origin = restart::origin(saved, plan, cold)?;
    let mut workspace = empty_workspace()?;
    if let Origin::Warm(warm) = &origin {
        let mut rows = ledger::shown_rows(ledger.as_mut(), &warm.log_id, warm.engine.hour().begins)?;
        rows.put(warm.engine.controls());
        // Before anyone can ask: what was there is there at once.
        workspace::fill(&mut workspace, rows)?;
    }
    Ok(Opened { ledger, origin, workspace })
}

fn queries(settings: &Settings, workspace: &Connection, view: &Shared) -> Result<Queries, Failure> {
    let queries = Queries::new(workspace, view.clone(), &settings.query);
    queries.map_err(|error| Failure::Internal(error.to_string()))
}

fn empty_workspace() -> Result<Connection, Failure> {
    workspace::open().map_err(|error| Failure::Internal(format!("the workspace: {error}")))
}

fn check_queries(plays: &[Play], workspace: &Connection) -> Result<(), Failure> {
    for play in plays {
        if let WalletSelection::Query { sql, .. } = &play.wallets {
            workspace::check_wallet_query(workspace, sql).map_err(|problem| {
                Failure::Usage(format!("trading.plays: {}: wallets.sql: {problem}", play.id.as_str()))
            })?;
        }
    }
    Ok(())
}

fn ledger_folder(settings: &Settings) -> PathBuf {
    settings.data_dir().join("trading")
}

/// A part that fails stops the others.
async fn guard(stop: &Stop, part: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let ended = part.await;
    if ended.is_err() {
        stop.cancel();
    }
    ended
}

async fn outcome<E: Into<Failure>>(thread: &str, told: Outcome<E>) -> Result<(), Failure> {
    match told.await {
        Ok(ended) => ended.map_err(Into::into),
        Err(_) => Err(Failure::Internal(format!("the {thread} thread broke off"))),
    }
}

fn no_thread(error: &std::io::Error) -> Failure {
    Failure::Internal(format!("a thread did not start: {error}"))
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let text = error.to_string();
        match error {
            LedgerError::DoesNotFit { .. } | LedgerError::Damaged(_) | LedgerError::Unreadable(_) => {
                Self::Damage(text)
            }
            LedgerError::Postgres(PostgresError::Address { .. }) => Self::Usage(text),
            LedgerError::Locked(_) | LedgerError::Postgres(_) => Self::Unavailable(text),
            LedgerError::File(..) | LedgerError::Duck(_) => Self::Io(text),
        }
    }
}

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        Self::Internal(error.to_string())
    }
}
