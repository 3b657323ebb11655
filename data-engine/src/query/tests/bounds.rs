//! What reaches a bound is stopped there, and the next query is answered.

use super::*;

/// Let through, because nothing in their text shows how much they cost.
const ENDLESS: &[&str] = &[
    "SELECT count(*) FROM range(10000000) a, range(10000000) b",
    "SELECT sum(a.range * b.range) FROM range(10000000) a CROSS JOIN range(10000000) b WHERE a.range < b.range",
    "SELECT count(*) FROM prices a, prices b, prices c, prices d WHERE a.price + b.price > c.price + d.price",
    "SELECT max(sha256(a.range::VARCHAR || b.range::VARCHAR)) FROM range(10000000) a, range(10000000) b",
    "SELECT (SELECT sum(b.range) FROM range(10000000) b WHERE b.range > a.range) FROM range(10000000) a",
    "SELECT count(*) FROM range(10000000) a, range(1000) b WHERE regexp_matches(a.range::VARCHAR || b.range, '(1|2|3)*9$')",
    "SELECT x FROM (SELECT a.range AS x FROM range(10000000) a, range(10000000) b) ORDER BY x LIMIT 5 OFFSET 9999999",
];

/// What they build is larger than what a query may take.
const LARGE: &[&str] = &[
    "SELECT * FROM (SELECT a.range, md5(a.range::VARCHAR) h FROM range(10000000) a) ORDER BY h LIMIT 1 OFFSET 9000000",
    "SELECT count(*) FROM (SELECT a.range * 1000 + b.range AS x, count(*) FROM range(10000000) a, range(1000) b GROUP BY x)",
    "SELECT count(DISTINCT md5(a.range::VARCHAR || 'x' || b.range)) FROM range(10000000) a, range(1000) b",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_stopped_in_time() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    let before = digest(&filled.hot);
    for sql in ENDLESS.iter().chain(LARGE) {
        let begun = Instant::now();
        let error = queries.answer((*sql).to_owned(), QueryTarget::Hot).await.unwrap_err();
        let took = begun.elapsed();
        println!("{took:?} {error}: {sql}");
        assert!(matches!(error, QueryError::TooLong(_) | QueryError::TooMuchMemory(_)), "{sql}: {error}");
        assert!(took < Duration::from_millis(2900), "{sql}: {took:?}");
    }
    assert_eq!(digest(&filled.hot), before);
    assert_eq!(
        printed(&queries.answer("SELECT count(*) FROM prices".to_owned(), QueryTarget::Hot).await.unwrap()),
        "1000"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded() {
    let filled = filled().await;
    // Time enough on a busy machine: the memory is what ends them.
    let limits = Limits { memory_mb_max: 32, timeout_ms: 60_000, ..Limits::default() };
    let queries = Queries::new(filled.hot.clone(), None, &limits);
    for sql in LARGE {
        let error = queries.answer((*sql).to_owned(), QueryTarget::Hot).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the query was stopped because it needs more than 32 MB of memory; ask for less",
            "{sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_bytes_are_cut_off_and_the_answer_says_so() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    let rows = async |sql: &str| {
        let answer = queries.answer(sql.to_owned(), QueryTarget::Hot).await.unwrap();
        assert_eq!(answer.rows.len(), usize::try_from(answer.count).unwrap());
        (answer.count, answer.truncated)
    };
    assert_eq!(rows("SELECT * FROM range(10000)").await, (10_000, false));
    assert_eq!(rows("SELECT * FROM range(10001)").await, (10_000, true));
    assert_eq!(rows("SELECT * FROM range(10000000) a, range(10000000) b").await, (10_000, true));
    let wide = format!("SELECT '{}' FROM range(9000)", "x".repeat(4000));
    let (count, truncated) = rows(&wide).await;
    assert!(truncated && (1000..1100).contains(&count), "{count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_run_a_few_wait_and_more_are_refused() {
    let filled = filled().await;
    let limits = Limits { timeout_ms: 300, running_max: 1, waiting_max: 1, ..Limits::default() };
    let queries = Queries::new(filled.hot.clone(), None, &limits);
    let slow = || {
        let queries = queries.clone();
        tokio::spawn(async move {
            queries.answer(ENDLESS[0].to_owned(), QueryTarget::Hot).await.unwrap_err().to_string()
        })
    };

    let tasks: Vec<_> = (0..4).map(|_| slow()).collect();
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap());
    }

    ends.sort();
    assert_eq!(&ends[..2], ["2 queries are running or waiting already; try again later"; 2]);
    assert_eq!(&ends[2..], ["the query was stopped after 300 ms; ask for less"; 2]);
    assert_eq!(printed(&queries.answer("SELECT 1".to_owned(), QueryTarget::Hot).await.unwrap()), "1");
}

/// The worst that the guard lets through: large texts in every row of a step.
#[tokio::test(flavor = "multi_thread")]
async fn long_texts_are_stopped_before_they_fill_the_machine() {
    let filled = filled().await;
    let queries = queries(&filled.hot);
    let text = "x".repeat(12_000);
    let sql = format!(
        "SELECT max(length(d)) FROM (SELECT '{text}' || r.range AS a, a || a AS b, b || b AS c, c || c AS d
         FROM range(10000000) r)"
    );
    let begun = Instant::now();
    let answer = queries.answer(sql, QueryTarget::Hot).await;
    println!("{:?}: {:?}", begun.elapsed(), answer.map(|answer| printed(&answer)));
    assert!(begun.elapsed() < Duration::from_secs(4));
}
