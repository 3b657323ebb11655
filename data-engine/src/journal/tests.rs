//! Every byte cut, every byte flipped, every operation failed.

mod copy;
mod memory;
mod retention;

use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::values::{Price, Symbol, UnixMicros};
use goat::wire::market::EventBatch;
use goat::wire::scan_events;
use prost::Message;

use super::*;
use memory::{Fault, MemoryDisk};

const LOG: LogId = LogId([7; 16]);

fn settings(segment_bytes: u64) -> goat::settings::Journal {
    goat::settings::Journal { segment_bytes, ..goat::settings::Journal::default() }
}

fn price(second: i64) -> Observation {
    let time = UnixMicros::from_seconds(1_700_000_000 + second).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Jupiter,
        source_position: 0,
        payload: Payload::Price(TokenPrice {
            token: Symbol::parse("SOL").unwrap(),
            price: Price::new(100.0 + second as f64).unwrap(),
            block_id: 0,
        }),
    }
}

fn open(disk: &MemoryDisk, segment_bytes: u64) -> Result<Recovered, JournalError> {
    recover(disk.shared(), &settings(segment_bytes), LOG, &mut |_| {})
}

/// Everything in the log, by a reader that starts at the oldest event: (seq, price).
fn contents(log: &Log) -> Vec<(u64, f64)> {
    let mut cursor = log.cursor(Start::Oldest).unwrap();
    let mut found = Vec::new();
    while let Some(chunk) = cursor.read_disk(1).unwrap() {
        for payload in chunk.payloads {
            for event in EventBatch::decode(payload).unwrap().events {
                let Some(goat::wire::market::market_event::Payload::Price(price)) = event.payload else {
                    panic!("not a price")
                };
                found.push((event.seq, price.price));
            }
        }
    }
    found
}

fn expected(count: u64) -> Vec<(u64, f64)> {
    (1..=count).map(|seq| (seq, 100.0 + seq as f64)).collect()
}

/// A journal of `commits` blocks, `events` prices each.
fn written(disk: &MemoryDisk, segment_bytes: u64, commits: u64, events: u64) -> Log {
    let mut writer = open(disk, segment_bytes).unwrap().writer;
    for commit in 0..commits {
        let batch: Vec<_> = (1..=events).map(|event| price((commit * events + event) as i64)).collect();
        writer.append(&batch).unwrap();
    }
    writer.log()
}

#[test]
fn what_was_appended_is_read_back_over_segments_and_restarts() {
    let disk = MemoryDisk::default();
    let log = written(&disk, 1024, 40, 5);
    assert_eq!(contents(&log), expected(200));
    assert!(disk.names().len() > 5, "{:?}", disk.names());

    let mut visited = 0;
    let recovered =
        recover(disk.shared(), &settings(1024), LOG, &mut |payload| visited += scan_events(payload).count())
            .unwrap();
    assert_eq!(recovered.torn_tail, None);
    assert_eq!(visited, 200);

    let mut writer = recovered.writer;
    assert_eq!(writer.append(&[price(201)]).unwrap().seq, 201);
    assert_eq!(contents(&writer.log()), expected(201));
}

#[test]
fn blocks_are_closed_by_count_and_by_size() {
    let disk = MemoryDisk::default();
    let log = written(&disk, 1 << 20, 1, 1000);
    let mut cursor = log.cursor(Start::Oldest).unwrap();
    let chunk = cursor.read_memory(usize::MAX).unwrap();
    assert_eq!(chunk.payloads.len(), 4);
    assert_eq!((chunk.first_seq, chunk.last_seq), (1, 1000));
    assert_eq!(scan_events(&chunk.payloads[0]).count(), BLOCK_EVENTS_MAX as usize);
}

#[test]
fn a_reader_begins_after_a_position_at_a_time_or_at_the_end() {
    let disk = MemoryDisk::default();
    let log = written(&disk, 4096, 50, 10);
    let time = |second: i64| UnixMicros::from_seconds(1_700_000_000 + second).unwrap();

    let first = |start| {
        let chunk = log.cursor(start).unwrap().read_disk(1).unwrap();
        chunk.map(|chunk| (chunk.first_seq, chunk.begins_early))
    };
    assert_eq!(first(Start::After(0)), Some((1, false)));
    assert_eq!(first(Start::After(14)), Some((15, true)));
    assert_eq!(first(Start::After(500)), None);
    assert_eq!(first(Start::Latest), None);
    assert_eq!(first(Start::Since(time(300))), Some((300, true)));
    assert_eq!(first(Start::Since(time(501))), None);
    assert_eq!(first(Start::Since(time(-5))), Some((1, false)));
}

