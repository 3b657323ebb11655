//! E-mail by SMTP.

use std::time::Duration;

use goat::settings::Mail as Settings;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sha2::{Digest, Sha256};

use super::Undelivered;
use crate::publisher::outbox::Alert;

/// From here on a server speaks TLS from the beginning.
const TLS_PORT: u16 = 465;
/// Only on this machine mail goes without TLS.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A server, a sender and a receiver.
#[derive(Debug)]
pub(crate) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailbox,
}

impl Mail {
    /// What the settings say.
    ///
    /// # Errors
    ///
    /// When an address is none, or TLS cannot be used.
    pub(super) fn of(settings: &Settings, timeout_ms: u64) -> Result<Self, String> {
        let address = |key: &str, text: &str| -> Result<Mailbox, String> {
            text.parse().map_err(|error| format!("{key} is no address: {error}"))
        };
        let (from, to) =
            (address("alerts.mail.from", &settings.from)?, address("alerts.mail.to", &settings.to)?);
        let server = settings.server.as_str();
        let builder = if LOCAL.contains(&server) {
            Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server))
        } else if settings.port == TLS_PORT {
            AsyncSmtpTransport::<Tokio1Executor>::relay(server)
        } else {
            AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(server)
        };
        let mut builder = builder
            .map_err(|error| format!("alerts.mail: {error}"))?
            .port(settings.port)
            .timeout(Some(Duration::from_millis(timeout_ms)));
        if let Some(password) = &settings.password {
            builder =
                builder.credentials(Credentials::new(settings.user.clone(), password.reveal().to_owned()));
        }
        Ok(Self { transport: builder.build(), from, to })
    }

    pub(super) async fn send(&self, alert: &Alert) -> Result<(), Undelivered> {
        // The same alert has the same id, so that a reader shows it once though it came twice.
        let digest = hex::encode(Sha256::digest(alert.id.as_bytes()));
        let id = format!("<{}@follow-the-goat>", digest.get(..32).unwrap_or_default());
        let message = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .message_id(Some(id))
            .subject(format!("{}: {}", alert.severity.as_str(), alert.title))
            .body(format!("{}\n\n{}\n\n{}\n", alert.title, alert.text, alert.raised_at))
            .map_err(|error| Undelivered { reason: error.to_string(), retry_after: None, is_final: true })?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let reason = crate::publisher::text::line(&error.to_string());
                Err(Undelivered { reason, retry_after: None, is_final: error.is_permanent() })
            }
        }
    }
}
