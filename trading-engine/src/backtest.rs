//! `trading-engine backtest`: plays over what was recorded, with the code that runs live.
//!
//! ```text
//! recordings ─→ a data-engine of its own ─┐
//! the running data-engine's log ──────────┴─→ events (source) ─→ engines (replay) ─→ record ─→ table, JSON, page
//! ```
//!
//! The state begins with nothing where the events begin: cycles, profiles and features have to come about first, as
//! after a cold start.

mod chart;
mod page;
mod progress;
mod record;
mod replay;
mod report;
mod source;
mod speed;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use goat::service::{Failure, Options, channel};
use goat::settings::Settings;
use goat::values::UnixMicros;
use goat::wire::{TradingServiceClient, trading as wire};
use tokio::signal::unix::{SignalKind, signal};

use crate::core::desk::SavedProject;
use crate::core::play::{Play, Validator};
use crate::plays::file;
use crate::serve::parse_project;

pub use record::Record;
pub use replay::{Replay, Setup};
pub use report::Report;
pub(crate) use report::results_json;
pub use source::{Batch, Source, Span};

/// What is tried, on what, and where it is told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    span: Span,
    /// A play, in TOML or JSON; again for each
    #[arg(long = "play", value_name = "FILE")]
    plays: Vec<PathBuf>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Only measure how many prices and trades a second one core folds
    #[arg(long)]
    speed_only: bool,
}

/// Back-tests, tells the results, and returns the exit code.
#[must_use]
pub fn run(options: &Options, arguments: &Arguments) -> ExitCode {
    ended(options, async |settings| backtest(&settings, arguments).await)
}

/// Runs one command of the command line to its end, or until it is told to stop; says why it failed.
pub fn ended<F>(options: &Options, command: F) -> ExitCode
where
    F: AsyncFnOnce(Settings) -> Result<ExitCode, Failure>,
{
    match try_run(options, command) {
        Ok(code) => code,
        Err(failure) => {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "trading-engine: {failure}");
            failure.exit_code()
        }
    }
}

fn try_run<F>(options: &Options, command: F) -> Result<ExitCode, Failure>
where
    F: AsyncFnOnce(Settings) -> Result<ExitCode, Failure>,
{
    let settings =
        Settings::load(options.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    let failed = |error: std::io::Error| Failure::Internal(format!("the runtime did not start: {error}"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    let ended = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            ended = command(settings) => ended,
            _ = terminate.recv() => Err(stopped()),
            _ = tokio::signal::ctrl_c() => Err(stopped()),
        }
    });
    runtime.shutdown_background();
    ended
}

fn stopped() -> Failure {
    Failure::Unavailable("stopped before the end".to_owned())
}

/// Writes to standard output.
///
/// # Errors
///
/// When it cannot be written to.
pub fn say(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::Io(format!("standard output: {error}")))
}

async fn backtest(settings: &Settings, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let plays = arguments.plays.iter().map(|path| read_play(path)).collect::<Result<Vec<Play>, _>>()?;
    if plays.is_empty() && !arguments.speed_only {
        return Err(Failure::Usage("no play is given: --play FILE.toml".to_owned()));
    }
    let setup = setup(settings, plays).await?;
    if arguments.speed_only {
        say(&speed::measure(settings, &arguments.span, &setup).await?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let source = Source::open(settings, &arguments.span, &source::KINDS).await?;
    let (origin, mut replays) = source.fold(vec![setup], ()).await?;
    let replay = replays.pop().ok_or_else(|| Failure::Internal("the engine is gone".to_owned()))?;
    let report = Report::of(&origin, &replay)?;
    say(&report.table())?;
    if let Some(path) = &arguments.json {
        write(path, &format!("{:#}\n", report.json()))?;
    }
    if let Some(path) = &arguments.html {
        write(path, &page::page(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The play in a file.
///
/// # Errors
///
/// When there is none.
pub fn read_play(path: &std::path::Path) -> Result<Play, Failure> {
    file::read(path).map(|(_, play)| play).map_err(|error| Failure::Usage(error.to_string()))
}

/// The configured engine with these plays, and the filter projects that they name.
///
/// # Errors
///
/// When the settings cannot be used, or a filter project is not known to the running engine.
pub async fn setup(settings: &Settings, plays: Vec<Play>) -> Result<Setup, Failure> {
    let named = plays.iter().filter_map(|play| match &play.validator {
        Some(Validator::Projects(ids)) => Some(ids.iter()),
        _ => None,
    });
    let mut named: Vec<&String> = named.flatten().collect();
    named.sort();
    named.dedup();
    let mut projects = Vec::new();
    for id in named {
        projects.push(project(settings, id).await?);
    }
    Ok(Setup { plan: crate::plan(settings)?, limits: crate::limits(&settings.trading)?, projects, plays })
}

/// A filter project as the running engine has it.
async fn project(settings: &Settings, id: &str) -> Result<SavedProject, Failure> {
    let request = wire::GetFilterProjectRequest { id: id.to_owned() };
    let answer = trading(settings).get_filter_project(request).await;
    let failed = |status: tonic::Status| {
        let address = settings.trading_engine.listen;
        Failure::Unavailable(format!(
            "filter project {id:?} is asked of the trading-engine at {address}: {}",
            status.message()
        ))
    };
    parse_project(answer.map_err(failed)?.into_inner().project, Some(id)).map_err(failed)
}

/// A client of the running trading-engine.
#[must_use]
pub fn trading(settings: &Settings) -> TradingServiceClient<tonic::transport::Channel> {
    TradingServiceClient::new(channel(settings.trading_engine.listen))
}

/// Writes a file.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::Io(format!("{}: {error}", path.display())))
}

fn moment(text: &str) -> Result<UnixMicros, String> {
    UnixMicros::parse(text).map_err(|error| error.to_string())
}
