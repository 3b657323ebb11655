//! From the bytes on disk to a log that can be read and written.

use std::sync::Arc;

use goat::values::UnixMicros;

use super::JournalError;
use super::block::{HEADER_BYTES, Header};
use super::disk::{Disk, DiskFile};
use super::log::Head;
use super::origin::Origin;
use super::segment::{
    IndexEntry, LogId, SEGMENT_HEADER_BYTES, Segment, file_name, first_seq_of, header, parse_header,
};
use super::writer::{OpenSegment, Writer};

/// Bytes of a segment that are checked at once.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// A write that a crash cut short. It had not been acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub file: String,
    /// Where the last whole block ends.
    pub offset: u64,
    /// The bytes after it.
    pub bytes: u64,
}

/// A log that was found, or begun.
#[derive(Debug)]
pub struct Recovered {
    /// The writer that goes on where the log ends.
    pub writer: Writer,
    /// The write that was cut short and has been removed.
    pub torn_tail: Option<TornTail>,
    /// When a world that can be rewound began, once its first event is no longer kept.
    pub world_start: Option<UnixMicros>,
}

/// What a journal's files hold.
#[derive(Debug)]
pub struct Inspection {
    /// The log's name; none for an empty directory.
    pub log_id: Option<LogId>,
    /// The newest whole position and the newest event time.
    pub head: Head,
    /// A write that was cut short.
    pub torn_tail: Option<TornTail>,
    segments: Vec<Segment>,
    end: u64,
}

impl Inspection {
    /// How many files were read.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// The oldest position.
    #[must_use]
    pub fn oldest_seq(&self) -> u64 {
        self.segments.first().map_or(1, |segment| segment.first_seq)
    }
}

/// Opens a journal: checks every block, shows each payload to `visit`, removes a torn tail. An empty
/// directory becomes a new log named `new_log`.
///
/// # Errors
///
/// When the journal is damaged, or cannot be read or mended.
pub fn recover(
    disk: Arc<dyn Disk>,
    settings: &goat::settings::Journal,
    new_log: LogId,
    visit: &mut dyn FnMut(&[u8]),
) -> Result<Recovered, JournalError> {
    let mut found = inspect(disk.as_ref(), visit)?;
    let torn_tail = found.torn_tail.take();
    if let Some(torn) = &torn_tail {
        cut(disk.as_ref(), &mut found, torn)?;
    }
    let open = found
        .segments
        .last()
        .map(|segment| OpenSegment { file: Arc::clone(&segment.file), length: found.end });
    let log_id = found.log_id.unwrap_or(new_log);
    let origin = Origin::read(disk.as_ref(), found.oldest_seq())?;
    let world_start = origin.time();
    let mut writer = Writer::new(disk, log_id, found.segments, open, found.head, settings);
    writer.remember(origin);
    Ok(Recovered { writer, torn_tail, world_start })
}

/// Cuts a damaged journal at the damage, giving up everything after it. Returns what was given up.
///
/// # Errors
///
/// When the files cannot be read or changed.
pub fn repair(disk: &dyn Disk) -> Result<Option<JournalError>, JournalError> {
    let mut mended = None;
    loop {
        let Err(damage) = inspect(disk, &mut |_| {}) else { return Ok(mended) };
        let JournalError::Damaged { file, offset, .. } = &damage else { return Err(damage) };
        let first_seq = first_seq_of(file).unwrap_or_default();
        for later in segment_names(disk)?.into_iter().filter(|name| first_seq_of(name) > Some(first_seq)) {
            disk.remove(&later).map_err(|error| JournalError::io("repaired", &later, error))?;
        }
        if *offset < SEGMENT_HEADER_BYTES as u64 {
            disk.remove(file).map_err(|error| JournalError::io("repaired", file, error))?;
        } else {
            let opened = disk.open(file).and_then(|opened| opened.cut(*offset).map(|()| opened));
            opened
                .and_then(|opened| opened.sync())
                .map_err(|error| JournalError::io("repaired", file, error))?;
        }
        disk.sync().map_err(|error| JournalError::io("repaired", file, error))?;
        mended.get_or_insert(damage);
    }
}

