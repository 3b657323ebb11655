//! A data-engine of our own that reads recordings into a log which is gone afterwards.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use goat::service::{Failure, Reach, ServiceChannel};
use goat::settings::Settings;
use goat::wire::market::{GetStatusRequest, feed};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::backtest::progress::Progress;

const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);

/// The program while it runs; killed when dropped.
#[derive(Debug)]
pub(super) struct Recorder {
    address: SocketAddr,
    child: Child,
    directory: TempDir,
}

impl Recorder {
    /// Reads recordings to their end.
    pub(super) async fn record(path: &Path) -> Result<Self, Failure> {
        let path = path
            .canonicalize()
            .map_err(|error| Failure::Usage(format!("--recordings {}: {error}", path.display())))?;
        let mut recorder = Self::start(&path)?;
        let mut client = crate::feed::client(recorder.channel()?);
        let mut progress = Progress::new();
        loop {
            recorder.check()?;
            if let Ok(status) = client.get_status(GetStatusRequest {}).await {
                let status = status.into_inner();
                progress.show("reading the recordings", status.head_seq, status.head_seq);
                let is_off = |one: &goat::wire::market::Feed| one.state() == feed::State::Off;
                if !status.feeds.is_empty() && status.feeds.iter().all(is_off) {
                    progress.end();
                    return Ok(recorder);
                }
            }
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
        }
    }

    /// The way to it. It is ours, on loopback, and asks for no token.
    pub(super) fn channel(&self) -> Result<ServiceChannel, Failure> {
        Ok(Reach::of(&Settings::default())?.service_channel(self.address))
    }

    /// Where it answers.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    fn start(recordings: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::Io(format!("the data-engine for recordings: {error}"));
        let program = std::env::current_exe().map_err(failed)?.with_file_name("data-engine");
        let directory = tempfile::tempdir().map_err(failed)?;
        let [address, metrics, webhook] = free_addresses().map_err(failed)?;
        let log = File::create(directory.path().join("log")).map_err(failed)?;
        let mut command = Command::new(&program);
        // Nobody's settings: those of the recording alone.
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("GOAT_") {
                command.env_remove(variable);
            }
        }
        let child = command
            .current_dir(directory.path())
            .env("GOAT_DATA_DIR", directory.path().join("data"))
            .env("GOAT_FEEDS__MODE", "replay")
            .env("GOAT_FEEDS__REPLAY__PATH", recordings)
            .env("GOAT_FEEDS__REPLAY__SPEED", "0")
            .env("GOAT_JOURNAL__SYNC", "os")
            .env("GOAT_DATA_ENGINE__LISTEN", address.to_string())
            .env("GOAT_DATA_ENGINE__METRICS_LISTEN", metrics.to_string())
            .env("GOAT_FEEDS__WEBHOOK__LISTEN", webhook.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::Unavailable(format!("{}: {error}", program.display())))?;
        Ok(Self { address, child, directory })
    }

    /// Whether it still runs; else what it said last.
    fn check(&mut self) -> Result<(), Failure> {
        let ended = self.child.try_wait().map_err(|error| Failure::Io(error.to_string()))?;
        let Some(status) = ended else { return Ok(()) };
        let said = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        let last = said.lines().last().unwrap_or("it said nothing");
        Err(Failure::Unavailable(format!("the data-engine for recordings ended with {status}: {last}")))
    }
}

/// Ports that nobody listens on at the moment.
fn free_addresses() -> std::io::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // All are held until all are found, so that none is found twice.
    let held = [bind()?, bind()?, bind()?];
    let [one, two, three] = &held;
    Ok([one.local_addr()?, two.local_addr()?, three.local_addr()?])
}
