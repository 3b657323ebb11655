//! Many readers of one stream.

use std::time::Duration;

use tests::cluster::{Cluster, World};
use tests::event_stream::{Event, EventStream};
use tests::rest::Rest;
use tests::until::{PATIENCE, until, until_true};

const READERS: usize = 40;
const PATH: &str = "/stream/prices?symbols=SOL";

/// One reader: how it goes on, and what it was told.
struct Reader {
    stream: EventStream,
    told: Vec<Event>,
}

impl Reader {
    async fn open(rest: &Rest, last: Option<u64>) -> Self {
        Self { stream: EventStream::open(rest, PATH, last).await, told: Vec::new() }
    }

    fn last(&self) -> Option<u64> {
        self.told.last().and_then(|event| event.id)
    }

    async fn read_to(&mut self, seq: u64) {
        while self.last() < Some(seq) {
            self.told.push(self.stream.next(PATIENCE).await.expect("the stream goes on"));
        }
    }

    /// Reads what comes before the error that ends the stream, which names the engine.
    async fn read_to_error(&mut self) {
        while let Some(event) = self.stream.next(PATIENCE).await {
            if event.name == "error" {
                assert!(event.data["message"].as_str().unwrap().contains("data-engine"), "{event:?}");
                return;
            }
            self.told.push(event);
        }
        panic!("the stream ended without a word");
    }

    async fn resume(&mut self, rest: &Rest) {
        self.stream = until("the stream opens again", PATIENCE, async || {
            let answer = rest.get("/price/SOL").await;
            if answer.status != 200 {
                return None;
            }
            Some(EventStream::open(rest, PATH, self.last()).await)
        })
        .await;
    }
}

async fn metric(address: std::net::SocketAddr, name: &str) -> u64 {
    let metrics = Rest::new(address).get("/metrics").await.text;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} is not in {metrics}")).parse().unwrap()
}

/// All readers are past this position soon.
async fn newest(cluster: &Cluster) -> u64 {
    let price = cluster.rest().json("/price/SOL").await;
    tests::rest::integer(&price["seq"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_share_one_subscription_and_miss_nothing_when_the_engine_is_killed() {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    cluster.expect_losses_of_the_data_engine();
    let rest = cluster.rest();
    let [engine, _, gateway] = cluster.addresses.metrics;
    let others = metric(engine, "goat_open_subscriptions").await;

    let mut readers = Vec::new();
    for number in 0..READERS {
        // Some begin at the present, some at the beginning, and join when they are there.
        readers.push(Reader::open(&rest, (number % 4 == 0).then_some(0)).await);
    }
    let goal = newest(&cluster).await;
    for reader in &mut readers {
        reader.read_to(goal + 50).await;
    }
    // Further readings, so that also the last one is where the shared stream is.
    until_true("all of them share one subscription", PATIENCE, async || {
        let goal = newest(&cluster).await;
        for reader in &mut readers {
            reader.read_to(goal).await;
        }
        metric(engine, "goat_open_subscriptions").await == others + 1
    })
    .await;
    assert_eq!(metric(gateway, "goat_gateway_shared_streams").await, 1);
    assert_eq!(metric(gateway, "goat_gateway_open_streams").await, READERS as u64);

    cluster.data_engine.kill();
    for reader in &mut readers {
        reader.read_to_error().await;
    }
    cluster.start_data_engine().await;
    for reader in &mut readers {
        reader.resume(&rest).await;
    }
    let goal = newest(&cluster).await + 50;
    for reader in &mut readers {
        reader.read_to(goal).await;
    }

    let mut expected = Reader::open(&rest, Some(0)).await;
    expected.read_to(goal).await;
    for reader in &readers {
        let first =
            expected.told.iter().position(|event| event.id == reader.told[0].id).expect("it is there");
        assert_eq!(reader.told[..], expected.told[first..][..reader.told.len()]);
    }
    drop((readers, expected));
    until_true("nobody reads any more", Duration::from_secs(30), async || {
        metric(gateway, "goat_gateway_shared_streams").await == 0
            && metric(engine, "goat_open_subscriptions").await <= others
    })
    .await;
}
