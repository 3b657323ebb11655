//! The last price of every token: what `GetPrice` answers.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use goat::wire::market as wire;

/// The last price of every token. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Latest {
    prices: Arc<RwLock<BTreeMap<String, wire::StreamPricesResponse>>>,
}

impl Latest {
    /// Takes over a recorded price.
    pub fn record(&self, price: wire::StreamPricesResponse) {
        let mut prices = self.prices.write().unwrap_or_else(PoisonError::into_inner);
        prices.insert(price.token.clone(), price);
    }

    /// The last price of `token`.
    #[must_use]
    pub fn price(&self, token: &str) -> Option<wire::StreamPricesResponse> {
        self.prices.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// The tokens that have a price.
    #[must_use]
    pub fn tokens(&self) -> Vec<String> {
        self.prices.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

/// A price event as the price stream tells it; none for other kinds.
#[must_use]
pub fn as_price(event: wire::MarketEvent) -> Option<wire::StreamPricesResponse> {
    let Some(wire::market_event::Payload::Price(price)) = event.payload else { return None };
    Some(wire::StreamPricesResponse {
        seq: event.seq,
        event_time: event.event_time,
        received_time: event.received_time,
        source: event.source,
        token: price.token,
        price: price.price,
    })
}
