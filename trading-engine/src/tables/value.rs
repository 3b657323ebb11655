//! Values of rows: the same in both databases.

use goat::values::{Seq, UnixMicros};

use super::Table;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// 32 bits.
    Integer,
    /// 64 bits. Positions fit.
    BigInt,
    /// A 64-bit float.
    Double,
    /// True or false.
    Boolean,
    /// Microseconds, UTC.
    Timestamp,
    /// Dollars with six decimals, at most twelve digits before the point.
    Money,
    /// A JSON document, kept as it was written.
    Json,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Absent.
    Null,
    /// Of [`Kind::Text`].
    Text(String),
    /// Of [`Kind::Integer`].
    Integer(i32),
    /// Of [`Kind::BigInt`].
    BigInt(i64),
    /// Of [`Kind::Double`].
    Double(f64),
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Timestamp`]: microseconds since 1970, UTC.
    Timestamp(i64),
    /// Of [`Kind::Money`]: millionths of a dollar.
    Money(i64),
    /// Of [`Kind::Json`].
    Json(String),
}

impl Value {
    /// Whether a column of that kind takes it.
    #[must_use]
    pub fn is_of(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Null, _)
                | (Self::Text(_), Kind::Text)
                | (Self::Integer(_), Kind::Integer)
                | (Self::BigInt(_), Kind::BigInt)
                | (Self::Double(_), Kind::Double)
                | (Self::Boolean(_), Kind::Boolean)
                | (Self::Timestamp(_), Kind::Timestamp)
                | (Self::Money(_), Kind::Money)
                | (Self::Json(_), Kind::Json)
        )
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::BigInt(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::BigInt(number.into())
    }
}

impl From<u64> for Value {
    /// Numbers of ours stay below 2^63; what a venue sends beyond becomes the greatest there is.
    fn from(number: u64) -> Self {
        Self::BigInt(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Seq> for Value {
    fn from(seq: Seq) -> Self {
        seq.get().into()
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<UnixMicros> for Value {
    fn from(time: UnixMicros) -> Self {
        Self::Timestamp(time.get())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row cannot be what its table says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}.{column} is {found}")]
pub struct InvalidRow {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: String,
    /// What was found there.
    pub found: String,
}

/// A row with its table, to be read by the names of its columns.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'static Table,
    values: &'a [Value],
}

impl<'a> Row<'a> {
    /// The values of a row of `table`.
    #[must_use]
    pub fn new(table: &'static Table, values: &'a [Value]) -> Self {
        Self { table, values }
    }

    /// The value in a column.
    ///
    /// # Errors
    ///
    /// When there is no such column.
    pub fn value(&self, column: &str) -> Result<&'a Value, InvalidRow> {
        let found = self.table.position(column).and_then(|position| self.values.get(position));
        found.ok_or_else(|| self.invalid(column, "not there"))
    }

    /// A text, or a JSON document.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn text(&self, column: &str) -> Result<&'a str, InvalidRow> {
        match self.value(column)? {
            Value::Text(text) | Value::Json(text) => Ok(text),
            other => Err(self.invalid(column, &format!("{other:?}"))),
        }
    }

    /// An integer; none when it is absent.
    ///
    /// # Errors
    ///
    /// When it is none, or does not fit.
    pub fn integer<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>, InvalidRow> {
        let number = match self.value(column)? {
            Value::Null => return Ok(None),
            Value::Integer(number) => i64::from(*number),
            Value::BigInt(number) => *number,
            other => return Err(self.invalid(column, &format!("{other:?}"))),
        };
        T::try_from(number).map(Some).map_err(|_| self.invalid(column, &number.to_string()))
    }

    /// A float.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn double(&self, column: &str) -> Result<f64, InvalidRow> {
        match self.value(column)? {
            Value::Double(number) => Ok(*number),
            other => Err(self.invalid(column, &format!("{other:?}"))),
        }
    }

    /// A moment; none when it is absent.
    ///
    /// # Errors
    ///
    /// When it is none, or lies outside of the years that are known.
    pub fn time(&self, column: &str) -> Result<Option<UnixMicros>, InvalidRow> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Timestamp(micros) => {
                UnixMicros::new(*micros).map(Some).map_err(|_| self.invalid(column, &micros.to_string()))
            }
            other => Err(self.invalid(column, &format!("{other:?}"))),
        }
    }

    /// What to say of a value that must be there.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn given<T>(&self, column: &str, value: Option<T>) -> Result<T, InvalidRow> {
        value.ok_or_else(|| self.invalid(column, "absent"))
    }

    /// The complaint about a value.
    #[must_use]
    pub fn invalid(&self, column: &str, found: &str) -> InvalidRow {
        InvalidRow { table: self.table.name, column: column.to_owned(), found: found.to_owned() }
    }
}

/// A whole record as JSON, from which it can be rebuilt.
pub(crate) fn document<T: serde::Serialize>(record: &T) -> Value {
    // Records are plain structs with names for keys: those always are JSON.
    serde_json::to_string(record).map_or(Value::Null, Value::Json)
}

/// The record that a row's document holds.
pub(crate) fn from_document<T: serde::de::DeserializeOwned>(row: &Row<'_>) -> Result<T, InvalidRow> {
    let document = row.text(Table::DOCUMENT)?;
    serde_json::from_str(document).map_err(|error| row.invalid(Table::DOCUMENT, &error.to_string()))
}

/// A direction as it is written.
pub(crate) fn direction(side: goat::event::PositionSide) -> &'static str {
    match side {
        goat::event::PositionSide::Long => "long",
        goat::event::PositionSide::Short => "short",
    }
}

impl From<crate::core::money::Usd> for Value {
    fn from(amount: crate::core::money::Usd) -> Self {
        Self::Money(i64::try_from(amount.micros()).unwrap_or(i64::MAX))
    }
}
