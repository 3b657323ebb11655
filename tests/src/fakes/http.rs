//! The side of a venue without streams: requests, answered one a connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// GET, POST, …
    pub method: String,
    /// The path without what follows the question mark.
    pub path: String,
    /// What follows it, by name.
    pub query: BTreeMap<String, String>,
    /// The headers, by name in small letters.
    pub headers: BTreeMap<String, String>,
    /// What was sent with it.
    pub body: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 200, 429, …
    pub status: u16,
    /// More than the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON.
    pub body: String,
}

impl Answer {
    /// A good one.
    #[must_use]
    pub fn ok(body: String) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }
}

/// Answers on a port of its own as long as the runtime lives. A question without an answer leaves its connection open
/// and silent.
pub async fn serve<A: Into<Option<Answer>> + Send>(
    answer: impl Fn(Question) -> A + Send + Sync + Clone + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let Some(question) = read(&mut stream).await else { return };
                let Some(Answer { status, headers, body }) = answer(question).into() else {
                    // Until the other side gives up.
                    let _ = stream.read(&mut [0; 1]).await;
                    return;
                };
                let lines: Vec<String> =
                    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let headers = lines.concat();
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
                );
                // Who asked may be gone.
                let _ = stream.write_all(text.as_bytes()).await;
            });
        }
    });
    address
}

/// The head, and as much of a body as it announces.
async fn read(stream: &mut TcpStream) -> Option<Question> {
    let (mut request, mut chunk) = (Vec::new(), vec![0; 8192]);
    loop {
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let question = question(head)?;
        let announced = question.headers.get("content-length").and_then(|length| length.parse().ok());
        if body.len() >= announced.unwrap_or(0) {
            return Some(Question { body: body.to_owned(), ..question });
        }
    }
}

fn question(request: &str) -> Option<Question> {
    let mut words = request.lines().next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let pairs = request.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Question { method, path: path.to_owned(), query, headers, body: String::new() })
}
