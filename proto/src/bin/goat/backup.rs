//! `goat backup`: everything that an instance must not lose, while it runs or not.
//!
//! What a running service has to itself, it copies itself: the trading-engine its ledger, the gateway its outbox. The log
//! is copied as it lies. In this order each copy knows nothing that the next one does not: no post that the ledger
//! lacks, no position of the log that the log lacks.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use goat::service::Reach;
use goat::settings::{Scope, Settings};
use goat::values::UnixMicros;
use goat::wire::publisher::BackUpOutboxRequest;
use goat::wire::trading::BackUpLedgerRequest;
use goat::wire::{PublisherServiceClient, TradingServiceClient};
use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;

use crate::files::{copy, copy_directory, make, sync, sync_all};
use crate::manifest::{Journal, Ledger, Manifest};
use crate::service::program;

/// The folders of the three services under `data_dir`, and in a backup.
pub(crate) const PARTS: [&str; 3] = ["gateway", "trading", "market"];

const LEDGER: &str = "ledger.duckdb";
const OUTBOX: &str = "outbox.sqlite";

/// Writes a backup to `folder`, which must not be there yet, and says what it holds.
///
/// # Errors
///
/// When something cannot be copied. Nothing is left behind then.
pub(crate) async fn back_up(
    settings: &Settings,
    config: Option<&Path>,
    folder: &Path,
) -> Result<String, String> {
    let unfinished = with_ending(folder, ".unfinished");
    for path in [folder, &unfinished] {
        if path.try_exists().map_err(|error| said(path, &error))? {
            return Err(format!("{} is there already; a backup needs a folder of its own", path.display()));
        }
    }
    make(&unfinished).map_err(|error| said(&unfinished, &error))?;
    let written = write(settings, config, &unfinished).await;
    let finished = written.and_then(|manifest| {
        std::fs::rename(&unfinished, folder).map_err(|error| said(folder, &error))?;
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync(parent.unwrap_or(Path::new("."))).map_err(|error| said(folder, &error))?;
        Ok(manifest)
    });
    if finished.is_err() {
        // What is left is named as unfinished, and keeps the next one from its place.
        let _ = std::fs::remove_dir_all(&unfinished);
    }
    finished.map(|manifest| sentence(&manifest, settings, folder))
}

fn sentence(manifest: &Manifest, settings: &Settings, folder: &Path) -> String {
    let Journal { oldest_seq, head_seq, .. } = manifest.journal;
    let ledger = match &manifest.ledger {
        Some(ledger) => format!("the ledger at position {}", ledger.cursor_seq),
        None if settings.ledger.url.is_some() => {
            "without the ledger, which lies in PostgreSQL: pg_dump it, before each backup of the log"
                .to_owned()
        }
        None => "the ledger as it lay there, if there is one".to_owned(),
    };
    format!(
        "{}: positions {oldest_seq} to {head_seq}, {ledger}, {} bytes",
        folder.display(),
        manifest.bytes()
    )
}

async fn write(settings: &Settings, config: Option<&Path>, to: &Path) -> Result<Manifest, String> {
    let (taken_at, from) = (UnixMicros::now().to_string(), settings.data_dir());
    let reach = reach(settings)?;
    copy_outbox(settings, &reach, &from.join("gateway"), &to.join("gateway")).await?;
    let ledger = copy_trading(settings, &reach, &from.join("trading"), &to.join("trading")).await?;
    let journal = copy_market(config, &to.join("market")).await?;
    let manifest = Manifest::of(to, taken_at, settings.feeds.mode, journal, ledger);
    let written = manifest.and_then(|manifest| manifest.write(to).map(|()| manifest));
    let manifest = written.map_err(|error| said(to, &error))?;
    sync_all(to).map_err(|error| said(to, &error))?;
    Ok(manifest)
}

/// As somebody who may change something, where there are tokens: a copy is written.
fn reach(settings: &Settings) -> Result<Reach, String> {
    let mut settings = settings.clone();
    let admin = settings.access.tokens.iter().find(|(_, token)| token.scope == Scope::Admin);
    if let Some((name, _)) = admin {
        settings.access.service_token = Some(name.clone());
    }
    Reach::of(&settings).map_err(|error| error.to_string())
}

