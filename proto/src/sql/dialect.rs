//! The two databases that a statement can be meant for, and where they differ.

use sqlparser::ast::{Expr, Ident};
use sqlparser::dialect::{DuckDbDialect, PostgreSqlDialect};

use super::{Refusal, functions, postgresql, shown};

/// The database that a statement is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The hot store.
    DuckDb,
    /// The archive.
    PostgreSql,
}

impl Dialect {
    pub(super) fn grammar(self) -> &'static dyn sqlparser::dialect::Dialect {
        match self {
            Self::DuckDb => &DuckDbDialect {},
            Self::PostgreSql => &PostgreSqlDialect {},
        }
    }

    /// Functions whose values are no longer than their arguments.
    pub(super) fn has_plain(self, function: &str) -> bool {
        match self {
            Self::DuckDb => functions::is_plain(function),
            Self::PostgreSql => postgresql::is_plain(function),
        }
    }

    /// Functions whose second argument is a regular expression.
    pub(super) fn has_regular(self, function: &str) -> bool {
        match self {
            Self::DuckDb => functions::REGULAR.contains(&function),
            Self::PostgreSql => postgresql::REGULAR.contains(&function),
        }
    }

    /// Functions of a time and a format.
    pub(super) fn has_format(self, function: &str) -> bool {
        match self {
            Self::DuckDb => function == "strftime",
            Self::PostgreSql => function == "to_char",
        }
    }

    pub(super) fn table_functions(self) -> &'static [&'static str] {
        match self {
            Self::DuckDb => &["range", "generate_series", "unnest"],
            Self::PostgreSql => &["generate_series"],
        }
    }

    /// Whether a table may be named with this schema.
    pub(super) fn has_schema(self, schema: &str) -> bool {
        self == Self::DuckDb && schema == "main"
    }

    /// A name that stands for a value. In `PostgreSQL` some words without quotes say who asks, and a name after a
    /// relation can be a call: `prices.to_json` is `to_json(prices)`.
    ///
    /// # Errors
    ///
    /// When it is one of those.
    pub(super) fn check_value_name(self, names: &[Ident]) -> Result<(), Refusal> {
        let Some(last) = names.last().filter(|_| self == Self::PostgreSql) else { return Ok(()) };
        let name = last.value.to_ascii_lowercase();
        let asks_who = names.len() == 1 && last.quote_style.is_none();
        if (asks_who && postgresql::SPECIAL.contains(&name.as_str()))
            || (names.len() > 1 && postgresql::ROW_FUNCTIONS.contains(&name.as_str()))
        {
            return Err(Refusal::new(format!("the name {} is not allowed", shown(last))));
        }
        Ok(())
    }

    /// Whether this expression could be a whole row, when it has the name of a relation.
    pub(super) fn reads_rows(self, value: &Expr) -> bool {
        self == Self::PostgreSql && matches!(value, Expr::Identifier(_))
    }
}
