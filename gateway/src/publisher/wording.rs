//! Another wording of a post by a model, used only when it claims exactly what the template claims.

use std::time::Duration;

use goat::settings::{Secret, Wording as Settings};
use serde::Deserialize;

use super::draft::Draft;
use super::x::{body_of, described, reason};

/// Longer answers are no posts.
const ANSWER_CHARS_MAX: usize = 1000;

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

/// A model behind an endpoint of chat completions.
#[derive(Debug)]
pub(crate) struct Wording {
    client: reqwest::Client,
    url: String,
    api_key: Option<Secret>,
    model: String,
}

#[derive(Debug, Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: String,
}

impl Wording {
    /// The model of the settings; none without an address.
    ///
    /// # Errors
    ///
    /// When no client can be made.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, reqwest::Error> {
        let Some(url) = settings.url.clone() else { return Ok(None) };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Some(Self { client, url, api_key: settings.api_key.clone(), model: settings.model.clone() }))
    }

    /// The same draft in other words.
    ///
    /// # Errors
    ///
    /// Why the template is to be used.
    pub(crate) async fn reword(&self, draft: &Draft) -> Result<Draft, String> {
        let template = draft.paragraphs.join("\n");
        let body = serde_json::json!({
            "model": self.model,
            "messages": [{"role": "system", "content": TASK}, {"role": "user", "content": template}],
        });
        let mut request = self.client.post(&self.url).header("content-type", "application/json");
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.reveal());
        }
        let response = request.body(body.to_string()).send().await.map_err(|error| described(&error))?;
        let status = response.status();
        let text = body_of(response).await?;
        if !status.is_success() {
            return Err(reason(status, &text));
        }
        let completion: Completion =
            serde_json::from_str(&text).map_err(|error| format!("the answer cannot be read: {error}"))?;
        let choice = completion.choices.into_iter().next().ok_or("the answer is empty")?;
        let paragraphs = checked(&choice.message.content, &template)?;
        Ok(Draft { paragraphs, ..draft.clone() })
    }
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
