//! Levels as the venues write them: `[["147.48", "12.5"], …]`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::book::order_book::ExactLevel;

/// Most messages change fewer levels of a side.
const LEVELS_USUAL: usize = 32;

/// The levels of one side. An error names the field and the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels(pub Vec<ExactLevel>);

/// A field that has levels in the messages that we read, and something else in others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// None when the field is not there, or is something else.
    pub levels: Option<Vec<ExactLevel>>,
}

struct Pair(ExactLevel);

/// A decimal in quotes, as venues write it, or a number, which a reader of JSON takes for a double.
struct Decimal<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Decimal<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl<'de> Visitor<'de> for TextOrNumber {
            type Value = Decimal<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a decimal")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Decimal<'de>, E> {
                Ok(Decimal(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Decimal<'de>, E> {
                Ok(Decimal(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Decimal<'de>, E> {
                Ok(Decimal(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Decimal<'de>, E> {
                Ok(Decimal(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Decimal<'de>, E> {
                Ok(Decimal(Cow::Owned(number.to_string())))
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (Decimal(price), Decimal(quantity)) = Deserialize::deserialize(deserializer)?;
        ExactLevel::parse(&price, &quantity).map(Self).map_err(D::Error::custom)
    }
}

fn levels<'de, A: SeqAccess<'de>>(mut pairs: A) -> Result<Vec<ExactLevel>, A::Error> {
    let mut levels = Vec::with_capacity(LEVELS_USUAL);
    while let Some(Pair(level)) = pairs.next_element()? {
        levels.push(level);
    }
    Ok(levels)
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfASide;

        impl<'de> Visitor<'de> for OfASide {
            type Value = Levels;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of [price, quantity]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, pairs: A) -> Result<Levels, A::Error> {
                levels(pairs).map(Levels)
            }
        }

        deserializer.deserialize_seq(OfASide)
    }
}

impl<'de> Deserialize<'de> for Side {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LevelsOrOther;

        impl<'de> Visitor<'de> for LevelsOrOther {
            type Value = Side;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, pairs: A) -> Result<Side, A::Error> {
                Ok(Side { levels: Some(levels(pairs)?) })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Side, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Side::default())
            }

            fn visit_str<E>(self, _: &str) -> Result<Side, E> {
                Ok(Side::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Side, E> {
                Ok(Side::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Side, E> {
                Ok(Side::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Side, E> {
                Ok(Side::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Side, E> {
                Ok(Side::default())
            }

            fn visit_unit<E>(self) -> Result<Side, E> {
                Ok(Side::default())
            }
        }

        deserializer.deserialize_any(LevelsOrOther)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_cannot_be_is_refused_with_its_value() {
        let refusal = |text: &str| serde_json::from_str::<Levels>(text).unwrap_err().to_string();
        let start = "price must be greater than zero, got 0.00 at line 1";
        assert!(refusal(r#"[["1","2"],["0.00","1"]]"#).starts_with(start));
        assert!(refusal(r#"[["1"]]"#).starts_with("invalid length 1"));
        assert!(refusal(r#"[["1",null]]"#).starts_with("invalid type: null, expected a decimal"));
        assert!(refusal(r#"[["1",-2]]"#).contains("got -2 at line 1"));
        assert!(refusal("7").starts_with("invalid type: integer `7`, expected a list of [price, quantity]"));
    }

    #[test]
    fn a_number_without_quotes_is_the_same_level() {
        let read = |text: &str| serde_json::from_str::<Levels>(text).unwrap();
        assert_eq!(read(r#"[[16611.00,0.00000001],[7,"2"]]"#), read(r#"[["16611","0.00000001"],["7","2"]]"#));
    }

    #[test]
    fn a_field_may_be_something_else_in_other_messages() {
        let read = |text: &str| serde_json::from_str::<Side>(text).unwrap().levels.map(|levels| levels.len());
        for text in [r#""25.35""#, "1", "-1", "1.5", "true", "null", r#"{"a":[{}]}"#] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!((read("[]"), read(r#"[["1","0"]]"#)), (Some(0), Some(1)));
    }
}
