//! Bundles as files: one a day, written once, when the day is over and all of it is committed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use goat::service::{Failure, Stop};

use super::{Signing, day_name, day_of};
use crate::view::Shared;
use crate::workspace::Readers;

/// How often it is looked for days that are over.
const EVERY: Duration = Duration::from_secs(5);

/// Writes the bundles of days that are over until `stop`.
///
/// # Errors
///
/// When one cannot be read or written.
pub async fn write_bundles(
    signing: Signing,
    view: Shared,
    readers: Readers,
    stop: Stop,
) -> Result<(), Failure> {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let (today, committed) = {
            let view = view.read();
            (day_of(view.clock), view.state.seq)
        };
        let reading = |error: crate::workspace::WorkspaceError| Failure::Internal(error.to_string());
        for (day, last_seq) in readers.days_of_links().await.map_err(reading)? {
            let path = signing.folder.join(format!("{}.jsonl", day_name(day)));
            let is_written =
                path.try_exists().map_err(|error| Failure::Io(format!("{}: {error}", path.display())))?;
            if day >= today || last_seq > committed.get() || is_written {
                continue;
            }
            let Some(bundle) = readers.bundle(day, None).await.map_err(reading)? else { continue };
            let text = bundle.text(&signing.key).map_err(|error| Failure::Internal(error.to_string()))?;
            write(&path, &text).map_err(|error| Failure::Io(format!("{}: {error}", path.display())))?;
            tracing::info!(path = %path.display(), records = bundle.links.len(), "a day's results are signed");
        }
    }
    Ok(())
}

/// All of it or nothing. Others may read it, as far as the process lets them.
pub(crate) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let readable = std::fs::Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}
