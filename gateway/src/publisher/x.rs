//! The API of X, version 2: posting, and looking for what may have been posted.

use std::time::Duration;

use goat::settings::X as Settings;
use goat::values::UnixMicros;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::delivery::Outcome;
use super::oauth::{Credentials, Request};

/// Own posts that a look-up reads: as many as one request gives.
const TIMELINE_POSTS: &str = "100";
/// A 429 without a reset.
const LIMITED_FOR: Duration = Duration::from_mins(15);
/// Also a reset that is a mistake is not waited for longer.
const LIMITED_AT_MOST: Duration = Duration::from_hours(24);
/// Nobody needs more of an answer.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const REASON_CHARS_MAX: usize = 200;

/// A client of one account.
#[derive(Debug)]
pub(crate) struct X {
    client: reqwest::Client,
    url: String,
    credentials: Credentials,
    /// The account's own id, once it is known.
    user: Option<String>,
    /// Nothing is posted before: the headers of the last answer said that the limit is used up.
    pub(crate) limited_until: Option<UnixMicros>,
}

#[derive(Debug, Deserialize)]
struct Answer<T> {
    data: T,
}

/// An empty timeline has no data at all.
#[derive(Debug, Deserialize)]
struct Timeline {
    #[serde(default)]
    data: Vec<Told>,
    #[serde(rename = "meta")]
    _meta: serde::de::IgnoredAny,
}

#[derive(Debug, Deserialize)]
struct Posted {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Told {
    id: String,
    #[serde(default)]
    text: String,
}

/// What the API says when it refuses: two shapes are documented.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    message: String,
}

