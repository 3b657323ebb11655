//! The states with which days began: a file each, beside the ledger.

use std::fmt;
use std::path::{Path, PathBuf};

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

const DAY_MICROS: i64 = 86_400_000_000;

/// States that are kept; the oldest makes room.
const KEPT_MAX: usize = 8;

const SUFFIX: &str = ".state";

/// A UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(time: UnixMicros) -> Self {
        Self(time.get().div_euclid(DAY_MICROS))
    }

    /// The day of that name, such as 2026-01-03; none when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = Self::of(UnixMicros::parse(&format!("{text}T00:00:00Z")).ok()?);
        (day.to_string() == text).then_some(day)
    }

    /// The one after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let midnight = UnixMicros::new(self.0.saturating_mul(DAY_MICROS)).unwrap_or_default().to_string();
        formatter.write_str(midnight.split('T').next().unwrap_or_default())
    }
}

/// The state right after the first event of a day, or of the log when that is later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayStart {
    /// [`crate::snapshot::VERSION`] of the code that wrote it.
    pub version: u32,
    /// The log that the position belongs to.
    pub log_id: String,
    /// The last position that the state contains.
    pub cursor_seq: Seq,
    /// The ordinal of the last command that the state contains.
    pub command: u64,
    /// The encoded state.
    pub state: Vec<u8>,
}

/// Where they are kept.
#[derive(Debug, Clone)]
pub struct Days {
    folder: PathBuf,
}

impl Days {
    /// In that folder, which is made with the first.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps the state with which a day begins; the same once more changes nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep(&self, day: Day, start: &DayStart) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let bytes = postcard::to_stdvec(start).map_err(std::io::Error::other)?;
        let path = self.path(&start.log_id, day);
        let unfinished = path.with_extension("unfinished");
        std::fs::write(&unfinished, bytes)?;
        std::fs::rename(unfinished, path)?;
        self.make_room()
    }

    /// The state with which a day began.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be read, in one sentence.
    pub fn read(&self, log_id: &str, day: Day) -> Result<DayStart, String> {
        let bytes = match std::fs::read(self.path(log_id, day)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(format!(
                    "there is no state with which {day} began: the log is not there yet, or was not folded through it"
                ));
            }
            Err(error) => return Err(format!("the state with which {day} began: {error}")),
        };
        postcard::from_bytes(&bytes).map_err(|error| format!("the state with which {day} began: {error}"))
    }

    fn path(&self, log_id: &str, day: Day) -> PathBuf {
        self.folder.join(format!("{day}-{log_id}{SUFFIX}"))
    }

    fn make_room(&self) -> std::io::Result<()> {
        let mut kept = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if is_state(&path) {
                kept.push((std::fs::metadata(&path)?.modified()?, path));
            }
        }
        kept.sort();
        let too_many = kept.len().saturating_sub(KEPT_MAX);
        kept.into_iter().take(too_many).try_for_each(|(_, path)| std::fs::remove_file(path))
    }
}

fn is_state(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(command: u64) -> DayStart {
        DayStart { version: 1, log_id: "log".into(), cursor_seq: Seq::new(7), command, state: vec![1, 2, 3] }
    }

    #[test]
    fn a_day_has_one_name() {
        let day = Day::parse("2026-01-03").unwrap();
        assert_eq!(day.to_string(), "2026-01-03");
        assert_eq!(day.next().to_string(), "2026-01-04");
        assert_eq!(day.previous().next(), day);
        assert_eq!(Day::of(UnixMicros::parse("2026-01-03T23:59:59.999999Z").unwrap()), day);
        for none in ["", "2026-13-01", "2026-1-3", "yesterday", "2026-01-03T00:00:00Z"] {
            assert_eq!(Day::parse(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_kept_is_read_back_and_the_oldest_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let days = Days::new(folder.path().join("days"));
        let first = Day::parse("2026-01-01").unwrap();
        assert!(days.read("log", first).unwrap_err().contains("2026-01-01"));

        let mut day = first;
        for command in 0..=KEPT_MAX as u64 {
            days.keep(day, &start(command)).unwrap();
            assert_eq!(days.read("log", day), Ok(start(command)));
            assert!(days.read("other", day).is_err());
            day = day.next();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(days.read("log", first).is_err());
        assert!(days.read("log", first.next()).is_ok());
    }
}
