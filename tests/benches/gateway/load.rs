//! Those who ask: each with a connection of its own, one call after the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use goat::wire::MarketDataServiceClient;
use goat::wire::market::GetPriceRequest;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

pub(crate) const CONNECTIONS: usize = 16;
const TOKEN: &str = "SOL";

/// What is asked of whom.
pub(crate) enum Calls {
    /// `GetPrice` of the engine.
    Direct(SocketAddr),
    /// `/price/SOL` of a gateway.
    Rest(SocketAddr),
}

impl Calls {
    /// Asks for so long: how long each call took.
    pub(crate) async fn make(&self, how_long: Duration) -> Vec<Duration> {
        let mut asking = JoinSet::new();
        let end = Instant::now() + how_long;
        for _ in 0..CONNECTIONS {
            match *self {
                Self::Direct(address) => asking.spawn(ask_directly(address, end)),
                Self::Rest(address) => asking.spawn(ask_over_rest(address, end)),
            };
        }
        asking.join_all().await.into_iter().flatten().collect()
    }
}

async fn ask_directly(address: SocketAddr, end: Instant) -> Vec<Duration> {
    let mut client = MarketDataServiceClient::new(goat::service::channel(address));
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        let price = client.get_price(GetPriceRequest { token: TOKEN.to_owned() }).await.expect("a price");
        latencies.push(began.elapsed());
        assert!(price.into_inner().price > 0.0);
    }
    latencies
}

async fn ask_over_rest(address: SocketAddr, end: Instant) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket's option");
    let mut stream = BufStream::new(stream);
    let request =
        format!("GET /price/{TOKEN} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n");
    let (mut head, mut body, mut latencies) = (String::new(), Vec::new(), Vec::new());
    while Instant::now() < end {
        let began = Instant::now();
        exchange(&mut stream, request.as_bytes(), &mut head, &mut body).await;
        latencies.push(began.elapsed());
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}{}", String::from_utf8_lossy(&body));
    }
    latencies
}

/// One request and its whole answer.
async fn exchange(stream: &mut BufStream<TcpStream>, request: &[u8], head: &mut String, body: &mut Vec<u8>) {
    stream.write_all(request).await.expect("the gateway reads");
    stream.flush().await.expect("the gateway reads");
    head.clear();
    let mut length = 0;
    loop {
        let begins = head.len();
        stream.read_line(head).await.expect("an answer");
        let line = head[begins..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.parse().expect("a length");
        }
    }
    body.resize(length, 0);
    stream.read_exact(body).await.expect("a whole answer");
}

/// What was seen of many calls.
pub(crate) struct Measured {
    /// Calls a second.
    pub(crate) rate: f64,
    /// Processor time of who answers, a call.
    pub(crate) cpu_micros: f64,
    /// Ascending.
    latencies: Vec<Duration>,
}

impl Measured {
    pub(crate) fn of(mut latencies: Vec<Duration>, took: Duration, cpu: Duration) -> Self {
        latencies.sort_unstable();
        let calls = f64::from(u32::try_from(latencies.len()).expect("not that many"));
        Self { rate: calls / took.as_secs_f64(), cpu_micros: cpu.as_secs_f64() * 1e6 / calls, latencies }
    }

    /// What so many hundredths of the calls did not exceed.
    pub(crate) fn at(&self, hundredths: usize) -> Duration {
        self.latencies[(self.latencies.len() - 1) * hundredths / 100]
    }
}
