//! Encryption, of everything that is served and of the ways between the services.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SettingsError;

/// Encryption. Files are PEM, and looked at again while the services run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificate with its chain. With it everything is served over TLS.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
    /// The authorities that the engines' certificate is verified by; the system's own when not given.
    pub authority: Option<PathBuf>,
    /// The name that the engines' certificate is made out to; their address when not given.
    pub engine_name: Option<String>,
    /// The files are looked at when a connection comes, and not more often than this.
    pub reload_seconds: u32,
}

impl Default for Tls {
    fn default() -> Self {
        Self { certificate: None, key: None, authority: None, engine_name: None, reload_seconds: 30 }
    }
}

impl Tls {
    /// The files of the certificate and its key; none when TLS is off.
    #[must_use]
    pub fn files(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.certificate.as_ref().zip(self.key.as_ref())
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key, problem: String| Err(SettingsError::Refused { key, problem });
        match (&self.certificate, &self.key) {
            (Some(certificate), None) => {
                refuse("tls.key", format!("is not set, and tls.certificate is {}", certificate.display()))
            }
            (None, Some(key)) => {
                refuse("tls.certificate", format!("is not set, and tls.key is {}", key.display()))
            }
            (None, None) if self.authority.is_some() => refuse(
                "tls.authority",
                "is set without tls.certificate: the engines are then asked without TLS".to_owned(),
            ),
            _ => Ok(()),
        }
    }
}
