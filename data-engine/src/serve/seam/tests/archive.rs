//! With a real `PostgreSQL` on the other side of the seam.

use goat::service::Stop;
use goat::settings::{Query, Settings};
use goat::wire::market as wire;
use tonic::Code;

use super::*;
use crate::archive::tests::cluster::Cluster;
use crate::archive::tests::{Running, settings};
use crate::archive::{Archive, History, Target};
use crate::query::Queries;
use crate::query::tests::{Filled, PRICES, filled};

fn service(filled: &Filled, history: Option<History>) -> MarketData {
    MarketData {
        log: filled.log(),
        hot: filled.hot.clone(),
        queries: Queries::new(filled.hot.clone(), None, &Query::default()),
        archive: Archive::default(),
        history: history.map(Into::into),
        ingest: crate::ingest::Ingest::new().0,
        border: crate::publish::Border::of(&Settings::default()),
        board: crate::feeds::board::Board::default(),
        latest: crate::latest::Latest::default(),
        stop: Stop::new(),
        settings: Settings::default(),
        started_at: UnixMicros::default(),
    }
}

fn history(cluster: &Cluster, filled: &Filled) -> History {
    History::new(Target::of(&settings(&cluster.url())).unwrap().unwrap(), filled.log().id())
}

fn at(second: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_700_000_000 + second).unwrap()
}

fn drop_before(filled: &Filled, second: i64) {
    filled.hot.drop_rows(&filled.hot.connect().unwrap(), |_, _| at(second)).unwrap();
}

async fn sync(service: &MarketData, since_id: u64, limit: u32) -> Result<wire::SyncResponse, Status> {
    let request =
        wire::SyncRequest { table: "prices".to_owned(), since_id: Some(since_id), limit: Some(limit) };
    service.sync_page(request).await
}

async fn backfill(service: &MarketData, page_token: String) -> Result<wire::BackfillResponse, Status> {
    let request = wire::BackfillRequest {
        table: "prices".to_owned(),
        hours: Some(1.0),
        page_token,
        limit: Some(70),
        ..wire::BackfillRequest::default()
    };
    service.backfill_page(request).await
}

/// All rows by Sync, and by Backfill, while memory forgets more and more between the pages.
#[tokio::test(flavor = "multi_thread")]
async fn history_goes_from_the_archive_into_memory_without_a_seam() {
    let (filled, cluster) = (filled().await, Cluster::start());
    let whole = service(&filled, None);
    let all = sync(&whole, 0, 10_000).await.unwrap().rows;
    let log = filled.log();
    let running = Running::begin(&cluster, &log);
    running.until_whole(&log).await;
    let service = service(&filled, Some(history(&cluster, &filled)));

    for limit in [70, 333, 10_000] {
        let (mut since_id, mut read) = (0, Vec::new());
        loop {
            let page = sync(&service, since_id, limit).await.unwrap();
            read.extend(page.rows);
            since_id = page.next_since_id;
            if !page.has_more {
                break;
            }
            drop_before(&filled, i64::try_from(read.len()).unwrap() + 100);
        }
        assert_eq!(since_id, u64::from(PRICES));
        // From both sides a row has the same form to the last value.
        assert_eq!(read, all, "limit {limit}");
    }
    let (mut token, mut read) = (String::new(), Vec::new());
    loop {
        let page = backfill(&service, token).await.unwrap();
        assert_eq!((page.complete_from_seq, page.incomplete_reason.as_str()), (1, ""));
        read.extend(page.rows);
        drop_before(&filled, 900);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(read, all);
    let (line, lacking) = service.line("SOL".to_owned(), at(0)).await.unwrap();
    assert!(lacking.is_none());
    assert_eq!(line.len(), PRICES as usize / 2);
    assert!(line.windows(2).all(|pair| pair[1].seq == pair[0].seq + 2));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_neither_side_has_is_said_and_never_left_out_in_silence() {
    let (filled, mut cluster) = (filled().await, Cluster::start());
    let service_with = |history| service(&filled, history);
    drop_before(&filled, 500);

    let off = service_with(None);
    let refused = sync(&off, 10, 5).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
    let shortened = backfill(&off, String::new()).await.unwrap();
    assert_eq!(
        (shortened.complete_from_seq, shortened.incomplete_reason.as_str()),
        (501, "archive.url is not set")
    );
    let (line, lacking) = off.line("SOL".to_owned(), at(0)).await.unwrap();
    let (from, why) = lacking.unwrap();
    assert_eq!((line.len(), from, why.to_string().as_str()), (250, at(500), "archive.url is not set"));

    // The archive is there and has nothing of this log yet.
    let log = filled.log();
    let before = service_with(Some(history(&cluster, &filled)));
    assert_eq!(sync(&before, 10, 5).await.unwrap_err().code(), Code::Unavailable);
    let running = Running::begin(&cluster, &log);
    running.until_whole(&log).await;
    running.end().await;
    assert_eq!(sync(&before, 10, 5).await.unwrap().rows.len(), 5);
    cluster.psql("UPDATE archive_progress SET last_seq = 300; DELETE FROM prices WHERE seq > 300");
    let behind = sync(&before, 300, 5).await.unwrap_err();
    assert_eq!(behind.code(), Code::Unavailable);
    assert!(behind.message().ends_with("(the archive has got up to position 300 only)"), "{behind}");
    cluster.psql("UPDATE archive_progress SET last_seq = 1000; INSERT INTO archive_gaps SELECT log, 1, 499, 'test' FROM archive_progress");
    let forgotten = sync(&before, 10, 5).await.unwrap_err();
    assert_eq!(forgotten.code(), Code::OutOfRange);
    assert!(forgotten.message().contains("complete from position 500 on"), "{forgotten}");

    cluster.kill();
    let away = sync(&before, 10, 5).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable, "{away}");
    let shortened = backfill(&before, String::new()).await.unwrap();
    assert_eq!((shortened.complete_from_seq, shortened.incomplete_reason.is_empty()), (501, false));
    assert_eq!(sync(&before, 500, 5).await.unwrap().rows.len(), 5);
}
