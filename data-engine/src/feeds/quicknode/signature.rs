//! Who may post: `QuickNode`'s signature, checked without clock or memory.
//!
//! HMAC-SHA256, keyed with the token as it is written, over nonce, timestamp and the uncompressed body, one after
//! the other without anything between them.

use std::time::Duration;

use axum::http::HeaderMap;
use goat::settings::Secret;
use goat::values::UnixMicros;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Made by the sender for one post.
pub const NONCE: &str = "x-qn-nonce";
/// When the post was signed, in seconds since 1970.
pub const TIMESTAMP: &str = "x-qn-timestamp";
/// Hexadecimal, with or without `sha256=` before it.
pub const SIGNATURE: &str = "x-qn-signature";

const NONCE_BYTES_MAX: usize = 256;
const SIGNATURE_BYTES: usize = 32;

/// Why a post is not known to be from a holder of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// It has not all that is needed to check it.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// What is there is not what the header is for.
    #[error("the header {0} cannot be read")]
    UnreadableHeader(&'static str),
    /// It was signed too long ago, or in the future.
    #[error("the time in x-qn-timestamp is too far from ours")]
    StaleTimestamp,
    /// It was signed with no token of ours, or changed since.
    #[error("the signature is not that of nonce, timestamp and body with a token of ours")]
    BadSignature,
    /// A post with this nonce was answered with success.
    #[error("the nonce was used")]
    ReplayedNonce,
}

/// The headers of a signed post. What they claim is true only after [`Tokens::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// As it was sent.
    pub nonce: String,
    /// When the post was signed, in seconds since 1970.
    pub timestamp: i64,
    signature: [u8; SIGNATURE_BYTES],
}

impl Signed {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// When one is missing, twice there, or is not what it should be.
    pub fn read(headers: &HeaderMap) -> Result<Self, Untrusted> {
        let nonce = only(headers, NONCE)?;
        if nonce.len() > NONCE_BYTES_MAX || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Untrusted::UnreadableHeader(NONCE));
        }
        let timestamp =
            canonical_seconds(only(headers, TIMESTAMP)?).ok_or(Untrusted::UnreadableHeader(TIMESTAMP))?;
        let text = only(headers, SIGNATURE)?;
        let digits = text.strip_prefix("sha256=").unwrap_or(text);
        let mut signature = [0; SIGNATURE_BYTES];
        hex::decode_to_slice(digits, &mut signature).map_err(|_| Untrusted::UnreadableHeader(SIGNATURE))?;
        Ok(Self { nonce: nonce.to_owned(), timestamp, signature })
    }

    /// Says whether the post was signed at most `window` before or after `now`.
    ///
    /// # Errors
    ///
    /// [`Untrusted::StaleTimestamp`] when it was not.
    pub fn fresh(&self, now: UnixMicros, window: Duration) -> Result<(), Untrusted> {
        let apart = now.get().div_euclid(1_000_000).abs_diff(self.timestamp);
        if apart <= window.as_secs() { Ok(()) } else { Err(Untrusted::StaleTimestamp) }
    }
}

/// Whether none of a signature's headers is there.
#[must_use]
pub fn is_unsigned(headers: &HeaderMap) -> bool {
    [NONCE, TIMESTAMP, SIGNATURE].iter().all(|name| !headers.contains_key(*name))
}

fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Untrusted> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Untrusted::MissingHeader(name))?;
    let text = value.to_str().map_err(|_| Untrusted::UnreadableHeader(name))?;
    if text.is_empty() || values.next().is_some() {
        return Err(Untrusted::UnreadableHeader(name));
    }
    Ok(text)
}

/// Nothing but digits, the first no zero. What is signed has nothing between nonce and timestamp: were `01763995639` or
/// `+1763995639` taken, the last character of a nonce could be moved over, and the post would come again with another
/// nonce and the same signature.
fn canonical_seconds(text: &str) -> Option<i64> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if is_canonical { text.parse().ok() } else { None }
}

/// The tokens that are in force: one, or several while one is replaced by another.
#[derive(Clone)]
pub struct Tokens(Vec<Hmac<Sha256>>);

impl Tokens {
    /// The tokens from the settings; none when posts are not to be signed.
    #[must_use]
    pub fn new(tokens: &[Secret]) -> Option<Self> {
        // HMAC takes keys of any length.
        let keyed = |token: &Secret| Hmac::new_from_slice(token.reveal().as_bytes()).ok();
        let keys: Option<Vec<_>> = tokens.iter().map(keyed).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self)
    }

    /// Says whether one of the tokens signed this `body`, in a time that does not tell how nearly.
    ///
    /// # Errors
    ///
    /// [`Untrusted::BadSignature`] when none did.
    pub fn verify(&self, signed: &Signed, body: &[u8]) -> Result<(), Untrusted> {
        let timestamp = signed.timestamp.to_string();
        let is_of = |key: &Hmac<Sha256>| {
            let mut mac = key.clone();
            for part in [signed.nonce.as_bytes(), timestamp.as_bytes(), body] {
                mac.update(part);
            }
            mac.verify_slice(&signed.signature).is_ok()
        };
        if self.0.iter().any(is_of) { Ok(()) } else { Err(Untrusted::BadSignature) }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tokens(***, {} of them)", self.0.len())
    }
}

#[cfg(test)]
mod tests;
