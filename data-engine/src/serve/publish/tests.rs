//! At the border of the queue and of the disk.

use std::sync::Arc;

use goat::settings::{Journal, Mode, Settings};
use goat::wire::market::new_event::Payload as New;
use tonic::Code;

use super::*;
use crate::feeds::board::Board;
use crate::ingest::{Ingest, QUEUE_MAX};
use crate::journal::{Directory, LogId, Watermark, recover};
use crate::sequencer::{Memory, Sequencer};

fn event(index: u32) -> wire::NewEvent {
    let json = format!("{{\"index\":{index},\"padding\":\"{}\"}}", "x".repeat(900));
    let user = wire::UserEvent { feed: "mood".to_owned(), symbol: String::new(), json };
    wire::NewEvent { event_time: None, payload: Some(New::User(user)) }
}

/// A service whose log may take so many bytes and has an archive that never gets any further.
fn service(
    directory: &std::path::Path,
    journal: &Journal,
) -> (MarketData, Sequencer, tokio::sync::mpsc::Receiver<crate::ingest::Submission>) {
    let disk = Arc::new(Directory::create(directory.to_owned()).unwrap());
    let mut writer = recover(disk, journal, LogId([1; 16]), &mut |_| {}).unwrap().writer;
    writer.archived_by(Watermark::at_zero());
    let mut settings = Settings::default();
    settings.feeds.mode = Mode::Live;
    let log = writer.log();
    let hot = crate::hot::HotStore::open(&settings.hot, &settings.query, 0).unwrap().0;
    let (ingest, queue) = Ingest::new();
    let service = MarketData {
        log,
        queries: crate::query::Queries::new(hot.clone(), None, &settings.query),
        hot,
        archive: crate::archive::Archive::default(),
        history: None,
        ingest,
        border: crate::publish::Border::of(&settings),
        board: Board::default(),
        latest: crate::latest::Latest::default(),
        stop: goat::service::Stop::new(),
        settings,
        started_at: UnixMicros::default(),
    };
    (service, Sequencer::new(writer, Memory::default(), Board::default()), queue)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_said_at_once_and_takes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (service, sequencer, queue) = service(directory.path(), &Journal::default());
    let waiting: Vec<_> = (0..u32::try_from(QUEUE_MAX).unwrap())
        .map(|index| {
            let service = service.clone();
            tokio::spawn(async move { service.publish_one(Some(event(index))).await })
        })
        .collect();
    while service.ingest.room() > 0 {
        tokio::task::yield_now().await;
    }

    let refused = service.publish_one(Some(event(9999))).await.unwrap_err();

    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(refused.message().starts_with("256 submissions wait for the journal already"), "{refused}");
    let recording = std::thread::spawn(move || sequencer.run(queue));
    let mut seqs = Vec::new();
    for publisher in waiting {
        seqs.push(publisher.await.unwrap().unwrap().first_seq);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=QUEUE_MAX as u64).collect::<Vec<_>>());
    drop(service);
    recording.join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_unavailable_and_what_was_answered_before_is_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal { segment_bytes: 16 * 1024, disk_bytes_max: 64 * 1024, ..Journal::default() };
    let (service, sequencer, queue) = service(directory.path(), &journal);
    let recording = std::thread::spawn(move || sequencer.run(queue));

    let mut accepted = 0;
    let refused = loop {
        match service.publish_batch((0..4).map(event).collect()).await {
            Ok(receipt) => accepted += receipt.accepted,
            Err(status) => break status,
        }
        assert!(accepted < 1000, "the disk never became full");
    };

    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    assert!(refused.message().contains("journal.disk_bytes_max"), "{refused}");
    assert!(accepted > 0);
    assert_eq!(service.log.head().seq, u64::from(accepted));
    drop(service);
    recording.join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_one_bad_event_records_none_and_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let (service, sequencer, queue) = service(directory.path(), &Journal::default());
    let recording = std::thread::spawn(move || sequencer.run(queue));
    let mut bad = event(1);
    if let Some(New::User(user)) = &mut bad.payload {
        user.json = "{".to_owned();
    }

    let refused = service.publish_batch(vec![event(0), bad, event(2)]).await.unwrap_err();
    let none = service.publish_batch(Vec::new()).await.unwrap_err();
    let many = service.publish_batch(vec![event(0); 1001]).await.unwrap_err();

    assert_eq!(
        (refused.code(), refused.message()),
        (Code::InvalidArgument, "events[1]: json must be JSON, got {")
    );
    assert_eq!(none.message(), "events must be from 1 to 1000, got 0");
    assert_eq!(many.message(), "events must be from 1 to 1000, got 1001");
    assert_eq!(service.log.head().seq, 0);
    let recorded: wire::InsertBatchResponse =
        service.publish_batch((0..3).map(event).collect()).await.unwrap().into();
    assert_eq!((recorded.accepted, recorded.first_seq, recorded.last_seq), (3, Some(1), Some(3)));
    drop(service);
    recording.join().unwrap().unwrap();
}
