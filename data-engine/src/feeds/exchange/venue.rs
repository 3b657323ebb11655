//! From settings to one session a symbol.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::event::{Source, Venue};
use goat::service::{Failure, Stop};
use goat::settings::{Candles as CandleSettings, Feeds};
use goat::values::{Symbol, UnixMicros};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::budget::ConnectionBudget;
use super::candles::feed::{Candles, QUEUE_MAX};
use super::candles::series::Series;
use super::interval::Interval;
use super::protocol::{Protocol, Timings, Wanted};
use super::recorder::Recorder;
use super::session::{Ground, Session};
use crate::feeds::binance::feed::Binance;
use crate::feeds::board::{Board, Condition, Name};
use crate::feeds::bybit::feed::Bybit;
use crate::feeds::reconnects::Line;
use crate::feeds::watch::Moment;
use crate::ingest::Ingest;

/// Both venues grant 300 connections and more in five minutes; some are left to the user's other programs.
const CONNECTIONS_MAX: usize = 250;
/// Symbols of one venue.
const SYMBOLS_MAX: usize = 40;

/// A book at the end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastBook {
    /// The venue's number of its last update.
    pub update_id: u64,
    /// When it was so.
    pub moment: Moment,
}

/// Where the log of the venues ends.
#[derive(Debug, Clone, Default)]
pub struct Newest {
    /// The start of the newest candle of each series.
    pub candles: BTreeMap<(Venue, Symbol, u32), UnixMicros>,
    /// The newest snapshot of each book.
    pub books: BTreeMap<(Venue, Symbol), LastBook>,
}

/// What is followed at a venue.
#[derive(Debug, Clone)]
pub struct Following {
    /// One for each symbol.
    wanted: Vec<Wanted>,
    history: u32,
    snapshot_interval: Duration,
    newest: Newest,
}

impl Following {
    /// Reads the settings: the order books of `symbols`, which stand under `key`, and the candles.
    ///
    /// # Errors
    ///
    /// When a symbol or a length of candles cannot be; names the setting.
    pub fn new(
        key: &str,
        symbols: &[String],
        candles: &CandleSettings,
        snapshot_interval_ms: u64,
        newest: &Newest,
    ) -> Result<Self, Failure> {
        let refused = |key: &str, error| Failure::Usage(format!("{key}: {error}"));
        let mut intervals = Vec::new();
        for name in &candles.intervals {
            let interval =
                Interval::parse(name).map_err(|error| refused("feeds.candles.intervals", error))?;
            if !intervals.contains(&interval) {
                intervals.push(interval);
            }
        }
        let mut wanted = BTreeMap::new();
        let mut want = |key: &str, symbols: &[String], with: &dyn Fn(&mut Wanted)| {
            for symbol in symbols {
                let symbol = Symbol::parse(symbol).map_err(|error| refused(key, error))?;
                let nothing = Wanted { symbol, book: false, intervals: Vec::new() };
                with(wanted.entry(symbol).or_insert(nothing));
            }
            Ok::<(), Failure>(())
        };
        want(key, symbols, &|wanted| wanted.book = true)?;
        want("feeds.candles.symbols", &candles.symbols, &|wanted| wanted.intervals.clone_from(&intervals))?;
        let count = wanted.len();
        if count > SYMBOLS_MAX {
            return Err(Failure::Usage(format!("{key}: {count} symbols are more than {SYMBOLS_MAX}")));
        }
        Ok(Self {
            wanted: wanted
                .into_values()
                .filter(|wanted| wanted.book || !wanted.intervals.is_empty())
                .collect(),
            history: candles.history,
            snapshot_interval: Duration::from_millis(snapshot_interval_ms.max(1)),
            newest: newest.clone(),
        })
    }
}

