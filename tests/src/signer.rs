//! Signatures as `QuickNode` makes them.

use std::sync::atomic::{AtomicU64, Ordering};

use goat::values::UnixMicros;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The headers of one signed post.
pub type SignedHeaders = [(&'static str, String); 3];

static NONCES: AtomicU64 = AtomicU64::new(0);

/// Signs posts with one token.
#[derive(Debug, Clone)]
pub struct Signer {
    token: String,
}

impl Signer {
    /// A holder of `token`.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned() }
    }

    /// Signs a body now, with a nonce of its own.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> SignedHeaders {
        let nonce = format!("{}-{}", std::process::id(), NONCES.fetch_add(1, Ordering::Relaxed));
        self.sign_as(&nonce, seconds_now(), body)
    }

    /// Signs a body with this nonce, as if at `timestamp`.
    #[must_use]
    pub fn sign_as(&self, nonce: &str, timestamp: u64, body: &[u8]) -> SignedHeaders {
        let timestamp = timestamp.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.token.as_bytes()).expect("a key of any length");
        for part in [nonce.as_bytes(), timestamp.as_bytes(), body] {
            mac.update(part);
        }
        [
            ("x-qn-nonce", nonce.to_owned()),
            ("x-qn-timestamp", timestamp),
            ("x-qn-signature", hex::encode(mac.finalize().into_bytes())),
        ]
    }
}

/// The time of day, in seconds since 1970.
#[must_use]
pub fn seconds_now() -> u64 {
    UnixMicros::now().get().unsigned_abs() / 1_000_000
}
