//! One file for each minute of timestamps, named after it: 16 bytes a nonce, one after the other.
//!
//! A whole file goes when its minute has expired. The newest that went leaves its name behind, ending in `forgotten`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use goat::settings::Sync;

use super::Key;
use super::memory::{Memory, Minute};

const USED: &str = "nonces";
const FORGOTTEN: &str = "forgotten";
const KEY_BYTES: usize = size_of::<Key>();

/// Nonces could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// None of them counts; others may be written.
    #[error("{0}")]
    NotWritten(io::Error),
    /// What the disk holds is uncertain.
    #[error("what the disk holds is uncertain: {0}")]
    Uncertain(io::Error),
}

/// The files, ours alone.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    sync: Sync,
    open: BTreeMap<Minute, OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    /// Its length without what a failed write may have left behind.
    length: u64,
}

impl Files {
    /// Creates the directory when it is not there, and tells `memory` what is in it.
    pub(super) fn open(directory: &Path, sync: Sync, memory: &mut Memory) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        for (path, minute, kind) in found(directory)? {
            if kind == FORGOTTEN {
                memory.forgotten_until(minute);
                continue;
            }
            // A write that was cut short was never answered.
            for key in std::fs::read(path)?.chunks_exact(KEY_BYTES) {
                let mut whole = Key::default();
                whole.copy_from_slice(key);
                memory.use_up(whole, minute);
            }
        }
        Ok(Self { directory: directory.to_owned(), sync, open: BTreeMap::new() })
    }

    /// Makes the nonces of a minute durable, all or none.
    pub(super) fn append(&mut self, minute: Minute, keys: &[Key]) -> Result<(), WriteError> {
        let (sync, bytes) = (self.sync, keys.as_flattened());
        let OpenFile { file, length } = self.file(minute).map_err(WriteError::NotWritten)?;
        file.write_all_at(bytes, *length).map_err(WriteError::NotWritten)?;
        if sync == Sync::Always {
            file.sync_data().map_err(WriteError::Uncertain)?;
        }
        *length += bytes.len() as u64;
        Ok(())
    }

    /// Removes what is as old as `newest` or older, of which nothing is asked any more.
    pub(super) fn forget(&mut self, newest: Minute) -> io::Result<()> {
        self.open.retain(|minute, _| *minute > newest);
        std::fs::rename(self.path(newest, USED), self.path(newest, FORGOTTEN))?;
        self.sync_directory()?;
        for (path, minute, kind) in found(&self.directory)? {
            if minute < newest || (minute == newest && kind != FORGOTTEN) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, minute: Minute) -> io::Result<&mut OpenFile> {
        if !self.open.contains_key(&minute) {
            let path = self.path(minute, USED);
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let bytes = file.metadata()?.len();
            self.sync_directory()?;
            self.open.insert(minute, OpenFile { file, length: bytes - bytes % KEY_BYTES as u64 });
        }
        self.open.get_mut(&minute).ok_or_else(|| io::Error::other("the file was just opened"))
    }

    fn path(&self, minute: Minute, kind: &str) -> PathBuf {
        self.directory.join(format!("{}.{kind}", minute.0))
    }

    fn sync_directory(&self) -> io::Result<()> {
        if self.sync == Sync::Always { File::open(&self.directory)?.sync_all() } else { Ok(()) }
    }
}

/// The files of ours in a directory.
fn found(directory: &Path) -> io::Result<Vec<(PathBuf, Minute, &'static str)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Ok(minute) = stem.parse().map(Minute) else { continue };
        for kind in [USED, FORGOTTEN] {
            if path.extension().is_some_and(|extension| extension == kind) {
                files.push((path.clone(), minute, kind));
            }
        }
    }
    Ok(files)
}
