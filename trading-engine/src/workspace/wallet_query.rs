//! Which queries a play may find its wallets with: one SELECT on the workspace's tables that the guard lets through,
//! with the same answer whenever they hold the same: the clock stands where the log is.

use duckdb::Connection;
use goat::sql::admit_at;
use goat::values::UnixMicros;

use crate::tables::{shown, shown_of_the_log};

/// Names of tables beside those of the registry.
const VIEWS: [&str; 1] = ["cycle_tracker"];

const SQL_BYTES_MAX: usize = 16 * 1024;

/// Parsing and printing recurse; untouched pages cost nothing.
pub(super) const STACK_BYTES: usize = 16 * 1024 * 1024;

/// The names that a query may read.
pub(super) fn table_names() -> Vec<&'static str> {
    shown().map(|(table, _)| table.name).chain(VIEWS).collect()
}

/// Whether a play's query can be run on the tables, without running it.
///
/// # Errors
///
/// What is wrong with it, in one sentence.
pub fn check_wallet_query(connection: &Connection, sql: &str) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("the query cannot be read: {error}");
    let thread = std::thread::Builder::new().name("wallet-query".to_owned()).stack_size(STACK_BYTES);
    let admitted = std::thread::scope(|scope| {
        let admitting = thread.spawn_scoped(scope, || admitted(sql, UnixMicros::default()));
        admitting.map_err(|error| failed(&error))?.join().map_err(|_| failed(&"it is too deep"))?
    })?;
    columns(connection, &admitted)
}

/// The text that may run in place of a play's query.
///
/// Recurses as deep as the statement is nested: call it on a thread with a stack of [`STACK_BYTES`].
///
/// # Errors
///
/// What is not allowed about it, in one sentence.
pub(super) fn admitted(sql: &str, now: UnixMicros) -> Result<String, String> {
    let tables: Vec<&str> = shown_of_the_log().map(|table| table.name).chain(VIEWS).collect();
    admit_at(sql, &tables, SQL_BYTES_MAX, now).map_err(|refusal| refusal.to_string())
}

/// Whether everything that is named exists, and a column is the wallet's.
fn columns(connection: &Connection, sql: &str) -> Result<(), String> {
    let cannot = |error: duckdb::Error| format!("the query cannot be run: {error}");
    let mut statement = connection.prepare(&format!("DESCRIBE {sql}")).map_err(cannot)?;
    let columns = statement.query_map([], |row| row.get::<_, String>(0)).map_err(cannot)?;
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
    if columns.iter().any(|column| column == "wallet_address") {
        return Ok(());
    }
    Err(format!("the query has no column wallet_address; it has {}", columns.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str) -> Result<(), String> {
        check_wallet_query(&super::super::open().unwrap(), sql)
    }

    #[test]
    fn a_select_of_wallets_is_let_through() {
        for sql in [
            "SELECT wallet_address FROM wallet_profiles",
            "SELECT DISTINCT wallet_address FROM main.wallet_profiles -- all of them",
            "WITH good AS (SELECT wallet_address, avg(potential_gain_percent) AS gain FROM wallet_profiles \
             WHERE threshold = 0.3 GROUP BY 1) SELECT wallet_address FROM good WHERE gain > 0.1 ORDER BY gain LIMIT 5;",
            "SELECT p.wallet_address FROM wallet_profiles p JOIN cycle_tracker c ON p.price_cycle = c.id",
            "SELECT wallet_address FROM wallet_profiles WHERE known_at > now() - INTERVAL '1' HOUR",
            "SELECT wallet_address FROM wallet_profiles UNION SELECT 'x'",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence_that_names_it() {
        for (sql, named) in [
            ("SELECT wallet_address FROM wallet_profile", "wallet_profile"),
            ("SELECT wallet_adress FROM wallet_profiles", "wallet_adress"),
            ("SELECT price_cycle FROM wallet_profiles", "no column wallet_address"),
            ("DELETE FROM decisions", "only SELECT"),
            ("INSERT INTO decisions SELECT * FROM decisions", "only SELECT"),
            ("SELECT wallet_address FROM wallet_profiles; DELETE FROM decisions", "exactly one"),
            ("SELECT 1; SELECT wallet_address FROM wallet_profiles", "exactly one"),
            ("COPY wallet_profiles TO '/tmp/x'", "SELECT"),
            ("PRAGMA threads=4", "SELECT"),
            ("SELECT", ""),
            ("", "no statement"),
            ("SELECT wallet_address FROM read_csv('/etc/passwd')", "read_csv"),
            ("SELECT wallet_address FROM '/etc/passwd'", "/etc/passwd"),
            ("SELECT setting AS wallet_address FROM duckdb_settings()", "duckdb_settings"),
            ("SELECT table_name AS wallet_address FROM information_schema.tables", "information_schema"),
            ("SELECT wallet_address FROM query('DELETE FROM decisions')", "query"),
            ("SHOW TABLES", "SELECT"),
            ("SELECT cycle AS wallet_address FROM price_analysis", "price_analysis"),
            ("SELECT id AS wallet_address FROM decided_late", "decided_late"),
            ("SELECT wallet_address FROM wallet_profiles ORDER BY random() LIMIT 3", "random"),
        ] {
            let problem = check(sql).expect_err(sql);
            assert!(problem.contains(named), "{sql}: {problem}");
        }
    }

    #[test]
    fn what_is_refused_has_changed_nothing() {
        let connection = super::super::open().unwrap();
        connection.execute_batch("CREATE TABLE mine AS SELECT 1 AS one").unwrap();
        let hostile = "SELECT wallet_address FROM wallet_profiles; DROP TABLE mine";
        check_wallet_query(&connection, hostile).unwrap_err();
        check_wallet_query(&connection, "DROP TABLE mine").unwrap_err();
        let rows: i64 = connection.query_row("SELECT count(*) FROM mine", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }
}
