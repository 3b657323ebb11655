//! The tables of the ledger file, and whether a file has them.

use std::path::Path;

use duckdb::Connection;

use super::LedgerError;

/// Changes whenever a table does.
const SCHEMA_VERSION: u32 = 1;

const VERSION_TABLE: Table = Table { name: "schema_version", columns: &[("version", "UINTEGER")] };

pub(super) const SNAPSHOTS: Table = Table {
    name: "snapshots",
    columns: &[
        ("log_id", "VARCHAR"),
        // Rises with each cold start; the highest is the log in use.
        ("generation", "UBIGINT"),
        ("version", "UINTEGER"),
        ("cursor_seq", "UBIGINT"),
        ("state", "BLOB"),
    ],
};

pub(super) const PRICE_CYCLES: Table = Table {
    name: "price_cycles",
    columns: &[
        ("log_id", "VARCHAR"),
        ("id", "VARCHAR"),
        ("threshold_hundredths", "UINTEGER"),
        ("start_seq", "UBIGINT"),
        ("start_time", "TIMESTAMP"),
        ("end_seq", "UBIGINT"),
        ("end_time", "TIMESTAMP"),
        ("start_price", "DOUBLE"),
        ("highest_price", "DOUBLE"),
        ("lowest_price", "DOUBLE"),
        ("max_percent_increase", "DOUBLE"),
        ("max_percent_increase_from_lowest", "DOUBLE"),
        ("data_points", "UINTEGER"),
        ("longest_gap_ms", "INTEGER"),
    ],
};

const TABLES: [&Table; 3] = [&VERSION_TABLE, &SNAPSHOTS, &PRICE_CYCLES];

pub(super) struct Table {
    pub(super) name: &'static str,
    columns: &'static [(&'static str, &'static str)],
}

impl Table {
    fn create(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!("CREATE TABLE {} ({});", self.name, columns.join(", "))
    }
}

/// Makes the tables in an empty file, or checks that those there are the ones that this code knows.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let tables: u64 =
        connection.query_row("SELECT count(*) FROM information_schema.tables", [], |row| row.get(0))?;
    if tables == 0 {
        let create: String = TABLES.iter().map(|table| table.create()).collect();
        connection.execute_batch(&format!(
            "BEGIN; {create} INSERT INTO schema_version VALUES ({SCHEMA_VERSION}); COMMIT; CHECKPOINT;"
        ))?;
        return Ok(());
    }
    match misfit(connection)? {
        None => Ok(()),
        Some(problem) => Err(LedgerError::DoesNotFit { path: path.to_owned(), problem }),
    }
}

/// What does not fit; none when everything does.
fn misfit(connection: &Connection) -> Result<Option<String>, duckdb::Error> {
    for table in TABLES {
        let found = columns_of(connection, table.name)?;
        if found.is_empty() {
            return Ok(Some(format!("table {} is missing", table.name)));
        }
        for (name, kind) in table.columns {
            match found.iter().find(|(column, _)| column == name) {
                None => return Ok(Some(format!("column {}.{name} is missing", table.name))),
                Some((_, other)) if other != kind => {
                    return Ok(Some(format!("column {}.{name} is {other}, not {kind}", table.name)));
                }
                Some(_) => {}
            }
        }
        if found.len() != table.columns.len() {
            let (known, has) = (table.columns.len(), found.len());
            return Ok(Some(format!("table {} has {has} columns, not {known}", table.name)));
        }
    }
    let versions = "SELECT coalesce(max(version), 0) FROM schema_version";
    let version: u32 = connection.query_row(versions, [], |row| row.get(0))?;
    Ok((version != SCHEMA_VERSION).then(|| format!("its schema version is {version}, not {SCHEMA_VERSION}")))
}

fn columns_of(connection: &Connection, table: &str) -> Result<Vec<(String, String)>, duckdb::Error> {
    let columns = "SELECT column_name, data_type FROM information_schema.columns \
                   WHERE table_name = ? ORDER BY ordinal_position";
    let mut statement = connection.prepare(columns)?;
    let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
