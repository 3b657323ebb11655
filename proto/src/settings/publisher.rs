//! What is told to others, where, and how often.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Secret, SettingsError};
use crate::values::UnixMicros;

/// Posts to X. Without all four of its credentials nothing leaves the machine: posts are composed and shown as previews.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publisher {
    /// False stops everything that would leave the machine: posts, alerts and requests for a wording. It can also be
    /// stopped while the gateway runs, by `POST /publisher/stop`.
    pub outbound: bool,
    /// How often the engines are asked what there is to tell.
    pub poll_ms: u32,
    /// Trades that ended longer than this before the gateway first looked are not announced.
    pub history_hours: u32,
    /// Posts that may wait; what ends after that waits in the trading-engine.
    pub waiting_max: u32,
    /// The account.
    pub x: X,
    /// How often.
    pub posts: Posts,
    /// Another wording than the templates'.
    pub wording: Wording,
}

impl Default for Publisher {
    fn default() -> Self {
        Self {
            outbound: true,
            poll_ms: 5000,
            history_hours: 2,
            waiting_max: 1000,
            x: X::default(),
            posts: Posts::default(),
            wording: Wording::default(),
        }
    }
}

/// The account on X, by OAuth 1.0a. All four credentials are needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct X {
    /// Of the app.
    pub api_key: Option<Secret>,
    /// Of the app.
    pub api_secret: Option<Secret>,
    /// Of the account.
    pub access_token: Option<Secret>,
    /// Of the account.
    pub access_token_secret: Option<Secret>,
    /// Where the API is.
    pub url: String,
    /// A request may take this long.
    pub timeout_ms: u64,
}

impl Default for X {
    fn default() -> Self {
        Self {
            api_key: None,
            api_secret: None,
            access_token: None,
            access_token_secret: None,
            url: "https://api.x.com".to_owned(),
            timeout_ms: 15_000,
        }
    }
}

/// When posts go out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Posts {
    /// From the end of a post to the next one, at least.
    pub interval_seconds_min: u32,
    /// From the end of a post to the next one, at most.
    pub interval_seconds_max: u32,
    /// Never less than this between two posts.
    pub between_seconds_min: u32,
    /// Posts within 24 hours; a thread counts as one.
    pub per_day_max: u32,
    /// Hours of the UTC day in which nothing is posted, such as `22-7`; empty for none.
    pub quiet_hours: QuietHours,
}

impl Default for Posts {
    fn default() -> Self {
        Self {
            interval_seconds_min: 180,
            interval_seconds_max: 600,
            between_seconds_min: 120,
            per_day_max: 500,
            quiet_hours: QuietHours::default(),
        }
    }
}

/// A model of Anthropic's that words posts. Its numbers must be those of the template, which is used otherwise. Off without
/// an `api_key`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wording {
    /// Of the API.
    pub api_key: Option<Secret>,
    /// The model that is asked, by the API's name for it; needed with a key.
    pub model: String,
    /// Where the API is.
    pub url: String,
    /// A request may take this long; the template is used when it takes longer.
    pub timeout_ms: u64,
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            api_key: None,
            model: String::new(),
            url: "https://api.anthropic.com".to_owned(),
            timeout_ms: 10_000,
        }
    }
}

/// Whole hours of the UTC day, from one up to another: `22-7` is from 22:00 to 07:00.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuietHours(Option<(u8, u8)>);

impl QuietHours {
    /// Whether a moment lies within.
    #[must_use]
    pub fn contains(self, time: UnixMicros) -> bool {
        const HOUR_MICROS: i64 = 3_600_000_000;
        let Some((from, to)) = self.0 else { return false };
        let hour = time.get().div_euclid(HOUR_MICROS).rem_euclid(24);
        let (from, to) = (i64::from(from), i64::from(to));
        if from < to { (from..to).contains(&hour) } else { hour >= from || hour < to }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let (from, to) = text.split_once('-')?;
        let (from, to): (u8, u8) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (from < 24 && to < 24 && from != to).then_some(Self(Some((from, to))))
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |(from, to)| write!(formatter, "{from}-{to}"))
    }
}

impl Serialize for QuietHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuietHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let refused = || {
            D::Error::custom(format!(
                "{text:?} are no quiet hours; they must be like 22-7, in hours of the UTC day"
            ))
        };
        Self::parse(&text).ok_or_else(refused)
    }
}

