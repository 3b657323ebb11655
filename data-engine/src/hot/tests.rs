use goat::event::{Observation, Payload as Observed, Source as From, TokenPrice};
use goat::values::{Price, Symbol, UnixMicros};

use super::*;
use crate::journal::{Directory, LogId, recover};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_are_a_fold_of_the_log_and_say_so_until_they_are_whole() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(Directory::create(directory.path().to_owned()).unwrap());
    let mut writer =
        recover(disk, &goat::settings::Journal::default(), LogId([1; 16]), &mut |_| {}).unwrap().writer;
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
