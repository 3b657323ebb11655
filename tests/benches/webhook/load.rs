//! The senders.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::recordings::Post;
use tests::signer::Signer;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 32;

/// Whole requests, ready to be sent.
pub(crate) struct Load(Arc<[Vec<u8>]>);

/// What the senders saw.
pub(crate) struct Measured {
    /// From when a post was due, or was sent if that was later by the timer's grain, to its answer. Ascending.
    pub(crate) latencies: Vec<Duration>,
}

impl Load {
    /// The recorded posts over and over, the trades of each round with signatures of its own.
    pub(crate) fn prepare(posts: &[Post], count: u32, token: Option<&str>) -> Self {
        let signer = token.map(Signer::new);
        let count = usize::try_from(count).expect("small");
        let requests = (0..count).map(|number| {
            let (round, post) = (number / posts.len(), &posts[number % posts.len()]);
            let own = format!("\"signature\":\"{round}-");
            request(post, &post.body.replace("\"signature\":\"", &own), signer.as_ref())
        });
        Self(requests.collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Sends all of it, so many a second or as fast as it goes.
    pub(crate) async fn send(&self, address: SocketAddr, per_second: Option<u32>) -> Measured {
        let (next, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (requests, next) = (Arc::clone(&self.0), Arc::clone(&next));
            senders.spawn(async move {
                let stream = TcpStream::connect(address).await.expect("a connection");
                stream.set_nodelay(true).expect("a socket's option");
                let mut stream = BufStream::new(stream);
                let mut latencies = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(number) else { return latencies };
                    let from = wait_until_due(began, number, per_second).await;
                    exchange(&mut stream, request).await;
                    latencies.push(from.elapsed());
                }
            });
        }
        let mut latencies: Vec<_> = senders.join_all().await.into_iter().flatten().collect();
        latencies.sort_unstable();
        Measured { latencies }
    }
}

/// From when the post's latency counts: a post that waits for the ones before it has begun to wait.
async fn wait_until_due(began: Instant, number: usize, per_second: Option<u32>) -> Instant {
    let Some(per_second) = per_second else { return Instant::now() };
    let number = u32::try_from(number).expect("small");
    let due = began + Duration::from_secs(1) * number / per_second;
    if due <= Instant::now() {
        return due;
    }
    tokio::time::sleep_until(due.into()).await;
    Instant::now()
}

fn request(post: &Post, body: &str, signer: Option<&Signer>) -> Vec<u8> {
    let mut head = format!(
        "POST {} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        post.path,
        body.len()
    );
    for (name, value) in signer.map(|signer| signer.sign(body.as_bytes())).into_iter().flatten() {
        head.extend([name, ": ", &value, "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body.as_bytes()].concat()
}

/// One post and its whole answer, which is a success.
async fn exchange(stream: &mut BufStream<TcpStream>, request: &[u8]) {
    stream.write_all(request).await.expect("the receiver reads");
    stream.flush().await.expect("the receiver reads");
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let begins = head.len();
        stream.read_line(&mut head).await.expect("an answer");
        let line = head[begins..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a whole answer");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}{}", String::from_utf8_lossy(&body));
}
