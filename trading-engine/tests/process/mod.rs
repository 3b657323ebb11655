//! The real process, started, asked, and killed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use goat::tonic::transport::Channel;
use goat::wire::TradingServiceClient;
use goat::wire::trading::{GetStatusRequest, GetStatusResponse};

/// The longest that anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A trading-engine of our own.
pub struct Engine {
    child: Child,
    pub client: TradingServiceClient<Channel>,
    metrics: SocketAddr,
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Engine {
    pub fn start(data_dir: &Path, market: SocketAddr, arguments: &[&str]) -> Self {
        Self::start_with(data_dir, market, arguments, &[])
    }

    /// The same, with more settings.
    pub fn start_with(
        data_dir: &Path,
        market: SocketAddr,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        let (listen, metrics) = (free_address(), free_address());
        let mut command = Command::new(env!("CARGO_BIN_EXE_trading-engine"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GOAT_")) {
            command.env_remove(name);
        }
        let child = command
            .args(arguments)
            .current_dir(data_dir)
            .env("GOAT_DATA_DIR", data_dir)
            .env("GOAT_DATA_ENGINE__LISTEN", market.to_string())
            .env("GOAT_TRADING_ENGINE__LISTEN", listen.to_string())
            .env("GOAT_TRADING_ENGINE__METRICS_LISTEN", metrics.to_string())
            .env("GOAT_LOG__FILTER", "warn")
            // What is folded beside it has none either.
            .env("GOAT_STRATEGIES", "[]")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let client = TradingServiceClient::new(goat::service::channel(listen));
        let client = client.max_decoding_message_size(64 * 1024 * 1024);
        Self { child, client, metrics }
    }

    /// The status, as soon as it satisfies `wanted`.
    pub async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&GetStatusResponse) -> bool,
    ) -> GetStatusResponse {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < PATIENCE {
            if let Ok(status) = self.client.get_status(GetStatusRequest {}).await {
                let status = status.into_inner();
                if wanted(&status) {
                    return status;
                }
                last = Some(status);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what} did not come about; the last status was {last:?}");
    }

    pub async fn caught_up_at(&mut self, seq: u64) -> GetStatusResponse {
        let there = |status: &GetStatusResponse| status.caught_up && status.cursor_seq == seq;
        self.until("catching up", |status| there(status) && status.state_seq == seq).await
    }

    /// What `path` answers beside gRPC.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.metrics).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: engine\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// SIGKILL: nothing is finished.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(mut self) -> ExitStatus {
        let number = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &number]).status().unwrap();
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the engine did not end");
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
