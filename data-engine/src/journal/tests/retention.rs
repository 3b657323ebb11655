//! What goes, what stays, and that a crash at any moment leaves a journal without a hole.

use super::*;

const SEGMENT_BYTES: u64 = 1024;

/// Prices are one second apart.
fn rules(retention_seconds: u64, disk_bytes_max: u64) -> goat::settings::Journal {
    assert!(retention_seconds.is_multiple_of(3600));
    goat::settings::Journal {
        segment_bytes: SEGMENT_BYTES,
        retention_hours: u32::try_from(retention_seconds / 3600).unwrap(),
        disk_bytes_max,
        ..goat::settings::Journal::default()
    }
}

fn open_with(disk: &MemoryDisk, rules: &goat::settings::Journal) -> Result<Recovered, JournalError> {
    recover(disk.shared(), rules, LOG, &mut |_| {})
}

/// An hour apart, the first one of a world that can be rewound.
fn hourly(seq: u64) -> Observation {
    Observation { source_position: seq, ..price(seq as i64 * 3600) }
}

fn append_hourly(writer: &mut Writer, count: u64) -> Result<Head, WriteError> {
    for _ in 0..count {
        let seq = writer.head().seq + 1;
        writer.append(&[hourly(seq)])?;
    }
    Ok(writer.head())
}

fn positions(log: &Log) -> Vec<u64> {
    contents(log).into_iter().map(|(seq, _)| seq).collect()
}

/// The last event of a segment is younger than the oldest time that is kept, or the next segment begins it.
fn kept_hours(log: &Log) -> u64 {
    log.head().seq - log.oldest_seq()
}

#[test]
fn what_is_older_than_its_hours_goes_and_what_is_younger_stays() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(72 * 3600, 1 << 30)).unwrap().writer;
    append_hourly(&mut writer, 400).unwrap();

    let log = writer.log();
    assert!((72..110).contains(&kept_hours(&log)), "{}", kept_hours(&log));
    assert_eq!(positions(&log), (log.oldest_seq()..=400).collect::<Vec<_>>());

    let recovered = open_with(&disk, &rules(72 * 3600, 1 << 30)).unwrap();
    assert_eq!(recovered.writer.log().oldest_seq(), log.oldest_seq());
    assert_eq!(recovered.writer.head().seq, 400);
    assert_eq!(recovered.world_start, Some(hourly(1).event_time));
}

#[test]
fn nothing_goes_before_it_is_archived() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(0, 1 << 30)).unwrap().writer;
    let archived = Watermark::at_zero();
    writer.archived_by(archived.clone());
    append_hourly(&mut writer, 200).unwrap();
    assert_eq!(writer.log().oldest_seq(), 1);

    archived.reached(100);
    append_hourly(&mut writer, 100).unwrap();

    let oldest = writer.log().oldest_seq();
    assert!((60..=101).contains(&oldest), "{oldest}");
}

#[test]
fn a_full_disk_stops_recording_until_the_archive_has_caught_up() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(72 * 3600, 8 * SEGMENT_BYTES)).unwrap().writer;
    let archived = Watermark::at_zero();
    writer.archived_by(archived.clone());

    let refused = append_hourly(&mut writer, 1000).unwrap_err();

    let WriteError::Full { bytes, archived_seq: 0, .. } = refused else { panic!("{refused}") };
    assert!(bytes <= 8 * SEGMENT_BYTES && bytes > 7 * SEGMENT_BYTES, "{bytes}");
    let head = writer.head().seq;
    assert_eq!(positions(&writer.log()), (1..=head).collect::<Vec<_>>());

    archived.reached(head);
    append_hourly(&mut writer, 1).unwrap();
    let log = writer.log();
    assert_eq!(positions(&log), (log.oldest_seq()..=head + 1).collect::<Vec<_>>());
}

#[test]
fn without_an_archive_a_full_disk_gives_up_the_oldest() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(10_000 * 3600, 8 * SEGMENT_BYTES)).unwrap().writer;
    for _ in 0..1000 {
        append_hourly(&mut writer, 1).unwrap();
        let bytes: usize = disk.names().iter().map(|name| disk.bytes(name).len()).sum();
        // The notice of what is forgotten is the last of its segment.
        assert!(bytes as u64 <= 8 * SEGMENT_BYTES + 500, "{bytes}");
    }
    assert!(writer.log().oldest_seq() > 500);
}

/// The positions that each notice in the log says are forgotten.
fn forgotten(log: &Log) -> Vec<(u64, u64)> {
    let mut cursor = log.cursor(Start::Oldest).unwrap();
    let mut found = Vec::new();
    while let Some(chunk) = cursor.read_disk(1).unwrap() {
        for event in
            chunk.payloads.iter().flat_map(|payload| EventBatch::decode(payload.clone()).unwrap().events)
        {
            let Some(goat::wire::market::market_event::Payload::Feed(said)) = event.payload else { continue };
            assert_eq!(said.kind(), goat::wire::market::feed_event::Kind::Forgotten);
            assert!(said.to.is_some() && said.feed == "journal", "{said:?}");
            let mut numbers = said.reason.split([' ', ':']).filter_map(|word| word.parse().ok());
            found.push((numbers.next().unwrap(), numbers.next().unwrap()));
        }
    }
    found
}

