//! Jupiter's price API on loopback: prices by mint, blocks, and the limits of a tier.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::http::{self, Answer, Question};
use super::market::now_ms;

/// The tokens and their mints, as the settings have them by default.
const MINTS: [(&str, &str); 3] = [
    ("SOL", "So11111111111111111111111111111111111111112"),
    ("BTC", "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh"),
    ("ETH", "7vfCXTUXx5WJV5JADk17DUJ4ksgau7utNKj4b963voxs"),
];
/// The window of the limits.
const WINDOW: Duration = Duration::from_mins(1);
const WITH_KEY: usize = 60;
const WITHOUT_KEY: usize = 30;
const FIRST_BLOCK: u64 = 348_004_023;

/// How requests are answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Manner {
    /// With the true prices.
    Good,
    /// 429, and come back after so many seconds.
    TooMany(u64),
    /// 500.
    Failing,
    /// Not at all; the connection stays open.
    Silent,
    /// With JSON that breaks off.
    Malformed,
    /// With more bytes than anybody needs.
    Oversized,
    /// Without this token.
    Without(&'static str),
    /// With this token's price written so.
    Written(&'static str, &'static str),
    /// With prices of a block long ago, which were other ones.
    OldBlock,
    /// With prices so many times as high.
    Times(f64),
}

#[derive(Debug)]
struct Inner {
    manner: Manner,
    once: VecDeque<Manner>,
    requests: VecDeque<Instant>,
    count: u64,
    refused: usize,
    told: BTreeMap<String, Vec<f64>>,
}

/// The API. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Jupiter {
    /// `http://…`
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Jupiter {
    /// An API that answers well.
    pub async fn start() -> Self {
        let inner = Inner {
            manner: Manner::Good,
            once: VecDeque::new(),
            requests: VecDeque::new(),
            count: 0,
            refused: 0,
            told: BTreeMap::new(),
        };
        let inner = Arc::new(Mutex::new(inner));
        let asked = Arc::clone(&inner);
        let address = http::serve(move |question| asked.lock().unwrap().answer(&question)).await;
        Self { url: format!("http://{address}"), inner }
    }

    /// From now on requests are answered so.
    pub fn set(&self, manner: Manner) {
        self.inner.lock().unwrap().manner = manner;
    }

    /// The next request is answered so.
    pub fn once(&self, manner: Manner) {
        self.inner.lock().unwrap().once.push_back(manner);
    }

    /// Requests that came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.inner.lock().unwrap().count
    }

    /// Requests that were more than the tier allows.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.inner.lock().unwrap().refused
    }

    /// Whether this was a true price of the token at some time.
    #[must_use]
    pub fn told(&self, token: &str, price: f64) -> bool {
        let inner = self.inner.lock().unwrap();
        inner.told.get(token).is_some_and(|prices| prices.contains(&price))
    }
}

impl Inner {
    fn answer(&mut self, question: &Question) -> Option<Answer> {
        assert_eq!(question.path, "/price/v3");
        let asked: Vec<&str> =
            question.query.get("ids").map(|ids| ids.split(',').collect()).unwrap_or_default();
        assert_eq!(asked.len(), MINTS.len(), "one request for all: {asked:?}");
        let limit = if question.headers.contains_key("x-api-key") { WITH_KEY } else { WITHOUT_KEY };
        self.count += 1;
        self.requests.retain(|time| time.elapsed() < WINDOW);
        if self.requests.len() >= limit {
            self.refused += 1;
            return Some(self.too_many(limit, 1));
        }
        self.requests.push_back(Instant::now());
        let lasting = self.manner.clone();
        let is_once = !self.once.is_empty();
        match self.once.pop_front().unwrap_or(lasting) {
            Manner::Silent => None,
            Manner::TooMany(seconds) => Some(self.too_many(limit, seconds)),
            Manner::Failing => Some(Answer { status: 500, headers: Vec::new(), body: "{}".to_owned() }),
            Manner::Malformed => Some(self.good(limit, r#"{"So11111111111111"#.to_owned())),
            Manner::Oversized => Some(self.good(limit, format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20)))),
            Manner::Good => Some(self.prices(limit, 1.0, true, |_| None)),
            Manner::Times(times) => Some(self.prices(limit, times, !is_once, |_| None)),
            Manner::Without(without) => {
                Some(self.prices(limit, 1.0, true, |token| (token == without).then(String::new)))
            }
            Manner::Written(which, text) => {
                let block = self.block();
                let entry = format!(r#"{{"usdPrice":{text},"blockId":{block},"decimals":9}}"#);
                Some(self.prices(limit, 1.0, true, |token| (token == which).then(|| entry.clone())))
            }
            Manner::OldBlock => {
                let entry = format!(r#"{{"usdPrice":97.5,"blockId":{},"decimals":9}}"#, FIRST_BLOCK - 5_000);
                Some(self.prices(limit, 1.0, true, |_| Some(entry.clone())))
            }
        }
    }

    fn block(&self) -> u64 {
        FIRST_BLOCK + 2 * self.count
    }

    /// Prices near 100 that move; `instead` writes the entry of a token, an empty one leaves it out.
    fn prices(
        &mut self,
        limit: usize,
        times: f64,
        are_true: bool,
        instead: impl Fn(&str) -> Option<String>,
    ) -> Answer {
        let block = self.block();
        let cents = u32::try_from(10_000 + self.count % 37).unwrap();
        let price = f64::from(cents) / 100.0 * times;
        let mut entries = Vec::new();
        for (token, mint) in MINTS {
            let entry = instead(token).unwrap_or_else(|| {
                if are_true {
                    self.told.entry(token.to_owned()).or_default().push(price);
                }
                format!(
                    r#"{{"createdAt":"2024-06-05T08:55:25.527Z","liquidity":621679197.67,"usdPrice":{price},"blockId":{block},"decimals":9,"priceChange24h":null}}"#
                )
            });
            if !entry.is_empty() {
                entries.push(format!(r#""{mint}":{entry}"#));
            }
        }
        self.good(limit, format!("{{{}}}", entries.join(",")))
    }

    fn good(&self, limit: usize, body: String) -> Answer {
        Answer { headers: self.headers(limit), ..Answer::ok(body) }
    }

    fn too_many(&self, limit: usize, seconds: u64) -> Answer {
        let mut headers = self.headers(limit);
        headers.push(("Retry-After", seconds.to_string()));
        Answer { status: 429, headers, body: "[API Gateway] Too many requests".to_owned() }
    }

    /// The reset is when the oldest request of the window leaves it.
    fn headers(&self, limit: usize) -> Vec<(&'static str, String)> {
        let left = limit.saturating_sub(self.requests.len());
        let reset = if left > 0 {
            0
        } else {
            let oldest = self.requests.front().map_or(Duration::ZERO, Instant::elapsed);
            WINDOW.saturating_sub(oldest).as_secs()
        };
        vec![
            ("x-ratelimit-remaining", left.to_string()),
            ("x-ratelimit-current", self.requests.len().to_string()),
            ("x-ratelimit-reset", (now_ms() / 1000 + reset).to_string()),
            ("x-api-gateway-request-id", self.count.to_string()),
        ]
    }
}
