//! Every table that the engine keeps, described once.
//!
//! From a [`Table`] follow its columns in the ledger (`DuckDB` or `PostgreSQL`) and in the workspace, how rows are
//! written, and how they are read back. A new table is one file with a [`Table`] and `impl Record`, and one line in
//! [`TABLES`].

mod batch;
mod book;
mod candle;
mod command;
mod controls;
mod decision;
pub(crate) mod duck;
mod late;
mod layout;
mod link;
mod movement;
mod pattern_analysis;
mod play;
mod position;
mod price;
mod price_analysis;
mod price_cycle;
mod price_mark;
mod profile;
mod raw;
mod shadow;
mod stop;
mod strategy;
mod trade;
mod value;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use book::BookRowPace;
pub use late::{DecidedLate, Late};
pub use layout::Layout;
pub use play::{PlayVersion, ProjectRow};
pub use price_analysis::batch_of as analysis_batch;
pub use raw::{BookPace, PriceRow, RAW_TABLES, price_batch, raw_row};
pub use shadow::MomentRow;
pub use stop::{PriceCheck, Tracking, Trail};
pub use strategy::{LateFill, StrategyRow, StrategyState};
pub use value::{InvalidRow, Kind, Row, Value};

pub(crate) use price_cycle::cycle_id;

/// Every table, in the order in which they are listed.
pub const TABLES: &[&Table] = &[
    &price::TABLE,
    &book::TABLE,
    &trade::TABLE,
    &movement::TABLE,
    &candle::TABLE,
    &price_cycle::TABLE,
    &price_analysis::TABLE,
    &profile::TABLE,
    &play::TABLE,
    &play::PROJECTS,
    &stop::TRACKING,
    &decision::TABLE,
    &position::TABLE,
    &stop::PRICE_CHECKS,
    &stop::TRAIL,
    &shadow::TABLE,
    &shadow::MOMENTS,
    &pattern_analysis::TABLE,
    &strategy::STATES,
    &strategy::TRADES,
    &strategy::EQUITY,
    &strategy::LATE,
    &price_mark::TABLE,
    &link::TABLE,
    &late::TABLE,
    &controls::TABLE,
    &command::TABLE,
];

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether every row has a value.
    pub required: bool,
}

/// A column in which every row has a value.
#[must_use]
pub const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true }
}

/// A column in which a value may be absent.
#[must_use]
pub const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false }
}

/// What a table is, wherever it is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// In the order of a row's values.
    pub columns: &'static [Column],
    /// The columns that tell rows apart: of rows that are equal in them the last one stays. Without any, rows are
    /// only ever added.
    pub key: &'static [&'static str],
    /// How the workspace shows it; none when it does not.
    pub shown: Option<Shown>,
    /// How the ledger keeps it; none when it can be computed anew.
    pub kept: Option<Kept>,
}

/// How the workspace shows a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All rows, for good.
    Always,
    /// Rows whose time in the column `age` is not older than that many hours; those without one stay.
    Hours {
        /// The column that says how old a row is.
        age: &'static str,
        /// Older than this they are dropped, at each full hour of event time.
        hours: u32,
    },
}

/// How the ledger keeps a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Whether a row belongs to one log. Then `log_id` is the first column and part of the key.
    pub per_log: bool,
    /// What a cold start does with it.
    pub carried: Carried,
    /// The number of the ledger's migration that made the table.
    pub since: i32,
    /// Rows older than this go, at each full hour of event time; none for tables whose rows stay.
    pub hours: Option<u32>,
}

/// Whether a cold start takes a table's records over, from their `document`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// No: they are computed anew, and what the ledger has of the same log is dropped.
    Never,
    /// Yes: what the user has decided.
    Always,
    /// Where it is the same market that goes on: in live mode from any log, otherwise from the same log only.
    SameMarket,
    /// All its rows, where the same log goes on. A replay is read whole again, which writes them over.
    SameLog,
}

/// What one row is made of.
pub trait Record {
    /// The table that it belongs to.
    const TABLE: &'static Table;

    /// Its values, one for each column.
    fn values(&self) -> Vec<Value>;
}

/// What can be read back from its row.
pub trait Recorded: Record + Sized {
    /// The record of a row of its table.
    ///
    /// # Errors
    ///
    /// When a value is not what it must be.
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow>;
}

impl Table {
    /// The column with the whole record as JSON.
    pub const DOCUMENT: &'static str = "document";

    /// The place of a column in a row; none when there is no such column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// The column that says how old a row is; none for tables whose rows stay.
    #[must_use]
    pub fn age(&self) -> Option<&'static str> {
        match self.shown {
            Some(Shown::Hours { age, .. }) => Some(age),
            _ => None,
        }
    }

    /// Whether its records can be rebuilt from their rows.
    #[must_use]
    pub fn has_documents(&self) -> bool {
        self.position(Self::DOCUMENT).is_some()
    }
}

/// The tables that the ledger keeps.
pub fn kept() -> impl Iterator<Item = (&'static Table, Kept)> {
    TABLES.iter().filter_map(|table| Some((*table, table.kept?)))
}

/// The tables that the workspace shows.
pub fn shown() -> impl Iterator<Item = (&'static Table, Shown)> {
    TABLES.iter().filter_map(|table| Some((*table, table.shown?)))
}

/// Those shown tables whose rows at a position follow from the log alone. What a restart begins anew, or the speed of
/// the machine decides, is not among them.
pub fn shown_of_the_log() -> impl Iterator<Item = &'static Table> {
    let others: [&Table; 2] = [&price_analysis::TABLE, &late::TABLE];
    shown().map(|(table, _)| table).filter(move |table| !others.contains(table))
}
