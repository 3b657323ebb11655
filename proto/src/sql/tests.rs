//! What is let through, what is not, and that printing changes nothing.

mod archive;

use proptest::prelude::*;

use super::statements::{ORDINARY, hostile};
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
