//! The tables of a ledger, whichever database it is in: made by numbered migrations, and checked.
//!
//! A table of the registry says itself which migration made it ([`crate::tables::Kept::since`]); a change of one that
//! is there already is a step in [`Dialect::steps`].

use std::collections::BTreeMap;

use crate::tables::{Kind, Layout, kept};

pub(super) const MIGRATIONS: &str = "ledger_migrations";
pub(super) const SNAPSHOTS: &str = "snapshots";

/// How a database says it.
pub(super) struct Dialect {
    /// The types of the tables that every ledger has, in the order of [`Dialect::base_tables`].
    pub(super) integer: &'static str,
    pub(super) bigint: &'static str,
    pub(super) text: &'static str,
    pub(super) timestamp: &'static str,
    pub(super) blob: &'static str,
    pub(super) column_type: fn(Kind) -> &'static str,
    pub(super) create: fn(Layout) -> String,
    /// Migrations that do more than to make tables, in their order.
    pub(super) steps: &'static [Step],
}

/// What a migration does with what is there.
pub(super) struct Step {
    pub(super) number: i32,
    /// Before the new tables are made.
    pub(super) before: &'static str,
    /// After that.
    pub(super) after: &'static str,
}

/// The number of the newest migration.
pub(super) fn newest() -> i32 {
    kept().map(|(_, kept)| kept.since).max().unwrap_or_default()
}

impl Dialect {
    /// What leads from the migration `applied` to the newest; 0 is an empty database.
    pub(super) fn migrate(&self, applied: i32) -> String {
        let steps = || self.steps.iter().filter(|step| applied > 0 && step.number > applied);
        let mut statements: String = steps().map(|step| step.before).collect();
        if applied < FIRST {
            for (name, columns) in self.base_tables() {
                let columns: Vec<String> =
                    columns.iter().map(|(name, kind)| format!("{name} {kind} NOT NULL")).collect();
                statements.extend(["CREATE TABLE ", name, " (", &columns.join(", "), ");"]);
            }
        }
        for (table, _) in kept().filter(|(_, kept)| kept.since > applied) {
            statements.push_str(&(self.create)(Layout::of_ledger(table)));
        }
        statements.extend(steps().map(|step| step.after));
        statements + &format!("INSERT INTO {MIGRATIONS} VALUES ({}, now());", newest())
    }

    fn base_tables(&self) -> [(&'static str, Vec<(&'static str, &'static str)>); 2] {
        [
            (MIGRATIONS, vec![("number", self.integer), ("applied", self.timestamp)]),
            (
                SNAPSHOTS,
                vec![
                    ("log_id", self.text),
                    // Rises with each cold start; the highest is the log in use.
                    ("generation", self.bigint),
                    ("version", self.integer),
                    ("cursor_seq", self.bigint),
                    ("command", self.bigint),
                    ("state", self.blob),
                ],
            ),
        ]
    }

    /// Every table with its columns and their types.
    pub(super) fn tables(&self) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
        let of_registry = kept().map(|(table, _)| {
            let columns = Layout::of_ledger(table).columns();
            (table.name, columns.map(|column| (column.name, (self.column_type)(column.kind))).collect())
        });
        self.base_tables().into_iter().chain(of_registry).collect()
    }
}

/// The migration that made [`SNAPSHOTS`] as it is.
const FIRST: i32 = 2;

/// The first difference between a table and what is written to it; none when it fits. `found`: its columns and types.
pub(super) fn misfit(
    table: &str,
    wanted: &[(&'static str, &'static str)],
    mut found: BTreeMap<String, String>,
) -> Option<String> {
    if found.is_empty() {
        return Some(format!("table {table} is missing"));
    }
    for (name, kind) in wanted {
        match found.remove(*name) {
            None => return Some(format!("column {table}.{name} is missing")),
            Some(other) if other != *kind => {
                return Some(format!("column {table}.{name} is {other}, not {kind}"));
            }
            Some(_) => {}
        }
    }
    found.into_keys().next().map(|name| format!("column {table}.{name} is not known"))
}

/// What is wrong with a ledger that migration `applied` made last.
pub(super) fn too_new(applied: i32) -> Option<String> {
    let newest = newest();
    (applied > newest)
        .then(|| format!("its migration {applied} was made by a newer version; this one knows {newest}"))
}