/// Checks every block of a journal and shows each payload to `visit`. Changes nothing.
///
/// # Errors
///
/// When the journal is damaged or cannot be read.
pub fn inspect(disk: &dyn Disk, visit: &mut dyn FnMut(&[u8])) -> Result<Inspection, JournalError> {
    let names = segment_names(disk)?;
    let mut found =
        Inspection { log_id: None, head: Head::default(), torn_tail: None, segments: Vec::new(), end: 0 };
    for (place, name) in names.iter().enumerate() {
        let last = place + 1 == names.len();
        inspect_segment(disk, name, last, &mut found, visit)?;
    }
    Ok(found)
}

pub(super) fn segment_names(disk: &dyn Disk) -> Result<Vec<String>, JournalError> {
    let mut names = disk.list().map_err(|error| JournalError::io("listed", "its directory", error))?;
    names.retain(|name| first_seq_of(name).is_some());
    names.sort();
    Ok(names)
}

fn inspect_segment(
    disk: &dyn Disk,
    name: &str,
    last: bool,
    found: &mut Inspection,
    visit: &mut dyn FnMut(&[u8]),
) -> Result<(), JournalError> {
    let first_seq = first_seq_of(name).unwrap_or_default();
    let io = |error| JournalError::io("read", name, error);
    let file = disk.open(name).map_err(io)?;
    let length = file.length().map_err(io)?;
    let damaged = |offset, seq, what: &str| JournalError::Damaged {
        file: name.to_owned(),
        offset,
        seq,
        what: what.to_owned(),
    };
    let expected = if found.segments.is_empty() { first_seq } else { found.head.seq + 1 };
    if first_seq != expected {
        return Err(damaged(0, expected, &format!("the file begins with position {first_seq}")));
    }
    if length < SEGMENT_HEADER_BYTES as u64 && last {
        found.torn_tail = Some(TornTail { file: name.to_owned(), offset: 0, bytes: length });
        found.segments.push(Segment::new(first_seq, file));
        return Ok(());
    }
    let start = read(&file, 0, SEGMENT_HEADER_BYTES).map_err(io)?;
    match parse_header(&start) {
        Some((log_id, seq)) if seq == first_seq && found.log_id.is_none_or(|known| known == log_id) => {
            found.log_id = Some(log_id);
        }
        Some(_) => return Err(damaged(0, first_seq, "the file belongs to another place or another log")),
        None => return Err(damaged(0, first_seq, "the file does not begin with a segment header")),
    }
    found.head.seq = first_seq - 1;
    let mut scan =
        Scan { file: &file, name, length, offset: SEGMENT_HEADER_BYTES as u64, time: found.head.time };
    let mut segment = Segment::new(first_seq, Arc::clone(&file));
    scan.blocks(&mut found.head, &mut segment, visit)?;
    found.segments.push(segment);
    found.end = scan.offset;
    if scan.offset == length {
        return Ok(());
    }
    let tail = scan.tail(found.head.seq + 1)?;
    match tail {
        Tail::Torn if last => {
            let bytes = length - scan.offset;
            found.torn_tail = Some(TornTail { file: name.to_owned(), offset: scan.offset, bytes });
            Ok(())
        }
        Tail::Torn => {
            Err(damaged(scan.offset, found.head.seq + 1, "the file ends here, and is not the last one"))
        }
        Tail::Damaged(what) => Err(damaged(scan.offset, found.head.seq + 1, what)),
    }
}

/// What stands after the last whole block.
enum Tail {
    /// A write that was cut short.
    Torn,
    /// Something else.
    Damaged(&'static str),
}

struct Scan<'a> {
    file: &'a Arc<dyn DiskFile>,
    name: &'a str,
    length: u64,
    offset: u64,
    time: UnixMicros,
}

