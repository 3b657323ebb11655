//! Certificates, and the two ends of TLS.

pub(super) mod reload;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use self::reload::Reloaded;
use super::Failure;
use crate::settings::Tls;

/// What is spoken inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/2.
    Grpc,
    /// HTTP/1.1.
    Http,
}

impl Speaks {
    fn protocol(self) -> Vec<u8> {
        match self {
            Self::Grpc => b"h2".to_vec(),
            Self::Http => b"http/1.1".to_vec(),
        }
    }
}

/// The end that shows a certificate. Cloning shares it.
#[derive(Clone)]
pub struct ServerTls {
    grpc: TlsAcceptor,
    http: TlsAcceptor,
}

impl ServerTls {
    /// What the settings say; none when TLS is off.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or the key is not the certificate's.
    pub fn of(tls: &Tls) -> Result<Option<Self>, Failure> {
        let Some((certificate, key)) = tls.files() else { return Ok(None) };
        let (certificate, key) = (certificate.clone(), key.clone());
        let files = vec![certificate.clone(), key.clone()];
        let shown = Reloaded::load(files, interval(tls), move || certified_key(&certificate, &key));
        let shown = Arc::new(Shown(shown.map_err(Failure::Usage)?));
        let acceptor = |speaks: Speaks| -> Result<TlsAcceptor, Failure> {
            let versions =
                ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
            let mut config = versions
                .map_err(|error| unsupported(&error))?
                .with_no_client_auth()
                .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
            config.alpn_protocols = vec![speaks.protocol()];
            Ok(TlsAcceptor::from(Arc::new(config)))
        };
        Ok(Some(Self { grpc: acceptor(Speaks::Grpc)?, http: acceptor(Speaks::Http)? }))
    }

    /// Shakes hands; the caller says how long that may take.
    ///
    /// # Errors
    ///
    /// When the other end breaks off or wants something else.
    pub async fn accept(
        &self,
        stream: TcpStream,
        speaks: Speaks,
    ) -> std::io::Result<server::TlsStream<TcpStream>> {
        match speaks {
            Speaks::Grpc => self.grpc.accept(stream).await,
            Speaks::Http => self.http.accept(stream).await,
        }
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerTls")
    }
}

/// The certificate in force.
struct Shown(Reloaded<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current())
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shown")
    }
}

/// The end that verifies an engine's certificate. Cloning shares it.
#[derive(Clone)]
pub(super) struct ClientTls {
    config: Arc<Reloaded<ClientConfig>>,
    name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// What the settings say; none when TLS is off.
    ///
    /// # Errors
    ///
    /// When the authorities cannot be read, or the engines' name is none.
    pub(super) fn of(tls: &Tls) -> Result<Option<Self>, Failure> {
        if tls.files().is_none() {
            return Ok(None);
        }
        let authority = tls.authority.clone();
        let files = authority.clone().into_iter().collect();
        let config = Reloaded::load(files, interval(tls), move || client_config(authority.as_deref()));
        let name = tls.engine_name.clone().map(|name| {
            ServerName::try_from(name.clone())
                .map_err(|error| Failure::Usage(format!("tls.engine_name is {name:?}: {error}")))
        });
        Ok(Some(Self { config: Arc::new(config.map_err(Failure::Usage)?), name: name.transpose()? }))
    }

    /// Shakes hands with the engine at `address`.
    pub(super) async fn connect(
        &self,
        address: SocketAddr,
        stream: TcpStream,
    ) -> std::io::Result<client::TlsStream<TcpStream>> {
        let name = self.name.clone().unwrap_or_else(|| ServerName::IpAddress(address.ip().into()));
        TlsConnector::from(self.config.current()).connect(name, stream).await
    }
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ClientTls").field("name", &self.name).finish_non_exhaustive()
    }
}

fn certified_key(certificate: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let chain = certificates("tls.certificate", certificate)?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("tls.key is {}: no private key in PEM: {error}", key.display()))?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|error| {
        format!(
            "tls.key is {}: it does not fit tls.certificate {}: {error}",
            key.display(),
            certificate.display()
        )
    })
}

fn client_config(authority: Option<&Path>) -> Result<ClientConfig, String> {
    let versions = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| format!("TLS: {error}"))?;
    let mut config = match authority {
        None => builder
            .with_platform_verifier()
            .map_err(|error| format!("tls.authority is not set, and the system has none: {error}"))?
            .with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("tls.authority", path)? {
                roots
                    .add(certificate)
                    .map_err(|error| format!("tls.authority is {}: {error}", path.display()))?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![Speaks::Grpc.protocol()];
    Ok(config)
}

fn certificates(setting: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let refused = |error: &dyn std::fmt::Display| {
        format!("{setting} is {}: no certificate in PEM: {error}", path.display())
    };
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))?.collect();
    let found = found.map_err(|error| refused(&error))?;
    if found.is_empty() { Err(refused(&"the file has none")) } else { Ok(found) }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn interval(tls: &Tls) -> Duration {
    Duration::from_secs(tls.reload_seconds.into())
}

fn unsupported(error: &rustls::Error) -> Failure {
    Failure::Internal(format!("TLS: {error}"))
}
