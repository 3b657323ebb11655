//! A `PostgreSQL` server: where it lies, and how it is reached.

pub mod copy;

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::settings::Secret;

/// A server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Its address cannot be used.
    #[error("{key} {problem}")]
    Address {
        /// The setting.
        key: &'static str,
        /// What is wrong with it; never what it says.
        problem: String,
    },
    /// It said no, or is not there.
    #[error("{0}{cause}", cause = cause(.0))]
    Server(#[from] tokio_postgres::Error),
    /// It said nothing.
    #[error("the server did not answer within {0} ms while {1}")]
    Silent(u128, &'static str),
    /// TLS cannot be begun.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// What the client's own sentence leaves out, such as that a connection was refused.
fn cause(error: &tokio_postgres::Error) -> String {
    let said = error.to_string();
    let cause = std::error::Error::source(error).map(ToString::to_string);
    cause
        .filter(|cause| !said.contains(cause.as_str()))
        .map_or_else(String::new, |cause| format!(": {cause}"))
}

/// How long a server is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Reaching it may take this long.
    pub connect: Duration,
    /// A statement, and what belongs together, may take this long.
    pub statement: Duration,
    /// A silent connection is probed after this time.
    pub keepalive: Duration,
}

/// A server and how it is spoken to. Its debug output names no secret.
#[derive(Clone)]
pub struct Server {
    config: Config,
    patience: Patience,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// A connection. Dropping it ends it, also when the server no longer answers.
#[derive(Debug)]
pub struct Connected {
    /// What is asked.
    pub client: Client,
    connection: tokio::task::JoinHandle<()>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Server {
    /// The server that the setting `key` names; `application` is what it reads of us.
    ///
    /// # Errors
    ///
    /// When it is no address of `PostgreSQL`, or what is said would go unencrypted over a network.
    pub fn at(
        key: &'static str,
        url: &Secret,
        application: &str,
        patience: Patience,
    ) -> Result<Self, PostgresError> {
        let refused = |problem: &str| PostgresError::Address { key, problem: problem.to_owned() };
        // What the parser says may quote a part of the password.
        let mut config: Config = url.reveal().parse().map_err(|_| {
            refused("is not an address of PostgreSQL, such as postgres://user:password@host/database")
        })?;
        if is_local(&config) {
            if config.get_ssl_mode() != SslMode::Require {
                config.ssl_mode(SslMode::Disable);
            }
        } else if config.get_ssl_mode() == SslMode::Disable {
            return Err(refused(
                "says sslmode=disable for a server that is not on this machine; only loopback goes without TLS",
            ));
        } else {
            config.ssl_mode(SslMode::Require);
        }
        config
            .application_name(application)
            .keepalives(true)
            .keepalives_idle(patience.keepalive)
            .keepalives_interval(patience.keepalive / 3)
            .keepalives_retries(3);
        Ok(Self { config, patience })
    }

    /// Reaches the server.
    ///
    /// # Errors
    ///
    /// When it is not there, or does not let us in.
    pub async fn connect(&self) -> Result<Connected, PostgresError> {
        let within = self.patience.connect;
        // Boxed: a connection being opened is large, and every caller's future would contain it.
        let reached = tokio::time::timeout(within, Box::pin(self.open())).await;
        let connected = reached.map_err(|_| PostgresError::Silent(within.as_millis(), "being reached"))??;
        let millis = self.patience.statement.as_millis();
        let limits = format!(
            "SET TIME ZONE 'UTC'; SET statement_timeout = {millis}; SET lock_timeout = {millis};
             SET idle_in_transaction_session_timeout = {millis}; SET client_min_messages = warning;
             SET synchronous_commit = on"
        );
        self.in_time::<_, _, PostgresError>("being set up", connected.client.batch_execute(&limits)).await?;
        Ok(connected)
    }

    /// Waits for the server, but not for ever: one that is frozen never answers.
    ///
    /// # Errors
    ///
    /// When the work fails, or takes too long.
    pub async fn in_time<T, E: Into<F>, F: From<PostgresError>>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, F> {
        let within = self.patience.statement;
        let done = tokio::time::timeout(within, work).await;
        done.map_err(|_| PostgresError::Silent(within.as_millis(), doing))?.map_err(Into::into)
    }

    async fn open(&self) -> Result<Connected, PostgresError> {
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
        tracing::debug!(%error, "a connection to PostgreSQL ended");
    }
}

/// TLS as this machine trusts it.
fn tls() -> Result<ClientConfig, PostgresError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
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

    fn server(url: &str) -> Result<Server, PostgresError> {
        let url: Secret = serde_json::from_value(serde_json::json!(url)).unwrap();
        let second = Duration::from_secs(1);
        let patience = Patience { connect: second, statement: second, keepalive: second };
        Server::at("archive.url", &url, "test", patience)
    }

    #[test]
    fn only_loopback_goes_without_tls() {
        let mode = |url: &str| server(url).unwrap().config.get_ssl_mode();
        for local in ["postgres://u:p@127.0.0.1/d", "postgres://u@localhost:5433/d", "host=/run/pg user=u"] {
            assert_eq!(mode(local), SslMode::Disable, "{local}");
        }
        assert_eq!(mode("postgres://u:p@127.0.0.1/d?sslmode=require"), SslMode::Require);
        for remote in ["postgres://u:p@db.example/d", "host=localhost hostaddr=10.0.0.9 user=u"] {
            assert_eq!(mode(remote), SslMode::Require, "{remote}");
        }
        let refused = server("postgres://u:p@db.example/d?sslmode=disable").unwrap_err().to_string();
        assert!(refused.contains("only loopback goes without TLS"), "{refused}");
    }

    #[test]
    fn a_url_that_cannot_be_read_is_refused_without_being_shown() {
        let refused = server("postgres://goat:canary@host:port/d").unwrap_err().to_string();
        assert!(
            refused.starts_with("archive.url is not an address") && !refused.contains("canary"),
            "{refused}"
        );
        let shown = format!("{:?}", server("postgres://goat:canary@localhost/d").unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
