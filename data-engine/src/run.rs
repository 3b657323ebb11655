//! From settings to a running data-engine.

use std::sync::Arc;
use std::time::Instant;

use goat::event::Source;
use goat::service::{Entrance, Failure, Readiness, ServerTls, Stop, bind, serve_admin, serve_grpc};
use goat::settings::{Mode, Settings};
use goat::values::UnixMicros;
use goat::wire::MarketDataServiceServer;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::archive::{Archive, Archiver, History, Target};
use crate::feeds::board::{Board, Condition, Name};
use crate::feeds::exchange::venue::{Newest, start_venues};
use crate::feeds::watch::Watches;
use crate::feeds::{jupiter, quicknode, replay, simulated, watchdog};
use crate::hot::HotStore;
use crate::ingest::Ingest;
use crate::instance::{Identity, Instance};
use crate::journal::{Directory, Log, LogId, Writer, recover};
use crate::journal_tool::as_failure;
use crate::measure::{Gauges, METRICS};
use crate::publish::Border;
use crate::query::{Asked, Queries};
use crate::sequencer::{Memory, Sequencer};
use crate::serve::MarketData;

/// Addresses, taken before any other work.
struct Listeners {
    grpc: TcpListener,
    admin: TcpListener,
    webhook: Option<TcpListener>,
}

/// Where the feeds go on after a restart.
struct Resume {
    source_position: u64,
    world_start: Option<UnixMicros>,
    newest: Newest,
}

/// Records and serves until stopped.
///
/// # Errors
///
/// When an address is taken, the data directory is another's, the journal is damaged or can no longer be
/// written, or a server ends by itself.
pub async fn run(settings: Settings, stop: Stop) -> Result<(), Failure> {
    let started_at = UnixMicros::now();
    let listeners = Listeners::bind(&settings).await?;
    let entrance = Entrance::of(&settings)?;
    let target = Target::of(&settings.archive).map_err(|error| Failure::Usage(error.to_string()))?;
    let instance = Instance::take(&settings, &Identity::of(&settings)?)?;
    let (mut writer, memory) = open_journal(&settings, &instance).await?;
    let archive = target.as_ref().map_or_else(Archive::default, |_| Archive::connecting());
    writer.archived_by(archive.watermark());
    let log = writer.log();
    let resume = Resume::of(&memory);
    let (hot, folder) = HotStore::open(&settings.hot, &settings.query, log.head().seq)
        .map_err(|error| Failure::Internal(error.to_string()))?;

    let board = Board::default();
    board.recall(&memory.seen, started_at);
    let (ingest, queue) = Ingest::new();
    let service = MarketData {
        log: log.clone(),
        queries: Queries::new(hot.clone(), Asked::of(target.as_ref(), log.id()), &settings.query),
        hot: hot.clone(),
        archive: archive.clone(),
        history: target.as_ref().map(|target| Arc::new(History::new(target.clone(), log.id()))),
        ingest: ingest.clone(),
        border: Border::of(&settings),
        board: board.clone(),
        latest: memory.latest.clone(),
        stop: stop.clone(),
        settings: settings.clone(),
        started_at,
    };
    let sequencer = sequencer(writer, memory, board.clone(), settings.feeds.mode, started_at);
    let recording = on_thread("sequencer", &stop, move || {
        sequencer.run(queue).map_err(|error| Failure::Io(error.to_string()))
    })?;
    let (followed, stopped, runtime) = (log.clone(), stop.clone(), Handle::current());
    let tables = on_thread("hot-store", &stop, move || {
        // Without its tables the engine still records and streams: they say so, and nothing else stops.
        folder.run(&followed, &runtime, &stopped);
        Ok(())
    })?;

    let readiness = Readiness::default();
    let mut tasks = JoinSet::new();
    let webhook = listeners.webhook.map(|listener| (listener, entrance.tls.clone()));
    spawn_servers(&mut tasks, (listeners.grpc, listeners.admin), &entrance, service, &readiness, &stop);
    let measured = archive.clone();
    if let Some(target) = target {
        let archiver = Archiver::new(target, settings.archive.clone(), archive);
        tasks.spawn(archive_until_stopped(archiver, log.clone(), stop.clone()));
    }
    let ground = Ground { ingest, board, stop: stop.clone() };
    tasks.spawn(ground.gauges(&log, hot, measured).run(stop.clone()));
    start_feeds(&mut tasks, &settings, webhook, resume, ground);
    readiness.set(true);
    tracing::info!(
        mode = settings.feeds.mode.as_str(),
        grpc = %settings.data_engine.listen,
        head_seq = log.head().seq,
        after_ms = UnixMicros::now().millis_since(started_at),
        "recording"
    );
    let outcome = until_all_end(tasks, &stop).await;
    // The queue is empty and closed once every feed has ended: only then is the last event recorded.
    let recorded = ended(recording).await;
    ended(tables).await?;
    tracing::info!(head_seq = log.head().seq, "stopped");
    recorded.and(outcome)
}

