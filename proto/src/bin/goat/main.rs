//! `goat run`: the three services side by side, for one machine and one person.
//!
//! Each service's lines are shown under its name and kept in `<data_dir>/logs`. One that ends is started
//! again after a second, and that is said. Ctrl-C or SIGTERM stops them all, readers before writers.
//!
//! `goat backup` and `goat restore` take care of what an instance must not lose, `goat verify` looks at what it has
//! written, `goat health` tells whether a service answers.

mod backup;
mod files;
mod health;
mod manifest;
mod restore;
mod service;
mod verify;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use goat::settings::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use service::{End, Service};

/// Stopped in this order: who reads goes before who is read from.
const NAMES: [&str; 3] = ["gateway", "trading-engine", "data-engine"];

/// Runs Follow The Goat on this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Settings file; goat.toml when it is there
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the three services until Ctrl-C
    Run,
    /// End one running service; `goat run` starts it again
    Restart {
        /// data-engine, trading-engine or gateway
        service: String,
    },
    /// Say whether a service answers, by the exit code too
    Health {
        /// data-engine, trading-engine or gateway
        service: String,
        /// Ask again for so long
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        wait: u32,
    },
    /// Check what was written: every block of the log, every signed day; changes nothing
    Verify,
    /// Copy log, ledger, keys and outbox, also while the services run
    Backup {
        /// A folder that is not there yet
        folder: PathBuf,
    },
    /// Put a backup into a data directory that has no data
    Restore {
        /// The backup
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match try_main(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&format!("goat: {sentence}"));
            ExitCode::FAILURE
        }
    }
}

fn try_main(arguments: &Arguments) -> Result<(), String> {
    let settings = Settings::load(arguments.config.as_deref()).map_err(|error| error.to_string())?;
    let config = arguments.config.as_deref();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime did not start: {error}"))?;
    let done = match &arguments.command {
        Command::Restart { service } => return service::restart(&settings.data_dir(), service),
        Command::Run => return runtime.block_on(run(&settings, config)),
        Command::Health { service, wait } => {
            let wait = Duration::from_secs(u64::from(*wait));
            runtime.block_on(health::health(&settings, service, wait))
        }
        Command::Verify => runtime.block_on(verify::verify(&settings, config)),
        Command::Backup { folder } => runtime.block_on(backup::back_up(&settings, config, folder)),
        Command::Restore { folder } => runtime.block_on(restore::restore(&settings, config, folder)),
    };
    done.map(|sentence| say(&format!("goat: {sentence}")))
}

async fn run(settings: &Settings, config: Option<&Path>) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let data_dir = settings.data_dir();
    let stops = NAMES.map(|name| (name, CancellationToken::new()));
    let mut services = JoinSet::new();
    for (name, stop) in stops.iter().rev() {
        let service = Service::prepare(name, &data_dir, config)?;
        let stop = stop.clone();
        services.spawn(async move { (service.name(), service.keep_running(stop).await) });
    }
    tokio::select! {
        () = announce(settings) => {}
        _ = interrupt.recv() => return stop_all(services, &stops, Ok(())).await,
        _ = terminate.recv() => return stop_all(services, &stops, Ok(())).await,
        Some(ended) = services.join_next() => return stop_all(services, &stops, given_up(ended)).await,
    }
    tokio::select! {
        _ = interrupt.recv() => stop_all(services, &stops, Ok(())).await,
        _ = terminate.recv() => stop_all(services, &stops, Ok(())).await,
        Some(ended) = services.join_next() => stop_all(services, &stops, given_up(ended)).await,
    }
}

type Ended = Result<(&'static str, End), tokio::task::JoinError>;

fn given_up(ended: Ended) -> Result<(), String> {
    match ended {
        Ok((name, End::GivenUp(reason))) => Err(format!("{name} cannot run: {reason}")),
        Ok((_, End::Stopped)) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn stop_all(
    mut services: JoinSet<(&'static str, End)>,
    stops: &[(&'static str, CancellationToken)],
    outcome: Result<(), String>,
) -> Result<(), String> {
    say("goat: stopping");
    let mut running = services.len();
    for (_, stop) in stops {
        stop.cancel();
        let one_ends = tokio::time::timeout(Duration::from_secs(12), services.join_next());
        if running > 0 && one_ends.await.is_ok() {
            running -= 1;
        }
    }
    while services.join_next().await.is_some() {}
    say("goat: stopped");
    outcome
}

/// Says where everything is, once the dashboard can be opened.
async fn announce(settings: &Settings) {
    let gateway = settings.gateway.listen;
    while tokio::net::TcpStream::connect(gateway).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    say(&format!(
        "\n  Follow The Goat, {mode}\n\n  dashboard        {scheme}://{gateway}\n  REST, try it     {scheme}://{gateway}/api-docs/\n  gRPC             {data} (market), {trading} (trading), {publisher} (posts), with reflection\n  webhook          {scheme}://{webhook}\n  data and logs    {dir}\n\n  restart one engine alone:  make restart SERVICE=trading-engine\n  stop everything:           Ctrl-C\n",
        mode = settings.feeds.mode.as_str().to_uppercase(),
        scheme = if settings.tls.files().is_some() { "https" } else { "http" },
        data = settings.data_engine.listen,
        trading = settings.trading_engine.listen,
        publisher = settings.gateway.grpc_listen,
        webhook = settings.feeds.webhook.listen,
        dir = settings.data_dir().display(),
    ));
}

/// One line for the person at the terminal.
fn say(line: &str) {
    // A terminal that is gone must not stop the services.
    let _ = writeln!(std::io::stdout(), "{line}");
}