impl Publisher {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        let Posts { interval_seconds_min: least, interval_seconds_max: most, .. } = self.posts;
        if least > most {
            let problem =
                format!("is {least}, more than publisher.posts.interval_seconds_max, which is {most}");
            return refuse("publisher.posts.interval_seconds_min", problem);
        }
        let spans = [
            ("publisher.poll_ms", u64::from(self.poll_ms), 50, 600_000),
            ("publisher.history_hours", self.history_hours.into(), 0, 87_600),
            ("publisher.waiting_max", self.waiting_max.into(), 1, 100_000),
            ("publisher.x.timeout_ms", self.x.timeout_ms, 100, 120_000),
            ("publisher.posts.interval_seconds_max", most.into(), 0, 604_800),
            ("publisher.posts.between_seconds_min", self.posts.between_seconds_min.into(), 0, 86_400),
            ("publisher.posts.per_day_max", self.posts.per_day_max.into(), 1, 10_000),
            ("publisher.wording.timeout_ms", self.wording.timeout_ms, 100, 120_000),
        ];
        for (key, value, least, most) in spans {
            if !(least..=most).contains(&value) {
                return refuse(key, format!("is {value}; it must be from {least} to {most}"));
            }
        }
        let given = [&self.x.api_key, &self.x.api_secret, &self.x.access_token, &self.x.access_token_secret];
        let count = given.iter().filter(|credential| credential.is_some()).count();
        if !matches!(count, 0 | 4) {
            let problem = format!("has {count} of its four credentials; it needs all or none");
            return refuse("publisher.x", problem);
        }
        refuse_no_address("publisher.x.url", Some(&self.x.url))?;
        refuse_no_address("publisher.wording.url", Some(&self.wording.url))?;
        if self.wording.api_key.is_some() && self.wording.model.is_empty() {
            return refuse(
                "publisher.wording.model",
                "is empty; publisher.wording.api_key needs a model".to_owned(),
            );
        }
        Ok(())
    }
}

/// An address must be encrypted, but on this machine.
pub(super) fn refuse_no_address(key: &'static str, url: Option<&str>) -> Result<(), SettingsError> {
    let Some(url) = url else { return Ok(()) };
    let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|own| url.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    let is_encrypted = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    if is_local || is_encrypted {
        return Ok(());
    }
    // The address itself may hold a secret.
    let problem = "must begin with https:// (or be of this machine)".to_owned();
    Err(SettingsError::Refused { key, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let at = |text: &str| UnixMicros::parse(text).unwrap();
        let night = QuietHours::parse("22-7").unwrap();

        assert!(night.contains(at("2026-01-03T22:00:00Z")) && night.contains(at("2026-01-03T06:59:59Z")));
        assert!(!night.contains(at("2026-01-03T07:00:00Z")) && !night.contains(at("2026-01-03T21:59:59Z")));
        assert!(QuietHours::parse("9-12").unwrap().contains(at("2026-01-03T11:00:00Z")));
        assert!(!QuietHours::default().contains(at("2026-01-03T03:00:00Z")));
        for refused in ["22", "24-1", "5-5", "a-b"] {
            assert_eq!(QuietHours::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn credentials_are_all_there_or_none() {
        let one: Secret = serde_json::from_str("\"key\"").unwrap();
        let x = X { api_key: Some(one), ..X::default() };

        let refusal = Publisher { x, ..Publisher::default() }.validate().unwrap_err().to_string();

        assert_eq!(refusal, "publisher.x has 1 of its four credentials; it needs all or none");
        Publisher::default().validate().unwrap();
    }

    #[test]
    fn a_key_for_wordings_needs_a_model() {
        let wording = Wording { api_key: serde_json::from_str("\"key\"").unwrap(), ..Wording::default() };

        let refusal = Publisher { wording, ..Publisher::default() }.validate().unwrap_err().to_string();

        assert_eq!(refusal, "publisher.wording.model is empty; publisher.wording.api_key needs a model");
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted() {
        for good in ["https://api.x.com", "http://127.0.0.1:9", "http://localhost/hook"] {
            refuse_no_address("k", Some(good)).unwrap();
        }
        for bad in ["http://api.x.com", "http://localhost.evil.example", "ftp://x", "https://"] {
            assert!(refuse_no_address("k", Some(bad)).is_err(), "{bad}");
        }
    }
}