impl X {
    /// A client with the settings' credentials; none without them.
    ///
    /// # Errors
    ///
    /// When no client can be made.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, reqwest::Error> {
        let Some(credentials) = Credentials::of(settings) else { return Ok(None) };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()?;
        let url = settings.url.trim_end_matches('/').to_owned();
        Ok(Some(Self { client, url, credentials, user: None, limited_until: None }))
    }

    /// Posts a text, as an answer to another when there is one.
    pub(crate) async fn post(&mut self, text: &str, reply_to: Option<&str>, now: UnixMicros) -> Outcome {
        if let Some(until) = self.limited_until.filter(|until| now < *until) {
            return Outcome::Limited { until };
        }
        let url = format!("{}/2/tweets", self.url);
        let mut body = serde_json::json!({"text": text});
        if let (Some(id), Some(fields)) = (reply_to, body.as_object_mut()) {
            fields.insert("reply".to_owned(), serde_json::json!({"in_reply_to_tweet_id": id}));
        }
        let request = self
            .client
            .post(&url)
            .header(AUTHORIZATION, self.authorization("POST", &url, &[], now))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return lost(&error),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        self.limited_until = used_up(&headers);
        let text = match body_of(response).await {
            Ok(text) => text,
            Err(reason) => return Outcome::Lost { reason },
        };
        judge(status, &headers, &text, now)
    }

    /// Looks for a text on the own timeline.
    pub(crate) async fn look_up(&mut self, text: &str, now: UnixMicros) -> Outcome {
        let user = match self.own_id(now).await {
            Ok(user) => user,
            Err(outcome) => return outcome,
        };
        let url = format!("{}/2/users/{user}/tweets", self.url);
        match self.get::<Timeline>(&url, &[("max_results", TIMELINE_POSTS)], now).await {
            Err(outcome) => outcome,
            Ok(Timeline { data, .. }) => {
                let found = data.into_iter().find(|told| plain(&told.text) == plain(text));
                found.map_or(Outcome::NotFound, |told| Outcome::Found { id: told.id })
            }
        }
    }

    async fn own_id(&mut self, now: UnixMicros) -> Result<String, Outcome> {
        if let Some(user) = &self.user {
            return Ok(user.clone());
        }
        let url = format!("{}/2/users/me", self.url);
        let user = self.get::<Answer<Posted>>(&url, &[], now).await?.data.id;
        if user.is_empty() || !user.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Outcome::Unreached { reason: "the account's id is no number".to_owned() });
        }
        self.user = Some(user.clone());
        Ok(user)
    }

    /// Looking changes nothing, so whatever goes wrong is done again later.
    async fn get<T: for<'a> Deserialize<'a>>(
        &self,
        url: &str,
        query: &[(&str, &str)],
        now: UnixMicros,
    ) -> Result<T, Outcome> {
        let asked: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let whole = if asked.is_empty() { url.to_owned() } else { format!("{url}?{}", asked.join("&")) };
        let later = |reason: String| Outcome::Unreached { reason };
        let request =
            self.client.get(whole).header(AUTHORIZATION, self.authorization("GET", url, query, now));
        let response = request.send().await.map_err(|error| later(described(&error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = body_of(response).await.map_err(later)?;
        match status {
            StatusCode::OK => parsed(&text).map_err(later),
            StatusCode::TOO_MANY_REQUESTS => Err(Outcome::Limited { until: reset(&headers, now) }),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Outcome::NotAllowed { reason: reason(status, &text) })
            }
            _ => Err(later(reason(status, &text))),
        }
    }

    fn authorization(
        &self,
        method: &str,
        url: &str,
        parameters: &[(&str, &str)],
        now: UnixMicros,
    ) -> HeaderValue {
        let nonce = format!("{:032x}", rand::random::<u128>());
        let header = self.credentials.authorization(
            Request { method, url, parameters },
            &nonce,
            now.get() / 1_000_000,
        );
        // What is percent-encoded is always a header.
        let mut value = HeaderValue::from_str(&header).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

/// What the answer to a post means.
fn judge(status: StatusCode, headers: &HeaderMap, text: &str, now: UnixMicros) -> Outcome {
    match status {
        StatusCode::CREATED | StatusCode::OK => match parsed::<Answer<Posted>>(text) {
            Ok(Answer { data }) if !data.id.is_empty() => Outcome::Accepted { id: data.id },
            _ => Outcome::Lost { reason: format!("{status} without an id") },
        },
        StatusCode::TOO_MANY_REQUESTS => Outcome::Limited { until: reset(headers, now) },
        StatusCode::FORBIDDEN if text.to_lowercase().contains("duplicate") => Outcome::Duplicate,
        // These are about this text; everything else about the account.
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::PAYLOAD_TOO_LARGE => {
            Outcome::Refused { reason: reason(status, text) }
        }
        StatusCode::FORBIDDEN if !is_about_the_account(text) => {
            Outcome::Refused { reason: reason(status, text) }
        }
        _ if status.is_client_error() => Outcome::NotAllowed { reason: reason(status, text) },
        _ => Outcome::Lost { reason: reason(status, text) },
    }
}

/// Problems whose type says that no text would be accepted now.
fn is_about_the_account(text: &str) -> bool {
    [
        "client-forbidden",
        "oauth1-permissions",
        "unsupported-authentication",
        "usage-capped",
        "suspended",
        "locked",
    ]
    .iter()
    .any(|word| text.contains(word))
}

fn parsed<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("the answer cannot be read: {error}"))
}

/// From the header that tells when the window ends.
fn reset(headers: &HeaderMap, now: UnixMicros) -> UnixMicros {
    let until =
        number(headers, "x-rate-limit-reset").and_then(|seconds| UnixMicros::from_seconds(seconds).ok());
    let until = until.filter(|until| *until > now).unwrap_or_else(|| now.plus(LIMITED_FOR));
    until.min(now.plus(LIMITED_AT_MOST))
}

