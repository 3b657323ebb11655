//! Which source prices a token: Jupiter, or an exchange's mid price while Jupiter does not.
//!
//! ```text
//!             silent beyond the limit, or failed twice in a row; and a live book
//!   Jupiter ──────────────────────────────────────────────────────────────────→ venue
//!           ←──────────────────────────────────────────────────────────────────
//!             three good prices in a row; or one, while no book is live
//! ```
//!
//! The first live venue in the order Binance, Bybit is taken and kept until its book is live no more, so that the
//! source of each price is exact. Each source's jumps are judged against its own last price, also while it is not the
//! one that prices: USD on chain and USDT on an exchange differ, and a switch between them is no jump.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::event::{Source, TokenPrice};
use goat::values::{Price, Symbol, UnixMicros};

use super::confirm::{Confirmation, Verdict};
use crate::feeds::board::Name;

/// Requests that fail one after the other until Jupiter counts as down.
const FAILURES: u32 = 2;
/// Good prices in a row that bring Jupiter back.
const GOOD: u32 = 3;
/// A block that is older than the last one makes no price, unless that one is as old as this.
const BLOCK_BELIEVED: Duration = Duration::from_mins(1);
/// The order in which venues are asked.
const VENUES: [Source; 2] = [Source::Binance, Source::Bybit];

/// The mid price of a live book.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mid {
    /// What it prices.
    pub token: Symbol,
    /// Whose book it is.
    pub source: Source,
    /// Half way between the best bid and the best ask.
    pub price: Price,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// This is the token's price.
    Price(TokenPrice, Source),
    /// The price jumped too far to be believed at once.
    Held {
        /// What jumped.
        price: TokenPrice,
        /// Whose price.
        source: Source,
        /// From where.
        from: Price,
        /// How far.
        percent: f64,
    },
    /// From now on the token's price comes from another source.
    Switch {
        /// Whose price.
        token: Symbol,
        /// From where.
        from: Source,
        /// To where.
        to: Source,
        /// When the source before last priced the token.
        last: Option<UnixMicros>,
        /// Why.
        reason: String,
    },
}

#[derive(Debug, Clone, Copy)]
struct Token {
    current: Source,
    /// Good prices of Jupiter in a row.
    good: u32,
    jupiter_last: Option<UnixMicros>,
    /// The block of Jupiter's last price.
    block_id: u64,
    /// When the current source last priced the token.
    priced: Option<UnixMicros>,
}

/// The source of every token's price.
#[derive(Debug)]
pub struct Fallback {
    tokens: BTreeMap<Symbol, Token>,
    confirmations: BTreeMap<Source, Confirmation>,
    start: UnixMicros,
    failures: u32,
    fault: String,
}

impl Fallback {
    /// Jupiter prices `tokens` at first; jumps above `max_jump_percent` wait for their confirmation.
    #[must_use]
    pub fn new(tokens: impl IntoIterator<Item = Symbol>, max_jump_percent: f64, start: UnixMicros) -> Self {
        let fresh =
            Token { current: Source::Jupiter, good: 0, jupiter_last: None, block_id: 0, priced: None };
        let sources = VENUES.into_iter().chain([Source::Jupiter]);
        Self {
            tokens: tokens.into_iter().map(|token| (token, fresh)).collect(),
            confirmations: sources.map(|source| (source, Confirmation::new(max_jump_percent))).collect(),
            start,
            failures: 0,
            fault: String::new(),
        }
    }

    /// Whether some token is priced by a venue that delivers.
    #[must_use]
    pub fn stands_in(&self, now: UnixMicros) -> bool {
        self.tokens.values().any(|token| token.current != Source::Jupiter && token.is_priced(now))
    }

    /// Jupiter answered; a token without a price is not among `prices`.
    pub fn answered(&mut self, prices: &[TokenPrice], now: UnixMicros) -> Vec<Effect> {
        self.failures = 0;
        let mut effects = Vec::new();
        let symbols: Vec<Symbol> = self.tokens.keys().copied().collect();
        for symbol in symbols {
            let price = prices.iter().find(|price| price.token == symbol);
            effects.extend(self.jupiter_says(symbol, price, now));
        }
        effects
    }

    /// A request to Jupiter failed.
    pub fn failed(&mut self, fault: &str) {
        self.failures = self.failures.saturating_add(1);
        fault.clone_into(&mut self.fault);
        self.tokens.values_mut().for_each(|token| token.good = 0);
    }

    /// A second has passed, and these are the mid prices of the books that are live.
    pub fn second(&mut self, mids: &[Mid], now: UnixMicros) -> Vec<Effect> {
        let mut effects = Vec::new();
        let symbols: Vec<Symbol> = self.tokens.keys().copied().collect();
        for symbol in symbols {
            let judged: Vec<(Mid, Verdict)> =
                VENUES.iter().filter_map(|venue| self.judged(mids, symbol, *venue)).collect();
            effects.extend(self.venues_say(symbol, &judged, now));
        }
        effects
    }

