//! `data-engine --check`: would it start?

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use goat::service::Failure;
use goat::settings::{Mode, Settings};

use crate::archive::Target;
use crate::feeds::exchange::venue;
use crate::feeds::replay::files;
use crate::instance::Instance;
use crate::journal::{Directory, inspect};
use crate::journal_tool::as_failure;

mod live;

/// Tries ports, data directory, journal and recordings, asks what it depends on, and says what was found.
///
/// # Errors
///
/// At the first thing that would keep the data-engine from starting.
pub fn check(settings: &Settings) -> Result<Vec<String>, Failure> {
    let mut findings = vec![format!("mode: {}", settings.feeds.mode.as_str())];
    port("data_engine.listen", settings.data_engine.listen)?;
    port("data_engine.metrics_listen", settings.data_engine.metrics_listen)?;
    if settings.feeds.webhook.enabled {
        port("feeds.webhook.listen", settings.feeds.webhook.listen)?;
    }
    findings.push("ports: free".to_owned());

    let instance = Instance::hold(settings)?;
    let path = instance.journal();
    let io = |error| Failure::Io(format!("the journal {}: {error}", path.display()));
    let disk = Directory::create(path.clone()).map_err(io)?;
    let journal = inspect(&disk, &mut |_| {}).map_err(|error| as_failure(&error))?;
    findings.push(format!("journal: whole, head {}, at {}", journal.head.seq, path.display()));

    findings.push(room(&path, settings.journal.disk_bytes_max).map_err(io)?);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Internal(format!("the runtime did not start: {error}")))?;
    findings.push(runtime.block_on(archive(settings))?);
    match settings.feeds.mode {
        Mode::Replay => findings.extend(files::check(&settings.feeds.replay.path)?),
        Mode::Live => {
            venue::check(&settings.feeds)?;
            findings.extend(runtime.block_on(live::look(&settings.feeds))?);
        }
        Mode::Simulated => {}
    }
    Ok(findings)
}

/// What the disk of the journal has left, beside what the journal may still take of it.
fn room(journal: &Path, bytes_max: u64) -> io::Result<String> {
    let disk = rustix::fs::statvfs(journal)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let mut taken = 0;
    for entry in journal.read_dir()? {
        taken += entry?.metadata()?.len();
    }
    let left = bytes_max.saturating_sub(taken);
    let said = format!("disk: {} free, the journal may take {} more", gibibytes(free), gibibytes(left));
    if free >= left {
        return Ok(said);
    }
    Ok(format!("{said}, which is not there: make room, or lower journal.disk_bytes_max"))
}

fn gibibytes(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // One decimal is shown.
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    format!("{gibibytes:.1} GiB")
}

/// An archive that cannot be reached keeps nothing from starting: recording goes on without it.
async fn archive(settings: &Settings) -> Result<String, Failure> {
    let target = Target::of(&settings.archive).map_err(|error| Failure::Usage(error.to_string()))?;
    let Some(target) = target else { return Ok("archive: off".to_owned()) };
    Ok(match target.check().await {
        Ok(()) => "archive: reachable".to_owned(),
        Err(error) => format!("archive: {error}; recording would go on and be archived later"),
    })
}

fn port(setting: &str, address: SocketAddr) -> Result<(), Failure> {
    TcpListener::bind(address)
        .map(drop)
        .map_err(|error| Failure::Unavailable(format!("cannot listen on {address} ({setting}): {error}")))
}
