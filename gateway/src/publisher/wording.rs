//! Another wording of a post by a model, used only when it claims exactly what the template claims.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use goat::settings::{Secret, Wording as Settings};
use reqwest::StatusCode;
use serde::Deserialize;

use super::draft::Draft;
use super::text;
use super::x::{body_of, described};

/// Longer answers are no posts.
const ANSWER_CHARS_MAX: usize = 1000;
/// Enough for as much.
const TOKENS_MAX: u32 = 1024;
/// Of the Messages API.
const VERSION: &str = "2023-06-01";
const LEFT_ALONE_MAX: Duration = Duration::from_hours(24);

const TASK: &str = "Reword the report of paper trading that follows, in plain, calm English, one sentence a line. Keep \
    every number exactly as it is written, in the same order, with its sign, currency and percent sign. Keep names, \
    and the words won, lost, WIN, LOSS, BREAK-EVEN, paper. Add no number, no claim, no advice, no hashtag, no mention, \
    no link and no emoji. Answer with the text alone.";

/// Words that judge or compare, or are numbers. A wording has those of its template, in their order, and no other.
const CLAIMS: [&str; 78] = [
    "ahead",
    "behind",
    "best",
    "worst",
    "better",
    "worse",
    "up",
    "down",
    "rise",
    "rose",
    "fall",
    "fell",
    "win",
    "wins",
    "won",
    "winning",
    "winner",
    "loss",
    "losses",
    "lost",
    "losing",
    "loser",
    "gain",
    "gains",
    "gained",
    "profit",
    "profits",
    "profitable",
    "earned",
    "made",
    "cost",
    "break-even",
    "tie",
    "tied",
    "even",
    "open",
    "closed",
    "paused",
    "long",
    "short",
    "stop",
    "trailing",
    "late",
    "stale",
    "old",
    "fewer",
    "luck",
    "lucky",
    "record",
    "all-time",
    "guarantee",
    "guaranteed",
    "real",
    "paper",
    "always",
    "never",
    "double",
    "doubled",
    "triple",
    "half",
    "twice",
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "dozen",
    "hundred",
    "thousand",
    "million",
    "more",
    "less",
];

/// A model of Anthropic's, asked by the Messages API.
#[derive(Debug)]
pub(crate) struct Wording {
    client: reqwest::Client,
    url: String,
    api_key: Secret,
    model: String,
    /// The API has asked to be left alone until then.
    asked_again_at: Mutex<Option<Instant>>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: Vec<Block>,
    stop_reason: Option<String>,
}

/// A model may think before it writes.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Problem,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

