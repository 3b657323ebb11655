//! Where a world that can be rewound began: kept beside the segments, because retention deletes the event that says it.

use std::io;

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::JournalError;
use super::disk::Disk;

pub(super) const FILE: &str = "origin.json";
const BYTES_MAX: usize = 4096;

/// The content of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    world_start_micros: i64,
}

/// When the world of a log began, and whether that is kept.
#[derive(Debug, Default)]
pub(super) struct Origin {
    time: Option<UnixMicros>,
    kept: bool,
}

impl Origin {
    /// Reads what is kept. A file that was cut short counts for nothing while the log still has its first event.
    pub(super) fn read(disk: &dyn Disk, oldest_seq: u64) -> Result<Self, JournalError> {
        let io = |error| JournalError::io("read", FILE, error);
        if !disk.list().map_err(io)?.iter().any(|name| name == FILE) {
            return Ok(Self::default());
        }
        let mut bytes = vec![0; BYTES_MAX];
        let length = disk.open(FILE).and_then(|file| file.read_at(&mut bytes, 0)).map_err(io)?;
        let content: Option<Content> = serde_json::from_slice(bytes.get(..length).unwrap_or_default()).ok();
        let time = content.and_then(|content| UnixMicros::new(content.world_start_micros).ok());
        if time.is_none() && oldest_seq > 1 {
            return Err(JournalError::Damaged {
                file: FILE.to_owned(),
                offset: 0,
                seq: 1,
                what: "it does not say when the world began".to_owned(),
            });
        }
        Ok(Self { time, kept: time.is_some() })
    }

    /// When the world began; none for a world that cannot be rewound.
    pub(super) fn time(&self) -> Option<UnixMicros> {
        self.time
    }

    /// The world began at `time`. Only the first word counts.
    pub(super) fn begin(&mut self, time: UnixMicros) {
        self.time.get_or_insert(time);
    }

    /// Makes what is known survive the deletion of the first event. Written once.
    pub(super) fn keep(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let Some(time) = self.time.filter(|_| !self.kept) else { return Ok(()) };
        if disk.list()?.iter().any(|name| name == FILE) {
            disk.remove(FILE)?;
        }
        let file = disk.create(FILE)?;
        let content = serde_json::to_vec(&Content { world_start_micros: time.get() })?;
        file.write_all_at(&content, 0)?;
        file.sync()?;
        disk.sync()?;
        self.kept = true;
        Ok(())
    }
}
