//! A table as one database has it: with the log's column or without.

use super::{Column, Kind, Table, required};

/// Before the columns of a table whose rows belong to one log.
const LOG: Column = required("log_id", Kind::Text);

/// A table in the ledger or in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The table.
    pub table: &'static Table,
    /// Whether its first column is `log_id`.
    pub per_log: bool,
}

impl Layout {
    /// As the ledger keeps it.
    #[must_use]
    pub fn of_ledger(table: &'static Table) -> Self {
        Self { table, per_log: table.kept.is_some_and(|kept| kept.per_log) }
    }

    /// As the workspace shows it: the rows of the present log alone.
    #[must_use]
    pub fn of_workspace(table: &'static Table) -> Self {
        Self { table, per_log: false }
    }

    /// All columns.
    pub fn columns(self) -> impl Iterator<Item = Column> {
        self.per_log.then_some(LOG).into_iter().chain(self.table.columns.iter().copied())
    }

    /// The names of all columns, separated by commas.
    #[must_use]
    pub fn column_names(self) -> String {
        let names: Vec<&str> = self.columns().map(|column| column.name).collect();
        names.join(", ")
    }

    /// The columns of the key.
    pub fn key(self) -> impl Iterator<Item = &'static str> {
        self.per_log.then_some(LOG.name).into_iter().chain(self.table.key.iter().copied())
    }

    /// Where rows wait to be put in.
    #[must_use]
    pub fn stage(self) -> String {
        format!("stage_{}", self.table.name)
    }
}
