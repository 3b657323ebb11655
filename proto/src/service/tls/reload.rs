//! What was read from files, and is read again when they change.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;

pub(in crate::service) const RELOADS: &str = "goat_tls_reloads_total";

/// What tells one content of a file from another: inode, length, seconds and nanoseconds of its last change.
type Stamp = Option<(u64, u64, i64, i64)>;

/// A value read from files.
pub(super) struct Reloaded<T> {
    files: Vec<PathBuf>,
    interval: Duration,
    read: Box<dyn Fn() -> Result<T, String> + Send + Sync>,
    state: Mutex<State<T>>,
}

struct State<T> {
    current: Arc<T>,
    stamps: Vec<Stamp>,
    looked_at: Instant,
}

impl<T> Reloaded<T> {
    /// Reads the value for the first time.
    ///
    /// # Errors
    ///
    /// What `read` says.
    pub(super) fn load(
        files: Vec<PathBuf>,
        interval: Duration,
        read: impl Fn() -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        // Before the files are read: a change after that is seen as one.
        let stamps = stamps(&files);
        let current = Arc::new(read()?);
        let state = Mutex::new(State { current, stamps, looked_at: Instant::now() });
        Ok(Self { files, interval, read: Box::new(read), state })
    }

    /// The value; read again first when the files have changed since the last look, and the interval has
    /// passed. Files that cannot be used leave the value as it was, and one line says so.
    pub(super) fn current(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked_at.elapsed() >= self.interval {
            state.looked_at = Instant::now();
            let stamps = stamps(&self.files);
            if stamps != state.stamps {
                state.stamps = stamps;
                self.reload(&mut state);
            }
        }
        Arc::clone(&state.current)
    }

    fn reload(&self, state: &mut State<T>) {
        match (self.read)() {
            Ok(value) => {
                counter!(RELOADS, "outcome" => "taken").increment(1);
                tracing::info!(files = ?self.files, "certificates were read again");
                state.current = Arc::new(value);
            }
            Err(reason) => {
                counter!(RELOADS, "outcome" => "refused").increment(1);
                tracing::error!(%reason, "new certificates cannot be used; the old ones stay in force");
            }
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    };
    files.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number_in(path: PathBuf) -> Reloaded<u32> {
        let read = {
            let path = path.clone();
            move || {
                std::fs::read_to_string(&path)
                    .unwrap_or_default()
                    .trim()
                    .parse()
                    .map_err(|_| "no number".to_owned())
            }
        };
        Reloaded::load(vec![path], Duration::ZERO, read).unwrap()
    }

    #[test]
    fn a_change_is_taken_and_a_bad_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        std::fs::write(&path, "1").unwrap();
        let reloaded = number_in(path.clone());

        let mut seen = vec![*reloaded.current()];
        for text in ["22", "bad", "333"] {
            std::fs::write(&path, text).unwrap();
            seen.push(*reloaded.current());
        }
        std::fs::remove_file(&path).unwrap();
        seen.push(*reloaded.current());

        assert_eq!(seen, [1, 22, 22, 333, 333]);
    }
}
