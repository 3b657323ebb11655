//! The positions that are not over, and what changes nothing with them.

use std::collections::BTreeMap;

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use crate::core::decision::DecisionId;
use crate::core::gains::Outcome;
use crate::core::position::{Position, Stage};
use crate::core::quiet::{Derived, Quiet};

/// Positions by decision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Positions {
    positions: BTreeMap<DecisionId, Watched>,
    /// For all of them.
    #[serde(skip)]
    quiet: Derived<Quiet>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Watched {
    position: Position,
    #[serde(skip)]
    quiet: Derived<Quiet>,
}

impl Positions {
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Position> {
        self.positions.values().map(|watched| &watched.position)
    }

    pub(super) fn get(&self, id: &DecisionId) -> Option<&Position> {
        self.positions.get(id).map(|watched| &watched.position)
    }

    pub(super) fn get_mut(&mut self, id: &DecisionId) -> Option<&mut Position> {
        self.quiet = Derived::default();
        let watched = self.positions.get_mut(id)?;
        watched.quiet = Derived::default();
        Some(&mut watched.position)
    }

    pub(super) fn insert(&mut self, position: Position) {
        self.quiet = Derived::default();
        self.positions.insert(position.id.clone(), Watched { position, quiet: Derived::default() });
    }

    pub(super) fn remove(&mut self, id: &DecisionId) {
        self.positions.remove(id);
    }

    /// Shows a price to the positions with which it can change anything. One that ends a cycle can change all of them.
    pub(super) fn watch(
        &mut self,
        now: UnixMicros,
        price: f64,
        ends_a_cycle: bool,
        mut show: impl FnMut(&mut Position),
    ) {
        let is_quiet = |Derived(quiet): &Derived<Quiet>| !ends_a_cycle && quiet.holds(now, price);
        if is_quiet(&self.quiet) {
            return;
        }
        let mut all = Quiet::ALWAYS;
        for Watched { position, quiet } in self.positions.values_mut() {
            if !is_quiet(quiet) {
                show(position);
                *quiet = Derived(of(position));
            }
            all = all.and(quiet.0);
        }
        self.quiet = Derived(all);
    }
}

/// While its cycle goes on, a position's path has been where its excursion has; later only the excursion goes on.
fn of(position: &Position) -> Quiet {
    let follows = position.outcome.as_ref().map_or(Quiet::ALWAYS, Outcome::quiet);
    let is_followed = position.outcome.as_ref().is_none_or(|outcome| outcome.cycle_end.is_none());
    match &position.stage {
        Stage::Open | Stage::Closing { .. } if !is_followed => Quiet::NEVER,
        Stage::Opening(_) | Stage::Closing { .. } | Stage::Closed { .. } | Stage::Missed(_) => follows,
        Stage::Open => follows.and(stop(position).unwrap_or(Quiet::NEVER)),
    }
}

fn stop(position: &Position) -> Option<Quiet> {
    let (entry, opened_at) = (position.stop_entry()?, position.opened_at()?);
    Some(position.stop?.quiet(&position.rules, &entry, opened_at))
}
