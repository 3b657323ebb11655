//! What a service said on its standard output and error.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

const LEVELS_TO_MIND: [&str; 2] = ["WARN", "ERROR"];

/// The lines of one service over all its lives. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Logs {
    /// Keeps every line of `source`, on a thread that ends with it.
    pub fn follow(&self, source: impl Read + Send + 'static) -> JoinHandle<()> {
        let logs = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                logs.lock().push(String::from_utf8_lossy(&line).into_owned());
            }
        })
    }

    /// Everything said so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.lock().join("\n")
    }

    /// The last lines.
    #[must_use]
    pub fn tail(&self, count: usize) -> String {
        let lines = self.lock();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Whether a line has `text` in it.
    #[must_use]
    pub fn contain(&self, text: &str) -> bool {
        self.lock().iter().any(|line| line.contains(text))
    }

    /// Warnings, errors and panics, but for those that contain one of `expected`.
    #[must_use]
    pub fn complaints(&self, expected: &[String]) -> Vec<String> {
        let is_expected = |line: &str| expected.iter().any(|text| line.contains(text.as_str()));
        let lines = self.lock();
        lines.iter().filter(|line| is_complaint(line) && !is_expected(line)).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line says its level in its second word. A panic has no level, and is never expected by chance.
fn is_complaint(line: &str) -> bool {
    let level = line.split_whitespace().nth(1).unwrap_or_default();
    LEVELS_TO_MIND.contains(&level) || line.contains("panicked")
}
