//! The tables for whoever asks with SQL of their own.

use std::sync::{Arc, Mutex, PoisonError};

use duckdb::Connection;
use goat::query::{Database, Places};
use goat::settings::Query as Limits;

use super::wallet_query::table_names;
use crate::view::Shared;

/// A few queries at a time, each within its limits. Cloning shares the room for them.
#[derive(Debug, Clone)]
pub struct Queries {
    /// What is asked.
    pub tables: Tables,
    /// What one may cost.
    pub limits: Limits,
    /// How many run and wait.
    pub places: Places,
}

/// The workspace, and how far the core is.
#[derive(Debug, Clone)]
pub struct Tables {
    root: Arc<Mutex<Connection>>,
    view: Shared,
}

impl Queries {
    /// Queries on the database that `writer` writes.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    pub fn new(writer: &Connection, view: Shared, limits: &Limits) -> Result<Self, duckdb::Error> {
        let tables = Tables { root: Arc::new(Mutex::new(writer.try_clone()?)), view };
        Ok(Self { tables, limits: limits.clone(), places: Places::new(limits) })
    }
}

impl Database for Tables {
    fn tables(&self) -> Vec<&'static str> {
        table_names()
    }

    fn connect(&self) -> Result<Connection, String> {
        let root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        root.try_clone().map_err(|error| format!("no connection to the workspace: {error}"))
    }

    fn applied_seq(&self) -> u64 {
        self.view.read().cursor.seq.get()
    }
}

#[cfg(test)]
mod tests {
    use goat::sql::statements::hostile;

    use super::*;
    use crate::view::View;

    /// Every row of every table, and what there is beside them, as text.
    fn digest(connection: &Connection) -> Vec<String> {
        let of_table = |name: &&str| {
            let sql = format!("SELECT count(*) || ':' || coalesce(bit_xor(hash(t)), 0) FROM {name} t");
            connection.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
        };
        let mut digests: Vec<String> = table_names().iter().map(of_table).collect();
        let catalogue = "SELECT (SELECT count(*) FROM duckdb_tables()) || '/' || (SELECT count(*) FROM duckdb_databases())
             || '/' || (SELECT count(*) FROM duckdb_functions() WHERE NOT internal)";
        digests.push(connection.query_row(catalogue, [], |row| row.get(0)).unwrap());
        digests
    }

    fn queries() -> (Connection, Queries) {
        let connection = crate::workspace::open().unwrap();
        connection
            .execute_batch("INSERT INTO prices SELECT i, make_timestamp(i * 1000000), make_timestamp(i * 1000000), 'test', 'SOL', 100 + i, 0 FROM range(1, 501) t(i)")
            .unwrap();
        let queries = Queries::new(&connection, Shared::new(View::new(&[])), &Limits::default()).unwrap();
        (connection, queries)
    }

    async fn ask(
        queries: &Queries,
        sql: &str,
    ) -> Result<goat::wire::market::QueryResponse, goat::query::QueryError> {
        let place = queries.places.take().await?;
        goat::query::answer(queries.tables.clone(), &queries.limits, sql.to_owned(), place).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_hostile_statement_changes_a_table() {
        let (connection, queries) = queries();
        let before = digest(&connection);

        for (sql, _) in hostile::all() {
            let refused = ask(&queries, sql).await.unwrap_err();
            assert!(matches!(refused, goat::query::QueryError::Refused(_)), "{sql}: {refused}");
        }

        assert_eq!(digest(&connection), before);
    }

    /// The layer behind the guard.
    #[test]
    fn without_the_guard_the_database_still_reads_no_file_and_keeps_its_settings() {
        let (connection, queries) = queries();
        let before = digest(&connection);
        for sql in [
            "SELECT * FROM read_text('/etc/passwd')",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM glob('/*')",
            "COPY prices TO '/tmp/prices.csv'",
            "ATTACH '/tmp/other.db' AS other",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET memory_limit = '1TB'",
            "SET enable_external_access = true",
            "SET threads = 64",
            "DELETE FROM prices",
            "CREATE TABLE stolen (a INTEGER)",
        ] {
            let asked = queries.tables.connect().unwrap();
            asked.execute_batch("BEGIN TRANSACTION READ ONLY").unwrap();
            assert!(asked.execute_batch(sql).is_err(), "{sql}");
        }
        assert_eq!(digest(&connection), before);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_reaches_a_bound_is_stopped_and_the_next_is_answered() {
        let (_connection, mut queries) = queries();
        let cut = ask(&queries, "SELECT * FROM range(10001)").await.unwrap();
        assert_eq!((cut.count, cut.truncated), (10_000, true));

        queries.limits.timeout_ms = 300;
        let endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b";
        let stopped = ask(&queries, endless).await.unwrap_err();
        assert!(matches!(stopped, goat::query::QueryError::TooLong(300)), "{stopped}");

        let counted = ask(&queries, "SELECT count(*) AS n FROM prices").await.unwrap();
        assert_eq!((counted.columns[0].name.as_str(), counted.count), ("n", 1));
    }
}