impl Wording {
    /// The model of the settings; none without a key.
    ///
    /// # Errors
    ///
    /// When no client can be made.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, reqwest::Error> {
        let Some(api_key) = settings.api_key.clone() else { return Ok(None) };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let url = format!("{}/v1/messages", settings.url.trim_end_matches('/'));
        Ok(Some(Self {
            client,
            url,
            api_key,
            model: settings.model.clone(),
            asked_again_at: Mutex::default(),
        }))
    }

    /// The same draft in other words.
    ///
    /// # Errors
    ///
    /// Why the template is to be used.
    pub(crate) async fn reword(&self, draft: &Draft) -> Result<Draft, String> {
        if self.asked_again_at().is_some_and(|at| Instant::now() < at) {
            return Err("the model's API has asked to be left alone for a while".to_owned());
        }
        let template = draft.paragraphs.join("\n");
        let body = serde_json::json!({
            "model": self.model,
            "max_tokens": TOKENS_MAX,
            "system": TASK,
            "messages": [{"role": "user", "content": template}],
        });
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-api-key", self.api_key.reveal())
            .header("anthropic-version", VERSION)
            .body(body.to_string());
        let response = request.send().await.map_err(|error| described(&error))?;
        let (status, again) = (response.status(), retry_after(&response));
        let text = body_of(response).await?;
        if !status.is_success() {
            *self.asked_again_at.lock().unwrap_or_else(PoisonError::into_inner) =
                left_alone_for(status, again).map(|span| Instant::now() + span);
            return Err(refusal(status, &text));
        }
        let message: Message =
            serde_json::from_str(&text).map_err(|error| format!("the answer cannot be read: {error}"))?;
        match message.stop_reason.as_deref() {
            Some("end_turn") => {}
            other => return Err(format!("the answer ended by {}", other.unwrap_or("nothing said"))),
        }
        let written = message.content.into_iter().find_map(|block| match block {
            Block::Text { text } => Some(text),
            Block::Other => None,
        });
        let paragraphs = checked(&written.ok_or("the answer is empty")?, &template)?;
        Ok(Draft { paragraphs, ..draft.clone() })
    }

    fn asked_again_at(&self) -> Option<Instant> {
        *self.asked_again_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// For how long a refusal asks to be left alone. A 429 that names no time is a bound of what may be spent, which lasts.
fn left_alone_for(status: StatusCode, again: Option<Duration>) -> Option<Duration> {
    const OVERLOADED: Duration = Duration::from_mins(1);
    const SPENT: Duration = Duration::from_hours(1);
    match status.as_u16() {
        429 => Some(again.unwrap_or(SPENT).min(LEFT_ALONE_MAX)),
        500..=599 => Some(again.unwrap_or(OVERLOADED).min(LEFT_ALONE_MAX)),
        _ => None,
    }
}

/// A refusal in the API's own words.
fn refusal(status: StatusCode, text: &str) -> String {
    let Refusal { error: Problem { kind, message } } = serde_json::from_str(text).unwrap_or_default();
    text::line(format!("{} {kind} {message}", status.as_u16()).trim_end())
}

/// The paragraphs of a wording that claims what the template claims.
fn checked(wording: &str, template: &str) -> Result<Vec<String>, String> {
    if wording.chars().count() > ANSWER_CHARS_MAX {
        return Err("the wording is too long".to_owned());
    }
    if let Some(found) =
        wording.chars().find(|one| matches!(one, '@' | '#') || (one.is_control() && *one != '\n'))
    {
        return Err(format!("the wording has the character {found:?}"));
    }
    if wording.contains("://") || wording.contains("www.") {
        return Err("the wording has an address".to_owned());
    }
    let (claimed, allowed) = (claims(wording), claims(template));
    if claimed != allowed {
        let first = claimed.iter().zip(&allowed).find(|(one, other)| one != other);
        let (one, other) = first
            .map_or((claimed.len().to_string(), allowed.len().to_string()), |(one, other)| {
                (one.clone(), other.clone())
            });
        return Err(format!("the wording claims {one} where the facts say {other}"));
    }
    let lines = wording.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    let paragraphs: Vec<String> = lines.collect();
    if paragraphs.is_empty() { Err("the wording is empty".to_owned()) } else { Ok(paragraphs) }
}

/// The numbers with their signs and units, and the words that judge, in their order.
fn claims(text: &str) -> Vec<String> {
    let belongs = |one: char| one.is_alphanumeric() || matches!(one, '.' | ',' | '-' | '+' | '$' | '%' | '−');
    let words = text.split(|one: char| !belongs(one));
    let bare = words.map(|word| word.trim_matches(['.', ',']).replace('−', "-").to_lowercase());
    bare.filter(|word| word.chars().any(char::is_numeric) || CLAIMS.contains(&word.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "Paper trade closed: LOSS\nP&L -$0.72 (-0.72%) after $0.20 of fees\nLast 24 h: 14 trades, 9 won, 5 lost";

    #[test]
    fn other_words_around_the_same_claims_are_taken() {
        let wording = "This paper trade was closed as a LOSS.\nThe result is -$0.72 (-0.72%) with $0.20 in fees.\n\
                       Over 24 h there were 14 trades: 9 won and 5 lost.";

        assert_eq!(checked(wording, TEMPLATE).unwrap().len(), 3);
    }

    #[test]
    fn a_refusal_is_told_in_the_apis_words_and_says_when_to_ask_again() {
        let overloaded = StatusCode::from_u16(529).unwrap();
        let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;

        assert_eq!(refusal(overloaded, body), "529 overloaded_error Overloaded");
        assert_eq!(refusal(overloaded, "<html>"), "529");
        assert_eq!(left_alone_for(overloaded, None), Some(Duration::from_mins(1)));
        let limited = StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(left_alone_for(limited, Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(left_alone_for(limited, None), Some(Duration::from_hours(1)));
        assert_eq!(left_alone_for(StatusCode::BAD_REQUEST, None), None);
    }

    #[test]
    fn a_number_a_sign_or_a_verdict_that_differs_is_refused() {
        let good = "Paper trade closed: LOSS, -$0.72 (-0.72%), $0.20 fees, 24 h: 14 trades, 9 won, 5 lost";
        assert!(checked(good, TEMPLATE).is_ok());
        for (from, to) in [
            ("-$0.72", "+$0.72"),
            ("-$0.72", "$0.72"),
            ("14", "15"),
            ("LOSS", "WIN"),
            ("9 won, 5 lost", "9 lost, 5 won"),
            ("9 won, 5 lost", "5 lost, 9 won"),
            ("24 h", "a day"),
            ("trades,", "trades (double of yesterday),"),
            ("fees", "fees @everyone"),
            ("fees", "fees https://evil.example"),
            ("Paper trade", "Trade"),
            ("14 trades", "fourteen trades"),
        ] {
            assert!(checked(&good.replace(from, to), TEMPLATE).is_err(), "{from} as {to}");
        }
    }
}
