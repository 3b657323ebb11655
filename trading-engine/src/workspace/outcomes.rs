//! What entries brought, made and not made.

use duckdb::{Connection, ToSql};
use goat::values::{Seq, UnixMicros};

use super::readers::{Readers, WorkspaceError};
use crate::core::gate::Gate;
use crate::tables::cycle_id;
use crate::tables::duck::DuckError;

/// Why an entry was or was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A position.
    Entered,
    /// Turned away at a gate.
    Rejected(Gate),
    /// At random.
    Random,
}

/// What one entry brought.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryOutcome {
    /// Whose it is.
    pub play_id: String,
    /// Why it was or was not made.
    pub origin: Origin,
    /// The first event of its cycle.
    pub cycle: Seq,
    /// By the play's exit rules, after costs.
    pub gain_percent: f64,
}

/// Of shadows by their kind and gate, and of positions. A position's gain is its profit over what was paid for it.
const OUTCOMES: &str = "\
    SELECT play_id, kind, gate, cycle_id, gain_after_costs_percent FROM shadows \
    WHERE decided_at >= make_timestamp($1) AND decided_at < make_timestamp($2) \
    AND gain_after_costs_percent IS NOT NULL AND ($3 = '' OR play_id = $3) \
    UNION ALL \
    SELECT play_id, 'entered', NULL, price_cycle, profit_percent FROM follow_the_goat_buyins \
    WHERE decided_at >= make_timestamp($1) AND decided_at < make_timestamp($2) \
    AND status = 'closed' AND profit_percent IS NOT NULL AND ($3 = '' OR play_id = $3) \
    ORDER BY 1, 2, 3, 4, 5";

impl Readers {
    /// What the entries decided between two times brought, of a play, or of all when it is empty.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn outcomes(
        &self,
        play: String,
        since: UnixMicros,
        until: UnixMicros,
    ) -> Result<Vec<EntryOutcome>, WorkspaceError> {
        self.read(move |connection| read(connection, &[&since.get(), &until.get(), &play])).await
    }
}

fn read(connection: &Connection, parameters: &[&dyn ToSql]) -> Result<Vec<EntryOutcome>, DuckError> {
    let mut statement = connection.prepare(OUTCOMES)?;
    let rows = statement.query_map(parameters, |row| {
        let (kind, gate, cycle): (String, Option<String>, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let unknown = || duckdb::Error::InvalidColumnName(format!("{kind} {gate:?} in cycle {cycle}"));
        let gate = gate.as_deref().and_then(Gate::named);
        let origin = match (kind.as_str(), gate) {
            ("entered", _) => Origin::Entered,
            ("sample", _) => Origin::Random,
            ("rejected", Some(gate)) => Origin::Rejected(gate),
            _ => return Err(unknown()),
        };
        let cycle = cycle_id(&cycle).ok_or_else(unknown)?.start_seq;
        Ok(EntryOutcome { play_id: row.get(0)?, origin, cycle, gain_percent: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?)
}
