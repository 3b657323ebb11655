//! Plays: which wallets to follow, when to enter after one of them bought, and when to leave.
//!
//! A [`Play`] that exists is valid: whoever builds one from a document has checked it, and names the culprit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use goat::event::PositionSide;
use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::exit::ExitRules;
use super::micros;
use super::money::Usd;
use super::validator::Stages;

/// Names a play: lower-case letters, digits and dashes, 1 to 40.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlayId(Arc<str>);

impl PlayId {
    /// The most characters of an id.
    pub const LENGTH_MAX: usize = 40;

    /// The id of that text; none when it has other characters or too many.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (fits && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlayId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A rule, in one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Play {
    /// Its name for machines.
    pub id: PlayId,
    /// Grows by one with every change.
    pub version: u32,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it may enter.
    pub active: bool,
    /// What its positions gain from.
    pub side: PositionSide,
    /// Whom it follows.
    pub wallets: WalletSelection,
    /// Positions opened in one cycle.
    pub max_entries_per_cycle: u32,
    /// What the followed wallet's perpetual position must be.
    pub perp_mode: PerpMode,
    /// Several wallets together, when asked for.
    pub bundle: Option<Bundle>,
    /// A move of the price, when asked for.
    pub timing: Option<Timing>,
    /// Of one position.
    pub size: Usd,
    /// Smaller trades of the followed wallet are passed over.
    pub source_min_usd: Option<f64>,
    /// Larger trades of the followed wallet are passed over.
    pub source_max_usd: Option<f64>,
    /// When it leaves.
    pub exit: ExitRules,
    /// Asked last, when asked for.
    pub validator: Option<Validator>,
    /// Whether automatic filters may replace the validator's projects.
    pub auto_update: bool,
    /// When this version came about.
    #[serde(with = "micros")]
    pub changed_at: UnixMicros,
}

impl Play {
    /// Whether its validator asks that filter project.
    #[must_use]
    pub fn uses_project(&self, id: &str) -> bool {
        matches!(&self.validator, Some(Validator::Projects(ids)) if ids.iter().any(|one| one == id))
    }
}

/// Whom a play follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WalletSelection {
    /// Those that a query finds.
    Query {
        /// A SELECT with a column `wallet_address`.
        sql: String,
        /// How long a list is good for.
        cache_seconds: u32,
    },
    /// These.
    Addresses(BTreeSet<String>),
}

/// What the followed wallet's perpetual position must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PerpMode {
    /// Anything, also none.
    Any,
    /// It must be long.
    LongOnly,
    /// It must be short.
    ShortOnly,
}

impl PerpMode {
    /// Whether a wallet with that position passes. Unknown passes only `Any`.
    #[must_use]
    pub fn admits(self, side: Option<PositionSide>) -> bool {
        match self {
            Self::Any => true,
            Self::LongOnly => side == Some(PositionSide::Long),
            Self::ShortOnly => side == Some(PositionSide::Short),
        }
    }
}

/// Several wallets of the play buy within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Distinct wallets, the trade's own among them.
    pub wallets: u32,
    /// Before the trade, itself included.
    pub seconds: u32,
}

impl Bundle {
    /// The longest window.
    pub const SECONDS_MAX: u32 = 600;
}

/// The price has moved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Up when true.
    pub increase: bool,
    /// Looking back this long.
    pub window_seconds: u32,
    /// By at least this much.
    pub change_percent: f64,
}

impl Timing {
    /// Whether a move of `change_percent` over the window is what is asked for.
    #[must_use]
    pub fn holds(&self, change_percent: f64) -> bool {
        if self.increase {
            change_percent >= self.change_percent
        } else {
            change_percent <= -self.change_percent
        }
    }
}

/// What is asked last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Validator {
    /// One of these filter projects has to pass.
    Projects(Vec<String>),
    /// All three stages have to pass.
    Stages(Box<Stages>),
}

/// Every play that exists, in its newest version, with what it counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plays {
    plays: BTreeMap<PlayId, Play>,
    /// The last version of deleted plays, so that an id that comes back goes on counting.
    deleted: BTreeMap<PlayId, u32>,
}

impl Plays {
    /// By id.
    pub fn iter(&self) -> impl Iterator<Item = &Play> {
        self.plays.values()
    }

    /// The play of that id.
    #[must_use]
    pub fn get(&self, id: &PlayId) -> Option<&Play> {
        self.plays.get(id)
    }

    /// Whether there is, or ever was, a play of that id.
    #[must_use]
    pub fn knows(&self, id: &PlayId) -> bool {
        self.plays.contains_key(id) || self.deleted.contains_key(id)
    }

    /// Takes in a new version and numbers it.
    pub(super) fn save(&mut self, mut play: Play, now: UnixMicros) -> &Play {
        let before = self.plays.get(&play.id).map(|play| play.version);
        let before = before.or_else(|| self.deleted.remove(&play.id)).unwrap_or(0);
        play.version = before.saturating_add(1);
        play.changed_at = now;
        let id = play.id.clone();
        self.plays.entry(id).insert_entry(play).into_mut()
    }

    /// Takes in a play as it was, with its version.
    pub(super) fn restore(&mut self, play: Play) {
        self.plays.insert(play.id.clone(), play);
    }

    /// Takes in that a play was deleted in its last version.
    pub(super) fn restore_deleted(&mut self, id: PlayId, version: u32) {
        self.deleted.insert(id, version);
    }

    /// Takes a play away. Its positions keep the rules they were opened with.
    pub(super) fn delete(&mut self, id: &PlayId) -> Option<Play> {
        let play = self.plays.remove(id)?;
        self.deleted.insert(id.clone(), play.version);
        Some(play)
    }
}