    fn jupiter_says(&mut self, symbol: Symbol, price: Option<&TokenPrice>, now: UnixMicros) -> Vec<Effect> {
        let Some(token) = self.tokens.get_mut(&symbol) else { return Vec::new() };
        let believed = token.jupiter_last.is_some_and(|last| now.since(last) < BLOCK_BELIEVED);
        let is_older = |price: &&TokenPrice| price.block_id != 0 && price.block_id < token.block_id;
        let Some(price) = price.filter(|price| !(believed && is_older(price))) else {
            token.good = 0;
            return Vec::new();
        };
        let verdict = self.confirmations.get_mut(&Source::Jupiter).map(|judge| judge.judge(price));
        if let Some(Verdict::Hold { from, percent }) = verdict {
            token.good = 0;
            let held = Effect::Held { price: *price, source: Source::Jupiter, from, percent };
            return if token.current == Source::Jupiter { vec![held] } else { Vec::new() };
        }
        token.good = token.good.saturating_add(1);
        (token.jupiter_last, token.block_id) = (Some(now), price.block_id);
        let mut effects = Vec::new();
        if token.current != Source::Jupiter {
            let delivers = token.is_priced(now);
            if delivers && token.good < GOOD {
                return effects;
            }
            let reason = if delivers {
                format!("jupiter has answered {GOOD} times in a row")
            } else {
                "jupiter answers, and no book is live".to_owned()
            };
            effects.push(token.switch(symbol, Source::Jupiter, reason));
        }
        token.priced = Some(now);
        effects.push(Effect::Price(*price, Source::Jupiter));
        effects
    }

    fn judged(&mut self, mids: &[Mid], symbol: Symbol, venue: Source) -> Option<(Mid, Verdict)> {
        let mid = *mids.iter().find(|mid| mid.token == symbol && mid.source == venue)?;
        Some((mid, self.confirmations.get_mut(&venue)?.judge(&mid.as_price())))
    }

    fn venues_say(&mut self, symbol: Symbol, judged: &[(Mid, Verdict)], now: UnixMicros) -> Vec<Effect> {
        let why_not_jupiter = self.why_not_jupiter(symbol, now);
        let Some(token) = self.tokens.get_mut(&symbol) else { return Vec::new() };
        let first = judged.iter().find(|(_, verdict)| *verdict == Verdict::Emit);
        let own = judged.iter().find(|(mid, _)| mid.source == token.current);
        let mut effects = Vec::new();
        let mid = match (token.current, own, first) {
            (Source::Jupiter, ..) => {
                let (Some(reason), Some((mid, _))) = (why_not_jupiter, first) else { return effects };
                effects.push(token.switch(symbol, mid.source, reason));
                mid
            }
            (_, Some((mid, Verdict::Emit)), _) => mid,
            (source, Some((mid, Verdict::Hold { from, percent })), _) => {
                let price = mid.as_price();
                effects.push(Effect::Held { price, source, from: *from, percent: *percent });
                return effects;
            }
            (source, None, Some((mid, _))) => {
                let reason = format!("the book of {} is not live", source.as_str());
                effects.push(token.switch(symbol, mid.source, reason));
                mid
            }
            (_, None, None) => return effects,
        };
        token.priced = Some(now);
        effects.push(Effect::Price(mid.as_price(), mid.source));
        effects
    }

    fn why_not_jupiter(&self, symbol: Symbol, now: UnixMicros) -> Option<String> {
        let token = self.tokens.get(&symbol)?;
        if self.failures >= FAILURES {
            return Some(format!("{} requests in a row failed: {}", self.failures, self.fault));
        }
        let silent = now.since(token.jupiter_last.unwrap_or(self.start));
        let limit = Name::Prices.stale_after();
        (silent > limit).then(|| {
            let (silent, limit) = (silent.as_secs_f64(), limit.as_secs());
            format!("no price of {symbol} from jupiter for {silent:.1} s, limit {limit} s")
        })
    }
}

impl Token {
    fn is_priced(&self, now: UnixMicros) -> bool {
        self.priced.is_some_and(|priced| now.since(priced) <= Name::Books.stale_after())
    }

    fn switch(&mut self, token: Symbol, to: Source, reason: String) -> Effect {
        let from = std::mem::replace(&mut self.current, to);
        self.good = 0;
        Effect::Switch { token, from, to, last: self.priced, reason }
    }
}

impl Mid {
    fn as_price(self) -> TokenPrice {
        TokenPrice { token: self.token, price: self.price, block_id: 0 }
    }
}

#[cfg(test)]
mod tests;
