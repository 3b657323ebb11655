//! Where the archive lies, and how it is reached.

use std::sync::Arc;
use std::time::Duration;

use goat::settings::Archive as Settings;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::ArchiveError;

/// A server and how it is spoken to. Its debug output names no secret.
#[derive(Clone)]
pub struct Target {
    config: Config,
    connect_timeout: Duration,
    /// A statement, and a batch, may take this long.
    pub(super) timeout: Duration,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Target").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A connection. Dropping it ends it, also when the server no longer answers.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) client: Client,
    connection: tokio::task::JoinHandle<()>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Target {
    /// What the settings name; none when they name nothing.
    ///
    /// # Errors
    ///
    /// When `archive.url` is no address of `PostgreSQL`, or would send it unencrypted over a network.
    pub fn of(settings: &Settings) -> Result<Option<Self>, ArchiveError> {
        let Some(url) = &settings.url else { return Ok(None) };
        // What the parser says may quote a part of the password.
        let mut config: Config = url.reveal().parse().map_err(|_| {
            let example = "postgres://user:password@host/database";
            ArchiveError::Target(format!("is not an address of PostgreSQL, such as {example}"))
        })?;
        if is_local(&config) {
            if config.get_ssl_mode() != SslMode::Require {
                config.ssl_mode(SslMode::Disable);
            }
        } else if config.get_ssl_mode() == SslMode::Disable {
            return Err(ArchiveError::Target(
                "says sslmode=disable for a server that is not on this machine; only loopback goes without TLS"
                    .to_owned(),
            ));
        } else {
            config.ssl_mode(SslMode::Require);
        }
        config
            .application_name("data-engine")
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(settings.keepalive_seconds))
            .keepalives_interval(Duration::from_secs(settings.keepalive_seconds.div_ceil(3)))
            .keepalives_retries(3);
        Ok(Some(Self {
            config,
            connect_timeout: Duration::from_millis(settings.connect_timeout_ms),
            timeout: Duration::from_millis(settings.statement_timeout_ms),
        }))
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
        let reached = tokio::time::timeout(self.connect_timeout, self.open()).await;
        let connected = reached
            .map_err(|_| ArchiveError::Silent(self.connect_timeout.as_millis(), "being reached"))??;
        let millis = self.timeout.as_millis();
        let limits = format!(
            "SET TIME ZONE 'UTC'; SET statement_timeout = {millis}; SET lock_timeout = {millis};
             SET idle_in_transaction_session_timeout = {millis}; SET client_min_messages = warning;
             SET synchronous_commit = on"
        );
        self.in_time("being set up", connected.client.batch_execute(&limits)).await?;
        Ok(connected)
    }

    /// Waits for the server, but not for ever: one that is frozen never answers.
    pub(super) async fn in_time<T, E: Into<ArchiveError>>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ArchiveError> {
        let done = tokio::time::timeout(self.timeout, work).await;
        done.map_err(|_| ArchiveError::Silent(self.timeout.as_millis(), doing))?.map_err(Into::into)
    }

    async fn open(&self) -> Result<Connected, ArchiveError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await?;
            return Ok(Connected { client, connection: tokio::spawn(until_closed(connection)) });
        }
        let (client, connection) = self.config.connect(MakeRustlsConnect::new(tls()?)).await?;
        Ok(Connected { client, connection: tokio::spawn(until_closed(connection)) })
    }
}

/// The client learns of the end by itself, with the reason.
async fn until_closed(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "the connection to the archive ended");
    }
}

/// TLS as this machine trusts it.
fn tls() -> Result<ClientConfig, ArchiveError> {
    let failed = |error: rustls::Error| ArchiveError::Internal(format!("TLS: {error}"));
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_platform_verifier()
        .map_err(failed)?
        .with_no_client_auth())
}

fn is_local(config: &Config) -> bool {
    let names = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    });
    let addresses = config.get_hostaddrs();
    // An address decides where the bytes go, whatever the name says.
    if addresses.is_empty() { names } else { addresses.iter().all(std::net::IpAddr::is_loopback) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Option<Target>, ArchiveError> {
        let settings: Settings = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
        Target::of(&settings)
    }

    #[test]
    fn only_loopback_goes_without_tls() {
        let mode = |url: &str| target(url).unwrap().unwrap().config.get_ssl_mode();
        for local in ["postgres://u:p@127.0.0.1/d", "postgres://u@localhost:5433/d", "host=/run/pg user=u"] {
            assert_eq!(mode(local), SslMode::Disable, "{local}");
        }
        assert_eq!(mode("postgres://u:p@127.0.0.1/d?sslmode=require"), SslMode::Require);
        for remote in ["postgres://u:p@db.example/d", "host=localhost hostaddr=10.0.0.9 user=u"] {
            assert_eq!(mode(remote), SslMode::Require, "{remote}");
        }
        let refused = target("postgres://u:p@db.example/d?sslmode=disable").unwrap_err().to_string();
        assert!(refused.contains("only loopback goes without TLS"), "{refused}");
    }

    #[test]
    fn a_url_that_cannot_be_read_is_refused_without_being_shown() {
        let refused = target("postgres://goat:canary@host:port/d").unwrap_err().to_string();
        assert!(
            refused.starts_with("archive.url is not an address") && !refused.contains("canary"),
            "{refused}"
        );
        let shown = format!("{:?}", target("postgres://goat:canary@localhost/d").unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