/// Starts the venues that the settings switch on.
///
/// # Errors
///
/// When an address, a symbol or a length of candles cannot be; names the setting.
pub fn start_venues(
    tasks: &mut JoinSet<Result<(), Failure>>,
    feeds: &Feeds,
    newest: &Newest,
    ingest: &Ingest,
    board: &Board,
    stop: &Stop,
) -> Result<(), Failure> {
    let following = |key: &str, symbols: &[String]| {
        Following::new(key, symbols, &feeds.candles, feeds.books.snapshot_interval_ms, newest)
    };
    let source = if feeds.binance.enabled { Source::Binance } else { Source::Bybit };
    let condition = if feeds.binance.enabled || feeds.bybit.enabled {
        Condition::Syncing
    } else {
        Condition::Off("feeds.binance.enabled and feeds.bybit.enabled are false".to_owned())
    };
    for name in [Name::Books, Name::Candles] {
        board.set(name, source, condition.clone());
    }
    let lengths = feeds.candles.intervals.iter().filter_map(|name| Interval::parse(name).ok());
    if let Some(shortest) = lengths.map(Interval::seconds).min() {
        board.set_limit(Name::Candles, Name::candles_stale_after(shortest));
    }
    if feeds.binance.enabled {
        let following = following("feeds.binance.symbols", &feeds.binance.symbols)?;
        let binance = Binance::new(&feeds.binance, Timings::default())?;
        tasks.spawn(run(binance, following, ingest.clone(), board.clone(), stop.clone()));
    }
    if feeds.bybit.enabled {
        let following = following("feeds.bybit.symbols", &feeds.bybit.symbols)?;
        let bybit = Bybit::new(&feeds.bybit, Timings::default())?;
        tasks.spawn(run(bybit, following, ingest.clone(), board.clone(), stop.clone()));
    }
    Ok(())
}

/// Whether the venues that the settings switch on could be started.
///
/// # Errors
///
/// As [`start_venues`].
pub fn check(feeds: &Feeds) -> Result<(), Failure> {
    let nothing = Newest::default();
    let interval = feeds.books.snapshot_interval_ms;
    if feeds.binance.enabled {
        Following::new("feeds.binance.symbols", &feeds.binance.symbols, &feeds.candles, interval, &nothing)?;
        Binance::new(&feeds.binance, Timings::default())?;
    }
    if feeds.bybit.enabled {
        Following::new("feeds.bybit.symbols", &feeds.bybit.symbols, &feeds.candles, interval, &nothing)?;
        Bybit::new(&feeds.bybit, Timings::default())?;
    }
    Ok(())
}

/// Follows a venue until stopped: every symbol by itself.
///
/// # Errors
///
/// When a symbol's task ends by our mistake.
pub async fn run<P: Protocol>(
    protocol: P,
    following: Following,
    ingest: Ingest,
    board: Board,
    stop: Stop,
) -> Result<(), Failure> {
    let budget = ConnectionBudget::new(CONNECTIONS_MAX);
    let mut tasks = JoinSet::new();
    let now = UnixMicros::now();
    for wanted in following.wanted {
        let (recorder, observations) = Recorder::new();
        tasks.spawn(Recorder::run(observations, ingest.clone(), stop.clone()));
        let candles = if wanted.intervals.is_empty() {
            None
        } else {
            let (candles, closed) = mpsc::channel(QUEUE_MAX);
            let mut lacking = Vec::new();
            let series = wanted.intervals.iter().map(|interval| {
                let last =
                    following.newest.candles.get(&(P::VENUE, wanted.symbol, interval.seconds())).copied();
                let (series, left_out) = Series::new(*interval, last, following.history, now);
                lacking.extend(left_out);
                series
            });
            let task = Candles {
                protocol: protocol.clone(),
                symbol: wanted.symbol,
                series: series.collect(),
                ingest: ingest.clone(),
                board: board.clone(),
                stop: stop.clone(),
            };
            tasks.spawn(task.run(closed, lacking));
            Some(candles)
        };
        let ground = Ground {
            recorder,
            board: board.clone(),
            budget: budget.clone(),
            snapshot_interval: following.snapshot_interval,
            candles,
            reconnect: board.reconnects.bell(Line::Symbol(P::VENUE, wanted.symbol)),
            stop: stop.clone(),
        };
        let last = following.newest.books.get(&(P::VENUE, wanted.symbol)).copied();
        tasks.spawn(Session::new(protocol.clone(), wanted, last, ground).run());
    }
    drop(ingest);
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Failure::Internal(format!("a task of {:?} ended: {error}", P::VENUE)))?;
    }
    Ok(())
}
