//! Asked to stop, everything stops: in time, in order, with nothing lost.

use std::time::Duration;

use goat::tonic::Code;
use tests::cluster::{Cluster, World};
use tests::event_stream::EventStream;
use tests::reader::{after, client};
use tests::until::PATIENCE;

const DRAIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_ends_well_within_ten_seconds_with_streams_open() {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    cluster.expect("the stream from the data-engine");
    let rest = cluster.rest();
    let mut events = EventStream::open(&rest, "/stream/prices?after_seq=0", None).await;
    let mut cycles = EventStream::open(&rest, "/stream/trading", None).await;
    let mut log = client(cluster.addresses.market).subscribe(after(0)).await.unwrap().into_inner();
    events.next(PATIENCE).await.unwrap();
    cycles.next(PATIENCE).await.unwrap();
    log.message().await.unwrap().unwrap();

    for service in [&mut cluster.gateway, &mut cluster.trading_engine, &mut cluster.data_engine] {
        let (status, took) = service.terminate(DRAIN);
        println!("{} ended after {took:?}", service.name());
        assert!(status.success(), "{} ended with {status}", service.name());
    }

    while let Some(event) = events.next(PATIENCE).await {
        assert!(event.name.is_empty() || event.name == "error", "{event:?}");
    }
    let end = loop {
        match log.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream of the log ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable, "{end}");
    assert!(end.message().contains("stopping"), "{end}");
    let whole = tests::service::run_to_end(cluster.data_engine.command(&["journal", "verify"]));
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(!whole.output.contains("cut short"), "{whole:?}");
}
