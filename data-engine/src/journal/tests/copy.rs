//! Copies of a log that is written to, or loses its oldest segments, meanwhile.

use std::io;
use std::sync::Arc;

use super::super::disk::{Disk, DiskFile};
use super::*;

const SEGMENT_BYTES: u64 = 1024;

/// A disk from which a segment goes before it can be opened.
struct Losing<'a> {
    disk: &'a dyn Disk,
    lost: &'a str,
}

impl Disk for Losing<'_> {
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if name == self.lost { Err(io::ErrorKind::NotFound.into()) } else { self.disk.open(name) }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync()
    }
}

/// A log of several segments, and the name of its last.
fn several() -> (MemoryDisk, String) {
    let disk = MemoryDisk::default();
    written(&disk, SEGMENT_BYTES, 20, 5);
    let last = disk.names().pop().unwrap();
    (disk, last)
}

/// Wherever the copy catches the writer: it is what a start would have found.
#[test]
fn a_copy_taken_in_the_middle_of_a_write_ends_with_the_last_whole_block() {
    let (disk, last) = several();
    let bytes = disk.bytes(&last);
    for length in 0..=bytes.len() {
        disk.put(&last, &bytes[..length]);
        let copied = MemoryDisk::default();

        let found = copy(disk.shared().as_ref(), copied.shared().as_ref()).unwrap();

        let there = contents(&open(&copied, SEGMENT_BYTES).unwrap().writer.log());
        assert_eq!(found.torn_tail, None);
        assert_eq!(there, expected(found.head.seq), "cut at {length}");
        let original = MemoryDisk::default();
        for name in disk.names() {
            original.put(&name, &disk.bytes(&name));
        }
        let started = open(&original, SEGMENT_BYTES).unwrap().writer;
        assert_eq!(started.head().seq, found.head.seq, "cut at {length}");
    }
}

#[test]
fn what_retention_takes_meanwhile_is_not_in_the_copy_and_leaves_no_hole() {
    let (disk, _) = several();
    let names = disk.names();
    for (place, lost) in names.iter().enumerate().take(names.len() - 1) {
        let (from, copied) = (disk.shared(), MemoryDisk::default());

        let found = copy(&Losing { disk: from.as_ref(), lost }, copied.shared().as_ref()).unwrap();

        assert_eq!(copied.names(), names[place + 1..], "{lost} was lost");
        assert_eq!(found.head.seq, 100);
        assert_eq!(format!("{:020}.seg", found.oldest_seq()), names[place + 1]);
    }
}

#[test]
fn a_damaged_log_is_not_copied_as_if_it_were_whole() {
    let (disk, _) = several();
    let first = disk.names().remove(0);
    let mut bytes = disk.bytes(&first);
    bytes[200] ^= 1;
    disk.put(&first, &bytes);

    let refused = copy(disk.shared().as_ref(), MemoryDisk::default().shared().as_ref()).unwrap_err();

    assert!(matches!(refused, JournalError::Damaged { .. }), "{refused}");
}
