//! Which files there are, and what they hold.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use goat::service::Failure;
use goat::values::UnixMicros;
use sha2::{Digest, Sha256};

use super::{parquet, posts};
use crate::feeds::board::Name;

/// What a recording holds. In this order when two things arrived at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Prices,
    Books,
    Posts,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Books => "books",
            Self::Posts => "posts of trades and whale movements",
        }
    }

    /// The feeds that it serves.
    pub(super) fn names(self) -> &'static [Name] {
        match self {
            Self::Prices => &[Name::Prices],
            Self::Books => &[Name::Books],
            Self::Posts => &[Name::Trades, Name::Whales],
        }
    }
}

/// One recognised file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Recording {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
    bytes: u64,
}

/// How much a recording holds, and from when to when.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) rows: u64,
    pub(super) span: Option<(UnixMicros, UnixMicros)>,
}

/// The recordings at `paths`: files and folders, separated by commas; each once, by kind and then by name.
pub(super) fn find(paths: &str) -> Result<Vec<Recording>, Failure> {
    let mut recordings = Vec::new();
    for path in paths.split(',').map(str::trim).filter(|path| !path.is_empty()) {
        let path = Path::new(path);
        let found = if path.is_dir() { in_folder(path)? } else { recognise(path)?.into_iter().collect() };
        if found.is_empty() {
            return Err(Failure::Usage(format!(
                "feeds.replay.path: nothing to replay at {}; looked for prices-*.parquet, books-*.parquet, \
                 quicknode-trades-*.ndjson[.gz], and files with their columns",
                path.display()
            )));
        }
        recordings.extend(found);
    }
    if recordings.is_empty() {
        return Err(Failure::Usage(
            "feeds.replay.path is empty; name the folder or the files to replay".to_owned(),
        ));
    }
    recordings.sort();
    recordings.dedup_by(|a, b| a.path == b.path);
    Ok(recordings)
}

fn in_folder(folder: &Path) -> Result<Vec<Recording>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.is_file() {
            found.extend(recognise(&path)?);
        }
    }
    Ok(found)
}

/// What a file is: by its name, else by its content.
fn recognise(path: &Path) -> Result<Option<Recording>, Failure> {
    let path = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    let bytes = path.metadata().map_err(|error| unreadable(&path, &error))?.len();
    let name = file_name(&path).to_ascii_lowercase();
    let is_parquet = Path::new(&name).extension() == Some(OsStr::new("parquet"));
    let is_lines = [".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz"].iter().any(|end| name.ends_with(end));
    let kind = match name.as_str() {
        name if is_parquet && name.starts_with("prices-") => Some(Kind::Prices),
        name if is_parquet && name.starts_with("books-") => Some(Kind::Books),
        name if is_lines && name.starts_with("quicknode-trades-") => Some(Kind::Posts),
        _ if is_parquet => parquet::recognise(&path)?,
        _ if is_lines => posts::recognise(&path)?.then_some(Kind::Posts),
        _ => None,
    };
    Ok(kind.map(|kind| Recording { kind, path, bytes }))
}

/// Tells one replay from another: the same for the same file names and sizes, wherever they lie.
///
/// # Errors
///
/// When a path cannot be read or holds nothing to replay.
pub fn identity(paths: &str) -> Result<String, Failure> {
    let mut digest = Sha256::new();
    for recording in find(paths)? {
        digest.update(file_name(&recording.path).as_bytes());
        digest.update([0]);
        digest.update(recording.bytes.to_be_bytes());
    }
    let hash = digest.finalize();
    Ok(hash.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// What a replay would tell: one line a file, with its rows and their span.
///
/// # Errors
///
/// When a path cannot be read or holds nothing to replay.
pub fn check(paths: &str) -> Result<Vec<String>, Failure> {
    find(paths)?
        .iter()
        .map(|recording| {
            let extent = match recording.kind {
                Kind::Prices | Kind::Books => parquet::extent(&recording.path)?,
                Kind::Posts => posts::extent(&recording.path)?,
            };
            let span = extent.span.map_or("no time".to_owned(), |(from, to)| format!("{from} to {to}"));
            let (path, kind) = (recording.path.display(), recording.kind.as_str());
            Ok(format!("replay: {path}: {kind}, {} rows, {span}", extent.rows))
        })
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A recording cannot be read.
pub(super) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Io(format!("cannot read {}: {error}", path.display()))
}
