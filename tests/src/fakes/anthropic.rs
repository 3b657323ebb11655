//! Anthropic's Messages API on loopback: it rewords what it is sent, well or otherwise.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::http::{self, Answer, Question};

/// The key that is accepted.
pub const KEY: &str = "sk-ant-the-key";
/// What a good wording begins with.
pub const BEGINS: &str = "Said plainly: ";

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Other words, the same claims.
    Faithful,
    /// A number differs.
    Inventive,
    /// Cut off by the bound of tokens.
    CutOff,
    /// 529, to be asked again after a second.
    Overloaded,
    /// 429, to be asked again after a second.
    Limited,
    /// Never.
    Silent,
    /// Not by JSON.
    Malformed,
}

/// A request that was answered, or not.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What was to be reworded.
    pub template: String,
    /// How it was answered.
    pub manner: Manner,
}

#[derive(Debug, Default)]
struct Inner {
    next: VecDeque<Manner>,
    asked: Vec<Asked>,
    refused: Vec<String>,
}

/// The API. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Anthropic {
    /// `http://…`
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Anthropic {
    /// An API that answers the first requests in these manners, and then faithfully.
    ///
    /// # Panics
    ///
    /// When loopback cannot be listened on.
    pub async fn start(manners: &[Manner]) -> Self {
        let inner = Inner { next: manners.iter().copied().collect(), ..Inner::default() };
        let inner = Arc::new(Mutex::new(inner));
        let asked = Arc::clone(&inner);
        let address = http::serve(move |question| asked.lock().unwrap().answer(&question)).await;
        Self { url: format!("http://{address}"), inner }
    }

    /// What was asked, oldest first.
    #[must_use]
    #[allow(clippy::missing_panics_doc)] // A lock that another test's panic has poisoned.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.lock().unwrap().asked.clone()
    }

    /// Why requests were refused that no client of this API may send.
    #[must_use]
    #[allow(clippy::missing_panics_doc)]
    pub fn refused(&self) -> Vec<String> {
        self.inner.lock().unwrap().refused.clone()
    }
}

fn error(status: u16, kind: &str, message: &str, headers: Vec<(&'static str, String)>) -> Answer {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"});
    Answer { status, headers, body: body.to_string() }
}

/// The template of a request as the API wants it; what is wrong with it, else.
fn template(question: &Question) -> Result<String, &'static str> {
    let header = |name: &str| question.headers.get(name).map(String::as_str);
    let body: Value = serde_json::from_str(&question.body).map_err(|_| "the body is not JSON")?;
    if (question.method.as_str(), question.path.as_str()) != ("POST", "/v1/messages") {
        return Err("there is nothing at this path");
    }
    if header("x-api-key") != Some(KEY) {
        return Err("x-api-key is not valid");
    }
    if header("anthropic-version") != Some("2023-06-01") {
        return Err("anthropic-version is not known");
    }
    if header("content-type") != Some("application/json") {
        return Err("content-type must be application/json");
    }
    let is_named = body["model"].as_str().is_some_and(|model| !model.is_empty());
    if !is_named || body["max_tokens"].as_u64().is_none_or(|most| most == 0) || !body["system"].is_string() {
        return Err("model, max_tokens or system is missing");
    }
    match (body["messages"].as_array().map(Vec::as_slice), body["messages"][0]["content"].as_str()) {
        (Some([one]), Some(content)) if one["role"] == "user" => Ok(content.to_owned()),
        _ => Err("messages must begin with the user's"),
    }
}

impl Inner {
    fn answer(&mut self, question: &Question) -> Option<Answer> {
        let template = match template(question) {
            Ok(template) => template,
            Err(problem) => {
                self.refused.push(problem.to_owned());
                return Some(error(400, "invalid_request_error", problem, Vec::new()));
            }
        };
        let manner = self.next.pop_front().unwrap_or(Manner::Faithful);
        self.asked.push(Asked { template: template.clone(), manner });
        let again = || vec![("retry-after", "1".to_owned())];
        match manner {
            Manner::Faithful => Some(message(&format!("{BEGINS}{template}"), "end_turn")),
            Manner::Inventive => Some(message(&invented(&template), "end_turn")),
            Manner::CutOff => Some(message(&format!("{BEGINS}{template}"), "max_tokens")),
            Manner::Overloaded => Some(error(529, "overloaded_error", "Overloaded", again())),
            Manner::Limited => Some(error(429, "rate_limit_error", "Too many requests", again())),
            Manner::Silent => None,
            Manner::Malformed => Some(Answer::ok("<html>Bad gateway</html>".to_owned())),
        }
    }
}

/// With thoughts before the text, as some models have.
fn message(text: &str, stop_reason: &str) -> Answer {
    let content = json!([{"type": "thinking", "thinking": "…"}, {"type": "text", "text": text}]);
    let message = BTreeMap::from([
        ("id", json!("msg_1")),
        ("type", json!("message")),
        ("role", json!("assistant")),
        ("content", content),
        ("stop_reason", json!(stop_reason)),
        ("usage", json!({"input_tokens": 100, "output_tokens": 80})),
    ]);
    Answer::ok(json!(message).to_string())
}

/// The first digit is another.
fn invented(template: &str) -> String {
    let other = |digit: char| if digit == '9' { "8" } else { "9" };
    match template.char_indices().find(|(_, one)| one.is_ascii_digit()) {
        Some((at, digit)) => format!("{}{}{}", &template[..at], other(digit), &template[at + 1..]),
        None => format!("{template} 9"),
    }
}
