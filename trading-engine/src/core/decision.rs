//! What became of one input at one play, and why: exactly one record for each.

use std::fmt;
use std::sync::Arc;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::cycles::CycleId;
use super::gate::{Evaluation, Gate};
use super::market::{BookMark, Quote};
use super::micros;
use super::play::PlayId;

/// Names a decision, and the position or the shadow that followed from it: the position of the trade in the
/// log, a dot, and the play.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DecisionId {
    /// Of the trade.
    pub seq: Seq,
    /// Who decided.
    pub play: PlayId,
}

impl DecisionId {
    /// Reads an id back from its text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, play) = text.split_once('.')?;
        Some(Self { seq: Seq::new(seq.parse().ok()?), play: PlayId::new(play)? })
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.seq, self.play)
    }
}

/// The trade that was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FollowedTrade {
    /// Who bought.
    pub wallet: String,
    /// The transaction.
    pub signature: String,
    /// When it happened.
    #[serde(with = "micros")]
    pub event_time: UnixMicros,
    /// Stablecoin for one SOL.
    pub price: f64,
    /// Stablecoin exchanged.
    pub usd: f64,
}

/// One input at one play.
///
/// **Invariant:** every evaluation but the last passed; the candidate entered exactly if the last did too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its name.
    pub id: DecisionId,
    /// When, by the core's clock.
    #[serde(with = "micros")]
    pub time: UnixMicros,
    /// Of the play.
    pub play_version: u32,
    /// What was judged, by every play.
    pub trade: Arc<FollowedTrade>,
    /// The gates that were asked, in order.
    pub evaluations: Vec<Evaluation>,
    /// The price that was looked at.
    pub price: Option<Quote>,
    /// The book that was looked at.
    pub book: Option<BookMark>,
    /// The cycle it fell into.
    pub cycle: Option<CycleId>,
}

impl Decision {
    /// The gate that ended it; none when it entered.
    #[must_use]
    pub fn failed(&self) -> Option<&Evaluation> {
        self.evaluations.last().filter(|evaluation| !evaluation.passed)
    }

    /// Whether a position follows.
    #[must_use]
    pub fn enters(&self) -> bool {
        self.failed().is_none()
    }

    /// Whether the play follows the wallet: what came this far is worth a shadow when it is turned away.
    #[must_use]
    pub fn passed(&self, gate: Gate) -> bool {
        self.evaluations.iter().any(|evaluation| evaluation.gate == gate && evaluation.passed)
    }

    /// Why, in one sentence.
    #[must_use]
    pub fn explanation(&self) -> String {
        let Some(failed) = self.failed() else {
            return format!("{} entered: all {} gates passed", self.id.play, self.evaluations.len());
        };
        let gate = failed.gate.as_str();
        let measured = match (failed.measured, failed.threshold) {
            (Some(measured), Some(threshold)) => {
                format!(": measured {measured:.4}, limit {threshold:.4} {}", failed.gate.unit())
            }
            (None, Some(threshold)) => format!(": limit {threshold:.4} {}", failed.gate.unit()),
            _ => String::new(),
        };
        let note = if failed.note.is_empty() { String::new() } else { format!(" ({})", failed.note) };
        format!("{} did not enter: {gate} failed{}{note}", self.id.play, measured.trim_end())
    }
}
