//! `goat verify`: whether what an instance has written is whole: its log, and every day's signed results.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use goat::settings::Settings;
use tokio::process::Command;

use crate::backup::said;
use crate::service::program;

/// Has each program look at its own, shows what it found, and changes nothing. The services may be running.
///
/// # Errors
///
/// When something is damaged or was changed, or cannot be read.
pub(crate) async fn verify(settings: &Settings, config: Option<&Path>) -> Result<String, String> {
    let mut journal = program("data-engine", config)?;
    journal.args(["journal", "verify"]);
    let mut failed = u32::from(!shown(journal).await?);
    let bundles = bundles(&settings.data_dir())?;
    for bundle in &bundles {
        let mut results = program("trading-engine", None)?;
        results.arg("verify-stats").arg(bundle);
        failed += u32::from(!shown(results).await?);
    }
    match failed {
        0 => Ok(format!("the log and {} signed days are whole", bundles.len())),
        _ => Err(format!("{failed} of what was looked at is not whole")),
    }
}

/// The signed results of the days that are over, oldest first.
fn bundles(data_dir: &Path) -> Result<Vec<PathBuf>, String> {
    let folder = data_dir.join("trading/bundles");
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| said(&folder, &error))?,
    };
    let mut bundles = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| said(&folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            bundles.push(path);
        }
    }
    bundles.sort();
    Ok(bundles)
}

/// Runs it to its end; what it says is shown as it is.
async fn shown(mut command: Command) -> Result<bool, String> {
    let ended = command.status().await.map_err(|error| format!("{:?}: {error}", command.as_std()))?;
    Ok(ended.success())
}
