//! The same walk for the archive.

use super::hostile;
use super::*;

fn refused(sql: &str) -> String {
    match admit_for(Dialect::PostgreSql, sql.to_owned()) {
        Ok(printed) => panic!("{sql:?} was let through as {printed:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

/// Analytics as people write them for `PostgreSQL`.
pub(crate) const ORDINARY: &[&str] = &[
    "SELECT 1",
    "select * from prices limit 10;",
    "SELECT token, avg(price) AS \"mean price\" FROM prices GROUP BY token HAVING count(*) > 1 ORDER BY 2",
    "SELECT DISTINCT ON (token) token, price FROM prices ORDER BY token, seq DESC",
    "WITH p AS (SELECT * FROM prices), q AS (SELECT * FROM p) SELECT * FROM q JOIN p USING (seq)",
    "WITH p(a, b) AS (SELECT seq, price FROM prices) SELECT a FROM p WHERE b BETWEEN 1 AND 2",
    "SELECT date_trunc('minute', event_time) AS t, max(price) - min(price) FROM prices GROUP BY t",
    "SELECT date_bin('5 minutes', event_time, TIMESTAMP '2026-01-01 00:00:00') AS t, avg(price) FROM prices GROUP BY 1",
    "SELECT seq, price - lag(price) OVER (PARTITION BY token ORDER BY seq) AS change FROM prices",
    "SELECT avg(price) OVER w FROM prices WINDOW w AS (ORDER BY seq ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)",
    "SELECT count(*) FILTER (WHERE price > 100), sum(price) FILTER (WHERE price < 1) FROM prices",
    "SELECT CASE WHEN price > 100 THEN 'high' ELSE 'low' END, CASE token WHEN 'SOL' THEN 1 END FROM prices",
    "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY price) FROM prices",
    "SELECT token LIKE 'S%', token NOT ILIKE '%x%', token IN ('SOL', 'BTC'), token ~ '^S' FROM prices",
    "SELECT CAST(price AS DECIMAL(18, 3)), price::BIGINT, '1'::DOUBLE PRECISION FROM prices",
    "SELECT extract(hour FROM event_time), to_char(event_time, 'HH24:MI') FROM prices",
    "SELECT TIMESTAMP '2026-01-01 00:00:00' + INTERVAL '1 day', DATE '2026-01-01', now() - INTERVAL '1' HOUR",
    "SELECT a.token, b.price FROM prices a LEFT JOIN prices b ON a.seq = b.seq + 1 AND a.token = b.token",
    "SELECT n, n = ANY(ARRAY[1, 2]) FROM generate_series(1, 5, 2) AS n",
    "SELECT * FROM prices WHERE seq = (SELECT max(seq) FROM prices) OR EXISTS (SELECT 1 FROM candles)",
    "SELECT token FROM prices UNION ALL SELECT symbol FROM candles EXCEPT SELECT 'x' INTERSECT SELECT 'y'",
    "SELECT token || ' at ' || price::TEXT || ' USD' FROM prices",
    "SELECT json_array_length(bids::JSON), bids::JSON->0->>1 FROM (SELECT '[[1,2]]' AS bids) AS b",
    "SELECT token, source, count(*) FROM prices GROUP BY ROLLUP (token, source)",
    "SELECT coalesce(block_id, 0), nullif(price, 0), greatest(1, 2), round(price), abs(-price) FROM prices",
    "SELECT substring(token, 1, 2), trim(token), upper(token), replace(token, 'S', 's') FROM prices",
    "SELECT corr(price, seq), regr_slope(price, seq), stddev(price) FROM prices",
    "SELECT * FROM (SELECT 1 AS a) AS t(b) CROSS JOIN LATERAL (SELECT t.b + 1 AS c) AS u",
    "SELECT event_time AT TIME ZONE 'UTC', regexp_replace(token, 'S(.)', '-\\1-') FROM prices",
    "SELECT feed, json::JSON->>'mood' FROM user_events",
];

#[test]
fn ordinary_analytics_pass() {
    let tables: Vec<_> = crate::hot::TABLES.iter().map(|table| table.name).collect();
    let refused = |sql: &&str| admit(sql, &tables, BYTES_MAX, Dialect::PostgreSql).err();
    let refusals: Vec<_> =
        ORDINARY.iter().filter_map(|sql| refused(sql).map(|refusal| format!("{sql}: {refusal}"))).collect();
    assert!(refusals.is_empty(), "{}", refusals.join("\n"));
}

/// What reads or changes the server, and what only this grammar knows; each with a part of its refusal.
pub(crate) const HOSTILE: &[(&str, &str)] = &[
    ("SELECT pg_read_file('/etc/passwd')", "the function pg_read_file is not allowed"),
    ("SELECT pg_read_binary_file('/etc/passwd')", "pg_read_binary_file is not allowed"),
    ("SELECT * FROM pg_ls_dir('/')", "the table function pg_ls_dir is not allowed"),
    ("SELECT pg_catalog.pg_read_file('/etc/passwd')", "is not allowed"),
    ("SELECT \"pg_read_file\"('/etc/passwd')", "is not allowed"),
    ("SELECT pg_sleep(10)", "the function pg_sleep is not allowed"),
    ("SELECT * FROM dblink('host=other', 'SELECT 1') AS t(a INTEGER)", "is not allowed"),
    ("SELECT dblink_exec('DROP TABLE prices')", "the function dblink_exec is not allowed"),
    ("SELECT lo_import('/etc/passwd')", "the function lo_import is not allowed"),
    ("SELECT lo_export(1, '/tmp/x')", "the function lo_export is not allowed"),
    ("SELECT set_config('statement_timeout', '0', false)", "the function set_config is not allowed"),
    ("SELECT current_setting('data_directory')", "the function current_setting is not allowed"),
    ("SELECT * FROM pg_catalog.pg_tables", "there is no table pg_catalog.pg_tables"),
    ("SELECT * FROM pg_authid", "there is no table pg_authid"),
    ("SELECT * FROM pg_stat_activity", "there is no table pg_stat_activity"),
    ("SELECT * FROM information_schema.tables", "there is no table information_schema.tables"),
    ("SELECT * FROM archive_progress", "there is no table archive_progress"),
    ("SELECT * FROM public.prices", "there is no table public.prices"),
    ("SELECT * FROM main.prices", "there is no table main.prices"),
    ("SELECT * FROM prices_20260101", "there is no table prices_20260101"),
    ("SELECT * FROM ONLY prices", ""),
    ("TABLE prices", ""),
    ("SELECT 'pg_class'::regclass", "the type REGCLASS is not allowed"),
    ("SELECT 1::oid", "is not allowed"),
    ("SELECT current_user", "is not allowed"),
    ("SELECT session_user", "is not allowed"),
    ("SELECT user", "is not allowed"),
    ("SELECT current_catalog", "is not allowed"),
    ("SELECT current_schema", "is not allowed"),
    ("SELECT version()", "the function version is not allowed"),
    ("SELECT pg_terminate_backend(1)", "the function pg_terminate_backend is not allowed"),
    ("SELECT pg_advisory_lock(1)", "the function pg_advisory_lock is not allowed"),
    ("SELECT nextval('x')", "the function nextval is not allowed"),
    ("SELECT query_to_xml('SELECT 1', true, true, '')", "the function query_to_xml is not allowed"),
    ("SELECT p.to_json FROM prices p", "the name to_json is not allowed"),
    ("SELECT p.\"row_to_json\" FROM prices p", "is not allowed"),
    ("SELECT prices.pg_typeof FROM prices", "the name pg_typeof is not allowed"),
    ("SELECT p::TEXT FROM prices p", "a whole row is not a value"),
    ("SELECT max(prices::TEXT) FROM prices", "a whole row is not a value"),
    ("SELECT q::TEXT FROM (SELECT 1 AS a) q", "a whole row is not a value"),
    ("WITH q AS (SELECT 1 AS a) SELECT (q) FROM q", "a whole row is not a value"),
    (
        "SELECT 1 WHERE EXISTS (SELECT p FROM (SELECT 1) AS x) AND 1 = 1 GROUP BY p ORDER BY pg_sleep(1)",
        "pg_sleep",
    ),
    ("SELECT generate_series(1, 1000000000)", "the function generate_series is not allowed"),
    ("SELECT * FROM generate_series(1, 1000000000)", "must be whole numbers from 0 to 10000000"),
    ("SELECT count(*) FROM generate_series(1, 10 * 1000000000)", "must be whole numbers"),
    ("SELECT repeat('x', 1000000000)", "the function repeat is not allowed"),
    ("SELECT string_agg(token, ',') FROM prices", "the function string_agg is not allowed"),
    ("SELECT array_agg(price) FROM prices", "the function array_agg is not allowed"),
    ("SELECT json_agg(token) FROM prices", "the function json_agg is not allowed"),
    ("SELECT lpad('x', 1000000000)", "the function lpad is not allowed"),
    ("SELECT E'\\x41'", "is not allowed"),
    ("SELECT U&'\\0041'", ""),
    ("SELECT $$x$$", "is not allowed"),
    ("SELECT 'a' COLLATE \"C\"", "is not allowed"),
    ("SELECT 1 OPERATOR(pg_catalog.+) 1", ""),
    ("SELECT * FROM unnest(ARRAY[1, 2]) AS x", "is not allowed"),
    ("SELECT 2 ^ 100000", "is not allowed"),
    ("SELECT ROW(1, 2)", "is not allowed"),
    ("SELECT XMLPARSE(CONTENT 'x')", ""),
    ("DO $$ BEGIN PERFORM 1; END $$", ""),
    ("LISTEN x", ""),
    ("VACUUM prices", ""),
    ("COPY prices TO PROGRAM 'id'", ""),
    ("COPY (SELECT 1) TO '/tmp/x'", ""),
    ("LOCK TABLE prices", ""),
    ("SET ROLE postgres", ""),
    ("RESET ROLE", ""),
];

#[test]
fn what_reads_the_server_or_changes_it_is_refused_by_name() {
    let mut wrong = Vec::new();
    for (sql, reason) in HOSTILE {
        match admit_for(Dialect::PostgreSql, (*sql).to_owned()) {
            Ok(printed) => wrong.push(format!("LET THROUGH {sql:?} as {printed:?}")),
            Err(refusal) if refusal.to_string().contains(reason) => {}
            Err(refusal) => wrong.push(format!("{sql:?}: {refusal}, not {reason:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The list that the hot store is held against holds here too, for whatever reason.
#[test]
fn nothing_hostile_to_the_hot_store_is_let_through_to_the_archive() {
    let through: Vec<_> = hostile::all()
        .filter(|(sql, _)| admit_for(Dialect::PostgreSql, (*sql).to_owned()).is_ok())
        .map(|(sql, _)| *sql)
        .collect();
    assert_eq!(through, Vec::<&str>::new());
    assert!(
        refused("SELECT x FROM generate_series(1, 2) AS x, prices WHERE prices IS NULL")
            .contains("whole row")
    );
}

proptest! {
    /// Whatever passes, its printed form passes again and prints the same.
    #[test]
    fn the_printed_form_is_its_own_printed_form(select in value(), condition in value(), text in "[ -~]{0,40}") {
        let sql = format!("SELECT {select} AS x FROM prices AS p WHERE {condition} {text}");
        if let Ok(printed) = admit_for(Dialect::PostgreSql, sql) {
            let again = admit_for(Dialect::PostgreSql, printed.clone());
            prop_assert_eq!(again.as_ref(), Ok(&printed));
        }
    }

    /// Bytes of any kind are answered, never a panic.
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,200}") {
        let _ = admit_for(Dialect::PostgreSql, text);
    }
}
