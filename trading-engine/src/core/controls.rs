//! What the operator has switched: whether new positions may be opened.

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::micros;

/// Why nothing new is opened, since when and at whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it was asked for.
    #[serde(with = "micros")]
    pub since: UnixMicros,
    /// Who asked; empty when they did not say.
    pub requested_by: String,
    /// Why; empty when they did not say.
    pub reason: String,
}

/// The switches. They outlive every restart, also a cold one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    /// Nothing new is opened while there is one; none while trading is on.
    pub pause: Option<Pause>,
}

impl Controls {
    /// Switches trading off. A pause that is there already stays as it is.
    pub(super) fn pause(&mut self, pause: Pause) {
        self.pause.get_or_insert(pause);
    }

    /// Switches trading on.
    pub(super) fn resume(&mut self) {
        self.pause = None;
    }
}
