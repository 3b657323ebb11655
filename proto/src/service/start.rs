//! From the command line to a running service and out again.

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Entrance, Reach, telemetry};
use crate::settings::Settings;

/// How long a service may take to finish what it has begun.
const DRAIN: Duration = Duration::from_secs(10);

/// What every service of ours understands on its command line.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Settings file; goat.toml when it is there
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Check settings, directories, files and ports, then exit
    #[arg(long)]
    pub check: bool,
    /// Print the settings in force, secrets masked, then exit
    #[arg(long)]
    pub dump_config: bool,
}

/// Asked to stop: set once, seen by all.
pub type Stop = CancellationToken;

/// Why a service ended before it was asked to; the number is its exit code (sysexits.h).
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 64: called or configured wrongly.
    #[error("{0}")]
    Usage(String),
    /// 65: stored data is damaged.
    #[error("{0}")]
    Damage(String),
    /// 69: something that it needs is not there, such as a free port.
    #[error("{0}")]
    Unavailable(String),
    /// 70: our mistake.
    #[error("{0}")]
    Internal(String),
    /// 74: reading or writing failed.
    #[error("{0}")]
    Io(String),
}

impl Failure {
    /// The exit code that stands for it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 64,
            Self::Damage(_) => 65,
            Self::Unavailable(_) => 69,
            Self::Internal(_) => 70,
            Self::Io(_) => 74,
        })
    }
}

/// Runs a service: reads its settings, then `check`s or `run`s it until SIGTERM, Ctrl-C, or its own end.
pub fn start<C, R, F>(name: &'static str, options: &Options, check: C, run: R) -> ExitCode
where
    C: FnOnce(&Settings) -> Result<Vec<String>, Failure>,
    R: FnOnce(Settings, Stop) -> F,
    F: Future<Output = Result<(), Failure>>,
{
    match try_start(name, options, check, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(name, &failure.to_string());
            failure.exit_code()
        }
    }
}

fn try_start<C, R, F>(name: &'static str, options: &Options, check: C, run: R) -> Result<(), Failure>
where
    C: FnOnce(&Settings) -> Result<Vec<String>, Failure>,
    R: FnOnce(Settings, Stop) -> F,
    F: Future<Output = Result<(), Failure>>,
{
    let settings =
        Settings::load(options.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    if options.dump_config {
        let dump = settings.dump().map_err(|error| Failure::Internal(error.to_string()))?;
        return say(&dump);
    }
    if options.check {
        let mut findings = check(&settings)?;
        Entrance::of(&settings)?;
        Reach::of(&settings)?;
        findings.push(format!("access: {}", access(&settings)));
        return say(&format!("{}\n{name}: ready to start\n", findings.join("\n")));
    }
    telemetry::init(&settings.log).map_err(Failure::Usage)?;

    open_many_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(format!("the runtime did not start: {error}")))?;
    let outcome = runtime.block_on(until_stopped(name, settings, run));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Takes as many open files as this process may have at all: what a shell gives it is fewer than the connections of
/// `limits.connections_max`.
fn open_many_files() {
    let mut limits = getrlimit(Resource::Nofile);
    limits.current = limits.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limits) {
        tracing::warn!(%error, "the number of open files stays as it was");
    }
}

/// Who is let in, as a sentence.
fn access(settings: &Settings) -> String {
    let tls = if settings.tls.files().is_some() { "with TLS" } else { "without TLS" };
    match settings.access.tokens.len() {
        0 => format!("everybody on this machine, {tls}"),
        count => format!("{count} tokens, {tls}"),
    }
}

async fn until_stopped<R, F>(name: &'static str, settings: Settings, run: R) -> Result<(), Failure>
where
    R: FnOnce(Settings, Stop) -> F,
    F: Future<Output = Result<(), Failure>>,
{
    let stop = Stop::new();
    let signals = |kind| signal(kind).map_err(|error| Failure::Internal(format!("signals: {error}")));
    let (mut terminate, mut interrupt) =
        (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    let asked = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!(service = name, "stopping");
        asked.cancel();
    });

    let running = run(settings, stop.clone());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        outcome = running => outcome,
        () = overdue => Err(Failure::Internal(format!("did not finish within {} s of being stopped", DRAIN.as_secs()))),
    }
}

/// A failure before logging has started, or the last one of all, goes to standard error as a sentence.
fn report(name: &str, failure: &str) {
    use std::io::Write;
    let mut stderr = std::io::stderr();
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(stderr, "{name}: {failure}");
}

fn say(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::Io(format!("standard output: {error}")))
}
