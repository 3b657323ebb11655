//! A thousand readers of one stream: how late they are told, and what they cost.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use goat::wire::market::{InsertRequest, NewEvent, UserEvent, new_event};
use tests::cluster::Cluster;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::load::Measured;
use crate::milliseconds;
use crate::process::Process;

const READERS: usize = 1000;
const PER_SECOND: u32 = 10;
const SECONDS: u32 = 10;
/// Where a message says when it was published, in microseconds since the beginning.
const SENT: &str = "sent-";

pub(crate) async fn measure(cluster: &Cluster, gateway: Process) {
    let before = cluster.gateway.resident_bytes();
    let began = Instant::now();
    let count = PER_SECOND * SECONDS;
    let mut opening = JoinSet::new();
    for _ in 0..READERS {
        opening.spawn(open(cluster.addresses.gateway));
    }
    let streams = opening.join_all().await;
    println!("\n{READERS} readers of one stream, open after {} ms", milliseconds(began.elapsed()));
    let idle = cluster.gateway.resident_bytes().saturating_sub(before);
    println!("{:<34} {:>10.1} kB", "memory of the gateway, a reader", kilobytes(idle) / 1000.0);

    let mut reading = JoinSet::new();
    for stream in streams {
        reading.spawn(read(stream, count, began));
    }
    let cpu = gateway.cpu_time();
    publish(cluster, count, began).await;
    let latencies: Vec<Duration> = reading.join_all().await.into_iter().flatten().collect();
    let took = Duration::from_secs(SECONDS.into());
    let measured = Measured::of(latencies, took, gateway.cpu_time().saturating_sub(cpu));

    let name = format!("{PER_SECOND} events/s, published to received");
    let at = |hundredths| milliseconds(measured.at(hundredths));
    println!("{name:<34} p50 {} ms, p99 {} ms, longest {} ms", at(50), at(99), at(100));
    let Measured { rate, cpu_micros, .. } = measured;
    let share = rate * cpu_micros / 1e4;
    println!(
        "{:<34} {cpu_micros:>10.1} µs each, {share:.0} % of its core",
        "processor time, events delivered"
    );
}

/// A stream whose head has come.
async fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream
        .write_all(b"GET /stream/user HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .expect("the gateway reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the head of an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&head));
    stream
}

/// Reads so many events: how long after they were published.
async fn read(mut stream: TcpStream, count: u32, began: Instant) -> Vec<Duration> {
    let (mut unread, mut latencies) = (Vec::new(), Vec::new());
    while latencies.len() < count as usize {
        assert!(stream.read_buf(&mut unread).await.expect("the stream goes on") > 0, "the stream ended");
        let text = std::str::from_utf8(&unread).expect("text");
        let Some(end) = text.rfind("\n\n") else { continue };
        for part in text[..end].split(SENT).skip(1) {
            let digits = part.split('-').next().expect("a part");
            let sent = Duration::from_micros(digits.parse().expect("microseconds"));
            latencies.push(began.elapsed().saturating_sub(sent));
        }
        unread.drain(..end);
    }
    latencies
}

async fn publish(cluster: &Cluster, count: u32, began: Instant) {
    let mut client = cluster.market();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    for _ in 0..count {
        ticks.tick().await;
        let json = format!("\"{SENT}{}-\"", began.elapsed().as_micros());
        let event = UserEvent { feed: "bench".to_owned(), json, ..UserEvent::default() };
        let event = NewEvent { event_time: None, payload: Some(new_event::Payload::User(event)) };
        client.insert(InsertRequest { event: Some(event) }).await.expect("it is recorded");
    }
}

fn kilobytes(bytes: u64) -> f64 {
    let readers = u64::try_from(READERS).expect("small");
    f64::from(u32::try_from(bytes / readers).expect("small"))
}
