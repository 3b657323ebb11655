//! The same tables in a real `PostgreSQL`.

use super::*;
use crate::archive::Target;
use crate::archive::tests::cluster::Cluster;
use crate::archive::tests::{Running, settings};
use goat::sql::postgresql::ROW_FUNCTIONS;
use goat::sql::statements::{archive, hostile};

/// Tables in memory and the archive of the same log.
struct Both {
    filled: Filled,
    cluster: Cluster,
    running: Option<Running>,
    queries: Queries,
    asked: Asked,
}

impl Both {
    async fn begin(limits: &Limits) -> Self {
        let filled = filled().await;
        let cluster = Cluster::start();
        let log = filled.log();
        let running = Running::begin(&cluster, &log);
        running.until_whole(&log).await;
        let target = Target::of(&settings(&cluster.url())).unwrap();
        let asked = Asked::of(target.as_ref(), log.id()).unwrap();
        let queries = Queries::new(filled.hot.clone(), Some(asked.clone()), limits);
        Self { filled, cluster, running: Some(running), queries, asked }
    }

    async fn ask(&self, sql: &str) -> Result<QueryResponse, QueryError> {
        self.queries.answer(sql.to_owned(), QueryTarget::Archive).await
    }

    /// Every row of every table, and the catalogue, as text.
    fn digest(&self) -> Vec<String> {
        let of_table = |table: &crate::hot::TableSpec| {
            let name = table.name;
            self.cluster.psql(&format!(
                "SELECT count(*) || md5(coalesce(string_agg(t::text, '' ORDER BY seq), '')) FROM {name} t"
            ))
        };
        let mut digests: Vec<_> = crate::hot::TABLES.iter().map(of_table).collect();
        digests.push(self.cluster.psql(
            "SELECT (SELECT count(*) FROM pg_class) || '/' || (SELECT count(*) FROM pg_proc) || '/' ||
             (SELECT count(*) FROM pg_largeobject_metadata) || '/' || (SELECT count(*) FROM pg_roles)",
        ));
        digests
    }

