//! Whether the market looks right for an entry: filters or stages over a [`FeatureSet`].
//!
//! - [`Project`]: filters that must all pass; of several projects one is enough ([`validate`]).
//! - [`Stages`]: setup, trigger and confirm, each a window of minutes with conditions on it ([`Stages::judge`]).
//!
//! Both are checked when they are made and when they are read back: a [`Filter`], [`Condition`] or [`Stage`] that could
//! not be meant cannot be built. Both fail closed: what is missing does not pass unless a filter says so, and without
//! filters or conditions nothing passes. The outcome holds every value with what it was held against, and prints as
//! sentences.

mod condition;
mod filter;
mod invalid;
mod outcome;
mod project;
mod stage;

pub use self::condition::{Aggregation, Condition, ConditionFields, NotComputable, Operator};
pub use self::filter::{Filter, FilterFields, FilterOutcome};
pub use self::invalid::Invalid;
pub use self::outcome::{ConditionOutcome, ProjectOutcome, StageOutcome, StagesVerdict, Verdict};
pub use self::project::{Project, validate};
pub use self::stage::{Stage, StageFields, StageName, Stages};

#[cfg(doc)]
use super::features::FeatureSet;

#[cfg(test)]
mod tests;
