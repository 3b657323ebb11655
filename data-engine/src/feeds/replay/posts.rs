//! Reading recorded posts: one a line, as `{"received_at", "path", "payload"}`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use goat::event::Source;
use goat::service::Failure;
use goat::values::UnixMicros;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::files::{Extent, Recording, unreadable};
use super::row::Row;
use crate::feeds::board::Name;
use crate::feeds::quicknode::parse::{PathKind, read_post};

/// A longer line is damage.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Lines that cannot be read before the first that can.
const UNTIMED_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Line<'a> {
    received_at: String,
    #[serde(default)]
    path: String,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// The posts of a file in its order.
pub(super) struct Reader {
    recording: Recording,
    lines: Box<dyn BufRead + Send>,
    number: u64,
    /// The latest arrival so far: a post that claims to be older is told no earlier than its predecessor.
    latest: Option<UnixMicros>,
    /// Rows that wait for a time, the newest first.
    waiting: Vec<Row>,
}

fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
    let failed = |error: std::io::Error| unreadable(path, &error);
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let packed = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    if packed {
        return Ok(Box::new(BufReader::with_capacity(64 * 1024, flate2::bufread::MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Whether a file's first line is a recorded post.
pub(super) fn recognise(path: &Path) -> Result<bool, Failure> {
    let mut first = Vec::new();
    let read = open(path)?.take(LINE_BYTES_MAX).read_until(b'\n', &mut first);
    // A file of another making is none of ours.
    Ok(read.is_ok() && serde_json::from_slice::<Line<'_>>(&first).is_ok())
}

/// How many posts a file has, and their span.
pub(super) fn extent(path: &Path) -> Result<Extent, Failure> {
    let mut lines = open(path)?;
    let (mut extent, mut line) = (Extent::default(), Vec::new());
    while read_line(path, lines.as_mut(), &mut line)? {
        extent.rows += 1;
        let parsed = serde_json::from_slice::<Line<'_>>(&line).ok();
        if let Some(time) = parsed.and_then(|line| UnixMicros::parse(&line.received_at).ok()) {
            let (from, to) = extent.span.unwrap_or((time, time));
            extent.span = Some((from.min(time), to.max(time)));
        }
    }
    Ok(extent)
}

fn read_line(path: &Path, lines: &mut dyn BufRead, into: &mut Vec<u8>) -> Result<bool, Failure> {
    into.clear();
    let read =
        lines.take(LINE_BYTES_MAX).read_until(b'\n', into).map_err(|error| unreadable(path, &error))?;
    if u64::try_from(read).is_ok_and(|read| read == LINE_BYTES_MAX) {
        return Err(unreadable(path, &format!("a line is longer than {LINE_BYTES_MAX} bytes")));
    }
    Ok(read > 0)
}

impl Reader {
    pub(super) fn open(recording: &Recording) -> Result<Self, Failure> {
        let lines = open(&recording.path)?;
        Ok(Self { recording: recording.clone(), lines, number: 0, latest: None, waiting: Vec::new() })
    }

    /// Reads one line; none for a post without items.
    fn read(&mut self, line: &[u8]) -> Option<Row> {
        self.number += 1;
        let text = String::from_utf8_lossy(line);
        let refuse = |reason: String| (reason, text.trim_end().to_owned());
        let read = || {
            let Line { received_at, path, payload } = serde_json::from_slice(line)
                .map_err(|error| refuse(format!("not a recorded post: {error}")))?;
            let received = UnixMicros::parse(&received_at).map_err(|error| refuse(error.to_string()))?;
            let post = read_post(PathKind::of(&path), payload.get().as_bytes(), received)
                .map_err(|error| refuse(error.to_string()))?;
            Ok::<_, (String, String)>((received, post.observations))
        };
        match read() {
            Ok((received, mut observations)) => {
                self.latest = self.latest.max(Some(received));
                for observation in &mut observations {
                    observation.source = Source::Replay;
                }
                (!observations.is_empty()).then(|| Row { time: received, observations: observations.into() })
            }
            Err((reason, raw)) => {
                let reason = format!("line {}: {reason}", self.number);
                Some(Row::unreadable(self.latest.unwrap_or_default(), Name::Trades.as_str(), reason, raw))
            }
        }
    }

    /// Gives rows that came before the first time that time.
    fn release(&mut self, time: UnixMicros) {
        for row in &mut self.waiting {
            row.time = row.time.max(time);
            for observation in &mut row.observations {
                if observation.received_time == UnixMicros::default() {
                    (observation.event_time, observation.received_time) = (time, time);
                }
            }
        }
        self.waiting.reverse();
    }
}

impl Iterator for Reader {
    type Item = Result<Row, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        loop {
            if let Some(latest) = self.latest
                && let Some(mut row) = self.waiting.pop()
            {
                row.time = row.time.max(latest);
                return Some(Ok(row));
            }
            match read_line(&self.recording.path, self.lines.as_mut(), &mut line) {
                Err(failure) => return Some(Err(failure)),
                Ok(false) if self.waiting.is_empty() => return None,
                Ok(false) => self.latest = Some(self.latest.unwrap_or_default()),
                Ok(true) => {
                    let untimed = self.latest.is_none();
                    let row = self.read(&line);
                    self.waiting.extend(row);
                    if untimed && let Some(latest) = self.latest {
                        self.release(latest);
                    } else if self.waiting.len() > UNTIMED_MAX {
                        return Some(Err(unreadable(
                            &self.recording.path,
                            &"no line of it is a recorded post",
                        )));
                    }
                }
            }
        }
    }
}
