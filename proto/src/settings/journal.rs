//! How the log is kept.

use serde::{Deserialize, Serialize};

use super::SettingsError;

/// When the log calls an event durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// When the disk has it: survives power loss.
    #[default]
    Always,
    /// When the operating system has it: survives the death of the process, not of the machine.
    Os,
}

/// The log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// When an event counts as durable: `always` once the disk has it, `os` once the operating system has it.
    pub sync: Sync,
    /// A new file is begun at this size.
    pub segment_bytes: u64,
    /// A file that is archived, or need not be, goes when its newest event is this much older than the log's.
    pub retention_hours: u32,
    /// All files together never take more. What is not archived yet is not deleted for it: recording stops.
    pub disk_bytes_max: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            sync: Sync::Always,
            segment_bytes: 64 * 1024 * 1024,
            retention_hours: 72,
            disk_bytes_max: 20 * 1024 * 1024 * 1024,
        }
    }
}

impl Journal {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        if self.segment_bytes < 1024 {
            return refuse(
                "journal.segment_bytes",
                format!("is {}; it must be at least 1024", self.segment_bytes),
            );
        }
        // One file is written to, the one before it stays whatever happens, and the next needs its room.
        if self.disk_bytes_max / 4 < self.segment_bytes {
            return refuse(
                "journal.disk_bytes_max",
                format!(
                    "is {}; it must be at least four times journal.segment_bytes, {}",
                    self.disk_bytes_max, self.segment_bytes
                ),
            );
        }
        Ok(())
    }
}
