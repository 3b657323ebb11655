//! Finding the items in a post, whichever of its shapes it has.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::parse::{ITEMS_MAX, Malformed, PathKind};

/// Batches of batches deeper than this are an item that cannot be read.
const DEPTH_MAX: u32 = 4;

/// The items of a post as they came, none of them read yet.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) items: Vec<(PathKind, &'a RawValue)>,
    /// Blocks that the stream itself left out because they were too old.
    pub(super) skipped_old: u32,
    pub(super) ping: bool,
}

impl<'a> Found<'a> {
    /// Collects the items of a post. `kind` is what bare items are.
    pub(super) fn collect(&mut self, kind: PathKind, raw: &'a RawValue, depth: u32) -> Result<(), Malformed> {
        match raw.get().bytes().next() {
            Some(b'[') if depth < DEPTH_MAX => {
                let elements: Vec<&RawValue> = serde_json::from_str(raw.get())?;
                elements.into_iter().try_for_each(|element| self.collect(kind, element, depth + 1))
            }
            Some(b'{') if depth < DEPTH_MAX => match serde_json::from_str::<Shape<'a>>(raw.get()) {
                Ok(shape) => self.unwrap(kind, raw, shape, depth),
                // A name that is no text: only its item is lost.
                Err(_) => self.push(kind, raw),
            },
            Some(b'n') => Ok(()),
            _ => self.push(kind, raw),
        }
    }

    fn unwrap(
        &mut self,
        kind: PathKind,
        raw: &'a RawValue,
        shape: Shape<'a>,
        depth: u32,
    ) -> Result<(), Malformed> {
        self.skipped_old = self.skipped_old.saturating_add(shape.skipped_old);
        self.ping |= shape.ping;
        if shape.names_an_item && shape.lists.is_empty() {
            return self.push(kind, raw);
        }
        if let (Some(data), true) = (shape.data, shape.lists.is_empty()) {
            return self.collect(kind, data, depth + 1);
        }
        if shape.lists.is_empty() && !shape.names_a_wrapper && !shape.ping {
            return self.push(kind, raw);
        }
        shape.lists.into_iter().try_for_each(|(kind, list)| self.list(kind, list))
    }

    fn list(&mut self, kind: PathKind, list: &'a RawValue) -> Result<(), Malformed> {
        match list.get().bytes().next() {
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(list.get())?;
                elements.into_iter().try_for_each(|element| self.push(kind, element))
            }
            Some(b'n') => Ok(()),
            _ => self.push(kind, list),
        }
    }

    fn push(&mut self, kind: PathKind, item: &'a RawValue) -> Result<(), Malformed> {
        if self.items.len() == ITEMS_MAX {
            return Err(Malformed::TooManyItems);
        }
        self.items.push((kind, item));
        Ok(())
    }
}

/// What the names in an object say about it.
#[derive(Debug, Default)]
struct Shape<'a> {
    lists: Vec<(PathKind, &'a RawValue)>,
    data: Option<&'a RawValue>,
    names_an_item: bool,
    names_a_wrapper: bool,
    ping: bool,
    skipped_old: u32,
}

impl<'de> Deserialize<'de> for Shape<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut shape = Shape::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "matchedTransactions" | "transactions" => {
                    shape.lists.push((PathKind::Trades, map.next_value()?));
                }
                "whaleMovements" | "movements" => shape.lists.push((PathKind::Whales, map.next_value()?)),
                "data" => shape.data = Some(map.next_value()?),
                "message" => {
                    let message: &RawValue = map.next_value()?;
                    shape.ping = message.get().eq_ignore_ascii_case("\"ping\"");
                }
                "skippedOldBlocks" => {
                    let skipped: &RawValue = map.next_value()?;
                    shape.skipped_old = skipped.get().parse().unwrap_or(0);
                    shape.names_a_wrapper = true;
                }
                "totalMatched" | "processingTimestamp" | "blockHeight" | "summary" => {
                    map.next_value::<IgnoredAny>()?;
                    shape.names_a_wrapper = true;
                }
                "signature" | "tx_signature" | "transaction" | "wallet_address" | "wallet" | "owner"
                | "walletAddress" => {
                    map.next_value::<IgnoredAny>()?;
                    shape.names_an_item = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(shape)
    }
}
