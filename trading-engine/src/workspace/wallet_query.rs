//! Which queries a play may find its wallets with: one SELECT on the workspace's tables, with the same answer whenever
//! they hold the same.

use duckdb::Connection;
use serde_json::Value;

use crate::tables::shown;

/// Names of tables beside those of the registry.
const VIEWS: [&str; 1] = ["cycle_tracker"];

/// Functions that stand where a table does.
const TABLE_FUNCTIONS: [&str; 3] = ["range", "generate_series", "unnest"];

/// What answers differently each time it is asked: functions, and words that stand for one.
const CHANGING: [&str; 17] = [
    "now",
    "today",
    "current_date",
    "current_time",
    "current_timestamp",
    "get_current_time",
    "get_current_timestamp",
    "current_localtime",
    "current_localtimestamp",
    "localtime",
    "localtimestamp",
    "transaction_timestamp",
    "random",
    "setseed",
    "uuid",
    "gen_random_uuid",
    "nextval",
];

/// Whether a play's query can be run on the tables, without running it.
///
/// # Errors
///
/// What is wrong with it, in one sentence.
pub fn check_wallet_query(connection: &Connection, sql: &str) -> Result<(), String> {
    let mut parts = Parts::default();
    parts.collect(&parsed(connection, sql)?);
    parts.check()?;
    columns(connection, sql)
}

/// The tree of the one SELECT, as the database itself reads it: what it runs later is what was looked at.
fn parsed(connection: &Connection, sql: &str) -> Result<Value, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("the query cannot be read: {error}");
    let read: String = connection
        .query_row("SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", [sql], |row| row.get(0))
        .map_err(|error| unreadable(&error))?;
    let tree: Value = serde_json::from_str(&read).map_err(|error| unreadable(&error))?;
    if tree.get("error") != Some(&Value::Bool(false)) {
        let said = tree.get("error_message").and_then(Value::as_str).unwrap_or_default();
        if said.starts_with("Only SELECT") {
            return Err("the query must be a SELECT: it may read the tables and change nothing".to_owned());
        }
        return Err(unreadable(&said));
    }
    match tree.get("statements").and_then(Value::as_array).map(Vec::as_slice) {
        Some([_]) => Ok(tree),
        Some(statements) => Err(format!("the query must be exactly one statement, not {}", statements.len())),
        None => Err(unreadable(&"it has no statements")),
    }
}

/// The names that a statement uses.
#[derive(Default)]
struct Parts {
    tables: Vec<String>,
    own_names: Vec<String>,
    table_functions: Vec<String>,
    functions: Vec<String>,
}

impl Parts {
    fn collect(&mut self, node: &Value) {
        match node {
            Value::Array(nodes) => nodes.iter().for_each(|node| self.collect(node)),
            Value::Object(fields) => {
                let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
                match text("type") {
                    "BASE_TABLE" => {
                        let names = [text("catalog_name"), text("schema_name"), text("table_name")];
                        let given: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
                        let name = given.join(".");
                        self.tables.push(lower(name.strip_prefix("main.").unwrap_or(&name)));
                    }
                    "SHOW_REF" => self.table_functions.push("a description of tables".to_owned()),
                    "COLUMN_REF" => {
                        if let Some([name]) =
                            fields.get("column_names").and_then(Value::as_array).map(Vec::as_slice)
                        {
                            self.functions.push(lower(name.as_str().unwrap_or_default()));
                        }
                    }
                    "TABLE_FUNCTION" => {
                        let function = fields.get("function").and_then(|call| call.get("function_name"));
                        self.table_functions
                            .push(lower(function.and_then(Value::as_str).unwrap_or_default()));
                    }
                    _ => {}
                }
                if !text("function_name").is_empty() {
                    self.functions.push(lower(text("function_name")));
                }
                if let Some(named) = fields.get("cte_map").and_then(|map| map.get("map")?.as_array()) {
                    let keys = named.iter().filter_map(|entry| entry.get("key")?.as_str());
                    self.own_names.extend(keys.map(lower));
                }
                fields.values().for_each(|node| self.collect(node));
            }
            _ => {}
        }
    }

    fn check(&self) -> Result<(), String> {
        for table in &self.tables {
            let known = shown().any(|(known, _)| known.name == table) || VIEWS.contains(&table.as_str());
            if !known && !self.own_names.contains(table) {
                return Err(format!("there is no table {table}"));
            }
        }
        if let Some(function) =
            self.table_functions.iter().find(|function| !TABLE_FUNCTIONS.contains(&function.as_str()))
        {
            return Err(format!("{function} is not allowed in the query"));
        }
        match self.functions.iter().find(|function| CHANGING.contains(&function.as_str())) {
            Some(function) => Err(format!(
                "{function} is not allowed in the query: it must find the same wallets whenever the tables hold the \
                 same; the log's time is (SELECT max(known_at) FROM wallet_profiles)"
            )),
            None => Ok(()),
        }
    }
}

fn lower(name: &str) -> String {
    name.to_lowercase()
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
            "FROM wallet_profiles SELECT wallet_address UNION SELECT 'x'",
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
            ("DELETE FROM decisions", "must be a SELECT"),
            ("INSERT INTO decisions SELECT * FROM decisions", "must be a SELECT"),
            ("SELECT wallet_address FROM wallet_profiles; DELETE FROM decisions", "SELECT"),
            ("SELECT 1; SELECT wallet_address FROM wallet_profiles", "exactly one"),
            ("COPY wallet_profiles TO '/tmp/x'", "must be a SELECT"),
            ("PRAGMA threads=4", "must be a SELECT"),
            ("SELECT", "cannot be read"),
            ("", "exactly one"),
            ("SELECT wallet_address FROM read_csv('/etc/passwd')", "read_csv"),
            ("SELECT wallet_address FROM '/etc/passwd'", "/etc/passwd"),
            ("SELECT setting AS wallet_address FROM duckdb_settings()", "duckdb_settings"),
            ("SELECT table_name AS wallet_address FROM information_schema.tables", "information_schema"),
            ("SELECT wallet_address FROM query('DELETE FROM decisions')", "query"),
            ("SELECT wallet_address FROM wallet_profiles WHERE known_at > now()", "now"),
            (
                "SELECT wallet_address FROM wallet_profiles WHERE known_at > current_timestamp",
                "current_timestamp",
            ),
            ("SHOW TABLES", "a description of tables"),
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
