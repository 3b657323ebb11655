//! The links of a day in one signed text: a header, a line a link, a line a subject with its figures, a signature.

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Entry, Key, Link, Published, published};

const DAY_MICROS: i64 = 86_400_000_000;
/// Of the lines and their meaning.
pub(super) const FORMAT: u32 = 1;

/// Days since 1970 of UTC.
#[must_use]
pub fn day_of(time: UnixMicros) -> i64 {
    time.get().div_euclid(DAY_MICROS)
}

/// As in 2026-01-31.
#[must_use]
pub fn day_name(day: i64) -> String {
    let begins = UnixMicros::new(day.saturating_mul(DAY_MICROS)).unwrap_or_default();
    begins.to_string().chars().take(10).collect()
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderLine {
    pub(super) bundle: u32,
    pub(super) day: String,
    pub(super) first: u64,
    /// The hash of the link before the first.
    pub(super) previous: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkLine {
    pub(super) link: u64,
    pub(super) seq: u64,
    pub(super) micros: i64,
    pub(super) entry: Box<RawValue>,
    pub(super) hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureLine {
    pub(super) head: String,
    pub(super) public_key: String,
    /// Ed25519 over every byte before this line.
    pub(super) signature: String,
}

/// The links of a day.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Days since 1970.
    pub day: i64,
    /// The hash of the link before the first.
    pub previous: String,
    /// In the order of their numbers, without a gap.
    pub links: Vec<Link>,
}

/// A link cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Its entry.
    #[error("link {0}: {1}")]
    Entry(u64, #[source] serde_json::Error),
    /// A line.
    #[error("a line: {0}")]
    Line(#[from] serde_json::Error),
    /// A figure.
    #[error("the figures: {0}")]
    Figures(#[from] goat::values::InvalidValue),
}

impl Bundle {
    /// What follows from its links.
    ///
    /// # Errors
    ///
    /// When an entry cannot be read, or a value is beyond what an amount can be.
    pub fn figures(&self) -> Result<Vec<Published>, BundleError> {
        let entry = |link: &Link| {
            let entry: Entry = serde_json::from_str(link.entry.get())
                .map_err(|error| BundleError::Entry(link.number, error))?;
            Ok((link.number, entry))
        };
        let entries: Vec<_> = self.links.iter().map(entry).collect::<Result<_, BundleError>>()?;
        Ok(published(&entries)?)
    }

    /// The signed text.
    ///
    /// # Errors
    ///
    /// As [`Bundle::figures`].
    pub fn text(&self, key: &Key) -> Result<String, BundleError> {
        let mut text = String::new();
        let mut put = |line: String| text.extend([line.as_str(), "\n"]);
        put(serde_json::to_string(&HeaderLine {
            bundle: FORMAT,
            day: day_name(self.day),
            first: self.links.first().map_or(0, |link| link.number),
            previous: self.previous.clone(),
        })?);
        for link in &self.links {
            put(serde_json::to_string(&LinkLine {
                link: link.number,
                seq: link.seq.get(),
                micros: link.time.get(),
                entry: link.entry.clone(),
                hash: link.hash.clone(),
            })?);
        }
        for figures in self.figures()? {
            put(serde_json::to_string(&figures)?);
        }
        let signature = SignatureLine {
            head: self.links.last().map_or_else(|| self.previous.clone(), |link| link.hash.clone()),
            public_key: key.public(),
            signature: key.sign(text.as_bytes()),
        };
        text.extend([serde_json::to_string(&signature)?.as_str(), "\n"]);
        Ok(text)
    }
}
