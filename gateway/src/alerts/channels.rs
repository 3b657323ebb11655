//! Where alerts go: each channel in its own protocol.

use std::time::Duration;

use goat::settings::{Alerts as Settings, Secret};
use goat::values::UnixMicros;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::publisher::outbox::{Alert, Severity};
use crate::publisher::x::{body_of, described, reason};

mod mail;
mod signature;

use mail::Mail;

/// The names of all channels.
pub(crate) const CHANNELS: &[&str] = &["telegram", "discord", "slack", "webhook", "mail"];
/// A chat shows no more.
const CHAT_CHARS_MAX: usize = 1900;
/// Nobody is believed to be busy for longer.
const RETRY_AT_MOST: Duration = Duration::from_hours(1);

/// A message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Undelivered {
    pub(crate) reason: String,
    /// As the receiver wants it.
    pub(crate) retry_after: Option<Duration>,
    /// No attempt will do better.
    pub(crate) is_final: bool,
}

impl Undelivered {
    fn later(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after: None, is_final: false }
    }
}

/// One channel that is configured.
#[derive(Debug)]
pub(crate) enum Channel {
    /// Telegram's Bot API.
    Telegram { client: reqwest::Client, url: Secret, chat_id: String },
    /// Discord's incoming webhook.
    Discord { client: reqwest::Client, url: Secret },
    /// Slack's incoming webhook.
    Slack { client: reqwest::Client, url: Secret },
    /// Any receiver of JSON.
    Webhook { client: reqwest::Client, url: Secret, secret: Option<Secret> },
    /// E-mail.
    Mail(Box<Mail>),
}

impl Channel {
    /// Every channel that the settings give an address.
    ///
    /// # Errors
    ///
    /// When one cannot be used: its name and why.
    pub(crate) fn all(settings: &Settings) -> Result<Vec<Self>, String> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| format!("alerts: {error}"))?;
        let mut channels = Vec::new();
        if let Some(token) = &settings.telegram.token {
            let base = settings.telegram.url.trim_end_matches('/');
            let url = Secret::from(format!("{base}/bot{}/sendMessage", token.reveal()));
            let chat_id = settings.telegram.chat_id.clone();
            channels.push(Self::Telegram { client: client.clone(), url, chat_id });
        }
        if let Some(url) = settings.discord.url.clone() {
            channels.push(Self::Discord { client: client.clone(), url });
        }
        if let Some(url) = settings.slack.url.clone() {
            channels.push(Self::Slack { client: client.clone(), url });
        }
        if let Some(url) = settings.webhook.url.clone() {
            channels.push(Self::Webhook { client, url, secret: settings.webhook.secret.clone() });
        }
        if !settings.mail.server.is_empty() {
            channels.push(Self::Mail(Box::new(Mail::of(&settings.mail, settings.timeout_ms)?)));
        }
        Ok(channels)
    }

    /// As it is kept and shown.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Telegram { .. } => "telegram",
            Self::Discord { .. } => "discord",
            Self::Slack { .. } => "slack",
            Self::Webhook { .. } => "webhook",
            Self::Mail(_) => "mail",
        }
    }

    /// Sends an alert.
    ///
    /// # Errors
    ///
    /// Why it was not taken, and when to try again.
    pub(crate) async fn send(&self, alert: &Alert, now: UnixMicros) -> Result<(), Undelivered> {
        match self {
            Self::Telegram { client, url, chat_id } => {
                let body = json!({
                    "chat_id": chat_id,
                    "text": chat_text(alert),
                    "link_preview_options": {"is_disabled": true},
                });
                post(client, url, &body, HeaderMap::new()).await
            }
            Self::Discord { client, url } => {
                // Nobody is mentioned, whatever a reason says.
                let body = json!({"content": chat_text(alert), "allowed_mentions": {"parse": []}});
                post(client, url, &body, HeaderMap::new()).await
            }
            Self::Slack { client, url } => {
                let escaped =
                    chat_text(alert).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                post(client, url, &json!({"text": escaped}), HeaderMap::new()).await
            }
            Self::Webhook { client, url, secret } => {
                let body = json!({
                    "id": alert.id,
                    "severity": alert.severity.as_str(),
                    "kind": alert.kind,
                    "title": alert.title,
                    "text": alert.text,
                    "raised_at": alert.raised_at.to_string(),
                });
                let headers = match secret {
                    Some(secret) => signature::headers(secret, &body.to_string(), now)?,
                    None => HeaderMap::new(),
                };
                post(client, url, &body, headers).await
            }
            Self::Mail(mail) => mail.send(alert).await,
        }
    }
}

/// An alert for a chat: how much it matters, what, and why.
fn chat_text(alert: &Alert) -> String {
    let mark = match alert.severity {
        Severity::Info => "",
        Severity::Warning => "WARNING: ",
        Severity::Critical => "CRITICAL: ",
    };
    format!("{mark}{}\n{}", alert.title, alert.text).chars().take(CHAT_CHARS_MAX).collect()
}

async fn post(
    client: &reqwest::Client,
    url: &Secret,
    body: &Value,
    headers: HeaderMap,
) -> Result<(), Undelivered> {
    let request = client.post(url.reveal()).headers(headers);
    let request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
    let response = request.send().await.map_err(|error| Undelivered::later(described(&error)))?;
    taken(response).await
}

async fn taken(response: Response) -> Result<(), Undelivered> {
    let (status, headers) = (response.status(), response.headers().clone());
    if status.is_success() {
        return Ok(());
    }
    let text = body_of(response).await.unwrap_or_default();
    Err(refused(status, &headers, &text))
}

fn refused(status: StatusCode, headers: &HeaderMap, text: &str) -> Undelivered {
    let said: Value = serde_json::from_str(text).unwrap_or_default();
    let description =
        said.get("description").and_then(Value::as_str).map(|said| format!("{} {said}", status.as_u16()));
    let reason = description.unwrap_or_else(|| reason(status, text));
    let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
    // Telegram and Discord say it in the body, the others in the header.
    let seconds = [said.pointer("/parameters/retry_after"), said.get("retry_after")]
        .into_iter()
        .find_map(|seconds| seconds?.as_f64())
        .or_else(|| headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok());
    let retry_after = seconds
        .filter(|seconds| is_busy && *seconds > 0.0)
        .map(|seconds| Duration::from_secs_f64(seconds.min(RETRY_AT_MOST.as_secs_f64())));
    let is_final = status.is_client_error() && !is_busy && status != StatusCode::REQUEST_TIMEOUT;
    Undelivered { reason: crate::publisher::text::line(&reason), retry_after, is_final }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, text: &str) -> Undelivered {
        refused(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), text)
    }

    #[test]
    fn a_receiver_that_is_busy_is_asked_again_when_it_wants() {
        let telegram = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}}"#;
        assert_eq!(said(429, telegram).retry_after, Some(Duration::from_secs(5)));
        assert_eq!(said(429, telegram).reason, "429 Too Many Requests: retry after 5");
        assert_eq!(said(429, r#"{"retry_after":0.5}"#).retry_after, Some(Duration::from_millis(500)));
        assert!(!said(503, "").is_final);
    }

    #[test]
    fn what_is_not_wanted_is_not_sent_again() {
        assert!(said(404, "no_service").is_final);
        assert!(said(400, r#"{"description":"Bad Request: chat not found"}"#).is_final);
    }
}
