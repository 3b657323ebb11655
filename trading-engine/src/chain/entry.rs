//! What a link is about.

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use crate::core::decision::Decision;
use crate::core::money::Usd;
use crate::core::position::Position;
use crate::core::results::{Entered, Quote};
use crate::core::strategies::{CandleMark, ClosedTrade, Instance};
use crate::core::{Engine, Plan};

/// One fact. Money is in millionths of a dollar, moments in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A day of UTC, or a state that was begun anew: what figures go on from.
    Began(Box<Began>),
    /// A play that follows the wallet judged its trade.
    Decided {
        /// Of the decision.
        id: String,
        /// The play's version.
        play_version: u32,
        /// Whose trade it was.
        wallet: String,
        /// Which trade.
        signature: String,
        /// The gate that it failed at; none when it was entered.
        gate: Option<String>,
    },
    /// A position was filled.
    Opened(Box<Open>),
    /// A position was left.
    Closed(Box<Open>),
    /// A paper strategy was filled.
    StrategyOpened {
        /// Its name.
        strategy: String,
        /// What it holds.
        trade: Entered,
    },
    /// A trade of a paper strategy is over.
    StrategyClosed {
        /// Its name.
        strategy: String,
        /// The strategy's trades are numbered from 1.
        number: u32,
        /// Why it was left.
        reason: String,
        /// With its end.
        trade: Entered,
    },
    /// A paper strategy took a candle in.
    StrategyMarked {
        /// Its name.
        strategy: String,
        /// When the candle closed, and at what.
        close: Quote,
        /// What the account was worth then.
        equity: Usd,
    },
    /// The traded token's first price in a minute.
    Priced(Quote),
}

/// A position with its names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// Of the decision that led to it.
    pub id: String,
    /// The play.
    pub play: String,
    /// Whom it follows.
    pub wallet: String,
    /// From its entry on.
    pub trade: Entered,
}

/// What an account was worth without what is open, and what is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Start + realized − fees of everything that is over.
    pub base: Usd,
    /// At their entries.
    pub open: Vec<Open>,
}

/// Where figures go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Began {
    /// `day`, or why the state was begun anew.
    pub reason: String,
    /// From here on, in microseconds since 1970; 0 when the state has read nothing yet.
    pub at_micros: i64,
    /// The log.
    pub log_id: String,
    /// simulated, live or replay.
    pub mode: String,
    /// What positions are in.
    pub token: String,
    /// Its newest price.
    pub price: Option<f64>,
    /// What accounts of plays begin with.
    pub start: Usd,
    /// Of all plays together.
    pub account: Balance,
    /// Of each paper strategy, by name.
    pub strategies: Vec<(String, Balance)>,
}

impl Began {
    /// What an engine holds now.
    #[must_use]
    pub fn of(engine: &Engine, reason: &str, at: UnixMicros, log_id: &str, mode: &str) -> Self {
        let account = engine.desk().account();
        let open: Vec<Open> = engine.desk().positions().filter_map(Open::of_held).collect();
        let Plan { cycle_token, .. } = engine.plan();
        Self {
            reason: reason.to_owned(),
            at_micros: at.get(),
            log_id: log_id.to_owned(),
            mode: mode.to_owned(),
            token: cycle_token.to_string(),
            price: engine.market().price().map(|quote| quote.price),
            start: account.start(),
            account: Balance { base: base(account.equity(), account.unrealized_pnl(), &open), open },
            strategies: engine.strategies().instances().iter().map(strategy).collect(),
        }
    }
}

fn strategy(instance: &Instance) -> (String, Balance) {
    let account = instance.account();
    let held = |holding| Open {
        id: String::new(),
        play: String::new(),
        wallet: String::new(),
        trade: Entered::of_holding(holding),
    };
    let open: Vec<Open> = instance.holding().map(held).into_iter().collect();
    let base = base(account.equity(), account.unrealized_pnl(), &open);
    (instance.id().to_owned(), Balance { base, open })
}

fn base(equity: Usd, unrealized: Usd, open: &[Open]) -> Usd {
    let fees: Usd = open.iter().map(|one| one.trade.entry_fee).sum();
    equity - unrealized + fees
}

impl Open {
    /// A position; none before its entry.
    #[must_use]
    pub fn of(position: &Position) -> Option<Self> {
        Some(Self {
            id: position.id.to_string(),
            play: position.id.play.to_string(),
            wallet: position.wallet.clone(),
            trade: Entered::of(position)?,
        })
    }

    fn of_held(position: &Position) -> Option<Self> {
        Self::of(position).filter(|one| one.trade.end.is_none())
    }
}

impl Entry {
    /// A decision.
    #[must_use]
    pub fn decided(decision: &Decision) -> Self {
        Self::Decided {
            id: decision.id.to_string(),
            play_version: decision.play_version,
            wallet: decision.trade.wallet.clone(),
            signature: decision.trade.signature.clone(),
            gate: decision.failed().map(|failed| failed.gate.as_str().to_owned()),
        }
    }

    /// A trade of a paper strategy.
    #[must_use]
    pub fn strategy_closed(trade: &ClosedTrade) -> Self {
        Self::StrategyClosed {
            strategy: trade.instance.clone(),
            number: trade.number,
            reason: trade.exit_reason.to_string(),
            trade: Entered::of_trade(trade),
        }
    }

    /// A candle of a paper strategy.
    #[must_use]
    pub fn strategy_marked(mark: &CandleMark) -> Self {
        Self::StrategyMarked {
            strategy: mark.instance.clone(),
            close: Quote { time: mark.time, price: mark.close },
            equity: mark.equity,
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Began(began) => format!("began: {}", began.reason),
            Self::Decided { id, .. } => format!("decision {id}"),
            Self::Opened(open) => format!("entry of {}", open.id),
            Self::Closed(open) => format!("exit of {}", open.id),
            Self::StrategyOpened { strategy, .. } => format!("entry of {strategy}"),
            Self::StrategyClosed { strategy, number, .. } => format!("trade {number} of {strategy}"),
            Self::StrategyMarked { strategy, close, .. } => format!("candle {} of {strategy}", close.time),
            Self::Priced(quote) => format!("price at {}", quote.time),
        }
    }
}