impl Scan<'_> {
    /// Walks over whole blocks until one does not fit.
    fn blocks(
        &mut self,
        head: &mut Head,
        segment: &mut Segment,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Result<(), JournalError> {
        loop {
            let bytes = self.read(READ_BYTES)?;
            let before = self.offset;
            self.blocks_in(&bytes, head, segment, visit);
            if self.offset > before {
                continue;
            }
            // A block that is larger than one read is read alone.
            let Some(header) = Header::parse(&bytes) else { return Ok(()) };
            let block_bytes = usize::try_from(header.block_bytes()).unwrap_or(usize::MAX);
            if block_bytes <= READ_BYTES {
                return Ok(());
            }
            let bytes = self.read(block_bytes)?;
            self.blocks_in(&bytes, head, segment, visit);
            if self.offset == before {
                return Ok(());
            }
        }
    }

    fn blocks_in(
        &mut self,
        mut bytes: &[u8],
        head: &mut Head,
        segment: &mut Segment,
        visit: &mut dyn FnMut(&[u8]),
    ) {
        while let Some(header) = Header::parse(bytes).filter(|header| header.first_seq == head.seq + 1) {
            let Some((block, rest)) =
                usize::try_from(header.block_bytes()).ok().and_then(|n| bytes.split_at_checked(n))
            else {
                return;
            };
            let payload = block.get(HEADER_BYTES..).unwrap_or_default();
            if !header.matches(payload) {
                return;
            }
            visit(payload);
            segment.note(IndexEntry {
                first_seq: header.first_seq,
                offset: self.offset,
                time_before: self.time,
            });
            self.offset += header.block_bytes();
            self.time = header.time;
            *head = Head { seq: header.last_seq(), time: header.time };
            bytes = rest;
        }
    }

    /// Tells a write that was cut short from damage. Cut short: the file ends before the block does, or
    /// nothing but zeros follows (the length reached the disk, the content did not).
    fn tail(&self, expected: u64) -> Result<Tail, JournalError> {
        let bytes = self.read(usize::try_from(self.length - self.offset).unwrap_or(usize::MAX))?;
        if bytes.iter().all(|&byte| byte == 0) {
            return Ok(Tail::Torn);
        }
        let Some(header) = Header::parse(&bytes) else {
            let cut_short = bytes.len() < HEADER_BYTES;
            return Ok(if cut_short { Tail::Torn } else { Tail::Damaged("no block begins here") });
        };
        if header.first_seq != expected {
            return Ok(Tail::Damaged("a block of another position begins here"));
        }
        if (bytes.len() as u64) < header.block_bytes() {
            return Ok(Tail::Torn);
        }
        let end = usize::try_from(header.block_bytes()).unwrap_or(usize::MAX);
        let zeros = bytes.get(..end).unwrap_or_default().iter().rev().take_while(|&&byte| byte == 0).count();
        let ends_here = bytes.len() == end;
        // A content that ends in a page of zeros was never written whole.
        if ends_here && zeros >= 512 {
            return Ok(Tail::Torn);
        }
        Ok(Tail::Damaged("the content does not match its checksum"))
    }

    fn read(&self, length: usize) -> Result<Vec<u8>, JournalError> {
        let left = usize::try_from(self.length - self.offset).unwrap_or(usize::MAX);
        read(self.file, self.offset, length.min(left))
            .map_err(|error| JournalError::io("read", self.name, error))
    }
}

fn read(file: &Arc<dyn DiskFile>, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let read = file.read_at(rest, offset + filled as u64)?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Removes a torn tail. A segment without a whole header is begun anew.
pub(super) fn cut(disk: &dyn Disk, found: &mut Inspection, torn: &TornTail) -> Result<(), JournalError> {
    let io = |error| JournalError::io("mended", &torn.file, error);
    let Some(segment) = found.segments.last() else { return Ok(()) };
    if torn.offset > 0 {
        segment.file.cut(torn.offset).map_err(io)?;
        return segment.file.sync().map_err(io);
    }
    let Some(log_id) = found.log_id else {
        // The very first segment: nothing was ever recorded.
        disk.remove(&file_name(segment.first_seq)).map_err(io)?;
        found.segments.clear();
        return disk.sync().map_err(io);
    };
    segment.file.cut(0).map_err(io)?;
    segment.file.write_all_at(&header(log_id, segment.first_seq), 0).map_err(io)?;
    segment.file.sync().map_err(io)?;
    found.end = SEGMENT_HEADER_BYTES as u64;
    Ok(())
}
