//! Certificates for loopback, all signed by one authority: `tests/certificates`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const ROOT: &str = include_str!("../certificates/authority.pem");

/// A certificate that the authority has signed, with its key, in PEM.
#[derive(Debug, Clone, Copy)]
pub struct Signed {
    /// The certificate.
    pub certificate: &'static str,
    /// Its key.
    pub key: &'static str,
}

macro_rules! signed {
    ($name:literal) => {
        Signed {
            certificate: include_str!(concat!("../certificates/", $name, ".pem")),
            key: include_str!(concat!("../certificates/", $name, ".key")),
        }
    };
}

impl Signed {
    /// What a service shows first.
    pub const FIRST: Self = signed!("first");
    /// What is put in its place.
    pub const SECOND: Self = signed!("second");
    /// And in place of that.
    pub const THIRD: Self = signed!("third");
    /// One whose key fits none of the others.
    pub const STRANGER: Self = signed!("stranger");

    /// The certificate as it is shown in TLS.
    #[must_use]
    pub fn shown(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate in PEM")
    }
}

/// The files where a service looks for its certificate.
#[derive(Debug)]
pub struct Authority {
    /// The authority's own certificate.
    pub authority_path: PathBuf,
    /// The certificate in force.
    pub certificate_path: PathBuf,
    /// Its key.
    pub key_path: PathBuf,
}

impl Authority {
    /// The files in `folder`, with the first certificate.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let authority = Self {
            authority_path: folder.join("authority.pem"),
            certificate_path: folder.join("certificate.pem"),
            key_path: folder.join("key.pem"),
        };
        std::fs::write(&authority.authority_path, ROOT).expect("a file");
        authority.put(Signed::FIRST);
        authority
    }

    /// Puts a certificate and its key in place of the old ones.
    pub fn put(&self, signed: Signed) {
        std::fs::write(&self.key_path, signed.key).expect("a file");
        std::fs::write(&self.certificate_path, signed.certificate).expect("a file");
    }

    /// The authority for a client of ours.
    #[must_use]
    pub fn trusted(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(ROOT.as_bytes()).expect("a certificate")
    }
}

/// The certificate that the server at `address` shows now; none when there is no TLS to be had.
pub async fn shown_at(address: SocketAddr) -> Option<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ROOT.as_bytes()).expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.ok()?;
    let name = ServerName::IpAddress(address.ip().into());
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    let (_, session) = stream.get_ref();
    session.peer_certificates()?.first().map(|certificate| certificate.clone().into_owned())
}
