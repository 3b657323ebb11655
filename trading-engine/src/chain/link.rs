//! Links, each with a hash over itself and the one before.

use goat::values::{Seq, UnixMicros};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::Entry;
use crate::snapshot::hexadecimal;

/// One fact at its place in the chain.
#[derive(Debug, Clone)]
pub struct Link {
    /// From 1, without a gap.
    pub number: u64,
    /// The position in the log that led to it.
    pub seq: Seq,
    /// By the core's clock; never before the link before it, also where a cold start reads again.
    pub time: UnixMicros,
    /// What it is about, as it was written.
    pub entry: Box<RawValue>,
    /// The hash of the link before.
    pub previous: String,
    /// SHA-256 in hexadecimal.
    pub hash: String,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Of the last link; 0 without one.
    pub number: u64,
    /// Of the last link; 64 zeros without one.
    pub hash: String,
    /// Of the last link.
    pub time: UnixMicros,
}

impl Default for Head {
    fn default() -> Self {
        Self { number: 0, hash: "0".repeat(64), time: UnixMicros::default() }
    }
}

impl Head {
    /// The chain up to a link.
    #[must_use]
    pub fn at(link: &Link) -> Self {
        Self { number: link.number, hash: link.hash.clone(), time: link.time }
    }

    /// Puts one more fact at the end.
    ///
    /// # Errors
    ///
    /// When the entry has a number that JSON does not know.
    pub fn append(&mut self, seq: Seq, time: UnixMicros, entry: &Entry) -> Result<Link, serde_json::Error> {
        let entry = serde_json::value::to_raw_value(entry)?;
        let (number, time, previous) = (self.number + 1, time.max(self.time), self.hash.clone());
        let hash = hash(&previous, number, seq, time, entry.get());
        let link = Link { number, seq, time, entry, previous, hash };
        *self = Self::at(&link);
        Ok(link)
    }
}

impl Link {
    /// The hash that it must have.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        hash(&self.previous, self.number, self.seq, self.time, self.entry.get())
    }
}

/// Over the five lines `previous`, number, position, microseconds, entry.
fn hash(previous: &str, number: u64, seq: Seq, time: UnixMicros, entry: &str) -> String {
    let text = format!("{previous}\n{number}\n{seq}\n{}\n{entry}", time.get());
    hexadecimal(&Sha256::digest(text.as_bytes()))
}