fn spawn_servers(
    tasks: &mut JoinSet<Result<(), Failure>>,
    (grpc, admin): (TcpListener, TcpListener),
    entrance: &Entrance,
    service: MarketData,
    readiness: &Readiness,
    stop: &Stop,
) {
    let (entrance, readiness, stop) = (entrance.clone(), readiness.clone(), stop.clone());
    tasks.spawn({
        let (entrance, stop) = (entrance.clone(), stop.clone());
        async move { serve_admin(admin, METRICS, &entrance, readiness, stop).await }
    });
    let service = MarketDataServiceServer::new(service);
    tasks.spawn(async move { serve_grpc(grpc, &entrance, service, "data-engine", stop).await });
}

/// Only live feeds are watched. Other modes follow no clock of ours: a paused simulation is not silent, and a
/// recording is told at any speed.
fn sequencer(writer: Writer, memory: Memory, board: Board, mode: Mode, started_at: UnixMicros) -> Sequencer {
    let watches = (mode == Mode::Live).then(|| Watches::new(&memory.seen, started_at));
    let sequencer = Sequencer::new(writer, memory, board);
    match watches {
        Some(watches) => sequencer.watching(watches),
        None => sequencer,
    }
}

impl Listeners {
    async fn bind(settings: &Settings) -> Result<Self, Failure> {
        let webhook = &settings.feeds.webhook;
        Ok(Self {
            grpc: bind("data_engine.listen", settings.data_engine.listen).await?,
            admin: bind("data_engine.metrics_listen", settings.data_engine.metrics_listen).await?,
            webhook: if webhook.enabled {
                Some(bind("feeds.webhook.listen", webhook.listen).await?)
            } else {
                None
            },
        })
    }
}

impl Resume {
    fn of(memory: &Memory) -> Self {
        Self {
            source_position: memory.known.source_position(),
            world_start: memory.world_start,
            newest: memory.newest(),
        }
    }

    fn simulated(&self) -> Option<simulated::feed::Resume> {
        self.world_start.map(|first_event_time| simulated::feed::Resume {
            first_event_time,
            last_source_position: self.source_position,
        })
    }
}

async fn open_journal(settings: &Settings, instance: &Instance) -> Result<(Writer, Memory), Failure> {
    let begun = Instant::now();
    let path = instance.journal();
    let journal = settings.journal.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let io = |error| Failure::Io(format!("the journal {}: {error}", path.display()));
        let disk = Directory::create(path.clone()).map_err(io)?;
        let mut memory = Memory::default();
        let mut recovered =
            recover(Arc::new(disk), &journal, new_log_id(), &mut |payload| memory.learn(payload))
                .map_err(|error| as_failure(&error))?;
        memory.world_start = memory.world_start.or(recovered.world_start);
        if let Some(time) = memory.world_start {
            recovered.writer.world_began(time);
        }
        Ok((recovered, memory))
    });
    let (recovered, memory) =
        opened.await.map_err(|error| Failure::Internal(format!("opening the journal: {error}")))??;
    if let Some(torn) = &recovered.torn_tail {
        tracing::warn!(
            file = torn.file,
            offset = torn.offset,
            bytes = torn.bytes,
            "a write that was cut short, and never acknowledged, has been removed"
        );
    }
    let head = recovered.writer.head();
    tracing::info!(head_seq = head.seq, took_ms = begun.elapsed().as_millis(), "journal opened and checked");
    Ok((recovered.writer, memory))
}

