//! How far it is, on one line that is written over; only where somebody looks.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const REDRAW_EVERY: Duration = Duration::from_millis(100);
const WIDTH: u64 = 30;

/// A line on standard error.
#[derive(Debug)]
pub(super) struct Progress {
    shown: bool,
    began: Instant,
    drawn: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal(), began: Instant::now(), drawn: None }
    }

    /// Shows `done` of `all`, not too often.
    pub(super) fn show(&mut self, what: &str, done: u64, all: u64) {
        let now = Instant::now();
        let is_due = self.drawn.is_none_or(|drawn| now.saturating_duration_since(drawn) >= REDRAW_EVERY);
        if !self.shown || !is_due {
            return;
        }
        self.drawn = Some(now);
        let filled = (done.saturating_mul(WIDTH) / all.max(1)).min(WIDTH);
        let bar: String = (0..WIDTH).map(|place| if place < filled { '█' } else { '·' }).collect();
        let percent = done.saturating_mul(100) / all.max(1);
        let seconds = now.saturating_duration_since(self.began).as_secs();
        write(&format!("\r{what} {bar} {percent:>3} % of {all} · {seconds} s\x1b[K"));
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        if self.shown && self.drawn.is_some() {
            write("\r\x1b[K");
        }
    }
}

fn write(text: &str) {
    let mut stderr = std::io::stderr();
    // A line that nobody can see is no loss.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
