//! The clock of a statement, stopped.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Statement, visit_expressions_mut};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

use crate::values::UnixMicros;

/// What tells the moment, and with which type.
const CLOCKS: [(&str, &str); 8] = [
    ("now", "TIMESTAMP"),
    ("current_timestamp", "TIMESTAMP"),
    ("get_current_timestamp", "TIMESTAMP"),
    ("transaction_timestamp", "TIMESTAMP"),
    ("localtimestamp", "TIMESTAMP"),
    ("current_localtimestamp", "TIMESTAMP"),
    ("today", "DATE"),
    ("current_date", "DATE"),
];

/// What finds something else each time.
const CHANCE: [&str; 6] =
    ["random", "uuid", "gen_random_uuid", "reservoir_quantile", "current_time", "get_current_time"];

/// Puts `now` in place of everything that tells the moment. Says what is left to chance, if anything is.
pub(super) fn stop(statement: &mut Statement, now: UnixMicros) -> Option<String> {
    let mut refused = None;
    // It never breaks off.
    let _ = visit_expressions_mut(statement, |expression| {
        if let Expr::Function(function) = expression {
            let name = function.name.to_string().to_lowercase();
            if let Some((_, kind)) = CLOCKS.iter().find(|(clock, _)| *clock == name) {
                match moment(now, kind) {
                    Some(moment) => *expression = moment,
                    None => refused = Some(name),
                }
            } else if CHANCE.contains(&name.as_str()) {
                refused = Some(name);
            }
        }
        ControlFlow::<()>::Continue(())
    });
    refused
}

fn moment(now: UnixMicros, kind: &str) -> Option<Expr> {
    let text = now.to_string();
    let text = text.trim_end_matches('Z').replace('T', " ");
    let text = if kind == "DATE" { text.split(' ').next()?.to_owned() } else { text };
    let literal = format!("CAST('{text}' AS {kind})");
    Parser::new(&DuckDbDialect {}).try_with_sql(&literal).ok()?.parse_expr().ok()
}

#[cfg(test)]
mod tests {
    use crate::sql::admit_at;
    use crate::values::UnixMicros;

    fn at(sql: &str) -> Result<String, String> {
        let now = UnixMicros::parse("2026-01-03T22:13:00.5Z").unwrap();
        admit_at(sql, &["wallet_profiles"], 16 * 1024, now).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn the_clock_stands_still() {
        let sql =
            "SELECT wallet_address FROM wallet_profiles WHERE trade_timestamp > now() - INTERVAL '1' HOUR";
        assert!(at(sql).unwrap().contains("CAST('2026-01-03 22:13:00.5'"), "{:?}", at(sql));
        assert!(at("SELECT today(), current_timestamp").unwrap().contains("CAST('2026-01-03' AS DATE)"));
        assert!(at("SELECT CURRENT_TIMESTAMP").unwrap().starts_with("SELECT CAST("));
    }

    #[test]
    fn chance_and_everything_that_the_walk_refuses_is_refused() {
        for sql in
            ["SELECT random()", "DELETE FROM wallet_profiles", "SELECT 1; SELECT 2", "SELECT * FROM other"]
        {
            assert!(at(sql).is_err(), "{sql}");
        }
    }
}
