//! Lets in what a holder of a token has signed, lately, and once.

use std::time::Duration;

use axum::http::HeaderMap;
use goat::service::Failure;
use goat::settings::Settings;
use goat::values::UnixMicros;

use super::nonces::{self, Nonces, Reservation, Unavailable, Writer};
use super::refusal::Refusal;
use super::signature::{Signed, Tokens, Untrusted};
use crate::instance::nonces_directory;

/// What every post must pass when there are tokens. Cloning shares the nonces.
#[derive(Debug, Clone)]
pub struct Guard {
    tokens: Tokens,
    nonces: Nonces,
    window: Duration,
}

impl Guard {
    /// A guard and the writer that must run for it, when the settings have a token.
    ///
    /// # Errors
    ///
    /// When the used nonces cannot be read.
    pub fn open(settings: &Settings) -> Result<Option<(Self, Writer)>, Failure> {
        let webhook = &settings.feeds.webhook;
        let Some(tokens) = Tokens::new(&webhook.tokens) else { return Ok(None) };
        let window = Duration::from_secs(u64::from(webhook.timestamp_window_seconds));
        let directory = nonces_directory(settings);
        let (nonces, writer) = nonces::open(&directory, settings.journal.sync, window)
            .map_err(|error| Failure::Io(format!("the used nonces in {}: {error}", directory.display())))?;
        Ok(Some((Self { tokens, nonces, window }, writer)))
    }

    /// What the headers claim, when it can be true at `now`: whatever can be refused before the body is read.
    pub(super) fn claim(&self, headers: &HeaderMap, now: UnixMicros) -> Result<Signed, Untrusted> {
        let signed = Signed::read(headers)?;
        signed.fresh(now, self.window)?;
        Ok(signed)
    }

    /// Lets a post in whose uncompressed body is signed as claimed, and keeps its nonce for it.
    pub(super) fn admit(
        &self,
        signed: &Signed,
        body: &[u8],
        now: UnixMicros,
    ) -> Result<Reservation, Refusal> {
        self.tokens.verify(signed, body)?;
        self.nonces.reserve(&signed.nonce, signed.timestamp, now).map_err(|unavailable| match unavailable {
            Unavailable::Used => Untrusted::ReplayedNonce.into(),
            Unavailable::Forgotten => Untrusted::StaleTimestamp.into(),
            Unavailable::UnderWay => Refusal::NonceUnderWay,
            Unavailable::Full => Refusal::NoncesFull,
        })
    }
}
