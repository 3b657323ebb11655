//! A disk in memory that fails when told, and forgets what was not synced.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::disk::{Disk, DiskFile};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does nothing and says so.
    Error,
    /// A write gets half way; anything else does nothing.
    HalfWritten,
    /// From this operation on everything fails, and what was not synced is lost.
    PowerLoss,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Content>,
    /// Removed, and back after a power loss.
    removed: BTreeMap<String, Content>,
    /// Removed for good; those that had it open still read it.
    gone: BTreeMap<String, Content>,
    operations: u32,
    fault: Option<(u32, Fault)>,
    dead: bool,
}

#[derive(Debug, Default, Clone)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    name_synced: bool,
}

#[derive(Debug, Default, Clone)]
pub(super) struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    name: String,
}

impl MemoryDisk {
    pub(super) fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state().files.keys().cloned().collect()
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        let places = [&state.files, &state.removed, &state.gone];
        places.iter().find_map(|files| files.get(name)).unwrap().now.clone()
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) {
        let content = Content { now: bytes.to_vec(), synced: bytes.to_vec(), name_synced: true };
        self.state().files.insert(name.to_owned(), content);
    }

    pub(super) fn operations(&self) -> u32 {
        self.state().operations
    }

    pub(super) fn fail_operation(&self, nth: u32, fault: Fault) {
        self.state().fault = Some((nth, fault));
    }

    /// The process ends; after a power loss, so does what was not synced.
    pub(super) fn crash(&self) {
        let mut state = self.state();
        if state.dead {
            let removed = std::mem::take(&mut state.removed);
            for (name, content) in removed {
                state.files.entry(name).or_insert(content);
            }
            state.files.retain(|_, content| content.name_synced);
            for content in state.files.values_mut() {
                content.now = content.synced.clone();
            }
        }
        state.dead = false;
        state.fault = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts an operation that changes something and fails it when it is its turn.
    fn operation(&self) -> Result<(), Fault> {
        let mut state = self.state();
        let number = state.operations;
        state.operations += 1;
        if state.dead {
            return Err(Fault::PowerLoss);
        }
        match state.fault {
            Some((nth, fault)) if nth == number => {
                state.dead = fault == Fault::PowerLoss;
                Err(fault)
            }
            _ => Ok(()),
        }
    }

    fn fallible(&self) -> io::Result<()> {
        self.operation().map_err(|fault| io::Error::other(format!("{fault:?}")))
    }
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.fallible()?;
        if self.state().files.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        self.state().files.insert(name.to_owned(), Content::default());
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if !self.state().files.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        Ok(Arc::new(MemoryFile { disk: self.clone(), name: name.to_owned() }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.fallible()?;
        let mut state = self.state();
        if let Some(content) = state.files.remove(name) {
            state.removed.insert(name.to_owned(), content);
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.fallible()?;
        let mut state = self.state();
        let removed = std::mem::take(&mut state.removed);
        state.gone.extend(removed);
        for content in state.files.values_mut() {
            content.name_synced = true;
        }
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.disk.bytes(&self.name);
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let outcome = self.disk.operation();
        let written = match outcome {
            Ok(()) => bytes,
            Err(Fault::HalfWritten) => &bytes[..bytes.len() / 2],
            Err(_) => &[],
        };
        let mut state = self.disk.state();
        let now = &mut state.files.get_mut(&self.name).unwrap().now;
        let end = offset as usize + written.len();
        if !written.is_empty() {
            now.resize(now.len().max(end), 0);
            now[offset as usize..end].copy_from_slice(written);
        }
        outcome.map_err(|fault| io::Error::other(format!("{fault:?}")))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.fallible()?;
        let mut state = self.disk.state();
        let content = state.files.get_mut(&self.name).unwrap();
        content.synced = content.now.clone();
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.bytes(&self.name).len() as u64)
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.disk.fallible()?;
        self.disk.state().files.get_mut(&self.name).unwrap().now.resize(length as usize, 0);
        Ok(())
    }
}
