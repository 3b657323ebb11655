//! The data directory: whose it is, which world it records, and that nobody else has it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use goat::service::Failure;
use goat::settings::{Mode, Settings};
use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use crate::feeds::replay::files;

const LOCK: &str = "LOCK";
const IDENTITY: &str = "identity.json";
const JOURNAL: &str = "journal";
const NONCES: &str = "nonces";

/// Which world a journal records. Two worlds never share a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// simulated, replay or live.
    pub mode: Mode,
    /// Simulated: the seed. Replay: a hash over the recordings. Live: empty.
    pub world: String,
}

impl Identity {
    /// The world that these settings ask for.
    ///
    /// # Errors
    ///
    /// When the recordings to replay cannot be found.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        let feeds = &settings.feeds;
        let world = match feeds.mode {
            Mode::Simulated => format!("seed {}", feeds.simulated.seed),
            Mode::Replay => files::identity(&feeds.replay.path)?,
            Mode::Live => String::new(),
        };
        Ok(Self { mode: feeds.mode, world })
    }
}

/// The data directory, ours until the process ends.
#[derive(Debug)]
pub struct Instance {
    directory: PathBuf,
    // The lock is held as long as the file is open.
    _lock: File,
}

impl Instance {
    /// Takes the data directory. A replay or a simulation of another world is set aside, not deleted:
    /// `journal` becomes `journal.<time>`.
    ///
    /// # Errors
    ///
    /// When another process has the directory, it holds another mode's journal, or it cannot be written.
    pub fn take(settings: &Settings, identity: &Identity) -> Result<Self, Failure> {
        let instance = Self::hold(settings)?;
        let directory = &instance.directory;
        let io =
            |error: io::Error| Failure::Io(format!("the data directory {}: {error}", directory.display()));
        match read_identity(directory).map_err(io)? {
            Some(found) if found == *identity => {}
            Some(found) if found.mode != identity.mode => {
                return Err(Failure::Usage(format!(
                    "the data directory {} holds a journal of mode {}, not {}; set GOAT_DATA_DIR to another one",
                    directory.display(),
                    found.mode.as_str(),
                    identity.mode.as_str()
                )));
            }
            Some(_) => set_aside(directory).map_err(io)?,
            None => {}
        }
        write_identity(directory, identity).map_err(io)?;
        Ok(instance)
    }

    /// Keeps every other process away from the data directory, whatever it holds.
    ///
    /// # Errors
    ///
    /// When another process has it, or it cannot be written.
    pub fn hold(settings: &Settings) -> Result<Self, Failure> {
        let directory = settings.data_dir().join("market");
        let io =
            |error: io::Error| Failure::Io(format!("the data directory {}: {error}", directory.display()));
        std::fs::create_dir_all(&directory).map_err(io)?;
        let lock = File::create(directory.join(LOCK)).map_err(io)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Failure::Unavailable(format!(
                "another data-engine has the data directory {}",
                directory.display()
            )),
            TryLockError::Error(error) => io(error),
        })?;
        Ok(Self { directory, _lock: lock })
    }

    /// Where the journal's segments lie.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.directory.join(JOURNAL)
    }
}

/// Where the journal of these settings lies, whoever has it.
#[must_use]
pub fn journal_directory(settings: &Settings) -> PathBuf {
    settings.data_dir().join("market").join(JOURNAL)
}

/// Where the used nonces of these settings lie.
#[must_use]
pub fn nonces_directory(settings: &Settings) -> PathBuf {
    settings.data_dir().join("market").join(NONCES)
}

/// Copies what says which world the data directory holds into `folder`.
///
/// # Errors
///
/// When it is not there, cannot be read, or not be written.
pub fn copy_identity(settings: &Settings, folder: &Path) -> io::Result<()> {
    let from = settings.data_dir().join("market");
    let identity = read_identity(&from)?;
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{} has no {IDENTITY}", from.display()));
    write_identity(folder, &identity.ok_or_else(missing)?)
}

fn read_identity(directory: &Path) -> io::Result<Option<Identity>> {
    match std::fs::read(directory.join(IDENTITY)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Written beside, synced, and renamed: after a crash there is the old one or the new one.
fn write_identity(directory: &Path, identity: &Identity) -> io::Result<()> {
    let beside = directory.join(format!("{IDENTITY}.new"));
    std::fs::write(&beside, serde_json::to_vec_pretty(identity)?)?;
    File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, directory.join(IDENTITY))?;
    File::open(directory)?.sync_all()
}

fn set_aside(directory: &Path) -> io::Result<()> {
    let journal = directory.join(JOURNAL);
    if !journal.try_exists()? {
        return Ok(());
    }
    let aside = directory.join(format!("{JOURNAL}.{}", UnixMicros::now().get() / 1_000_000));
    tracing::warn!(from = %journal.display(), to = %aside.display(), "the journal of another world is set aside");
    std::fs::rename(journal, aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(directory: &tempfile::TempDir) -> Settings {
        Settings { data_dir: Some(directory.path().to_owned()), ..Settings::default() }
    }

    fn identity(mode: Mode, world: &str) -> Identity {
        Identity { mode, world: world.to_owned() }
    }

    #[test]
    fn a_directory_has_one_engine() {
        let directory = tempfile::tempdir().unwrap();
        let first = Instance::take(&settings(&directory), &identity(Mode::Simulated, "7")).unwrap();
        let second = Instance::take(&settings(&directory), &identity(Mode::Simulated, "7")).unwrap_err();
        assert!(second.to_string().starts_with("another data-engine has the data directory"), "{second}");
        drop(first);
        Instance::take(&settings(&directory), &identity(Mode::Simulated, "7")).unwrap();
    }

    #[test]
    fn another_mode_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        drop(Instance::take(&settings(&directory), &identity(Mode::Live, "")).unwrap());
        let refused =
            Instance::take(&settings(&directory), &identity(Mode::Replay, "x")).unwrap_err().to_string();
        assert!(refused.contains("holds a journal of mode live, not replay"), "{refused}");
    }

    #[test]
    fn another_recording_is_set_aside_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let first = Instance::take(&settings(&directory), &identity(Mode::Replay, "a")).unwrap();
        std::fs::create_dir(first.journal()).unwrap();
        std::fs::write(first.journal().join("x.seg"), "kept").unwrap();
        drop(first);

        let second = Instance::take(&settings(&directory), &identity(Mode::Replay, "b")).unwrap();

        assert!(!second.journal().try_exists().unwrap());
        let names: Vec<_> = std::fs::read_dir(directory.path().join("market"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let aside = names.iter().find(|name| name.starts_with("journal.")).unwrap();
        let kept = directory.path().join("market").join(aside).join("x.seg");
        assert_eq!(std::fs::read_to_string(kept).unwrap(), "kept");
    }
}
