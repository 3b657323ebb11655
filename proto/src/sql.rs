//! Which statements are let through: one SELECT, every part of it on a list.
//!
//! The statement is parsed, its tree is walked against lists of what is allowed, and what runs is the
//! *printed* tree, never the text that came. So a comment, a second statement or a quirk of quoting cannot
//! reach the database. What is not on a list is refused with a sentence that names it.
//!
//! Allowed are SELECT, VALUES, set operations and common table expressions (not recursive ones) over the
//! given tables, `range`, `generate_series` and `unnest`, with the functions of [`functions`]. What is
//! meant for the archive passes the same walk, with the grammar of `PostgreSQL` and the functions of [`postgresql`].
//!
//! **Invariant:** what [`admit`] returns is admitted again, and printed the same.
//!
//! Two bounds are kept here because the database cannot be stopped inside of one step of its work, which is
//! 2048 rows long: text may not grow by more than [`GROWTH_MAX`], and a pattern is a literal that is
//! matched in linear time.

mod clock;
mod dialect;
mod expression;
mod functions;
mod literal;
pub mod postgresql;
mod select;

#[cfg(any(test, feature = "statements"))]
pub mod statements;

#[cfg(test)]
mod tests;

use crate::values::UnixMicros;
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Statement};
use sqlparser::parser::Parser;

pub use dialect::Dialect;

/// Nested queries, brackets and calls.
const DEPTH_MAX: usize = 48;
/// Operators, calls and clauses of a statement together.
const PARTS_MAX: usize = 4000;
/// Relations of a statement together: planning takes time that cannot be interrupted.
const RELATIONS_MAX: usize = 32;
/// How many times longer a text may become than the texts that it was made of.
const GROWTH_MAX: u64 = 16;
/// The parser's own bound, in its own steps: several for one bracket.
const PARSER_DEPTH_MAX: usize = 200;

/// A statement was not let through, with what was wrong about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// The text that may run in place of `sql`.
///
/// Recurses as deep as the statement is nested, and the parser builds a chain of operators as deep as it is
/// long: call it on a thread with a stack of 16 MiB.
///
/// # Errors
///
/// When the statement is longer than `bytes_max`, is not exactly one SELECT, or any part of it is not allowed.
pub fn admit(sql: &str, tables: &[&str], bytes_max: usize, dialect: Dialect) -> Result<String, Refusal> {
    if sql.len() > bytes_max {
        return Err(Refusal::new(format!("sql must be at most {bytes_max} bytes, got {}", sql.len())));
    }
    let statement = parse(sql, dialect)?;
    let Statement::Query(query) = &statement else {
        return Err(Refusal::new(format!(
            "only SELECT is allowed, got {}",
            first_word(&statement.to_string())
        )));
    };
    Walk::new(tables, dialect).query(query)?;
    let printed = statement.to_string();
    // Printing is not always faithful: two minus signs become a comment.
    if parse(&printed, dialect).as_ref() != Ok(&statement) {
        return Err(Refusal::new(
            "the statement cannot be printed so that it reads the same; write it more simply",
        ));
    }
    Ok(printed)
}

/// As [`admit`] for `DuckDB`, of a statement that has to find the same whenever it is asked of the same rows: the
/// clock stands at `now`, and what is left to chance is refused.
///
/// # Errors
///
/// As [`admit`], and when the statement samples.
pub fn admit_at(sql: &str, tables: &[&str], bytes_max: usize, now: UnixMicros) -> Result<String, Refusal> {
    let printed = admit(sql, tables, bytes_max, Dialect::DuckDb)?;
    let mut statement = parse(&printed, Dialect::DuckDb)?;
    let refused = clock::stop(&mut statement, now);
    refused.map_or_else(|| Ok(statement.to_string()), |what| Err(not_allowed(&what)))
}