fn new_log_id() -> LogId {
    LogId(rand::random())
}

/// An archive that cannot be written lags and says so; it never ends the engine.
async fn archive_until_stopped(archiver: Archiver, log: Log, stop: Stop) -> Result<(), Failure> {
    archiver.run(log, stop).await;
    Ok(())
}

/// What a feed needs of the engine.
#[derive(Clone)]
struct Ground {
    ingest: Ingest,
    board: Board,
    stop: Stop,
}

impl Ground {
    fn gauges(&self, log: &Log, hot: HotStore, archive: Archive) -> Gauges {
        let (ingest, board) = (self.ingest.clone(), self.board.clone());
        Gauges { ingest, log: log.clone(), board, hot, archive }
    }
}

fn start_feeds(
    tasks: &mut JoinSet<Result<(), Failure>>,
    settings: &Settings,
    webhook: Option<(TcpListener, Option<ServerTls>)>,
    resume: Resume,
    ground: Ground,
) {
    let feeds = settings.feeds.clone();
    if let Some((listener, tls)) = webhook {
        let (settings, live) = (settings.clone(), feeds.mode == Mode::Live);
        let Ground { ingest, board, stop } = ground.clone();
        tasks.spawn(async move {
            if live {
                for name in [Name::Trades, Name::Whales] {
                    board.set(name, Source::QuickNode, Condition::Up);
                }
            }
            quicknode::server::serve((listener, tls), &settings, ingest, board, stop).await
        });
    }
    let Ground { ingest, board, stop } = ground;
    if feeds.mode == Mode::Live {
        tasks.spawn(watchdog::run(ingest.clone(), stop.clone()));
    }
    if feeds.mode == Mode::Live
        && let Err(failure) = start_venues(tasks, &feeds, &resume.newest, &ingest, &board, &stop)
    {
        // A venue that cannot be asked as configured ends the engine as any failing feed does.
        tasks.spawn(async move { Err(failure) });
    }
    match feeds.mode {
        Mode::Simulated => {
            tasks.spawn(async move {
                simulated::feed::run(&feeds.simulated, resume.simulated(), ingest, board, stop).await
            });
        }
        Mode::Replay => {
            tasks.spawn(async move {
                replay::feed::run(&feeds.replay, resume.source_position, ingest, board, stop).await
            });
        }
        Mode::Live if feeds.jupiter.enabled => {
            tasks.spawn(async move { jupiter::feed::run(&feeds.jupiter, ingest, board, stop).await });
        }
        Mode::Live => {
            board.set(
                Name::Prices,
                Source::Jupiter,
                Condition::Off("feeds.jupiter.enabled is false".to_owned()),
            );
        }
    }
}

/// Runs a piece of the engine that blocks, on a thread of its own. When it fails, everything stops.
fn on_thread(
    name: &'static str,
    stop: &Stop,
    work: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Result<oneshot::Receiver<Result<(), Failure>>, Failure> {
    let (outcome, ended) = oneshot::channel();
    let stop = stop.clone();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = work();
        if let Err(failure) = &result {
            tracing::error!(thread = name, %failure, "the engine cannot go on");
            stop.cancel();
        }
        // The receiver is gone only when the process is already ending.
        let _ = outcome.send(result);
    });
    thread.map_err(|error| Failure::Internal(format!("the thread {name} did not start: {error}")))?;
    Ok(ended)
}

async fn ended(thread: oneshot::Receiver<Result<(), Failure>>) -> Result<(), Failure> {
    thread.await.unwrap_or_else(|_| Err(Failure::Internal("a thread ended without a word".to_owned())))
}

/// Waits for every task. The first that fails stops the others, and its failure is the outcome.
async fn until_all_end(mut tasks: JoinSet<Result<(), Failure>>, stop: &Stop) -> Result<(), Failure> {
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let result = ended.unwrap_or_else(|error| Err(Failure::Internal(format!("a task ended: {error}"))));
        if result.is_err() && outcome.is_ok() {
            stop.cancel();
            outcome = result;
        }
    }
    outcome
}
