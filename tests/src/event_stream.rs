//! Server-sent events, read by the letter of their format.

use std::time::Duration;

use serde_json::Value;

use crate::rest::Rest;

const NO_END: Duration = Duration::from_hours(24);

/// One event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// Its name; empty for a message.
    pub name: String,
    /// Its position.
    pub id: Option<u64>,
    /// Its content.
    pub data: Value,
}

/// An open stream.
#[derive(Debug)]
pub struct EventStream {
    response: reqwest::Response,
    unread: String,
}

impl EventStream {
    /// Opens a stream, after `last` when given.
    pub async fn open(rest: &Rest, path: &str, last: Option<u64>) -> Self {
        // A stream has no end that a deadline could wait for.
        let mut request = rest.client.get(format!("{}{path}", rest.base)).timeout(NO_END);
        request = request.header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = request.send().await.expect("the stream opens");
        assert_eq!(response.status(), 200, "{path}");
        let kind = response.headers()["content-type"].to_str().expect("text");
        assert!(kind.starts_with("text/event-stream"), "{path} is {kind}");
        Self { response, unread: String::new() }
    }

    /// The next event; none when the stream has ended.
    pub async fn next(&mut self, patience: Duration) -> Option<Event> {
        loop {
            while let Some(end) = self.unread.find("\n\n") {
                let block: String = self.unread.drain(..end + 2).collect();
                if let Some(event) = parse(&block) {
                    return Some(event);
                }
            }
            let chunk = tokio::time::timeout(patience, self.response.chunk()).await.expect("something comes");
            match chunk {
                Ok(Some(bytes)) => self.unread.push_str(std::str::from_utf8(&bytes).expect("text")),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next `count` events.
    pub async fn take(&mut self, count: usize, patience: Duration) -> Vec<Event> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            events.push(self.next(patience).await.expect("the stream goes on"));
        }
        events
    }
}

/// A block of lines as an event; none for a comment.
fn parse(block: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data = String::new();
    for line in block.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = value.parse().ok(),
            "event" => value.clone_into(&mut event.name),
            "data" => data.push_str(value),
            _ => {}
        }
    }
    if data.is_empty() {
        return None;
    }
    event.data = serde_json::from_str(&data).expect("the data of an event is JSON");
    Some(event)
}