/// The answer was good, and says that it was the last one of its window.
fn used_up(headers: &HeaderMap) -> Option<UnixMicros> {
    let is_used_up = number(headers, "x-rate-limit-remaining").is_some_and(|remaining| remaining <= 0);
    let seconds = number(headers, "x-rate-limit-reset").filter(|_| is_used_up)?;
    UnixMicros::from_seconds(seconds).ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Whether it was carried out is known only when there was no connection at all.
fn lost(error: &reqwest::Error) -> Outcome {
    let reason = described(error);
    if error.is_connect() || error.is_builder() {
        return Outcome::Unreached { reason };
    }
    Outcome::Lost { reason }
}

/// An error without the address, which may hold more than belongs into a log.
pub(crate) fn described(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if std::ptr::eq(innermost, std::ptr::from_ref::<dyn std::error::Error>(error)) {
        return "the request failed".to_owned();
    }
    innermost.to_string()
}

/// The body, bounded.
pub(crate) async fn body_of(mut response: Response) -> Result<String, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| described(&error))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err("the answer is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// A refusal in the API's own words.
pub(crate) fn reason(status: StatusCode, text: &str) -> String {
    let problem: Problem = serde_json::from_str(text).unwrap_or_default();
    let words = [&problem.detail, &problem.message, &problem.title];
    let said = words.into_iter().find(|said| !said.is_empty()).map_or("", String::as_str);
    let said: String = said.chars().filter(|one| !one.is_control()).take(REASON_CHARS_MAX).collect();
    format!("{} {said}", status.as_u16()).trim_end().to_owned()
}

/// A text as it is compared: the API escapes three characters and may change blanks.
fn plain(text: &str) -> String {
    let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    unescaped.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    fn judged(status: u16, text: &str) -> Outcome {
        let now = UnixMicros::from_seconds(1000).unwrap();
        let headers = headers(&[("x-rate-limit-reset", "1900")]);
        judge(StatusCode::from_u16(status).unwrap(), &headers, text, now)
    }

    #[test]
    fn an_answer_means_what_the_documentation_says() {
        let good = r#"{"data":{"id":"1445880548472328192","text":"Hello"}}"#;
        assert_eq!(judged(201, good), Outcome::Accepted { id: "1445880548472328192".to_owned() });
        let until = UnixMicros::from_seconds(1900).unwrap();
        assert_eq!(judged(429, "{}"), Outcome::Limited { until });
        let duplicate = r#"{"detail":"You are not allowed to create a Tweet with duplicate content.","type":"about:blank","title":"Forbidden","status":403}"#;
        assert_eq!(judged(403, duplicate), Outcome::Duplicate);
        assert!(matches!(judged(400, "{}"), Outcome::Refused { .. }));
        assert!(
            matches!(judged(403, r#"{"detail":"Not this text"}"#), Outcome::Refused { reason } if reason == "403 Not this text")
        );
        let app =
            r#"{"type":"https://api.twitter.com/2/problems/client-forbidden","title":"Client Forbidden"}"#;
        assert!(matches!(judged(403, app), Outcome::NotAllowed { .. }));
        assert!(matches!(judged(401, r#"{"title":"Unauthorized"}"#), Outcome::NotAllowed { .. }));
    }

    #[test]
    fn what_may_have_been_carried_out_is_lost_and_not_failed() {
        for (status, text) in [(500, ""), (503, "{}"), (504, ""), (201, "{"), (200, "{}")] {
            assert!(matches!(judged(status, text), Outcome::Lost { .. }), "{status} {text}");
        }
    }

    #[test]
    fn a_limit_that_is_used_up_is_known_from_a_good_answer() {
        let last = headers(&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1900")]);
        assert_eq!(used_up(&last), UnixMicros::from_seconds(1900).ok());
        let more = headers(&[("x-rate-limit-remaining", "3"), ("x-rate-limit-reset", "1900")]);
        assert_eq!(used_up(&more), None);
    }

    #[test]
    fn a_reset_in_the_past_or_in_years_is_not_believed() {
        let now = UnixMicros::from_seconds(1000).unwrap();
        assert_eq!(reset(&headers(&[("x-rate-limit-reset", "5")]), now), now.plus(LIMITED_FOR));
        assert_eq!(reset(&headers(&[("x-rate-limit-reset", "99999999999")]), now), now.plus(LIMITED_AT_MOST));
        assert_eq!(reset(&HeaderMap::new(), now), now.plus(LIMITED_FOR));
    }

    #[test]
    fn a_text_is_recognised_however_the_timeline_escapes_it() {
        assert_eq!(plain("P&amp;L +$1.02\nexit &gt; entry"), plain("P&L +$1.02 exit > entry"));
    }
}
