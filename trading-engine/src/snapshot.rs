//! The state as bytes: how it survives, and how two states are compared.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::core::Engine;

/// Changes whenever the encoding of the state does, or what the same events lead to.
pub const VERSION: u32 = 4;

/// The state could not be written as bytes, or the bytes are no state.
#[derive(Debug, thiserror::Error)]
#[error("the state's encoding: {0}")]
pub struct SnapshotError(#[from] postcard::Error);

/// The canonical encoding: equal states have equal bytes.
///
/// # Errors
///
/// When the state holds something that cannot be written.
pub fn encode(engine: &Engine) -> Result<Vec<u8>, SnapshotError> {
    Ok(postcard::to_stdvec(engine)?)
}

/// Reads a state back.
///
/// # Errors
///
/// When the bytes are not one.
pub fn decode(bytes: &[u8]) -> Result<Engine, SnapshotError> {
    Ok(postcard::from_bytes(bytes)?)
}

/// SHA-256 of the canonical encoding, in hexadecimal: equal states have equal hashes, however they were reached.
///
/// # Errors
///
/// When the state cannot be encoded.
pub fn state_hash(engine: &Engine) -> Result<String, SnapshotError> {
    Ok(hash_of(&encode(engine)?))
}

/// The hash of a state that is encoded already.
#[must_use]
pub fn hash_of(state: &[u8]) -> String {
    let digest = Sha256::digest(state);
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