    async fn end(mut self) {
        if let Some(running) = self.running.take() {
            running.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_statement_reaches_the_archive() {
    let both = Both::begin(&Limits::default()).await;
    let before = both.digest();

    for (sql, _) in archive::HOSTILE.iter().chain(hostile::all()) {
        let refused = both.ask(sql).await.unwrap_err();
        assert!(matches!(refused, QueryError::Refused(_)), "{sql}: {refused}");
    }

    assert_eq!(both.digest(), before);
    both.end().await;
}

/// The layer behind the guard: even the test's superuser reads no file, sees no other table and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_the_server_still_reads_no_file_and_changes_nothing() {
    let both = Both::begin(&Limits { timeout_ms: 500, ..Limits::default() }).await;
    let limits = Limits { timeout_ms: 500, ..Limits::default() };
    let before = both.digest();
    for sql in [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(1, '/tmp/x')",
        "SELECT nextval('archive_progress_log_seq')",
        "SELECT * FROM archive_progress",
        "SELECT * FROM archive_migrations",
        "SELECT log FROM prices",
        "INSERT INTO prices SELECT * FROM prices",
        "COPY prices TO '/tmp/x'",
        "SELECT 1) AS answer; DROP TABLE prices; SELECT * FROM (SELECT 1",
        "WITH x AS (DELETE FROM public.prices RETURNING 1) SELECT * FROM x",
    ] {
        let refused = both.asked.answer(sql, &limits).await.unwrap_err();
        assert!(matches!(refused, QueryError::NotUnderstood(_)), "{sql}: {refused:?}");
    }
    // Older servers let this one through in a read-only transaction: it is not committed.
    let _ = both.asked.answer("SELECT lo_creat(-1)", &limits).await;
    let asleep = both.asked.answer("SELECT pg_sleep(10)", &limits).await.unwrap_err();
    assert!(matches!(asleep, QueryError::TooLong(500)), "{asleep}");
    let role =
        both.asked.answer("SELECT current_user, current_setting('search_path')", &limits).await.unwrap();
    assert_eq!(printed(&role), "pg_read_all_data pg_catalog");

    assert_eq!(both.digest(), before);
    both.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guard_lets_through_the_archive_understands() {
    let both = Both::begin(&Limits::default()).await;
    let mut wrong = Vec::new();
    for sql in archive::ORDINARY {
        if let Err(error) = both.ask(sql).await {
            wrong.push(format!("{sql}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    both.end().await;
}

/// Law: the same statement has the same answer, value by value, in both databases.
#[tokio::test(flavor = "multi_thread")]
async fn both_databases_answer_alike() {
    let both = Both::begin(&Limits::default()).await;
    for sql in [
        "SELECT * FROM prices ORDER BY seq LIMIT 20",
        "SELECT token, count(*) AS n, min(price) AS low, max(price) AS high FROM prices GROUP BY token ORDER BY token",
        "SELECT seq, price - lag(price) OVER (PARTITION BY token ORDER BY seq) AS change FROM prices ORDER BY seq LIMIT 5",
        "WITH p AS (SELECT seq FROM prices WHERE price > 1000) SELECT count(*) AS n FROM p JOIN prices USING (seq)",
        "SELECT NULL AS nothing, TRUE AS yes, 'it''s' AS text, CAST(1.5 AS DECIMAL(4, 2)) AS exact, DATE '2026-01-02' AS day",
        "SELECT token, price FROM prices WHERE token LIKE 'S%' AND price BETWEEN 100 AND 110 ORDER BY price",
    ] {
        let hot = both.queries.answer(sql.to_owned(), QueryTarget::Hot).await.unwrap();
        let archived = both.ask(sql).await.unwrap();
        assert_eq!(archived.rows, hot.rows, "{sql}");
        let names = |answer: &QueryResponse| {
            answer.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&archived), names(&hot), "{sql}");
        assert_eq!(archived.applied_seq, u64::from(PRICES));
    }
    let doubled = both.ask("SELECT price, price, 1 FROM prices ORDER BY seq LIMIT 1").await.unwrap();
    assert_eq!(printed(&doubled), "100 100 1");
    both.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_is_bounded_as_memory_is() {
    let limits = Limits { timeout_ms: 700, rows_max: 7, memory_mb_max: 8, ..Limits::default() };
    let both = Both::begin(&limits).await;

    let cut = both.ask("SELECT seq FROM prices ORDER BY seq").await.unwrap();
    assert_eq!((cut.count, cut.truncated), (7, true));
    for endless in [
        "SELECT count(*) FROM generate_series(1, 10000000) AS a, generate_series(1, 10000000) AS b",
        "SELECT count(*) FROM prices a, prices b, prices c, prices d WHERE a.price + b.price + c.price > d.price",
    ] {
        let error = both.ask(endless).await.unwrap_err();
        assert!(
            matches!(error, QueryError::TooLong(700) | QueryError::TooMuchMemory(8)),
            "{endless}: {error}"
        );
    }
    let spilling =
        "SELECT a.n FROM generate_series(1, 10000000) AS a(n) ORDER BY a.n % 7 LIMIT 1 OFFSET 5000000";
    let error = both.ask(spilling).await.unwrap_err();
    assert!(matches!(error, QueryError::TooMuchMemory(8) | QueryError::TooLong(700)), "{error}");
    let wrong = both.ask("SELECT nothing FROM prices").await.unwrap_err();
    assert_eq!(wrong.to_string(), "the query failed: column \"nothing\" does not exist");
    both.end().await;
}

/// Two logs share an archive: a query sees the rows of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_sees_no_other_log() {
    let both = Both::begin(&Limits::default()).await;
    both.cluster.psql(
        "INSERT INTO archive_progress (log_id, last_seq, books) VALUES ('other', 1, '[]');
         INSERT INTO prices (log, seq, event_time, received_time, source, token, price)
         SELECT 999, seq, event_time, received_time, source, 'FOREIGN', price FROM prices",
    );
    let tokens = both.ask("SELECT DISTINCT token FROM prices ORDER BY token").await.unwrap();
    assert_eq!(printed(&tokens), "BTC\nSOL");
    both.end().await;
}

/// A name after a relation and a dot is a call when a function takes a row: all of those names are known.
#[tokio::test(flavor = "multi_thread")]
async fn every_function_that_takes_a_row_is_known() {
    let cluster = Cluster::start();
    let takers = cluster.psql(
        "SELECT DISTINCT proname FROM pg_proc WHERE prokind = 'f' AND pronamespace = 'pg_catalog'::regnamespace
         AND (pronargs = 1 OR (pronargs > 1 AND pronargs - pronargdefaults <= 1)) AND proargtypes[0] IN
         ('record'::regtype, '\"any\"'::regtype, 'anyelement'::regtype, 'anynonarray'::regtype,
          'anycompatible'::regtype, 'anycompatiblenonarray'::regtype) ORDER BY 1",
    );
    let unknown: Vec<_> = takers.lines().filter(|name| !ROW_FUNCTIONS.contains(name)).collect();
    assert_eq!(unknown, Vec::<&str>::new(), "they take a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_off_or_away_is_said() {
    let mut both = Both::begin(&Limits::default()).await;
    let off = Queries::new(both.filled.hot.clone(), None, &Limits::default());
    let error = off.answer("SELECT 1".to_owned(), QueryTarget::Archive).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no archive: archive.url is not set");
    both.cluster.kill();
    let error = both.ask("SELECT 1").await.unwrap_err();
    assert!(matches!(error, QueryError::Archive(_)), "{error}");
    let hot = both.queries.answer("SELECT 1".to_owned(), QueryTarget::Hot).await.unwrap();
    assert_eq!(printed(&hot), "1");
    both.end().await;
}
