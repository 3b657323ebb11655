//! History, page by page, while rows arrive and others are dropped.

use goat::prost_types::value::Kind as Json;
use goat::service::Stop;
use goat::settings::{Query, Settings};
use goat::wire::market::feed_event;

use super::*;
use crate::feeds::board::Board;
use crate::latest::Latest;
use crate::query::Queries;
use crate::query::tests::{Filled, PRICES, filled};

fn service(filled: &Filled) -> MarketData {
    MarketData {
        log: filled.log(),
        hot: filled.hot.clone(),
        queries: Queries::new(filled.hot.clone(), None, &Query::default()),
        archive: crate::archive::Archive::default(),
        history: None,
        ingest: crate::ingest::Ingest::new().0,
        border: crate::publish::Border::of(&Settings::default()),
        board: Board::default(),
        latest: Latest::default(),
        stop: Stop::new(),
        settings: Settings::default(),
        started_at: UnixMicros::default(),
    }
}

/// The positions of rows; a position is a number in JSON.
fn seqs(rows: &[goat::prost_types::Struct]) -> Vec<u64> {
    let seq = |row: &goat::prost_types::Struct| match row.fields["seq"].kind {
        Some(Json::NumberValue(seq)) => seq as u64,
        ref other => panic!("{other:?}"),
    };
    rows.iter().map(seq).collect()
}

fn backfill(table: &str, page_token: String) -> wire::BackfillRequest {
    wire::BackfillRequest { table: table.to_owned(), page_token, limit: Some(70), ..Default::default() }
}

fn sync(table: &str, since_id: Option<u64>, limit: u32) -> wire::SyncRequest {
    wire::SyncRequest { table: table.to_owned(), since_id, limit: Some(limit) }
}