#[test]
fn a_cut_at_every_byte_of_the_last_three_blocks_leaves_exactly_the_whole_ones() {
    let disk = MemoryDisk::default();
    written(&disk, 1 << 20, 6, 3);
    let name = disk.names().pop().unwrap();
    let whole = disk.bytes(&name);
    let block_bytes = (whole.len() - segment::SEGMENT_HEADER_BYTES) / 6;

    for length in whole.len() - 3 * block_bytes..whole.len() {
        let cut = MemoryDisk::default();
        cut.put(&name, &whole[..length]);
        let blocks = (length - segment::SEGMENT_HEADER_BYTES) / block_bytes;

        let recovered = open(&cut, 1 << 20).unwrap();

        assert_eq!(contents(&recovered.writer.log()), expected(3 * blocks as u64), "cut at {length}");
        let rest = (length - segment::SEGMENT_HEADER_BYTES) % block_bytes;
        assert_eq!(recovered.torn_tail.map_or(0, |torn| torn.bytes), rest as u64, "cut at {length}");

        let mut writer = recovered.writer;
        writer.append(&[price(3 * blocks as i64 + 1)]).unwrap();
        assert_eq!(contents(&writer.log()), expected(3 * blocks as u64 + 1));
        assert!(open(&cut, 1 << 20).unwrap().torn_tail.is_none());
    }
}

#[test]
fn a_cut_inside_the_header_of_a_new_segment_begins_it_anew() {
    let disk = MemoryDisk::default();
    written(&disk, 1024, 20, 5);
    let name = disk.names().pop().unwrap();
    let whole = disk.bytes(&name);
    let first_seq = segment::first_seq_of(&name).unwrap();

    for length in 0..segment::SEGMENT_HEADER_BYTES {
        disk.put(&name, &whole[..length]);
        let mut writer = open(&disk, 1024).unwrap().writer;
        assert_eq!(writer.head().seq, first_seq - 1);
        writer.append(&[price(first_seq as i64)]).unwrap();
        assert_eq!(contents(&writer.log()), expected(first_seq));
    }
}

#[test]
fn a_flip_of_every_byte_is_refused_and_its_place_named() {
    let disk = MemoryDisk::default();
    written(&disk, 512, 6, 3);
    let names = disk.names();
    assert!(names.len() >= 2);

    for name in &names {
        let whole = disk.bytes(name);
        for place in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            disk.put(name, &flipped);

            let error = open(&disk, 512).unwrap_err();

            let JournalError::Damaged { file, offset, seq, .. } = &error else { panic!("{error}") };
            assert_eq!(file, name, "byte {place}");
            assert!(*offset <= place as u64 && *seq >= 1, "byte {place}: {error}");
        }
        disk.put(name, &whole);
    }
}

#[test]
fn a_missing_segment_is_refused() {
    let disk = MemoryDisk::default();
    written(&disk, 512, 12, 3);
    let names = disk.names();
    disk.shared().remove(&names[1]).unwrap();
    let error = open(&disk, 512).unwrap_err().to_string();
    assert!(error.contains(&names[2]) && error.contains("the file begins with position"), "{error}");
}

#[test]
fn repair_cuts_at_the_damage_and_says_what_was_given_up() {
    let disk = MemoryDisk::default();
    written(&disk, 512, 12, 3);
    let names = disk.names();
    let mut bytes = disk.bytes(&names[1]);
    let first_seq = segment::first_seq_of(&names[1]).unwrap();
    let middle = bytes.len() - 10;
    bytes[middle] ^= 1;
    disk.put(&names[1], &bytes);

    let given_up = repair(disk.shared().as_ref()).unwrap().unwrap();

    assert!(given_up.to_string().contains(&names[1]), "{given_up}");
    let log = open(&disk, 512).unwrap().writer.log();
    assert!(log.head().seq >= first_seq - 1);
    assert_eq!(contents(&log), expected(log.head().seq));
    assert!(repair(disk.shared().as_ref()).unwrap().is_none());
}

/// Law: whichever operation fails, nothing acknowledged is lost, nothing is invented, and after a restart
/// the log goes on. An append that failed may be found or not, but only as a whole and in its place.
#[test]
fn the_failure_of_any_operation_loses_nothing_acknowledged() {
    for fault in [Fault::Error, Fault::HalfWritten, Fault::PowerLoss] {
        for nth in 0..200 {
            let disk = MemoryDisk::default();
            disk.fail_operation(nth, fault);
            let mut acknowledged = 0;
            if let Ok(recovered) = open(&disk, 512) {
                let mut writer = recovered.writer;
                for attempt in 0..30 {
                    let seq = writer.head().seq + 1;
                    match writer.append(&[price(seq as i64), price(seq as i64 + 1)]) {
                        Ok(head) => acknowledged = head.seq,
                        Err(WriteError::NotWritten(_) | WriteError::Full { .. }) => {}
                        Err(WriteError::Uncertain(_)) => {
                            assert!(
                                writer.append(&[price(1)]).is_err(),
                                "attempt {attempt} after uncertainty"
                            );
                            break;
                        }
                    }
                    assert_eq!(writer.head().seq, acknowledged);
                }
            }
            disk.crash();

            let log =
                open(&disk, 512).unwrap_or_else(|error| panic!("{fault:?} at {nth}: {error}")).writer.log();

            assert!(log.head().seq >= acknowledged, "{fault:?} at {nth}: {acknowledged} acknowledged");
            assert!(log.head().seq <= acknowledged + 2);
            assert_eq!(contents(&log), expected(log.head().seq), "{fault:?} at {nth}");
        }
    }
}
