//! Which answer has to enter next.

use goat::values::UnixMicros;

use super::Engine;
use super::filters::automatic::FilterQuestion;
use super::wallets::WalletQuery;

/// A question whose answer is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// Whom a play follows.
    Wallets(WalletQuery),
    /// What a play filters by.
    Filters(FilterQuestion),
}

impl Due {
    /// The question whose answer has to enter first of those that are due at `time`; of equal ones wallets come first,
    /// then plays by their ids.
    #[must_use]
    pub fn next(engine: &Engine, time: UnixMicros) -> Option<Self> {
        let wallets = engine.desk().lists().asked().min_by_key(|query| query.due_at());
        let filters = engine.desk().searches().asked().min_by_key(|question| question.due_at());
        let wallets = wallets.filter(|query| query.due_at() <= time);
        let filters = filters.filter(|question| question.due_at() <= time);
        match (wallets, filters) {
            (Some(query), Some(question)) if question.due_at() < query.due_at() => {
                Some(Self::Filters(question.clone()))
            }
            (Some(query), _) => Some(Self::Wallets(query.clone())),
            (None, question) => question.cloned().map(Self::Filters),
        }
    }
}
