//! The one thread that runs the core: takes what the feed brings, folds it, and hands on what follows.
//!
//! It waits for nothing but events, and for the disk to have a command before it is folded ([`command`]): rows and commits that their threads cannot take yet are gathered
//! ([`outbox`]) and go with the next.

mod chain;
mod command;
mod day;
mod desk;
mod fold;
mod outbox;
mod session;
mod strategies;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use goat::service::{Readiness, ServiceChannel, Stop};
use goat::values::Seq;
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::Outcome;
use crate::chain::Head;
use crate::changes::{Change, Changes};
use crate::core::cycles::Cycle;
use crate::core::desk::Limits;
use crate::core::play::Play;
use crate::core::strategies::InstancePlan;
use crate::core::{Effect, Engine, Plan};
use crate::feed::{self, Feed, Item};
use crate::ledger::{Keeper, Logged};
use crate::parity::{Checks, Day};
use crate::restart::Origin;
use crate::snapshot::SnapshotError;
use crate::tables::BookPace;
use crate::view::{DeskView, FeedView, Restart, Shared};
use crate::workspace::{Begins, Discovery, Writer};
pub use command::{Answer, Ask, COMMANDS_QUEUED_MAX, Refused};
use outbox::Outbox;
use session::Session;

/// How long the core sleeps at most when nothing comes: what was held back is handed on then.
const WAKE_EVERY: Duration = Duration::from_millis(100);

/// How long open positions may be shown as they were.
const DESK_SHOWN_EVERY: Duration = Duration::from_millis(500);

/// How long the view may be behind the core while events come without a pause.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);

