//! The webhook with its sequencer and journal, in this process.

use std::net::SocketAddr;
use std::sync::Arc;

use data_engine::feeds::board::Board;
use data_engine::feeds::quicknode::server::serve;
use data_engine::ingest::Ingest;
use data_engine::journal::{Directory, LogId, recover};
use data_engine::sequencer::{Memory, Sequencer};
use goat::service::{Failure, Stop};
use goat::settings::{Settings, Sync};
use goat::values::UnixMicros;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    board: Board,
    stop: Stop,
    serving: JoinHandle<Result<(), Failure>>,
    _directory: TempDir,
}

impl Receiver {
    pub(crate) async fn start(sync: Sync, token: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut settings = Settings { data_dir: Some(directory.path().to_owned()), ..Settings::default() };
        settings.journal.sync = sync;
        let tokens: Vec<&str> = token.into_iter().collect();
        settings.feeds.webhook.tokens =
            serde_json::from_value(serde_json::json!(tokens)).expect("a list of texts");

        let disk = Directory::create(directory.path().join("journal")).expect("a directory");
        let writer = recover(Arc::new(disk), &settings.journal, LogId([7; 16]), &mut |_| {})
            .expect("a journal")
            .writer;
        let (board, stop) = (Board::default(), Stop::new());
        let (ingest, queue) = Ingest::new();
        let sequencer = Sequencer::new(writer, Memory::default(), board.clone());
        std::thread::spawn(move || sequencer.run(queue));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn({
            let (board, stop) = (board.clone(), stop.clone());
            async move { serve((listener, None), &settings, ingest, board, stop).await }
        });
        Self { address, board, stop, serving, _directory: directory }
    }

    /// Stops it; how many trades it recorded.
    pub(crate) async fn stop(self) -> u32 {
        self.stop.cancel();
        self.serving.await.expect("the receiver").expect("it stops without a failure");
        let feeds = self.board.feeds(UnixMicros::now());
        feeds.into_iter().find(|feed| feed.name == "trades").map_or(0, |feed| feed.accepted)
    }
}