async fn copy_outbox(settings: &Settings, reach: &Reach, from: &Path, to: &Path) -> Result<(), String> {
    let path = from.join(OUTBOX);
    if !path.try_exists().map_err(|error| said(&path, &error))? {
        return Ok(());
    }
    make(to).map_err(|error| said(to, &error))?;
    let file = File::open(&path).map_err(|error| said(&path, &error))?;
    // Where SQLite locks the file, this does not get it; held, it keeps a gateway from starting meanwhile.
    match fcntl_lock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => copy_those_there(from, to, &[OUTBOX, "outbox.sqlite-wal"]),
        Err(Errno::AGAIN | Errno::ACCESS) => {
            let mut gateway =
                PublisherServiceClient::new(reach.service_channel(settings.gateway.grpc_listen));
            let answer = gateway.back_up_outbox(BackUpOutboxRequest {}).await;
            let answer = answer.map_err(|status| refused("the outbox", "gateway", &status))?.into_inner();
            take(&settings.data_dir().join(answer.path), &to.join(OUTBOX))
        }
        Err(error) => Err(said(&path, &error.into())),
    }
}

async fn copy_trading(
    settings: &Settings,
    reach: &Reach,
    from: &Path,
    to: &Path,
) -> Result<Option<Ledger>, String> {
    if !from.try_exists().map_err(|error| said(from, &error))? {
        return Ok(None);
    }
    make(to).map_err(|error| said(to, &error))?;
    let ledger =
        if settings.ledger.url.is_none() { copy_ledger(settings, reach, from, to).await? } else { None };
    copy_those_there(from, to, &["signing.key"])?;
    for folder in ["bundles", "days"] {
        copy_directory(&from.join(folder), &to.join(folder)).map_err(|error| said(from, &error))?;
    }
    Ok(ledger)
}

async fn copy_ledger(
    settings: &Settings,
    reach: &Reach,
    from: &Path,
    to: &Path,
) -> Result<Option<Ledger>, String> {
    let path = from.join("LOCK");
    let lock = match File::options().write(true).open(&path) {
        Ok(lock) => lock,
        // There never was a ledger.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(said(&path, &error)),
    };
    match lock.try_lock() {
        Ok(()) => copy_those_there(from, to, &[LEDGER, "ledger.duckdb.wal"]).map(|()| None),
        Err(TryLockError::WouldBlock) => {
            let mut engine = TradingServiceClient::new(reach.service_channel(settings.trading_engine.listen));
            let answer = engine.back_up_ledger(BackUpLedgerRequest {}).await;
            let answer =
                answer.map_err(|status| refused("the ledger", "trading-engine", &status))?.into_inner();
            take(&settings.data_dir().join(answer.path), &to.join(LEDGER))?;
            let (log_id, cursor_seq, state_hash) = (answer.log_id, answer.cursor_seq, answer.state_hash);
            Ok(Some(Ledger { log_id, cursor_seq, state_hash }))
        }
        Err(TryLockError::Error(error)) => Err(said(&path, &error)),
    }
}

/// The data-engine knows how its files are read.
async fn copy_market(config: Option<&Path>, to: &Path) -> Result<Journal, String> {
    let mut command = program("data-engine", config)?;
    let ended = command.arg("backup").arg(to).output().await;
    let ended = ended.map_err(|error| format!("the data-engine's program: {error}"))?;
    if !ended.status.success() {
        return Err(format!("the log was not copied: {}", String::from_utf8_lossy(&ended.stderr).trim()));
    }
    serde_json::from_slice(&ended.stdout)
        .map_err(|error| format!("what the data-engine said of its copy: {error}"))
}

fn copy_those_there(from: &Path, to: &Path, names: &[&str]) -> Result<(), String> {
    for name in names {
        match copy(&from.join(name), &to.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(said(&from.join(name), &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Takes what a service wrote for us.
fn take(from: &Path, to: &Path) -> Result<(), String> {
    copy(from, to).and_then(|()| std::fs::remove_file(from)).map_err(|error| said(from, &error))
}

fn refused(what: &str, service: &str, status: &goat::tonic::Status) -> String {
    let (code, reason) = (status.code(), status.message());
    format!("{what} is in use, and the {service} did not copy it: {code:?}: {reason}")
}

pub(crate) fn said(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
