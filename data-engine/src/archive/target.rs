//! Where the archive lies, and how it is reached.

use std::time::Duration;

pub(super) use goat::postgres::Connected;
use goat::postgres::{Patience, Server};
use goat::settings::Archive as Settings;

use super::ArchiveError;

/// A server and how it is spoken to. Its debug output names no secret.
#[derive(Debug, Clone)]
pub struct Target(Server);

impl Target {
    /// What the settings name; none when they name nothing.
    ///
    /// # Errors
    ///
    /// When `archive.url` is no address of `PostgreSQL`, or would send it unencrypted over a network.
    pub fn of(settings: &Settings) -> Result<Option<Self>, ArchiveError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let patience = Patience {
            connect: Duration::from_millis(settings.connect_timeout_ms),
            statement: Duration::from_millis(settings.statement_timeout_ms),
            keepalive: Duration::from_secs(settings.keepalive_seconds),
        };
        Ok(Some(Self(Server::at("archive.url", url, "data-engine", patience)?)))
    }

    /// Whether the server is there and lets us in.
    ///
    /// # Errors
    ///
    /// When it is not, or does not.
    pub async fn check(&self) -> Result<(), ArchiveError> {
        self.connect().await.map(drop)
    }

    /// Reaches the server.
    pub(crate) async fn connect(&self) -> Result<Connected, ArchiveError> {
        Ok(self.0.connect().await?)
    }

    /// Waits for the server, but not for ever: one that is frozen never answers.
    pub(super) async fn in_time<T, E: Into<ArchiveError>>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ArchiveError> {
        self.0.in_time(doing, work).await
    }
}