fn parse(sql: &str, dialect: Dialect) -> Result<Statement, Refusal> {
    let unreadable = |error| Refusal::new(format!("the statement cannot be read: {error}"));
    let mut statements = Parser::new(dialect.grammar())
        .with_recursion_limit(PARSER_DEPTH_MAX)
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(unreadable)?;
    match (statements.pop(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(Refusal::new("there is no statement")),
        (Some(_), before) => {
            Err(Refusal::new(format!("exactly one statement is allowed, got {}", before.saturating_add(1))))
        }
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// A piece of the statement, short enough to be quoted.
fn shown(part: &impl std::fmt::Display) -> String {
    let text = part.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn not_allowed(what: &impl std::fmt::Display) -> Refusal {
    Refusal::new(format!("{} is not allowed", shown(what)))
}

/// One pass over a tree.
#[derive(Debug)]
struct Walk<'a> {
    tables: &'a [&'a str],
    dialect: Dialect,
    /// What rows can be named by, in the whole statement.
    row_names: Vec<String>,
    /// The names of common table expressions that can be seen, innermost last.
    names: Vec<String>,
    depth: usize,
    parts: usize,
    relations: usize,
    growth: u64,
}

impl<'a> Walk<'a> {
    fn new(tables: &'a [&'a str], dialect: Dialect) -> Self {
        let (row_names, names) = (Vec::new(), Vec::new());
        Self { tables, dialect, row_names, names, depth: 0, parts: 0, relations: 0, growth: 1 }
    }

    /// A name that stands for a value. A whole row is none where its text could be asked for: quoted again and
    /// again, it doubles each time.
    fn value_name(&self, value: &Expr, names: &[Ident]) -> Result<(), Refusal> {
        names.iter().try_for_each(check_identifier)?;
        self.dialect.check_value_name(names)?;
        let is_row = |name: &Ident| self.row_names.contains(&name.value.to_ascii_lowercase());
        if self.dialect.reads_rows(value) && names.iter().all(is_row) {
            let name = shown(value);
            return Err(Refusal::new(format!(
                "{name} names a relation here, and a whole row is not a value; name a column, such as {name}.seq"
            )));
        }
        Ok(())
    }

    /// Does `inner` one level deeper.
    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Result<(), Refusal>) -> Result<(), Refusal> {
        if self.depth >= DEPTH_MAX {
            return Err(Refusal::new(format!("the statement is nested more than {DEPTH_MAX} levels deep")));
        }
        self.depth = self.depth.saturating_add(1);
        inner(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn count_part(&mut self) -> Result<(), Refusal> {
        self.parts = self.parts.saturating_add(1);
        if self.parts > PARTS_MAX {
            return Err(Refusal::new(format!("the statement has more than {PARTS_MAX} parts")));
        }
        Ok(())
    }

    fn count_relation(&mut self) -> Result<(), Refusal> {
        self.relations = self.relations.saturating_add(1);
        if self.relations > RELATIONS_MAX {
            return Err(Refusal::new(format!("the statement names more than {RELATIONS_MAX} relations")));
        }
        Ok(())
    }

    /// A value `times` as long as its parts is made. Every one of them can be an input of the next.
    fn grow(&mut self, times: usize) -> Result<(), Refusal> {
        self.growth = self.growth.saturating_mul(u64::try_from(times.max(1)).unwrap_or(u64::MAX));
        if self.growth > GROWTH_MAX {
            return Err(Refusal::new(format!(
                "the statement joins texts so often that one could become more than {GROWTH_MAX} times as long"
            )));
        }
        Ok(())
    }

    fn relation(&mut self, name: &ObjectName) -> Result<(), Refusal> {
        self.count_relation()?;
        let mut parts = Vec::with_capacity(2);
        for part in &name.0 {
            let ObjectNamePart::Identifier(identifier) = part else { return Err(not_allowed(name)) };
            check_identifier(identifier)?;
            parts.push(identifier.value.to_ascii_lowercase());
        }
        let known = match parts.as_slice() {
            [table] => self.names.contains(table) || self.tables.contains(&table.as_str()),
            [schema, table] => self.dialect.has_schema(schema) && self.tables.contains(&table.as_str()),
            _ => false,
        };
        if known {
            return Ok(());
        }
        Err(Refusal::new(format!("there is no table {}; there are {}", shown(name), self.tables.join(", "))))
    }
}

/// A name is plain, or quoted and still short and harmless: it is printed as it stands.
fn check_identifier(identifier: &Ident) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let harmless = |byte: u8| plain(byte) || b" %.+-/()$#:".contains(&byte);
    let name = identifier.value.as_bytes();
    let allowed = match identifier.quote_style {
        None => name.iter().copied().all(plain),
        Some('"') => name.iter().copied().all(harmless),
        Some(_) => false,
    };
    if allowed && (1..=64).contains(&name.len()) {
        return Ok(());
    }
    Err(Refusal::new(format!("the name {} is not allowed: letters, digits and _ are", shown(identifier))))
}

fn check_column(name: &ObjectName) -> Result<(), Refusal> {
    for part in &name.0 {
        let ObjectNamePart::Identifier(identifier) = part else { return Err(not_allowed(name)) };
        check_identifier(identifier)?;
    }
    Ok(())
}
