//! `data-engine --check`: would it start?

use std::net::{SocketAddr, TcpListener};

use goat::service::Failure;
use goat::settings::{Mode, Settings};

use crate::archive::Target;
use crate::feeds::exchange::venue;
use crate::feeds::replay::files;
use crate::instance::Instance;
use crate::journal::{Directory, inspect};
use crate::journal_tool::as_failure;

/// Tries ports, data directory, journal and recordings, and says what was found.
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

    findings.push(archive(settings)?);
    if settings.feeds.mode == Mode::Live {
        venue::check(&settings.feeds)?;
    }
    match settings.feeds.mode {
        Mode::Replay => findings.extend(files::check(&settings.feeds.replay.path)?),
        Mode::Live if settings.feeds.jupiter.enabled && settings.feeds.jupiter.api_key.is_none() => {
            findings.push("jupiter: no key, so one request every two seconds".to_owned());
        }
        Mode::Live | Mode::Simulated => {}
    }
    Ok(findings)
}

/// An archive that cannot be reached keeps nothing from starting: recording goes on without it.
fn archive(settings: &Settings) -> Result<String, Failure> {
    let target = Target::of(&settings.archive).map_err(|error| Failure::Usage(error.to_string()))?;
    let Some(target) = target else { return Ok("archive: off".to_owned()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Internal(format!("the runtime did not start: {error}")))?;
    Ok(match runtime.block_on(target.check()) {
        Ok(()) => "archive: reachable".to_owned(),
        Err(error) => format!("archive: {error}; recording would go on and be archived later"),
    })
}

fn port(setting: &str, address: SocketAddr) -> Result<(), Failure> {
    TcpListener::bind(address)
        .map(drop)
        .map_err(|error| Failure::Unavailable(format!("cannot listen on {address} ({setting}): {error}")))
}
