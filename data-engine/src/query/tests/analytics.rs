//! Ordinary questions, answered correctly.

use super::*;

async fn answered(queries: &Queries, sql: &str) -> String {
    printed(
        &queries
            .answer(sql.to_owned(), QueryTarget::Hot)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn analytics_answer_correctly() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    for (sql, expected) in [
        ("SELECT count(*), min(seq), max(seq), sum(price) FROM prices", "1000 1 1000 599500"),
        ("SELECT token, avg(price) FROM prices GROUP BY token ORDER BY token", "BTC 600\nSOL 599"),
        ("SELECT price FROM prices ORDER BY seq DESC LIMIT 2", "1099\n1098"),
        ("SELECT event_time FROM prices WHERE seq = 1", "2023-11-14T22:13:20Z"),
        (
            "SELECT arg_max(token, price), median(price), quantile_cont(price, 0.9) FROM prices",
            "BTC 599.5 999.1",
        ),
        (
            "SELECT seq, price - lag(price) OVER (PARTITION BY token ORDER BY seq) AS change FROM prices
             QUALIFY change IS NOT NULL ORDER BY seq LIMIT 2",
            "3 2\n4 2",
        ),
        (
            "SELECT count(*) FILTER (WHERE price > 1000), count(*) FILTER (WHERE token = 'SOL') FROM prices",
            "99 500",
        ),
        (
            "SELECT time_bucket(INTERVAL '5 minutes', event_time) AS t, first(price ORDER BY seq), count(*)
             FROM prices GROUP BY t ORDER BY t LIMIT 2",
            "2023-11-14T22:10:00Z 100 100\n2023-11-14T22:15:00Z 200 300",
        ),
        (
            "SELECT date_trunc('hour', event_time), count(*) FROM prices GROUP BY 1",
            "2023-11-14T22:00:00Z 1000",
        ),
        (
            "SELECT CASE WHEN price < 600 THEN 'low' ELSE 'high' END AS side, count(*) FROM prices
             WHERE token LIKE 'S%' GROUP BY side ORDER BY side",
            "high 250\nlow 250",
        ),
        ("SELECT count(*) FROM prices a JOIN prices b ON a.seq = b.seq + 1 AND a.token <> b.token", "999"),
        (
            "WITH r AS (SELECT seq, row_number() OVER (ORDER BY price DESC) n FROM prices) SELECT seq FROM r WHERE n = 3",
            "998",
        ),
        (
            "SELECT (SELECT max(seq) FROM prices) + 1, 1.5::DECIMAL(5, 2), 9007199254740993, NULL, true",
            "1001 1.50 9007199254740993 null true",
        ),
        ("SELECT sum(9007199254740992::HUGEINT * 4) FROM range(2)", "72057594037927936"),
        (
            "SELECT DATE '2026-01-03', TIME '01:02:03', INTERVAL '1 day', 'NaN'::DOUBLE",
            "2026-01-03 01:02:03.000000 P0M1DT0.000000S NaN",
        ),
        (
            "SELECT epoch_us(event_time), source, block_id FROM prices WHERE seq = 2",
            "1700000001000000 simulated null",
        ),
        ("SELECT '[[101.5,2]]'->>'$[0][0]', json_array_length('[1,2,3]')", "101.5 3"),
        ("VALUES (1, 'a'), (2, 'b')", "1 a\n2 b"),
    ] {
        assert_eq!(answered(&queries, sql).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_million_rows_are_aggregated_in_time() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    for (sql, expected) in [
        (
            "SELECT count(*), sum(range), sum(range % 7) FROM range(10000000)",
            "10000000 49999995000000 29999994",
        ),
        ("SELECT r % 10 AS k, count(*) FROM range(10000000) t(r) GROUP BY k ORDER BY k LIMIT 1", "0 1000000"),
        (
            "SELECT count(*), sum(p.price) FROM prices p JOIN range(10000) r ON r.range >= 0",
            "10000000 5995000000",
        ),
    ] {
        let begun = Instant::now();
        let answer = answered(&queries, sql).await;
        println!("{:?} for {sql}: {answer}", begun.elapsed());
        assert_eq!(answer, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_have_names_types_and_the_position_of_the_tables() {
    let filled = filled().await;
    let sql =
        "SELECT seq, price, token AS \"the token\", event_time, count(*) OVER () AS n FROM prices LIMIT 1";

    let answer = queries(&filled.hot).answer(sql.to_owned(), QueryTarget::Hot).await.unwrap();

    let columns: Vec<_> =
        answer.columns.iter().map(|column| format!("{} {}", column.name, column.r#type)).collect();
    assert_eq!(
        columns,
        ["seq UBIGINT", "price DOUBLE", "the token VARCHAR", "event_time TIMESTAMP", "n BIGINT"]
    );
    assert_eq!((answer.count, answer.truncated, answer.applied_seq), (1, false, u64::from(PRICES)));
    assert!(answer.took_ms > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_does_not_understand_is_said_in_one_sentence() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    for (sql, part) in [
        ("SELECT prise FROM prices", "Referenced column \"prise\" not found"),
        ("SELECT 'x'::INTEGER FROM prices", "Could not convert string 'x' to INT32"),
        ("SELECT price FROM prices GROUP BY token", "must appear in the GROUP BY"),
    ] {
        let error = queries.answer(sql.to_owned(), QueryTarget::Hot).await.unwrap_err();
        assert!(matches!(error, QueryError::NotUnderstood(_)), "{error:?}");
        assert!(error.to_string().contains(part) && !error.to_string().contains('\n'), "{error}");
    }
}