/// The core cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The thread behind a queue has ended; it says itself why.
    #[error("the {0} thread has ended")]
    Gone(&'static str),
    /// The state could not be encoded.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// What the core is connected to.
#[derive(Debug)]
pub struct Surroundings {
    /// What is computed.
    pub plan: Plan,
    /// How far back a cold start reads.
    pub cold_seconds: u32,
    /// The data-engine.
    pub market: ServiceChannel,
    /// Since when the engine has been starting.
    pub started: Instant,
    /// To the ledger's thread.
    pub keeper: Keeper,
    /// What users want.
    pub commands: mpsc::Receiver<Ask>,
    /// To the workspace's thread.
    pub rows: Writer,
    /// Compares days that are over.
    pub checks: Checks,
    /// Answers of the plays' queries.
    pub discovery: Discovery,
    /// The bounds and costs of paper trading.
    pub limits: Limits,
    /// The paper strategies that are to run.
    pub strategies: Vec<InstancePlan>,
    /// Plays that are saved when there never were any of their ids.
    pub plays: Vec<Play>,
    /// For the outside.
    pub view: Shared,
    /// To those who watch.
    pub watchers: broadcast::Sender<Change>,
    /// Set once caught up.
    pub readiness: Readiness,
    /// When to end.
    pub stop: Stop,
}

/// Starts the core on a thread of its own; the outcome comes when it ends.
///
/// # Errors
///
/// When the thread cannot be started.
pub fn start(origin: Origin, surroundings: Surroundings) -> std::io::Result<Outcome<RunnerError>> {
    let (told, outcome) = oneshot::channel();
    let feed = feed::start(surroundings.market.clone(), surroundings.stop.clone());
    let runtime = Handle::current();
    std::thread::Builder::new().name("core".to_owned()).spawn(move || {
        let ended = Runner::new(origin, surroundings, feed, runtime).run();
        // The receiver is gone only when the service is.
        let _ = told.send(ended);
    })?;
    Ok(outcome)
}

struct Runner {
    engine: Engine,
    /// None while a cold start has not met its log yet.
    log_id: Option<String>,
    /// Why the state was begun with nothing; none for a warm start.
    cold_reason: Option<String>,
    session: Session,
    feed: Feed,
    feed_view: FeedView,
    restart: Option<Restart>,
    caught_up: bool,
    catch_up_ms: Option<i32>,
    /// When the present state was begun with.
    began: Instant,
    effects: Vec<Effect>,
    /// Commands from before the start that the state does not contain yet, in the order of their places.
    logged: VecDeque<Logged>,
    /// The ordinal of the newest command there ever was.
    last_command: u64,
    /// The end of the chain of results.
    head: Head,
    pace: BookPace,
    /// The day of the newest full hour.
    day: Option<Day>,
    /// Cycles that ended since the view was published.
    closed: Vec<Cycle>,
    published: Instant,
    /// Plays, positions or the account are not as they were published.
    desk_changed: bool,
    desk_shown: Instant,
    /// A paper strategy is not as it was published.
    strategies_changed: bool,
    outbox: Outbox,
    changes: Changes,
    runtime: Handle,
    surroundings: Surroundings,
}

enum Next {
    Item(Box<Item>),
    Ask(Box<Ask>),
    Nothing,
    Stop,
}

impl Runner {
    fn new(origin: Origin, surroundings: Surroundings, feed: Feed, runtime: Handle) -> Self {
        let mut outbox = Outbox::new(surroundings.keeper.clone(), surroundings.rows.clone());
        let mut changes = Changes::new(surroundings.watchers.clone());
        changes.expect(&surroundings.plan.cycle_thresholds, surroundings.started);
        let mut logged = VecDeque::new();
        let (mut last_command, mut head) = (0, Head::default());
        let (engine, log_id, cold_reason, closed) = match origin {
            Origin::Warm(warm) => {
                outbox.resume(&warm);
                last_command = warm.saved.commands.last().map_or(warm.saved.snapshot.command, ordinal_of);
                logged.extend(warm.saved.commands);
                head = warm.saved.chain;
                (warm.engine, Some(warm.log_id), None, warm.saved.closed)
            }
            Origin::Cold(reason) => {
                (Engine::new(surroundings.plan.clone(), Seq::ZERO), None, Some(reason), Vec::new())
            }
        };
        let day = log_id.as_ref().map(|_| Day::of(engine.hour().begins));
        Self {
            engine,
            log_id,
            cold_reason,
            session: Session::default(),
            feed,
            feed_view: FeedView::default(),
            restart: None,
            caught_up: false,
            catch_up_ms: None,
            began: surroundings.started,
            effects: Vec::new(),
            logged,
            last_command,
            head,
            pace: BookPace::default(),
            day,
            closed,
            published: surroundings.started,
            desk_changed: true,
            desk_shown: surroundings.started,
            strategies_changed: true,
            outbox,
            changes,
            runtime,
            surroundings,
        }
    }

    fn run(mut self) -> Result<(), RunnerError> {
        match self.run_until_stopped() {
            // What it is connected to may end first.
            Err(RunnerError::Gone(_)) if self.surroundings.stop.is_cancelled() => {}
            ended => ended?,
        }
        self.outbox.finish(&self.engine, self.log_id.as_deref())
    }

    fn run_until_stopped(&mut self) -> Result<(), RunnerError> {
        if let Some(log_id) = self.log_id.clone() {
            self.fetch_recent(log_id, Begins::Hour(self.engine.hour()))?;
        }
        // Those that belong where the snapshot ends: then its hash is no longer that of the state.
        self.fold_logged(self.engine.cursor().seq)?;
        self.outbox.finish(&self.engine, self.log_id.as_deref())?;
        self.set_limits()?;
        self.set_strategies()?;
        self.save_configured_plays()?;
        self.ask_again()?;
        self.request(false);
        self.publish();
        loop {
            match self.next() {
                Next::Item(item) => self.take(*item)?,
                Next::Ask(ask) => self.answer(*ask)?,
                Next::Nothing => {}
                Next::Stop => return Ok(()),
            }
            let (now, idle) = (Instant::now(), self.feed.items.is_empty());
            if idle || now.saturating_duration_since(self.published) >= PUBLISH_EVERY {
                self.changes.flush(now);
                self.publish();
            }
            self.outbox.deliver(&self.engine, self.log_id.as_deref(), now, idle)?;
        }
    }

    fn next(&mut self) -> Next {
        if self.surroundings.stop.is_cancelled() {
            return Next::Stop;
        }
        // A command is not kept waiting by a stream of events without an end.
        if let Ok(ask) = self.surroundings.commands.try_recv() {
            return Next::Ask(Box::new(ask));
        }
        if let Ok(item) = self.feed.items.try_recv() {
            return Next::Item(Box::new(item));
        }
        let Surroundings { commands, stop, .. } = &mut self.surroundings;
        let items = &mut self.feed.items;
        self.runtime.block_on(async {
            tokio::select! {
                item = items.recv() => item.map_or(Next::Stop, |item| Next::Item(Box::new(item))),
                ask = commands.recv() => ask.map_or(Next::Stop, |ask| Next::Ask(Box::new(ask))),
                () = stop.cancelled() => Next::Stop,
                () = tokio::time::sleep(WAKE_EVERY) => Next::Nothing,
            }
        })
    }

    /// Shows the outside where the core is now.
    fn publish(&mut self) {
        let mut view = self.surroundings.view.write();
        if let Some(log_id) = &self.log_id {
            view.log_id.clone_from(log_id);
        }
        view.mode = self.session.mode;
        view.cursor = self.engine.cursor();
        view.clock = self.engine.now();
        view.state.clone_from(self.outbox.committed());
        view.controls.clone_from(self.engine.controls());
        // The best and worst prices of open positions move without a report.
        let shown_long_ago = self.desk_shown.elapsed() >= DESK_SHOWN_EVERY;
        let moves = shown_long_ago && self.engine.desk().positions().len() > 0;
        if std::mem::take(&mut self.desk_changed) || moves {
            view.desk = std::sync::Arc::new(DeskView::of(&self.engine));
        }
        let instances = self.engine.strategies().instances();
        let marks = shown_long_ago && instances.iter().any(|instance| instance.holding().is_some());
        if std::mem::take(&mut self.strategies_changed) || marks {
            view.strategies = std::sync::Arc::new(instances.to_vec());
        }
        if shown_long_ago {
            self.desk_shown = Instant::now();
        }
        view.chain.clone_from(&self.head);
        view.shadows = self.engine.desk().shadows().counts();
        view.price = self.engine.market().price().copied();
        view.caught_up = self.caught_up;
        view.catch_up_ms = self.catch_up_ms;
        view.restart.clone_from(&self.restart);
        view.feed.clone_from(&self.feed_view);
        view.active = self.engine.cycles().active().copied().collect();
        self.closed.drain(..).for_each(|cycle| view.close(cycle));
        for track in self.engine.cycles().tracks() {
            view.closed.entry(track.threshold).or_default().count = track.closed;
        }
        crate::measure::measure(&view);
        drop(view);
        let Surroundings { keeper, rows, watchers, .. } = &self.surroundings;
        keeper.measure();
        crate::measure::measure_queue("goat_trading_workspace_queue_batches", rows);
        let watching = u32::try_from(watchers.receiver_count()).unwrap_or(u32::MAX);
        metrics::gauge!("goat_trading_watchers").set(f64::from(watching));

        self.published = Instant::now();
        let waiting = u32::try_from(self.feed.items.len()).unwrap_or(u32::MAX);
        metrics::gauge!("goat_trading_feed_queue_frames").set(f64::from(waiting));
        #[allow(clippy::cast_precision_loss)]
        metrics::gauge!("goat_trading_cursor_lag_events")
            .set(self.session.lag(self.engine.cursor().seq.get()) as f64);
    }
}

fn ordinal_of(logged: &Logged) -> u64 {
    logged.command.ordinal
}
