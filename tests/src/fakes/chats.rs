//! Telegram, Discord, Slack and a signed webhook on one port of loopback, each at its own path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::http::{self, Answer, Question};

/// The token of Telegram's bot.
pub const TOKEN: &str = "123:bot-token";
/// What the webhook's messages are signed with.
pub const SECRET: &str = "the webhook's secret";

#[derive(Debug, Default)]
struct Inner {
    told: BTreeMap<String, Vec<String>>,
    refusing: usize,
    refused: usize,
}

/// The receivers. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Chats {
    /// `http://…`
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Chats {
    /// Receivers that were told nothing.
    pub async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let asked = Arc::clone(&inner);
        let address = http::serve(move |question| asked.lock().unwrap().answer(&question)).await;
        Self { url: format!("http://{address}"), inner }
    }

    /// The next so many messages are answered 429.
    pub fn refuse(&self, count: usize) {
        self.inner.lock().unwrap().refusing = count;
    }

    /// Messages that were answered 429.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.inner.lock().unwrap().refused
    }

    /// What one of them was told: telegram, discord, slack or webhook.
    #[must_use]
    pub fn told(&self, channel: &str) -> Vec<String> {
        self.inner.lock().unwrap().told.get(channel).cloned().unwrap_or_default()
    }

    /// What all of them were told.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner.lock().unwrap().told.values().map(Vec::len).sum()
    }
}

impl Inner {
    fn answer(&mut self, question: &Question) -> Answer {
        let telegram = format!("/bot{TOKEN}/sendMessage");
        let body: Value = serde_json::from_str(&question.body).unwrap_or_default();
        let (channel, text) = match question.path.as_str() {
            path if path == telegram => ("telegram", body["text"].as_str()),
            "/discord" => ("discord", body["content"].as_str()),
            "/slack" => ("slack", body["text"].as_str()),
            "/webhook" if is_signed(question) => ("webhook", body["title"].as_str()),
            _ => return Answer { status: 404, headers: Vec::new(), body: "{}".to_owned() },
        };
        if self.refusing > 0 {
            self.refusing -= 1;
            self.refused += 1;
            return too_many(channel);
        }
        let Some(text) = text else {
            return Answer { status: 400, headers: Vec::new(), body: "{}".to_owned() };
        };
        self.told.entry(channel.to_owned()).or_default().push(text.to_owned());
        match channel {
            "telegram" => Answer::ok(json!({"ok": true, "result": {"message_id": 1}}).to_string()),
            "discord" => Answer { status: 204, headers: Vec::new(), body: String::new() },
            _ => Answer::ok("ok".to_owned()),
        }
    }
}

/// Each says it in its own way.
fn too_many(channel: &str) -> Answer {
    let body = match channel {
        "telegram" => {
            json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1}})
        }
        "discord" => json!({"message": "You are being rate limited.", "retry_after": 0.3, "global": false}),
        _ => json!({}),
    };
    Answer { status: 429, headers: vec![("Retry-After", "1".to_owned())], body: body.to_string() }
}

fn is_signed(question: &Question) -> bool {
    let header = |name: &str| question.headers.get(name).cloned().unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else { return false };
    mac.update(format!("{}.{}", header("x-goat-timestamp"), question.body).as_bytes());
    header("x-goat-signature") == format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
