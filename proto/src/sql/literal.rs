//! Literals, types and patterns.

use sqlparser::ast::{DataType, Expr, TypedString, UnaryOperator, Value};

use super::{Refusal, not_allowed, shown};

/// Types that a value may be cast to.
const TYPES: &[&str] = &[
    "BIGINT",
    "BOOL",
    "BOOLEAN",
    "DATE",
    "DEC",
    "DECIMAL",
    "DOUBLE",
    "DOUBLE PRECISION",
    "FLOAT",
    "FLOAT4",
    "FLOAT8",
    "HUGEINT",
    "INT",
    "INT1",
    "INT2",
    "INT4",
    "INT8",
    "INTEGER",
    "INTERVAL",
    "JSON",
    "NUMERIC",
    "REAL",
    "SMALLINT",
    "STRING",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITHOUT TIME ZONE",
    "TIMESTAMPTZ",
    "TIMESTAMP_MS",
    "TIMESTAMP_S",
    "TINYINT",
    "UBIGINT",
    "UHUGEINT",
    "UINTEGER",
    "USMALLINT",
    "UTINYINT",
    "VARCHAR",
];

pub(super) fn check_type(data_type: &DataType) -> Result<(), Refusal> {
    let printed = data_type.to_string().to_ascii_uppercase();
    let name = printed.split_once('(').map_or(printed.as_str(), |(name, _)| name);
    let numbers = printed.get(name.len()..).unwrap_or_default();
    let harmless = numbers.bytes().all(|byte| byte.is_ascii_digit() || b"(), ".contains(&byte));
    if harmless && TYPES.contains(&name) {
        return Ok(());
    }
    Err(Refusal::new(format!("the type {} is not allowed", shown(data_type))))
}

pub(super) fn check_value(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Number(_, false) | Value::Boolean(_) | Value::Null => Ok(()),
        Value::SingleQuotedString(text) => check_text(value, text),
        Value::Placeholder(_) => {
            Err(Refusal::new(format!("the placeholder {} is not allowed", shown(value))))
        }
        _ => Err(Refusal::new(format!(
            "the literal {} is not allowed: texts stand in single quotes, without a prefix",
            shown(value)
        ))),
    }
}

/// A text that holds several quotes in a row, or a backslash before one, is not printed as it was read.
fn check_text(value: &Value, text: &str) -> Result<(), Refusal> {
    if text.contains('\0') || value.to_string() != format!("'{}'", text.replace('\'', "''")) {
        return Err(Refusal::new(format!("the text {} cannot be quoted safely", shown(value))));
    }
    Ok(())
}

pub(super) fn check_typed(typed: &TypedString) -> Result<(), Refusal> {
    let TypedString { data_type, value, uses_odbc_syntax } = typed;
    if *uses_odbc_syntax {
        return Err(not_allowed(typed));
    }
    check_type(data_type)?;
    check_value(&value.value)
}

/// Whether the value stands there as it is: it cannot be made of other values.
pub(super) fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::Nested(inner)
        | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => is_literal(inner),
        _ => false,
    }
}

pub(super) fn text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        Expr::Nested(inner) => text(inner),
        _ => None,
    }
}

pub(super) fn whole_number(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, false) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// A pattern of LIKE is matched by trying every place for every `%`, unless it is one that the database splits
/// into plain texts: those have no `_` and keep their case.
pub(super) fn check_like(pattern: &Expr, splits: bool) -> Result<(), Refusal> {
    let Some(pattern) = text(pattern) else {
        return Err(Refusal::new(format!("a pattern must be a literal, got {}", shown(pattern))));
    };
    let anything = pattern.bytes().filter(|&byte| byte == b'%').count();
    let tries = !splits || pattern.contains('_');
    if tries && anything > 2 {
        return Err(Refusal::new(format!(
            "the pattern {pattern:?} has {anything} times %; with _ or ILIKE at most 2 are allowed"
        )));
    }
    Ok(())
}

/// A regular expression is matched in linear time, but making one for each row would take long.
pub(super) fn check_regular_expression(pattern: &Expr) -> Result<(), Refusal> {
    match text(pattern) {
        Some(pattern) if pattern.len() <= 256 => Ok(()),
        Some(pattern) => Err(Refusal::new(format!(
            "a regular expression must be at most 256 bytes, got {}",
            pattern.len()
        ))),
        None => Err(Refusal::new(format!("a regular expression must be a literal, got {}", shown(pattern)))),
    }
}
