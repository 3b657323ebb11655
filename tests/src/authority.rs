//! An authority of our own, and certificates that it signs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Signs certificates for loopback, and keeps the newest where a service looks for it.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: Certificate,
    /// The authority's own certificate.
    pub authority_path: PathBuf,
    /// The certificate in force.
    pub certificate_path: PathBuf,
    /// Its key.
    pub key_path: PathBuf,
}

impl Authority {
    /// An authority whose files lie in `folder`, with a first certificate.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = params.self_signed(&key).expect("a certificate of its own");
        let authority = Self {
            issuer: Issuer::new(params, key),
            authority_path: folder.join("authority.pem"),
            certificate_path: folder.join("certificate.pem"),
            key_path: folder.join("key.pem"),
            root,
        };
        std::fs::write(&authority.authority_path, authority.root.pem()).expect("a file");
        authority.renew();
        authority
    }

    /// Puts a new certificate with a new key in place of the old ones; returns it as it is shown in TLS.
    pub fn renew(&self) -> Vec<u8> {
        let (certificate, key) = self.signed();
        std::fs::write(&self.key_path, key.serialize_pem()).expect("a file");
        std::fs::write(&self.certificate_path, certificate.pem()).expect("a file");
        certificate.der().to_vec()
    }

    /// A certificate for loopback that lies nowhere yet, with its key.
    #[must_use]
    pub fn signed(&self) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let params = CertificateParams::new(names).expect("names");
        (params.signed_by(&key, &self.issuer).expect("a signature"), key)
    }

    /// The authority for a client of ours.
    #[must_use]
    pub fn trusted(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(self.root.pem().as_bytes()).expect("a certificate")
    }

    /// The certificate that the server at `address` shows now; none when there is no TLS to be had.
    pub async fn shown_at(&self, address: std::net::SocketAddr) -> Option<Vec<u8>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.ok()?;
        let name = ServerName::IpAddress(address.ip().into());
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
        let (_, session) = stream.get_ref();
        session.peer_certificates()?.first().map(|certificate| certificate.to_vec())
    }
}
