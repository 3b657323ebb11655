//! What a backup holds: written last, read first.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use goat::settings::Mode;
use serde::{Deserialize, Serialize};

use crate::files::{Content, below};

const FILE: &str = "manifest.json";
/// Changes when an older program could not restore what a newer one wrote.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    /// Of the program that wrote it.
    version: String,
    /// When it was begun.
    pub(crate) taken_at: String,
    /// The world that was recorded.
    pub(crate) mode: Mode,
    /// The log.
    pub(crate) journal: Journal,
    /// The ledger as its engine copied it; none when it was copied standing still, or is not there.
    pub(crate) ledger: Option<Ledger>,
    /// Every other file, by its path.
    files: BTreeMap<PathBuf, Content>,
}

/// The part of the log that was copied.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Journal {
    /// None while nothing was recorded.
    pub(crate) log_id: Option<String>,
    pub(crate) oldest_seq: u64,
    pub(crate) head_seq: u64,
}

/// The state that the ledger's copy holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    pub(crate) log_id: String,
    pub(crate) cursor_seq: u64,
    pub(crate) state_hash: String,
}

impl Manifest {
    /// Describes what lies in `folder`.
    pub(crate) fn of(
        folder: &Path,
        taken_at: String,
        mode: Mode,
        journal: Journal,
        ledger: Option<Ledger>,
    ) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for path in below(folder)? {
            let content = Content::of(&folder.join(&path))?;
            files.insert(path, content);
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { format: FORMAT, version, taken_at, mode, journal, ledger, files })
    }

    /// Puts the description beside what it describes.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = File::create_new(folder.join(FILE))?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()
    }

    /// Reads the description of a backup and sees that it names what lies there, no more and no less.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(FILE);
        let text = std::fs::read(&path)
            .map_err(|error| format!("{} is no backup: {}: {error}", folder.display(), path.display()))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        if manifest.format != FORMAT {
            return Err(format!(
                "{} has format {}; this program knows {FORMAT}",
                path.display(),
                manifest.format
            ));
        }
        let mut there = below(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        there.retain(|found| found != Path::new(FILE));
        let missing = manifest.files.keys().find(|named| !there.contains(named));
        let unknown = there.iter().find(|found| !manifest.files.contains_key(*found));
        match (missing, unknown) {
            (Some(missing), _) => Err(format!("{} is missing in {}", missing.display(), folder.display())),
            (_, Some(unknown)) => {
                Err(format!("{} in {} is not of the backup", unknown.display(), folder.display()))
            }
            (None, None) => Ok(manifest),
        }
    }

    /// The files by their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.keys()
    }

    /// What all files take.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.values().map(|content| content.bytes).sum()
    }

    /// Sees that the files in `folder` hold what was written.
    pub(crate) fn check(&self, folder: &Path) -> Result<(), String> {
        for (path, written) in &self.files {
            let path = folder.join(path);
            let found = Content::of(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if found != *written {
                return Err(format!(
                    "{} is not what was written: {} bytes with SHA-256 {}, and not {} with {}",
                    path.display(),
                    found.bytes,
                    found.sha256,
                    written.bytes,
                    written.sha256
                ));
            }
        }
        Ok(())
    }
}
