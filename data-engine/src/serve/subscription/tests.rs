use std::sync::Arc;

use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::values::{Price, Symbol};
use goat::wire::market::EventBatch;
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::journal::{Directory, LogId, Writer, recover};

fn price(second: u64, token: &str) -> Observation {
    let time = UnixMicros::from_seconds(1_700_000_000 + i64::try_from(second).unwrap()).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Jupiter,
        source_position: 0,
        payload: Payload::Price(TokenPrice {
            token: Symbol::parse(token).unwrap(),
            price: Price::new(100.0).unwrap(),
            block_id: second,
        }),
    }
}

/// Every third price is of BTC, the others are of SOL.
fn append(writer: &mut Writer, count: u64) {
    let next = writer.head().seq + 1;
    let token = |seq: u64| if seq.is_multiple_of(3) { "BTC" } else { "SOL" };
    let batch: Vec<_> = (next..next + count).map(|seq| price(seq, token(seq))).collect();
    writer.append(&batch).unwrap();
}

fn writer(directory: &tempfile::TempDir) -> Writer {
    let disk = Arc::new(Directory::create(directory.path().to_owned()).unwrap());
    let settings = goat::settings::Journal {
        segment_bytes: 8 * 1024,
        sync: goat::settings::Sync::Os,
        ..goat::settings::Journal::default()
    };
    recover(disk, &settings, LogId([1; 16]), &mut |_| {}).unwrap().writer
}

async fn subscribe(
    writer: &Writer,
    start: Start,
    symbols: &[&str],
    follow: bool,
) -> Result<Subscription, Status> {
    let filter = Filter { kinds: Vec::new(), symbols: symbols.iter().map(ToString::to_string).collect() };
    Subscription::open(writer.log(), start, filter, follow, Stop::new()).await
}

/// Reads to the end, checks that the batches cover every position once, and returns the positions delivered.
async fn delivered(mut subscription: Subscription) -> Vec<u64> {
    let mut covered = subscription.start_seq() - 1;
    let mut seqs = Vec::new();
    while let Some(item) = subscription.next().await.unwrap() {
        match item {
            Item::Batch(batch) => {
                assert_eq!(batch.covers_from, covered + 1);
                covered = batch.covers_to;
                for bytes in batch.events {
                    seqs.extend(EventBatch::decode(bytes).unwrap().events.iter().map(|event| event.seq));
                }
            }
            Item::CaughtUp { seq } | Item::Heartbeat { seq } => assert_eq!(seq, covered),
        }
    }
    seqs
}

#[tokio::test]
async fn history_is_delivered_whole_and_a_filter_leaves_no_doubt() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(&directory);
    for _ in 0..100 {
        append(&mut writer, 7);
    }
    let all = delivered(subscribe(&writer, Start::Oldest, &[], false).await.unwrap()).await;
    assert_eq!(all, (1..=700).collect::<Vec<_>>());

    let bitcoin = delivered(subscribe(&writer, Start::After(10), &["BTC"], false).await.unwrap()).await;
    assert_eq!(bitcoin, (11..=700).filter(|seq| seq % 3 == 0).collect::<Vec<_>>());

    let none = delivered(subscribe(&writer, Start::Oldest, &["ETH"], false).await.unwrap()).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_start_beyond_the_head_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = writer(&directory);
    append(&mut writer, 5);
    let refused = subscribe(&writer, Start::After(6), &[], true).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert_eq!(refused.message(), "after_seq is 6, beyond the head of the log, 5");
}

#[tokio::test(start_paused = true)]
async fn an_idle_reader_is_told_so_each_second_and_a_stopping_engine_says_it() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory);
    let stop = Stop::new();
    let mut subscription =
        Subscription::open(writer.log(), Start::Oldest, Filter::default(), true, stop.clone()).await.unwrap();
    assert!(matches!(subscription.next().await.unwrap(), Some(Item::CaughtUp { seq: 0 })));
    let before = Instant::now();
    assert!(matches!(subscription.next().await.unwrap(), Some(Item::Heartbeat { seq: 0 })));
    assert_eq!(before.elapsed().as_millis(), 1000);
    stop.cancel();
    assert_eq!(subscription.next().await.unwrap_err().code(), tonic::Code::Unavailable);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However joins, appends and filters interleave, a reader sees every position from its start on once,
    /// in order: the seam between disk, memory and live cannot be seen.
    #[test]
    fn a_reader_that_joins_at_any_moment_misses_and_repeats_nothing(
        before in 0_u64..400,
        appends in prop::collection::vec(1_u64..60, 1..20),
        start_share in 0.0_f64..1.0,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let mut writer = writer(&directory);
            if before > 0 {
                append(&mut writer, before);
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let after = (start_share * before as f64) as u64;
            let mut subscription = subscribe(&writer, Start::After(after), &[], true).await.unwrap();
            let total = before + appends.iter().sum::<u64>();
            let mut appends = appends.into_iter();
            let mut covered = after;
            while covered < total {
                if let Some(count) = appends.next() {
                    append(&mut writer, count);
                }
                if let Some(Item::Batch(batch)) = subscription.next().await.unwrap() {
                    assert_eq!(batch.covers_from, covered + 1);
                    let seqs: Vec<u64> = batch
                        .events
                        .into_iter()
                        .flat_map(|bytes| EventBatch::decode(bytes).unwrap().events)
                        .map(|event| event.seq)
                        .collect();
                    assert_eq!(seqs, (covered + 1..=batch.covers_to).collect::<Vec<_>>());
                    covered = batch.covers_to;
                }
            }
        });
    }
}
