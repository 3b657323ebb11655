//! Where the price of each token comes from, and how old it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use goat::event::Source;
use goat::values::{Symbol, UnixMicros};
use goat::wire::market as wire;

use super::board::Name;

/// The state of every token's price. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct PriceStates {
    tokens: Arc<Mutex<BTreeMap<Symbol, Token>>>,
}

#[derive(Debug, Clone)]
struct Token {
    source: Source,
    source_since: UnixMicros,
    source_reason: String,
    arrived: UnixMicros,
}

impl PriceStates {
    /// A price was recorded at `now`.
    pub fn recorded(&self, token: Symbol, source: Source, now: UnixMicros) {
        self.change(token, source, now, |token| token.arrived = token.arrived.max(now));
    }

    /// From now on the price comes from `source`, for this reason; none when that is as it should be.
    pub fn switched(&self, token: Symbol, source: Source, reason: Option<&str>, now: UnixMicros) {
        self.change(token, source, now, |token| {
            reason.unwrap_or_default().clone_into(&mut token.source_reason);
        });
    }

    /// Every token as it is at `now`.
    #[must_use]
    pub fn at(&self, now: UnixMicros) -> Vec<wire::PriceState> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |(token, state): (&Symbol, &Token)| wire::PriceState {
            token: token.to_string(),
            source: wire::Source::from(state.source).into(),
            source_since: Some(state.source_since.into()),
            source_reason: state.source_reason.clone(),
            live: now.since(state.arrived) <= Name::Prices.stale_after(),
            age_ms: now.millis_since(state.arrived),
        };
        tokens.iter().map(state).collect()
    }

    fn change(&self, token: Symbol, source: Source, now: UnixMicros, change: impl FnOnce(&mut Token)) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            Token { source, source_since: now, source_reason: String::new(), arrived: UnixMicros::default() };
        let token = tokens.entry(token).or_insert(fresh);
        if token.source != source {
            (token.source, token.source_since) = (source, now);
        }
        change(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_token_says_where_its_price_comes_from_since_when_and_why() {
        let (prices, token) = (PriceStates::default(), Symbol::parse("SOL").unwrap());
        prices.recorded(token, Source::Jupiter, at(100));
        prices.switched(token, Source::Bybit, Some("jupiter is silent"), at(110));
        prices.recorded(token, Source::Bybit, at(110));

        let found = &prices.at(at(112))[0];
        assert_eq!((found.source(), found.live, found.age_ms), (wire::Source::Bybit, true, 2000));
        assert_eq!(found.source_since, Some(at(110).into()));
        assert_eq!(found.source_reason, "jupiter is silent");
        assert!(!prices.at(at(116))[0].live);
    }
}
