//! The figures that follow from links.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::values::{InvalidValue, UnixMicros};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entry::{Balance, Began, Entry};
use crate::backtest::results_json;
use crate::core::money::Usd;
use crate::core::results::{Entered, History, Quote};

/// What came of one subject from a beginning to the next, or to the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// account, play:…, strategy:….
    pub subject: String,
    /// The number of the link that it goes on from.
    pub from_link: u64,
    /// By name; null where nothing can be said.
    pub figures: Value,
}

/// The figures of a run of links: of each stretch between two beginnings, of each subject in it.
///
/// What comes before the first beginning has no account to be counted in, and makes no figures.
///
/// # Errors
///
/// When a value is beyond what an amount can be.
pub fn published(links: &[(u64, Entry)]) -> Result<Vec<Published>, InvalidValue> {
    let mut found = Vec::new();
    let mut stretch: Option<Stretch> = None;
    for (number, entry) in links {
        if let Entry::Began(began) = entry {
            if let Some(ended) = stretch.replace(Stretch::new(*number, began)) {
                found.extend(ended.published()?);
            }
        } else if let Some(stretch) = &mut stretch {
            stretch.take(entry);
        }
    }
    if let Some(last) = stretch {
        found.extend(last.published()?);
    }
    Ok(found)
}

/// An account with its trades by name, so that an exit takes the place of its entry.
struct Subject {
    base: Usd,
    trades: BTreeMap<String, Entered>,
    quotes: Vec<Quote>,
}

impl Subject {
    fn new(balance: &Balance, price: Option<Quote>) -> Self {
        let trades = balance.open.iter().map(|open| (name_of(&open.id, &open.trade), open.trade)).collect();
        Self { base: balance.base, trades, quotes: price.into_iter().collect() }
    }

    fn published(&self, subject: &str, from_link: u64, from: UnixMicros) -> Result<Published, InvalidValue> {
        let trades: Vec<Entered> = self.trades.values().copied().collect();
        let newest = self.quotes.last().copied();
        let history = History { start: self.base, trades: &trades, quotes: &self.quotes, newest };
        let (_, results) = history.results(from)?;
        Ok(Published { subject: subject.to_owned(), from_link, figures: results_json(&results) })
    }
}

/// A strategy's trade has no id; one at a time is open, so its beginning is its name.
fn name_of(id: &str, trade: &Entered) -> String {
    if id.is_empty() { trade.opened_at.get().to_string() } else { id.to_owned() }
}

struct Stretch {
    number: u64,
    /// Just before its first moment, so that what happens in it is in it.
    from: UnixMicros,
    start: Usd,
    account: Subject,
    plays: BTreeMap<String, BTreeMap<String, Entered>>,
    strategies: BTreeMap<String, Subject>,
}

impl Stretch {
    fn new(number: u64, began: &Began) -> Self {
        let at = UnixMicros::new(began.at_micros).unwrap_or_default();
        let from = at.minus(Duration::from_micros(1));
        let price = began.price.map(|price| Quote { time: from, price });
        let mut plays: BTreeMap<String, BTreeMap<String, Entered>> = BTreeMap::new();
        for open in &began.account.open {
            plays.entry(open.play.clone()).or_default().insert(open.id.clone(), open.trade);
        }
        let strategy = |(name, balance): &(String, Balance)| (name.clone(), Subject::new(balance, None));
        Self {
            number,
            from,
            start: began.start,
            account: Subject::new(&began.account, price),
            plays,
            strategies: began.strategies.iter().map(strategy).collect(),
        }
    }

    fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Opened(open) | Entry::Closed(open) => {
                self.account.trades.insert(open.id.clone(), open.trade);
                self.plays.entry(open.play.clone()).or_default().insert(open.id.clone(), open.trade);
            }
            Entry::StrategyOpened { strategy, trade } | Entry::StrategyClosed { strategy, trade, .. } => {
                if let Some(subject) = self.strategies.get_mut(strategy) {
                    subject.trades.insert(name_of("", trade), *trade);
                }
            }
            Entry::StrategyMarked { strategy, close, .. } => {
                if let Some(subject) = self.strategies.get_mut(strategy) {
                    subject.quotes.push(*close);
                }
            }
            Entry::Priced(quote) => self.account.quotes.push(*quote),
            Entry::Began(_) | Entry::Decided { .. } => {}
        }
    }

    fn published(self) -> Result<Vec<Published>, InvalidValue> {
        let mut found = vec![self.account.published("account", self.number, self.from)?];
        for (play, trades) in self.plays {
            // A play has an account of its own that begins the stretch with the start.
            let subject = Subject { base: self.start, trades, quotes: self.account.quotes.clone() };
            found.push(subject.published(&format!("play:{play}"), self.number, self.from)?);
        }
        for (name, subject) in &self.strategies {
            found.push(subject.published(&format!("strategy:{name}"), self.number, self.from)?);
        }
        Ok(found)
    }
}
