//! `goat restore`: a backup becomes the data of an instance that has none.

use std::path::Path;

use goat::settings::Settings;

use crate::backup::{PARTS, said};
use crate::files::{copy, make, make_all, sync, sync_all};
use crate::manifest::{Journal, Manifest};
use crate::service::program;

/// Where a restore is under way, in the data directory.
const UNFINISHED: &str = "restoring";

/// Puts what the backup in `folder` holds into the data directory, and says what that is.
///
/// Nothing is overwritten; what was copied is read again and compared with what was written, and the log is checked
/// block by block, before any of it is in its place.
///
/// # Errors
///
/// When the data directory holds an instance's data, the backup is not whole, or something cannot be written.
pub(crate) async fn restore(
    settings: &Settings,
    config: Option<&Path>,
    folder: &Path,
) -> Result<String, String> {
    let manifest = Manifest::read(folder)?;
    if manifest.mode != settings.feeds.mode {
        let (backup, own) = (manifest.mode.as_str(), settings.feeds.mode.as_str());
        return Err(format!("the backup is of mode {backup}, and feeds.mode is {own}"));
    }
    let to = settings.data_dir();
    for part in PARTS.into_iter().chain([UNFINISHED]) {
        let path = to.join(part);
        if path.try_exists().map_err(|error| said(&path, &error))? {
            return Err(format!("{} is there already, and nothing is overwritten", path.display()));
        }
    }
    let unfinished = to.join(UNFINISHED);
    make_all(&to).and_then(|()| make(&unfinished)).map_err(|error| said(&unfinished, &error))?;
    if let Err(error) = fill(&manifest, config, folder, &unfinished).await {
        // What is left is named, and keeps the next one from its place.
        let _ = std::fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    for part in PARTS {
        let path = unfinished.join(part);
        if path.is_dir() {
            std::fs::rename(&path, to.join(part)).map_err(|error| said(&path, &error))?;
        }
    }
    std::fs::remove_dir(&unfinished).and_then(|()| sync(&to)).map_err(|error| said(&to, &error))?;
    let Journal { oldest_seq, head_seq, .. } = manifest.journal;
    let ledger = manifest.ledger.as_ref().map_or_else(String::new, |ledger| {
        format!(", the ledger at position {} with state {}", ledger.cursor_seq, ledger.state_hash)
    });
    let (taken_at, to) = (&manifest.taken_at, to.display());
    Ok(format!("{to}: restored as of {taken_at}: positions {oldest_seq} to {head_seq}{ledger}"))
}

async fn fill(manifest: &Manifest, config: Option<&Path>, from: &Path, to: &Path) -> Result<(), String> {
    for path in manifest.files() {
        let (from, to) = (from.join(path), to.join(path));
        let copied = to.parent().map_or(Ok(()), make_all).and_then(|()| copy(&from, &to));
        copied.map_err(|error| said(&from, &error))?;
    }
    sync_all(to).map_err(|error| said(to, &error))?;
    manifest.check(to)?;
    let mut command = program("data-engine", config)?;
    let ended = command.args(["journal", "verify"]).env("GOAT_DATA_DIR", to).output().await;
    let ended = ended.map_err(|error| format!("the data-engine's program: {error}"))?;
    if !ended.status.success() {
        return Err(format!("the backup's log: {}", String::from_utf8_lossy(&ended.stderr).trim()));
    }
    Ok(())
}
