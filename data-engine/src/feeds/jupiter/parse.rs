//! Reading an answer.

use std::collections::BTreeMap;

use goat::event::TokenPrice;
use goat::values::{Price, Symbol};
use serde_json::Value;
use serde_json::value::RawValue;

/// A token and the mint under which Jupiter knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mint {
    /// SOL, BTC, ETH.
    pub token: Symbol,
    /// Its address on the chain.
    pub address: String,
}

type Entries<'a> = BTreeMap<String, &'a RawValue>;

/// Reads the prices of `mints` from an answer: keyed by mint, bare or inside of `data`.
///
/// Jupiter leaves out a mint for which it has no reliable price; a price that is null, unreadable or not greater
/// than zero is treated the same way.
///
/// # Errors
///
/// When the answer is not a JSON object.
pub fn read_answer(body: &[u8], mints: &[Mint]) -> Result<Vec<TokenPrice>, serde_json::Error> {
    let outer: Entries<'_> = serde_json::from_slice(body)?;
    let inner: Option<Entries<'_>> = outer.get("data").and_then(|data| serde_json::from_str(data.get()).ok());
    let entries = inner.as_ref().unwrap_or(&outer);
    Ok(mints.iter().filter_map(|mint| read_price(mint, entries.get(&mint.address)?)).collect())
}

fn read_price(mint: &Mint, entry: &RawValue) -> Option<TokenPrice> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(entry.get()).ok()?;
    let value = |name: &str| {
        serde_json::from_str::<Value>(fields.get(name)?.get()).ok().filter(|value| !value.is_null())
    };
    let price = match value("usdPrice").or_else(|| value("price"))? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let block_id = value("blockId").and_then(|block| block.as_u64()).unwrap_or(0);
    Some(TokenPrice { token: mint.token, price: Price::new(price).ok()?, block_id })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sol() -> Vec<Mint> {
        vec![Mint { token: Symbol::parse("SOL").unwrap(), address: "So1".to_owned() }]
    }

    fn read(body: &str) -> Option<(f64, u64)> {
        let prices = read_answer(body.as_bytes(), &sol()).unwrap();
        prices.first().map(|price| (price.price.get(), price.block_id))
    }

    #[test]
    fn a_price_is_read_from_every_shape_of_answer() {
        let shapes = [
            r#"{"So1":{"usdPrice":147.48,"blockId":348004023,"decimals":9,"priceChange24h":null}}"#,
            r#"{"data":{"So1":{"price":"147.48","blockId":348004023}},"timeTaken":0.1}"#,
            r#"{"So1":{"usdPrice":null,"price":147.48,"blockId":348004023}}"#,
        ];
        assert_eq!(shapes.map(read), [Some((147.48, 348_004_023)); 3]);
    }

    #[test]
    fn a_price_that_is_none_is_absent() {
        let answers = [
            "{}",
            r#"{"So1":null}"#,
            r#"{"So1":{"usdPrice":0}}"#,
            r#"{"So1":{"usdPrice":0,"price":1}}"#,
            r#"{"So1":{"usdPrice":-1.5}}"#,
            r#"{"So1":{"usdPrice":1e400}}"#,
            r#"{"So1":{"usdPrice":"NaN"}}"#,
        ];
        assert_eq!(answers.map(read), [None; 7]);
    }

    #[test]
    fn an_answer_that_is_no_object_is_refused() {
        assert!(read_answer(b"[API Gateway] Too many requests", &sol()).is_err());
    }

    proptest! {
        /// Whatever arrives, reading it ends, and every price is one.
        #[test]
        fn reading_never_panics(body in "\\PC{0,64}") {
            let _ = read_answer(body.as_bytes(), &sol());
            let _ = read_answer(format!(r#"{{"So1":{{"usdPrice":{body}}}}}"#).as_bytes(), &sol());
        }
    }
}
