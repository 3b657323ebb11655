//! The same walk for the archive.

use super::*;
use crate::sql::statements::archive::{HOSTILE, ORDINARY};

fn refused(sql: &str) -> String {
    match admit_for(Dialect::PostgreSql, sql.to_owned()) {
        Ok(printed) => panic!("{sql:?} was let through as {printed:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn ordinary_analytics_pass() {
    let tables = [
        "prices",
        "candles",
        "sol_stablecoin_trades",
        "order_book_snapshots",
        "whale_movements",
        "feed_events",
        "dead_letters",
        "user_events",
    ];
    let refused = |sql: &&str| admit(sql, &tables, BYTES_MAX, Dialect::PostgreSql).err();
    let refusals: Vec<_> =
        ORDINARY.iter().filter_map(|sql| refused(sql).map(|refusal| format!("{sql}: {refusal}"))).collect();
    assert!(refusals.is_empty(), "{}", refusals.join("\n"));
}

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
