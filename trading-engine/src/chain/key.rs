//! The key that bundles are signed with: made at the first start, readable by its owner alone.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer, SigningKey};
use goat::service::Failure;

use crate::snapshot::hexadecimal;

const FILE: &str = "signing.key";

/// A signing key.
#[derive(Debug, Clone)]
pub struct Key(SigningKey);

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file, or the folder.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// Others may read it.
    #[error("{0} can be read by others (mode {1:03o}): a signature would prove nothing; chmod 600 it")]
    Open(PathBuf, u32),
    /// It holds something else.
    #[error("{0} has {1} bytes; a key has 32")]
    Length(PathBuf, usize),
}

/// What bundles are signed with, and where they are written to.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The key.
    pub key: Key,
    /// One file a day.
    pub folder: PathBuf,
}

impl Signing {
    /// The key and the bundles of a ledger's folder.
    ///
    /// # Errors
    ///
    /// As [`Key::of_folder`].
    pub fn of_folder(folder: &Path) -> Result<Self, KeyError> {
        let key = Key::of_folder(folder)?;
        tracing::info!(public_key = key.public(), "results are signed");
        Ok(Self { key, folder: folder.join("bundles") })
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let text = error.to_string();
        match error {
            KeyError::File(..) => Self::Io(text),
            KeyError::Open(..) | KeyError::Length(..) => Self::Usage(text),
        }
    }
}

impl Key {
    /// The key of a folder; made when there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, or others can read it.
    pub fn of_folder(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(FILE);
        let failed = |error| KeyError::File(path.clone(), error);
        match std::fs::metadata(&path) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(KeyError::Open(path, mode));
                }
                let bytes = std::fs::read(&path).map_err(failed)?;
                let secret: [u8; 32] =
                    bytes.as_slice().try_into().map_err(|_| KeyError::Length(path.clone(), bytes.len()))?;
                Ok(Self(SigningKey::from_bytes(&secret)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                std::fs::create_dir_all(folder).map_err(failed)?;
                let secret: [u8; 32] = rand::random();
                let mut file = std::fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)
                    .map_err(failed)?;
                file.write_all(&secret).and_then(|()| file.sync_all()).map_err(failed)?;
                Ok(Self(SigningKey::from_bytes(&secret)))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// What signatures are checked with, in hexadecimal.
    #[must_use]
    pub fn public(&self) -> String {
        hexadecimal(self.0.verifying_key().as_bytes())
    }

    /// Signs, in hexadecimal.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> String {
        hexadecimal(&self.0.sign(bytes).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_refused_when_others_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::of_folder(folder.path()).unwrap();
        assert_eq!(Key::of_folder(folder.path()).unwrap().public(), key.public());
        let path = folder.path().join(FILE);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Key::of_folder(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("640") && refused.contains(FILE), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, [1; 31]).unwrap();
        assert!(matches!(Key::of_folder(folder.path()), Err(KeyError::Length(_, 31))));
    }
}
