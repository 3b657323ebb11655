//! The receiver of wallet trades and whale movements.

use std::collections::HashSet;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::addresses::loopback;
use super::secret::one_or_more;
use super::{Secret, SettingsError};

/// A shorter token could be guessed.
const TOKEN_LENGTH_MIN: usize = 16;
/// A post is checked against every token.
const TOKENS_MAX: usize = 8;

/// The receiver of wallet trades and whale movements.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhook {
    /// False switches the receiver off.
    pub enabled: bool,
    /// Where posts arrive.
    pub listen: SocketAddr,
    /// True lets others reach it without TLS, because a proxy in front of it encrypts.
    pub behind_proxy: bool,
    /// `QuickNode`'s security tokens, at least 16 characters each. With one or more, every post must be signed with
    /// any of them: the old and the new one stand side by side while a token is replaced. Without, posts are not
    /// checked.
    #[serde(deserialize_with = "one_or_more")]
    pub tokens: Vec<Secret>,
    /// A signed post whose time is further from ours is refused, in seconds.
    pub timestamp_window_seconds: u32,
    /// A larger body, before or after decompression, is answered 413.
    pub body_bytes_max: usize,
    /// More posts a second than this, for longer than a burst, are answered 429.
    pub posts_per_second_max: u32,
    /// So many posts may come at once.
    pub burst_posts_max: u32,
    /// More connections wait to be accepted.
    pub connections_max: usize,
    /// A connection that has not sent a whole head by then, its first one or the next, is closed.
    pub head_timeout_ms: u64,
    /// A body that is not whole by then is answered 408.
    pub body_timeout_ms: u64,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: loopback(8001),
            behind_proxy: false,
            tokens: Vec::new(),
            timestamp_window_seconds: 300,
            body_bytes_max: 8 * 1024 * 1024,
            posts_per_second_max: 20_000,
            burst_posts_max: 40_000,
            connections_max: 256,
            head_timeout_ms: 10_000,
            body_timeout_ms: 10_000,
        }
    }
}

impl Webhook {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        if self.tokens.len() > TOKENS_MAX {
            let problem = format!("has {} tokens; it must have at most {TOKENS_MAX}", self.tokens.len());
            return refuse("feeds.webhook.tokens", problem);
        }
        let lengths = self.tokens.iter().map(|token| token.reveal().chars().count());
        if let Some(length) = lengths.min().filter(|length| *length < TOKEN_LENGTH_MIN) {
            let problem = format!("has a token of {length} characters; it needs at least {TOKEN_LENGTH_MIN}");
            return refuse("feeds.webhook.tokens", problem);
        }
        let different: HashSet<&str> = self.tokens.iter().map(Secret::reveal).collect();
        if different.len() < self.tokens.len() {
            return refuse("feeds.webhook.tokens", "has the same token twice".to_owned());
        }
        let spans = [
            ("feeds.webhook.timestamp_window_seconds", u64::from(self.timestamp_window_seconds), 10, 3600),
            ("feeds.webhook.body_bytes_max", self.body_bytes_max as u64, 1024, 256 * 1024 * 1024),
            ("feeds.webhook.posts_per_second_max", u64::from(self.posts_per_second_max), 1, 1_000_000),
            ("feeds.webhook.burst_posts_max", u64::from(self.burst_posts_max), 1, 1_000_000),
            ("feeds.webhook.connections_max", self.connections_max as u64, 1, 65_536),
            ("feeds.webhook.head_timeout_ms", self.head_timeout_ms, 10, 60_000),
            ("feeds.webhook.body_timeout_ms", self.body_timeout_ms, 10, 60_000),
        ];
        for (key, value, least, most) in spans {
            if !(least..=most).contains(&value) {
                return refuse(key, format!("is {value}; it must be from {least} to {most}"));
            }
        }
        Ok(())
    }
}
