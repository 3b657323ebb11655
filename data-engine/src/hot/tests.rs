use goat::event::{Observation, Payload as Observed, Source as From, TokenPrice};
use goat::values::{Price, Symbol, UnixMicros};

use super::*;
use crate::journal::{Directory, LogId, Writer, recover};

fn prices(count: i64) -> Vec<Observation> {
    let price = |second: i64| {
        let time = UnixMicros::from_seconds(1_700_000_000 + second).unwrap();
        Observation {
            event_time: time,
            received_time: time,
            source: From::Jupiter,
            source_position: 0,
            payload: Observed::Price(TokenPrice {
                token: Symbol::parse("SOL").unwrap(),
                price: Price::new(100.0 + second as f64).unwrap(),
                block_id: 0,
            }),
        }
    };
    (0..count).map(price).collect()
}

fn journal() -> (tempfile::TempDir, Writer) {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(Directory::create(directory.path().to_owned()).unwrap());
    let settings = goat::settings::Journal::default();
    let writer = recover(disk, &settings, LogId([1; 16]), &mut |_| {}).unwrap().writer;
    (directory, writer)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_are_a_fold_of_the_log_and_say_so_until_they_are_whole() {
    let (_directory, mut writer) = journal();
    writer.append(&prices(500)).unwrap();

    let (store, folder) = HotStore::open(&Hot::default(), &Query::default(), writer.head().seq).unwrap();
    let refused = store.latest("prices", 1).await.unwrap_err();
    assert_eq!(refused.to_string(), "the hot store is being rebuilt from the journal: 0 of 500 events");

    let (log, stop) = (writer.log(), goat::service::Stop::new());
    let (stopped, runtime) = (stop.clone(), tokio::runtime::Handle::current());
    let thread = std::thread::spawn(move || folder.run(&log, &runtime, &stopped));
    while !store.is_whole() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }

    let rows = store.latest("prices", 2).await.unwrap();
    let field = |row: usize, name: &str| format!("{:?}", rows[row].fields[name].kind);
    assert_eq!(rows.len(), 2);
    assert_eq!(field(0, "seq"), "Some(NumberValue(500.0))");
    assert_eq!(field(1, "price"), "Some(NumberValue(598.0))");
    assert_eq!(field(0, "event_time"), "Some(StringValue(\"2023-11-14T22:21:39Z\"))");
    assert_eq!(field(0, "source"), "Some(StringValue(\"jupiter\"))");
    assert_eq!(field(0, "block_id"), "Some(NullValue(NullValue))");
    assert_eq!(store.tables().await.unwrap()[0].rows, 500);
    let since = UnixMicros::from_seconds(1_700_000_490).unwrap();
    assert_eq!(store.prices_since("SOL".to_owned(), since).await.unwrap().0.len(), 10);
    let unknown = store.latest("prices; DROP TABLE prices", 1).await.unwrap_err().to_string();
    assert!(
        unknown.starts_with("there is no table \"prices; DROP TABLE prices\"; there are prices,"),
        "{unknown}"
    );

    stop.cancel();
    thread.join().unwrap();
}

/// Law: by the log's clock a table has what it keeps, and at most five minutes more.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_dropped_by_the_logs_clock_whatever_its_speed() {
    const HOUR: i64 = 3600;
    let (_directory, mut writer) = journal();
    let settings = Hot { hours: 2, ..Hot::default() };
    let (store, folder) = HotStore::open(&settings, &Query::default(), 0).unwrap();
    let (log, stop) = (writer.log(), goat::service::Stop::new());
    let (stopped, runtime) = (stop.clone(), tokio::runtime::Handle::current());
    let thread = std::thread::spawn(move || folder.run(&log, &runtime, &stopped));
    let day = prices(24 * HOUR);
    for hour in day.chunks(HOUR as usize) {
        writer.append(hour).unwrap();
        let newest = hour.last().unwrap().event_time;
        let has_dropped = || async {
            let rows = u64::from(store.tables().await.ok()?[0].rows);
            let all = newest.since(day[0].event_time).as_secs() + 1;
            let (kept, more) = (2 * HOUR as u64 + 1, 300);
            (store.applied_seq() == all && (kept.min(all)..=(kept + more)).contains(&rows)).then_some(())
        };
        let begun = std::time::Instant::now();
        while has_dropped().await.is_none() {
            assert!(begun.elapsed().as_secs() < 30, "{:?}", store.tables().await);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    stop.cancel();
    thread.join().unwrap();
}
