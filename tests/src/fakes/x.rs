//! X on loopback: posting, the own timeline, the refusal of duplicates, and signatures that are checked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use super::http::{self, Answer, Question};
use super::market::now_ms;

/// The credentials that the account has: key, its secret, token, its secret.
pub const CREDENTIALS: [&str; 4] = ["the-key", "the-key's secret", "7-the-token", "the-token&secret"];
const USER: &str = "7";
const WEIGHT_MAX: usize = 280;

/// How a request to post fares, instead of well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Accepted.
    Good,
    /// 429 until so many seconds from now.
    Limited(u64),
    /// Accepted, and never answered.
    SilentAfter,
    /// Accepted, and answered 503.
    FailingAfter,
    /// 403: the text is not wanted.
    Forbidden,
    /// 401.
    Unknown,
}

/// A post that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tweet {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Which one it answers to.
    pub reply_to: Option<String>,
}

#[derive(Debug, Default)]
struct Inner {
    fates: VecDeque<Fate>,
    tweets: Vec<Tweet>,
    requests: usize,
    duplicates: usize,
    nonces: Vec<String>,
}

/// The API. Cloning shares it.
#[derive(Debug, Clone)]
pub struct X {
    /// `http://…`
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl X {
    /// An API without a post.
    pub async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let asked = Arc::clone(&inner);
        let address = Arc::new(Mutex::new(String::new()));
        let known = Arc::clone(&address);
        let served = http::serve(move |question| {
            let base = known.lock().unwrap().clone();
            asked.lock().unwrap().answer(&question, &base)
        });
        let url = format!("http://{}", served.await);
        url.clone_into(&mut address.lock().unwrap());
        Self { url, inner }
    }

    /// The next requests to post fare so, one after the other; later ones well.
    pub fn next(&self, fates: &[Fate]) {
        self.inner.lock().unwrap().fates.extend(fates);
    }

    /// Fates that no request has met yet.
    #[must_use]
    pub fn fates_left(&self) -> usize {
        self.inner.lock().unwrap().fates.len()
    }

    /// What was accepted, in order.
    #[must_use]
    pub fn tweets(&self) -> Vec<Tweet> {
        self.inner.lock().unwrap().tweets.clone()
    }

    /// Requests of any kind.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.inner.lock().unwrap().requests
    }

    /// Requests to post what was there already.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.inner.lock().unwrap().duplicates
    }
}

impl Inner {
    fn answer(&mut self, question: &Question, base: &str) -> Option<Answer> {
        self.requests += 1;
        if let Err(reason) = self.signed(question, base) {
            return Some(refusal(401, &format!("Unauthorized: {reason}")));
        }
        match (question.method.as_str(), question.path.as_str()) {
            ("POST", "/2/tweets") => self.post(question),
            ("GET", "/2/users/me") => {
                Some(Answer::ok(json!({"data": {"id": USER, "name": "goat"}}).to_string()))
            }
            ("GET", path) if path == format!("/2/users/{USER}/tweets") => Some(self.timeline(question)),
            _ => Some(refusal(404, "Not Found")),
        }
    }

    fn post(&mut self, question: &Question) -> Option<Answer> {
        let body: Value = serde_json::from_str(&question.body).unwrap_or_default();
        let text = body["text"].as_str().unwrap_or_default().to_owned();
        let reply_to = body["reply"]["in_reply_to_tweet_id"].as_str().map(str::to_owned);
        match self.fates.pop_front().unwrap_or(Fate::Good) {
            Fate::Good => Some(self.accept(text, reply_to)),
            Fate::Limited(seconds) => {
                let reset = now_ms() / 1000 + seconds;
                let headers = vec![
                    ("x-rate-limit-limit", "100".to_owned()),
                    ("x-rate-limit-remaining", "0".to_owned()),
                    ("x-rate-limit-reset", reset.to_string()),
                ];
                Some(Answer { headers, ..refusal(429, "Too Many Requests") })
            }
            Fate::SilentAfter => {
                self.accept(text, reply_to);
                None
            }
            Fate::FailingAfter => {
                self.accept(text, reply_to);
                Some(refusal(503, "Service Unavailable"))
            }
            Fate::Forbidden => Some(refusal(403, "This text is not wanted here.")),
            Fate::Unknown => Some(refusal(401, "Unauthorized")),
        }
    }