#[test]
fn what_is_given_up_is_said_in_the_log_once() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(10_000 * 3600, 8 * SEGMENT_BYTES)).unwrap().writer;
    let mut all: Vec<(u64, u64)> = Vec::new();
    while writer.head().seq < 400 {
        let before = writer.log().oldest_seq();
        append_hourly(&mut writer, 1).unwrap();
        all.extend(forgotten(&writer.log()).into_iter().filter(|(first, _)| *first >= before));
        assert_eq!(all.last().map_or(0, |(_, last)| *last), writer.log().oldest_seq() - 1);
    }
    assert!(all.len() > 5, "{all:?}");
    assert!(all.windows(2).all(|pair| pair[1].0 == pair[0].1 + 1), "{all:?}");
    // Notices that are forgotten themselves have told of positions before them.
    let left = forgotten(&writer.log());
    assert!(all.ends_with(&left), "{left:?} of {all:?}");
}

#[test]
fn what_is_old_or_archived_goes_without_a_word() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(72 * 3600, 1 << 30)).unwrap().writer;
    append_hourly(&mut writer, 400).unwrap();
    assert!(writer.log().oldest_seq() > 1);
    assert_eq!(forgotten(&writer.log()), []);

    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(10_000 * 3600, 8 * SEGMENT_BYTES)).unwrap().writer;
    let archived = Watermark::at_zero();
    archived.reached(u64::MAX);
    writer.archived_by(archived);
    append_hourly(&mut writer, 400).unwrap();
    assert!(writer.log().oldest_seq() > 1);
    assert_eq!(forgotten(&writer.log()), []);
}

#[test]
fn a_reader_that_is_overtaken_is_told_where_to_begin() {
    let disk = MemoryDisk::default();
    let mut writer = open_with(&disk, &rules(72 * 3600, 1 << 30)).unwrap().writer;
    append_hourly(&mut writer, 20).unwrap();
    let mut slow = writer.log().cursor(Start::Oldest).unwrap();
    slow.read_disk(1).unwrap().unwrap();
    append_hourly(&mut writer, 400).unwrap();
    let oldest = writer.log().oldest_seq();

    let told = loop {
        match slow.read_disk(1) {
            Ok(chunk) => assert!(chunk.unwrap().last_seq < oldest),
            Err(error) => break error,
        }
    };

    let JournalError::TooOld { oldest: named, .. } = told else { panic!("{told}") };
    assert_eq!(named, oldest);
    let late = writer.log().cursor(Start::After(oldest - 2)).unwrap_err();
    assert!(late.to_string().ends_with(&format!("the oldest is {oldest}")), "{late}");
}

/// Law: whichever operation fails while segments go, the journal opens again, without a hole, with everything
/// that was acknowledged and not due to go, and with the beginning of its world.
#[test]
fn a_crash_at_every_operation_leaves_no_hole() {
    let rules = rules(72 * 3600, 1 << 30);
    let quiet = MemoryDisk::default();
    append_hourly(&mut open_with(&quiet, &rules).unwrap().writer, 150).unwrap();
    for fault in [Fault::Error, Fault::HalfWritten, Fault::PowerLoss] {
        for nth in 0..quiet.operations() {
            let disk = MemoryDisk::default();
            disk.fail_operation(nth, fault);
            let mut acknowledged = 0;
            if let Ok(recovered) = open_with(&disk, &rules) {
                let mut writer = recovered.writer;
                for _ in 0..150 {
                    match append_hourly(&mut writer, 1) {
                        Ok(head) => acknowledged = head.seq,
                        Err(WriteError::Uncertain(_)) => break,
                        Err(_) => {}
                    }
                }
            }
            disk.crash();

            let recovered = match open_with(&disk, &rules) {
                Ok(recovered) => recovered,
                Err(error) => panic!("{fault:?} at {nth}: {error}"),
            };

            let log = recovered.writer.log();
            let head = log.head().seq;
            assert!(head >= acknowledged && head <= acknowledged + 1, "{fault:?} at {nth}");
            assert_eq!(positions(&log), (log.oldest_seq()..=head).collect::<Vec<_>>(), "{fault:?} at {nth}");
            assert!(log.oldest_seq() == 1 || kept_hours(&log) >= 72, "{fault:?} at {nth}");
            let known = recovered.world_start.is_some() || log.oldest_seq() == 1;
            assert!(known, "{fault:?} at {nth}: the world's beginning is gone");
        }
    }
}
