//! What is let through, what is not, and that printing changes nothing.

pub(crate) mod archive;
pub(crate) mod hostile;

use proptest::prelude::*;

use super::*;

const TABLES: &[&str] = &["prices", "candles", "sol_stablecoin_trades"];
const BYTES_MAX: usize = 16 * 1024;

/// As in service: on a stack that is deep enough.
fn admit_deep(sql: String) -> Result<String, Refusal> {
    admit_for(Dialect::DuckDb, sql)
}

fn admit_for(dialect: Dialect, sql: String) -> Result<String, Refusal> {
    let thread = std::thread::Builder::new().stack_size(16 * 1024 * 1024);
    thread.spawn(move || admit(&sql, TABLES, BYTES_MAX, dialect)).unwrap().join().unwrap()
}

fn refusal(sql: &str) -> String {
    match admit_deep(sql.to_owned()) {
        Ok(printed) => panic!("{sql:?} was let through as {printed:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn what_is_not_one_plain_select_is_refused_by_name() {
    let mut wrong = Vec::new();
    for (sql, reason) in hostile::all() {
        match admit_deep((*sql).to_owned()) {
            Ok(printed) => wrong.push(format!("LET THROUGH {sql:?} as {printed:?}")),
            Err(refusal) if refusal.to_string().contains(reason) && !refusal.to_string().is_empty() => {}
            Err(refusal) => wrong.push(format!("{sql:?}: {refusal}, not {reason:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(hostile::all().count() >= 80);
}

/// Written as people write them; the guard must not be in their way.
pub(in crate::query) const ORDINARY: &[&str] = &[
    "SELECT 1",
    "select * from prices limit 10;",
    "SELECT * FROM main.prices ORDER BY seq DESC",
    "FROM prices",
    "FROM prices SELECT token, price WHERE price > 1",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT token, avg(price) AS \"mean price\" FROM prices GROUP BY token HAVING count(*) > 1 ORDER BY 2",
    "SELECT token, count(*) FROM prices GROUP BY ALL ORDER BY ALL",
    "SELECT * EXCLUDE (received_time, source) REPLACE (price * 2 AS price) FROM prices",
    "SELECT DISTINCT ON (token) token, price FROM prices ORDER BY token, seq DESC",
    "WITH p AS (SELECT * FROM prices), q AS (SELECT * FROM p) SELECT * FROM q JOIN p USING (seq)",
    "WITH p(a, b) AS (SELECT seq, price FROM prices) SELECT a FROM p WHERE b BETWEEN 1 AND 2",
    "SELECT date_trunc('minute', event_time) AS t, max(price) - min(price) FROM prices GROUP BY t",
    "SELECT time_bucket(INTERVAL '5 minutes', event_time) AS t, first(price ORDER BY seq) FROM prices GROUP BY 1",
    "SELECT time_bucket(INTERVAL 5 MINUTE, event_time) AS t, last(price ORDER BY seq) FROM prices GROUP BY 1",
    "SELECT seq, price - lag(price) OVER (PARTITION BY token ORDER BY seq) AS change FROM prices QUALIFY change > 0",
    "SELECT avg(price) OVER w FROM prices WINDOW w AS (ORDER BY seq ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)",
    "SELECT row_number() OVER (ORDER BY seq) FROM prices QUALIFY row_number() OVER (ORDER BY seq) <= 3",
    "SELECT count(*) FILTER (WHERE price > 100), sum(price) FILTER (WHERE price < 1) FROM prices",
    "SELECT CASE WHEN price > 100 THEN 'high' ELSE 'low' END, CASE token WHEN 'SOL' THEN 1 END FROM prices",
    "SELECT arg_max(price, seq), arg_min(token, price), quantile_cont(price, 0.5), median(price) FROM prices",
    "SELECT quantile_cont(price, [0.25, 0.5, 0.75]) FROM prices",
    "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY price) FROM prices",
    "SELECT token LIKE 'S%', token NOT ILIKE '%x%', token IN ('SOL', 'BTC'), token ~ '^S' FROM prices",
    "SELECT CAST(price AS DECIMAL(18, 3)), price::BIGINT, TRY_CAST(token AS INTEGER), '1'::DOUBLE FROM prices",
    "SELECT epoch_ms(event_time), extract(hour FROM event_time), strftime(event_time, '%H:%M') FROM prices",
    "SELECT TIMESTAMP '2026-01-01 00:00:00' + INTERVAL '1 day', DATE '2026-01-01', now() - INTERVAL '1' HOUR",
    "SELECT a.token, b.price FROM prices a LEFT JOIN prices b ON a.seq = b.seq + 1 AND a.token = b.token",
    "SELECT count(*) FROM range(10) a, generate_series(1, 5, 2) AS b(n), unnest([1, 2]) AS c(x)",
    "SELECT * FROM prices WHERE seq = (SELECT max(seq) FROM prices) OR EXISTS (SELECT 1 FROM candles)",
    "SELECT price FROM prices WHERE price > ALL (SELECT close FROM candles) AND seq = ANY (SELECT seq FROM candles)",
    "SELECT token FROM prices UNION ALL SELECT symbol FROM candles EXCEPT SELECT 'x' INTERSECT SELECT 'y'",
    "SELECT token || ' at ' || price::VARCHAR || ' USD' FROM prices",
    "SELECT bids->>'$[0][0]', json_extract(bids, '$[0]') FROM (SELECT '[[1,2]]' AS bids)",
    "SELECT token, source, count(*) FROM prices GROUP BY ROLLUP (token, source)",
    "SELECT token, count(*) FROM prices GROUP BY GROUPING SETS ((token), ())",
    "SELECT coalesce(block_id, 0), nullif(price, 0), greatest(1, 2), round(price, 2), abs(-price) FROM prices",
    "SELECT substring(token, 1, 2), trim(token), upper(token), replace(token, 'S', 's'), token[1] FROM prices",
    "SELECT corr(price, seq), regr_slope(price, seq), stddev(price), approx_quantile(price, 0.5) FROM prices",
    "SELECT (price + 1) * 2 / 3 % 4, 7 // 2, 1 << 3, 5 & 1, NOT (price IS NULL) FROM prices",
    "SELECT price /* the last one */ FROM prices -- of all\nWHERE price IS DISTINCT FROM 1",
    "SELECT 'it''s', 'grün €', '\\n'",
    "SELECT price FROM prices OFFSET 5",
    "SELECT * FROM (SELECT 1 AS a) AS t(b) CROSS JOIN LATERAL (SELECT t.b + 1 AS c) AS u",
    "SELECT trim(BOTH 'x' FROM token), position('O' IN token), floor(price), ceil(price) FROM prices",
    "SELECT event_time AT TIME ZONE 'UTC' FROM prices",
    "SELECT count(DISTINCT token) FROM prices SEMI JOIN candles ON prices.seq = candles.seq",
];

#[test]
fn ordinary_analytics_pass() {
    let refused = |sql: &&str| admit_deep((*sql).to_owned()).err().map(|refusal| format!("{sql}: {refusal}"));
    let refusals: Vec<_> = ORDINARY.iter().filter_map(refused).collect();
    assert!(refusals.is_empty(), "{}", refusals.join("\n"));
}

#[test]
fn what_runs_is_the_printed_tree() {
    let printed = admit_deep("select /* a */ price -- b\n  from   Prices;".to_owned()).unwrap();
    assert_eq!(printed, "SELECT price FROM Prices");
}

#[test]
fn length_and_depth_are_bounded() {
    let long = format!("SELECT '{}'", "x".repeat(BYTES_MAX));
    assert_eq!(refusal(&long), format!("sql must be at most 16384 bytes, got {}", BYTES_MAX + 9));
    let brackets = format!("SELECT {}1{}", "(".repeat(100), ")".repeat(100));
    let sums = format!("SELECT 1{}", "+1".repeat(8000));
    let queries = format!("{}SELECT 1{}", "SELECT * FROM (".repeat(60), ")".repeat(60));
    let unions = format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(800));
    let negations = format!("SELECT {}TRUE", "NOT ".repeat(3000));
    let brackets_only = "(".repeat(16_000);
    for deep in [&brackets, &queries, &unions, &negations] {
        assert!(!refusal(deep).is_empty());
    }
    assert!(refusal(&brackets_only).contains("recursion limit"));
    assert_eq!(refusal(&sums), "the statement has more than 4000 parts");
    assert!(refusal(&format!("SELECT * FROM prices{}", ", prices".repeat(40))).contains("32 relations"));
    admit_deep(format!("SELECT 1{}", "+1".repeat(400))).unwrap();
}

/// A value that may stand in a statement.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("price".to_owned()),
        Just("p.seq".to_owned()),
        Just("\"a b\"".to_owned()),
        (0..1000_i64).prop_map(|number| number.to_string()),
        "[a-zA-Z %_.é'\\\\-]{0,8}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        Just("NULL".to_owned()),
        Just("INTERVAL '1 hour'".to_owned()),
        Just("-1".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("<="),
            Just("<>"),
            Just("AND"),
            Just("OR"),
            Just("||"),
            Just("//")
        ];
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("- {a}")),
            inner.clone().prop_map(|a| format!("NOT {a}")),
            inner.clone().prop_map(|a| format!("sum({a}) OVER (ORDER BY seq)")),
            inner.clone().prop_map(|a| format!("CAST({a} AS DECIMAL(10, 2))")),
            inner.clone().prop_map(|a| format!("{a}::VARCHAR")),
            inner.clone().prop_map(|a| format!("{a} IS NOT NULL")),
            inner.clone().prop_map(|a| format!("(SELECT max({a}) FROM prices)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} IN ({b}, 1)")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
        ]
    })
}

proptest! {
    /// Whatever passes, its printed form passes again and prints the same.
    #[test]
    fn the_printed_form_is_its_own_printed_form(
        select in value(),
        condition in value(),
        text in proptest::option::of("[ -~]{0,40}"),
    ) {
        let sql = match text {
            Some(text) => format!("SELECT {select} AS x FROM prices AS p WHERE {condition} {text}"),
            None => format!("WITH p AS (SELECT * FROM prices) SELECT {select} FROM p WHERE {condition} ORDER BY 1"),
        };
        if let Ok(printed) = admit_deep(sql) {
            let again = admit_deep(printed.clone());
            prop_assert_eq!(again.as_ref(), Ok(&printed));
        }
    }

    /// Bytes of any kind are answered, never a panic.
    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,200}") {
        let _ = admit_deep(text);
    }
}
