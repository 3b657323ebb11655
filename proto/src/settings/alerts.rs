//! Who is told when something happens, and when something is wrong.

use serde::{Deserialize, Serialize};

use super::publisher::refuse_no_address;
use super::{QuietHours, Secret, SettingsError};

/// Alerts. Each channel is off until its address is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Also entries and exits of positions, beside what is wrong.
    pub trades: bool,
    /// Without an entry for so many hours it is told why; 0 for never.
    pub silence_hours: f64,
    /// So often it is written down which engines, feeds and archive can be reached, also while nothing changes.
    pub check_minutes: u32,
    /// An engine that does not answer for so long is down.
    pub down_after_seconds: u32,
    /// Equity so many percent below its highest raises an alert; 0 for never.
    pub drawdown_percent: f64,
    /// Less than this free on the disk of `data_dir` raises an alert, in MB; 0 for never.
    pub disk_free_mb_min: u32,
    /// Hours of the UTC day in which only what is critical is told, such as `22-7`; the rest is told after them.
    pub quiet_hours: QuietHours,
    /// Messages of each channel within an hour; what is more waits.
    pub per_hour_max: u32,
    /// A message that could not be delivered after so many attempts is given up.
    pub attempts_max: u32,
    /// A request may take this long.
    pub timeout_ms: u64,
    /// A Telegram bot.
    pub telegram: Telegram,
    /// Discord.
    pub discord: IncomingWebhook,
    /// Slack.
    pub slack: IncomingWebhook,
    /// Any receiver of JSON.
    pub webhook: SignedWebhook,
    /// E-mail.
    pub mail: Mail,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            trades: true,
            silence_hours: 6.0,
            check_minutes: 15,
            down_after_seconds: 30,
            drawdown_percent: 10.0,
            disk_free_mb_min: 1024,
            quiet_hours: QuietHours::default(),
            per_hour_max: 60,
            attempts_max: 10,
            timeout_ms: 10_000,
            telegram: Telegram::default(),
            discord: IncomingWebhook::default(),
            slack: IncomingWebhook::default(),
            webhook: SignedWebhook::default(),
            mail: Mail::default(),
        }
    }
}

/// A Telegram bot. On with `token` and `chat_id`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telegram {
    /// Of the bot.
    pub token: Option<Secret>,
    /// Who is told: a number in quotes, or `@channel`.
    pub chat_id: String,
    /// Where the Bot API is.
    pub url: String,
}

impl Default for Telegram {
    fn default() -> Self {
        Self { token: None, chat_id: String::new(), url: "https://api.telegram.org".to_owned() }
    }
}

/// An incoming webhook of a chat. On with `url`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncomingWebhook {
    /// The whole address, which is a secret.
    pub url: Option<Secret>,
}

/// Any receiver of JSON. On with `url`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignedWebhook {
    /// The whole address.
    pub url: Option<Secret>,
    /// Signs each body: HMAC-SHA256 of timestamp, dot and body, in `x-goat-signature`.
    pub secret: Option<Secret>,
}

/// E-mail by SMTP. On with `server`, `from` and `to`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The server's name.
    pub server: String,
    /// Its port; 465 speaks TLS from the beginning, all others switch to it.
    pub port: u16,
    /// Who logs in; nobody when empty.
    pub user: String,
    /// Of that user.
    pub password: Option<Secret>,
    /// The sender's address.
    pub from: String,
    /// The receiver's address.
    pub to: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            server: String::new(),
            port: 587,
            user: String::new(),
            password: None,
            from: String::new(),
            to: String::new(),
        }
    }
}

impl Alerts {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        for (key, value, most) in [
            ("alerts.silence_hours", self.silence_hours, 8760.0),
            ("alerts.drawdown_percent", self.drawdown_percent, 100.0),
        ] {
            if !(0.0..=most).contains(&value) {
                return refuse(key, format!("is {value}; it must be from 0 to {most}"));
            }
        }
        let spans = [
            ("alerts.check_minutes", u64::from(self.check_minutes), 1, 1440),
            ("alerts.down_after_seconds", u64::from(self.down_after_seconds), 1, 86_400),
            ("alerts.per_hour_max", self.per_hour_max.into(), 1, 10_000),
            ("alerts.attempts_max", self.attempts_max.into(), 1, 1000),
            ("alerts.timeout_ms", self.timeout_ms, 100, 120_000),
        ];
        for (key, value, least, most) in spans {
            if !(least..=most).contains(&value) {
                return refuse(key, format!("is {value}; it must be from {least} to {most}"));
            }
        }
        refuse_no_address("alerts.telegram.url", Some(&self.telegram.url))?;
        refuse_no_address("alerts.discord.url", self.discord.url.as_ref().map(Secret::reveal))?;
        refuse_no_address("alerts.slack.url", self.slack.url.as_ref().map(Secret::reveal))?;
        refuse_no_address("alerts.webhook.url", self.webhook.url.as_ref().map(Secret::reveal))?;
        self.refuse_halves()
    }

    /// A channel that has a part of what it needs would be silent without a word.
    fn refuse_halves(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: &str| Err(SettingsError::Refused { key, problem: problem.to_owned() });
        if self.telegram.token.is_some() == self.telegram.chat_id.is_empty() {
            return refuse("alerts.telegram", "has one of token and chat_id; it needs both");
        }
        let mail = &self.mail;
        let given = [&mail.server, &mail.from, &mail.to].iter().filter(|text| !text.is_empty()).count();
        if !matches!(given, 0 | 3) {
            return refuse("alerts.mail", "has a part of server, from and to; it needs all three");
        }
        if mail.password.is_some() == mail.user.is_empty() {
            return refuse("alerts.mail", "has one of user and password; it needs both");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_with_a_part_of_what_it_needs_is_refused() {
        let telegram = Telegram { chat_id: "7".to_owned(), ..Telegram::default() };
        let mail = Mail { server: "mail.example".to_owned(), ..Mail::default() };

        for alerts in [
            Alerts { telegram, ..Alerts::default() },
            Alerts { mail, ..Alerts::default() },
            Alerts { silence_hours: -1.0, ..Alerts::default() },
        ] {
            assert!(alerts.validate().is_err(), "{alerts:?}");
        }
        Alerts::default().validate().unwrap();
    }
}