    fn accept(&mut self, text: String, reply_to: Option<String>) -> Answer {
        if text.is_empty() || weight(&text) > WEIGHT_MAX {
            return refusal(400, "Your Tweet text is too long.");
        }
        if self.tweets.iter().any(|tweet| tweet.text == text) {
            self.duplicates += 1;
            return refusal(403, "You are not allowed to create a Tweet with duplicate content.");
        }
        if let Some(answered) = &reply_to
            && !self.tweets.iter().any(|tweet| tweet.id == *answered)
        {
            return refusal(400, "The Tweet that is replied to is not there.");
        }
        let id = (1_445_880_548_472_328_192_u64 + self.tweets.len() as u64).to_string();
        let body = json!({"data": {"id": id, "text": text}}).to_string();
        self.tweets.push(Tweet { id, text, reply_to });
        let headers =
            vec![("x-rate-limit-limit", "100".to_owned()), ("x-rate-limit-remaining", "90".to_owned())];
        Answer { status: 201, headers, body }
    }

    /// Newest first, with the three characters escaped as the API does.
    fn timeline(&self, question: &Question) -> Answer {
        let most: usize = question.query.get("max_results").and_then(|most| most.parse().ok()).unwrap_or(10);
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let newest = self.tweets.iter().rev().take(most);
        let data: Vec<Value> =
            newest.map(|tweet| json!({"id": tweet.id, "text": escaped(&tweet.text)})).collect();
        let count = data.len();
        let body = if data.is_empty() {
            json!({"meta": {"result_count": 0}})
        } else {
            json!({"data": data, "meta": {"result_count": count}})
        };
        Answer::ok(body.to_string())
    }

    /// Computes the signature of a request anew.
    fn signed(&mut self, question: &Question, base: &str) -> Result<(), String> {
        let header = question.headers.get("authorization").ok_or("no authorization")?;
        let fields = header.strip_prefix("OAuth ").ok_or("not OAuth")?.split(", ");
        let pairs = fields.filter_map(|field| field.split_once('='));
        let mut given: BTreeMap<String, String> =
            pairs.map(|(name, value)| (name.to_owned(), decoded(value.trim_matches('"')))).collect();
        let signature = given.remove("oauth_signature").ok_or("no signature")?;
        let [key, key_secret, token, token_secret] = CREDENTIALS;
        if given.get("oauth_consumer_key").map(String::as_str) != Some(key)
            || given.get("oauth_token").map(String::as_str) != Some(token)
        {
            return Err("another account".to_owned());
        }
        let nonce = given.get("oauth_nonce").cloned().ok_or("no nonce")?;
        if self.nonces.contains(&nonce) {
            return Err("a nonce is used once".to_owned());
        }
        self.nonces.push(nonce);
        given.extend(question.query.clone());
        let pairs: Vec<String> =
            given.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let url = format!("{base}{}", question.path);
        let text = format!("{}&{}&{}", question.method, encoded(&url), encoded(&pairs.join("&")));
        let secrets = format!("{}&{}", encoded(key_secret), encoded(token_secret));
        let mut mac = Hmac::<Sha1>::new_from_slice(secrets.as_bytes()).map_err(|error| error.to_string())?;
        mac.update(text.as_bytes());
        if STANDARD.encode(mac.finalize().into_bytes()) == signature {
            return Ok(());
        }
        Err("the signature is another".to_owned())
    }
}

fn refusal(status: u16, detail: &str) -> Answer {
    let title = if status == 403 { "Forbidden" } else { "Error" };
    let body = json!({"title": title, "detail": detail, "type": "about:blank", "status": status});
    Answer { status, headers: Vec::new(), body: body.to_string() }
}

/// Enough for texts without addresses and emoji.
fn weight(text: &str) -> usize {
    let is_light = |one: char| matches!(u32::from(one), 0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247);
    text.chars().map(|one| if is_light(one) { 1 } else { 2 }).sum()
}

fn encoded(text: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap_or_default());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