/// Drops the prices of the seconds before this one.
fn drop_before(filled: &Filled, second: i64) {
    let oldest = UnixMicros::from_seconds(1_700_000_000 + second).unwrap();
    filled.hot.drop_rows(&filled.hot.connect().unwrap(), |_, _| oldest).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_has_every_row_once_while_rows_arrive_and_old_ones_are_dropped() {
    let mut filled = filled().await;
    let service = service(&filled);
    let (mut token, mut read, mut pages) = (String::new(), Vec::new(), 0);
    let last_seq = loop {
        let page = service.backfill_page(backfill("prices", token)).await.unwrap();
        read.extend(seqs(&page.rows));
        pages += 1;
        filled.record(PRICES + pages * 10..PRICES + pages * 10 + 10).await;
        // Behind the reader: what is dropped has been read.
        drop_before(&filled, i64::try_from(read.len()).unwrap() / 2);
        token = page.next_page_token;
        if token.is_empty() {
            break page.last_seq;
        }
    };
    assert_eq!(read, (1..=u64::from(PRICES)).collect::<Vec<_>>());
    assert_eq!((pages, last_seq), (15, u64::from(PRICES)));

    let after = service.sync_page(sync("prices", Some(last_seq), 1000)).await.unwrap();
    assert_eq!(seqs(&after.rows), (last_seq + 1..=last_seq + 150).collect::<Vec<_>>());
    assert_eq!((after.next_since_id, after.has_more, after.oldest_seq), (last_seq + 150, false, 501));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_would_miss_rows_is_out_of_range() {
    let filled = filled().await;
    let service = service(&filled);
    let page = service.backfill_page(backfill("prices", String::new())).await.unwrap();
    drop_before(&filled, 500);

    let error = service.backfill_page(backfill("prices", page.next_page_token)).await.unwrap_err();

    assert_eq!(error.code(), tonic::Code::OutOfRange);
    assert_eq!(
        error.message(),
        "rows of this backfill were dropped before they were read; prices is complete from position 501 on \
         (archive.url is not set): begin again, with fewer hours"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_in_minutes_begins_at_its_minute() {
    let filled = filled().await;
    let request =
        wire::BackfillRequest { table: "prices".to_owned(), minutes: Some(1.0), ..Default::default() };
    let page = service(&filled).backfill_page(request).await.unwrap();
    assert_eq!(seqs(&page.rows), (940..=1000).collect::<Vec<_>>());
    assert_eq!((page.count, page.next_page_token.as_str()), (61, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_is_checked() {
    let filled = filled().await;
    let service = service(&filled);
    let token = service.backfill_page(backfill("prices", String::new())).await.unwrap().next_page_token;
    assert!(PageToken::read(&token).is_some_and(|read| read.write() == token), "{token}");
    for (table, token, message) in [
        ("prices", "x".to_owned(), "page_token is not one of ours"),
        ("candles", token.clone(), "page_token belongs to another table"),
        ("prices", format!("other{token}"), "page_token belongs to another log; begin again"),
    ] {
        let error = service.backfill_page(backfill(table, token)).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (tonic::Code::InvalidArgument, message));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_walks_the_table_and_names_the_oldest_position_when_it_fell_behind() {
    let filled = filled().await;
    let service = service(&filled);
    let (mut since, mut read) = (None, Vec::new());
    loop {
        let page = service.sync_page(sync("prices", since, 300)).await.unwrap();
        read.extend(seqs(&page.rows));
        since = Some(page.next_since_id);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(read, (1..=u64::from(PRICES)).collect::<Vec<_>>());

    drop_before(&filled, 100);
    let behind = service.sync_page(sync("prices", Some(99), 1)).await.unwrap_err();
    assert_eq!(behind.code(), tonic::Code::OutOfRange);
    assert_eq!(
        behind.message(),
        "since_id 99 is older than what prices keeps; it is complete from position 101 on (archive.url is not set)"
    );
    assert_eq!(seqs(&service.sync_page(sync("prices", Some(100), 1)).await.unwrap().rows), [101]);
    assert_eq!(seqs(&service.sync_page(sync("prices", None, 1)).await.unwrap().rows), [101]);

    let beyond = service.sync_page(sync("prices", Some(5000), 1)).await.unwrap_err();
    assert_eq!(beyond.message(), "since_id is 5000, beyond the head 1000");
    assert_eq!(service.sync_page(sync("nothing", None, 1)).await.unwrap_err().code(), tonic::Code::NotFound);
    let empty = service.sync_page(sync("candles", Some(7), 1)).await.unwrap();
    assert_eq!((empty.count, empty.next_since_id, empty.oldest_seq), (0, 1000, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_how_far_back_it_goes() {
    let filled = filled().await;
    let info = service(&filled).replay_info().await.unwrap();
    assert_eq!((info.oldest_seq, info.head_seq, info.mode()), (1, 1000, wire::Mode::Simulated));
    assert_eq!(info.oldest_event_time.unwrap().seconds, 1_700_000_000);
    assert_eq!(info.head_event_time.unwrap().seconds, 1_700_000_999);
    assert_eq!(info.log_id, service(&filled).log.id().to_string());
}

#[test]
fn an_oldest_event_that_retention_deletes_while_it_is_read_is_read_anew() {
    let deleted = |wanted: u64| -> Result<u64, JournalError> {
        Err(JournalError::TooOld { wanted, oldest: wanted + 1 })
    };
    let mut outcomes = vec![Ok(7), deleted(2), deleted(1)];
    assert_eq!(at_the_oldest(|| outcomes.pop().unwrap()).unwrap(), 7);
    assert!(matches!(at_the_oldest(|| deleted(1)), Err(JournalError::TooOld { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_what_the_feeds_said_newest_first() {
    use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source};
    let mut filled = filled().await;
    let time = UnixMicros::from_seconds(1_700_000_999).unwrap();
    let event = |kind, reason: &str| Observation {
        event_time: time,
        received_time: time,
        source: Source::Simulated,
        source_position: 0,
        payload: Payload::Feed(FeedEvent {
            feed: "prices".into(),
            kind,
            symbol: None,
            from: Some(time.minus(Duration::from_secs(5))),
            to: None,
            reason: reason.to_owned(),
        }),
    };
    filled
        .observe(&[
            event(FeedEventKind::Gap, "first"),
            event(FeedEventKind::Live, "no gap"),
            event(FeedEventKind::Stale, "second"),
            event(FeedEventKind::Resync, "third"),
        ])
        .await;
    let service = service(&filled);

    let all = service.recorded_gaps(wire::ListGapsRequest::default()).await.unwrap();
    let newest =
        service.recorded_gaps(wire::ListGapsRequest { hours: Some(1.0), limit: Some(1) }).await.unwrap();

    let reasons: Vec<_> = all.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    assert_eq!((reasons, all.truncated), (vec!["third", "second", "first"], false));
    assert_eq!((all.gaps[2].kind(), all.gaps[2].feed.as_str()), (feed_event::Kind::Gap, "prices"));
    assert_eq!((all.gaps[2].from.unwrap().seconds, all.gaps[2].to), (1_700_000_994, None));
    assert_eq!((newest.count, newest.truncated), (1, true));
    let wrong = wire::ListGapsRequest { hours: Some(0.0), limit: None };
    assert_eq!(
        service.recorded_gaps(wrong).await.unwrap_err().message(),
        "hours must be above 0 and at most 8784, got 0"
    );
}
