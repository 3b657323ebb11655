//! The data-engine's journal and service, without its feeds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use data_engine::archive::Archive;
use data_engine::feeds::board::Board;
use data_engine::hot::HotStore;
use data_engine::ingest::Ingest;
use data_engine::journal::{Directory, LogId, Writer, recover};
use data_engine::latest::Latest;
use data_engine::publish::Border;
use data_engine::query::Queries;
use data_engine::serve::MarketData;
use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::service::{Entrance, Stop, serve_grpc};
use goat::settings::{Journal, Settings, Sync};
use goat::values::{Price, Symbol, UnixMicros};
use goat::wire::MarketDataServiceServer;
use tempfile::TempDir;

/// As many as the sequencer appends with one sync.
const GROUP: u64 = 4096;
const START: i64 = 1_767_478_430_000_000;

/// A log that is served.
pub(crate) struct Engine {
    writer: Mutex<Writer>,
    journal: PathBuf,
    stop: Stop,
    pub(crate) address: SocketAddr,
    _directory: TempDir,
}

impl Engine {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let journal = directory.path().join("journal");
        let writer = open(&journal, Sync::Os);
        // The tables are not asked for and not filled.
        let settings = Settings::default();
        let (hot, _folder) = HotStore::open(&settings.hot, &settings.query, 0).expect("a database in memory");
        let stop = Stop::new();
        let address = serve(&writer, hot, Ingest::new().0, &stop).await;
        Self { writer: Mutex::new(writer), journal, stop, address, _directory: directory }
    }

    /// Appends so many prices, and says how long that took.
    pub(crate) fn append(&self, events: u64) -> (u64, Duration) {
        let mut writer = self.writer.lock().expect("one writer at a time");
        let began = Instant::now();
        let mut written = 0;
        while written < events {
            let group = prices(written, GROUP.min(events - written));
            written += group.len() as u64;
            writer.append(&group).expect("the journal is written");
        }
        (written, began.elapsed())
    }

    pub(crate) fn head(&self) -> u64 {
        self.writer.lock().expect("one writer at a time").head().seq
    }

    pub(crate) fn journal_bytes(&self) -> u64 {
        journal_bytes(&self.journal)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What the files of a journal hold.
pub(crate) fn journal_bytes(path: &std::path::Path) -> u64 {
    let files = std::fs::read_dir(path).expect("the journal's directory");
    files.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).sum()
}

/// Serves a log over loopback.
pub(crate) async fn serve(writer: &Writer, hot: HotStore, ingest: Ingest, stop: &Stop) -> SocketAddr {
    let settings = Settings::default();
    let service = MarketData {
        log: writer.log(),
        queries: Queries::new(hot.clone(), None, &settings.query),
        archive: Archive::default(),
        history: None,
        ingest,
        border: Border::of(&settings),
        hot,
        board: Board::default(),
        latest: Latest::default(),
        stop: stop.clone(),
        settings,
        started_at: UnixMicros::now(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let entrance = Entrance::of(&service.settings).expect("settings without TLS");
    let (server, stopped) = (MarketDataServiceServer::new(service), stop.clone());
    tokio::spawn(async move { serve_grpc(listener, &entrance, server, "data-engine", stopped).await });
    address
}

/// A new journal.
pub(crate) fn open(path: &std::path::Path, sync: Sync) -> Writer {
    let disk = Directory::create(path.to_owned()).expect("a directory");
    let settings = Journal { sync, ..Journal::default() };
    recover(Arc::new(disk), &settings, LogId([7; 16]), &mut |_| {}).expect("an empty journal").writer
}

/// Prices that tick: small events, each another.
pub(crate) fn prices(first: u64, count: u64) -> Vec<Observation> {
    let tokens = ["SOL", "BTC", "ETH"].map(|token| Symbol::parse(token).expect("a symbol"));
    let price = |number: u64| {
        let time =
            UnixMicros::new(START + i64::try_from(number).expect("not that many") * 1000).expect("a time");
        let hundredths = u32::try_from(number % 10_000).expect("small");
        let token = tokens[usize::try_from(number % 3).expect("small")];
        let price = Price::new(130.0 + f64::from(hundredths) / 100.0).expect("a price");
        Observation {
            event_time: time,
            received_time: time,
            source: Source::Simulated,
            source_position: number + 1,
            payload: Payload::Price(TokenPrice { token, price, block_id: 0 }),
        }
    };
    (first..first + count).map(price).collect()
}
