//! A copy of a log that may be written to meanwhile.

use std::io;

use super::JournalError;
use super::disk::{Disk, DiskFile};
use super::origin::{self, Origin};
use super::recovery::{Inspection, cut, inspect, segment_names};

/// Bytes that are copied at once.
const COPY_BYTES: usize = 4 * 1024 * 1024;

/// Copies the segments of `from` into the empty directory `to`, up to the last block that is whole, checks every block
/// of the copy, and says what it holds. It is what a start would have found if the process had been killed then.
///
/// Retention may delete segments meanwhile: the copy then begins where the log does.
///
/// # Errors
///
/// When the log or the copy is damaged, or one cannot be read or the other not written.
pub fn copy(from: &dyn Disk, to: &dyn Disk) -> Result<Inspection, JournalError> {
    let mut copied: Vec<String> = Vec::new();
    for name in segment_names(from)? {
        let opened = match from.open(&name) {
            Ok(opened) => opened,
            // The oldest go first, so what was copied before it is gone from the log as well.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                for older in copied.drain(..) {
                    to.remove(&older).map_err(|error| JournalError::io("copied", &older, error))?;
                }
                continue;
            }
            Err(error) => return Err(JournalError::io("read", &name, error)),
        };
        copy_file(opened.as_ref(), to, &name).map_err(|error| JournalError::io("copied", &name, error))?;
        copied.push(name);
    }
    let names = from.list().map_err(|error| JournalError::io("listed", "its directory", error))?;
    if names.iter().any(|name| name == origin::FILE) {
        let opened = from.open(origin::FILE);
        opened
            .and_then(|opened| copy_file(opened.as_ref(), to, origin::FILE))
            .map_err(|error| JournalError::io("copied", origin::FILE, error))?;
    }
    to.sync().map_err(|error| JournalError::io("copied", "its directory", error))?;
    let mut found = inspect(to, &mut |_| {})?;
    if let Some(torn) = found.torn_tail.take() {
        cut(to, &mut found, &torn)?;
    }
    Origin::read(to, found.oldest_seq())?;
    Ok(found)
}

fn copy_file(from: &dyn DiskFile, to: &dyn Disk, name: &str) -> io::Result<()> {
    let (file, length) = (to.create(name)?, from.length()?);
    let (mut buffer, mut offset) = (vec![0; COPY_BYTES], 0);
    while offset < length {
        let left = usize::try_from(length - offset).unwrap_or(usize::MAX).min(COPY_BYTES);
        let read = from.read_at(buffer.get_mut(..left).unwrap_or_default(), offset)?;
        if read == 0 {
            break;
        }
        file.write_all_at(buffer.get(..read).unwrap_or_default(), offset)?;
        offset += read as u64;
    }
    file.sync()
}
