//! Events of the operator's own feeds.

use serde::{Deserialize, Serialize};

/// Events of the operator's own feeds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// Takes prices, books and candles also of what a feed of this instance delivers itself: trading then leans on
    /// both. False refuses them.
    pub allow_overlap: bool,
}
