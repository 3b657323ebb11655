//! The three services on ports and in a directory of their own.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use goat::tonic::transport::Channel;
use goat::wire::{MarketDataServiceClient, TradingServiceClient, market, trading};
use tempfile::TempDir;
use tokio::sync::SemaphorePermit;

use crate::logs::Logs;
use crate::ports::free_address;
use crate::rest::{Rest, rows_of};
use crate::service::{Service, Variable};
use crate::turn;
use crate::until::{PATIENCE, until, until_true};

const STATUS_PATIENCE: Duration = Duration::from_mins(1);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(5);
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where everything listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The data-engine's gRPC.
    pub market: SocketAddr,
    /// The trading-engine's gRPC.
    pub trading: SocketAddr,
    /// REST and dashboard.
    pub gateway: SocketAddr,
    /// The gateway's gRPC.
    pub publisher: SocketAddr,
    /// Posts.
    pub webhook: SocketAddr,
    /// Metrics of data-engine, trading-engine and gateway.
    pub metrics: [SocketAddr; 3],
}

impl Addresses {
    fn free() -> Self {
        Self {
            market: free_address(),
            trading: free_address(),
            gateway: free_address(),
            publisher: free_address(),
            webhook: free_address(),
            metrics: [free_address(), free_address(), free_address()],
        }
    }

    fn variables(&self) -> Vec<Variable> {
        let [data, trading, gateway] = self.metrics;
        let listens = [
            ("GOAT_DATA_ENGINE__LISTEN", self.market),
            ("GOAT_DATA_ENGINE__METRICS_LISTEN", data),
            ("GOAT_TRADING_ENGINE__LISTEN", self.trading),
            ("GOAT_TRADING_ENGINE__METRICS_LISTEN", trading),
            ("GOAT_GATEWAY__LISTEN", self.gateway),
            ("GOAT_GATEWAY__GRPC_LISTEN", self.publisher),
            ("GOAT_GATEWAY__METRICS_LISTEN", gateway),
            ("GOAT_FEEDS__WEBHOOK__LISTEN", self.webhook),
        ];
        listens.map(|(name, address)| (name.to_owned(), address.to_string())).to_vec()
    }
}

/// Which world a cluster records, and with what settings.
#[derive(Debug, Clone)]
pub struct World(Vec<Variable>);

impl World {
    /// A generated market that begins now and runs `speed` times as fast as the clock.
    #[must_use]
    pub fn simulated(speed: u32) -> Self {
        Self(Vec::new())
            .with("GOAT_FEEDS__MODE", "simulated")
            .with("GOAT_FEEDS__SIMULATED__SPEED", speed)
            .with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 0)
    }

    /// Live, with nothing but the webhook.
    #[must_use]
    pub fn webhook_alone() -> Self {
        Self(Vec::new())
            .with("GOAT_FEEDS__MODE", "live")
            .with("GOAT_FEEDS__JUPITER__ENABLED", false)
            .with("GOAT_FEEDS__BINANCE__ENABLED", false)
            .with("GOAT_FEEDS__BYBIT__ENABLED", false)
    }

    /// A recording, as fast as possible.
    #[must_use]
    pub fn replay(path: &Path) -> Self {
        Self(Vec::new())
            .with("GOAT_FEEDS__MODE", "replay")
            .with("GOAT_FEEDS__REPLAY__SPEED", 0)
            .with("GOAT_FEEDS__REPLAY__PATH", path.display())
    }

    /// With one more setting.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // A number or a path, as the caller has it.
    pub fn with(mut self, variable: &str, value: impl ToString) -> Self {
        self.0.retain(|(known, _)| known != variable);
        self.0.push((variable.to_owned(), value.to_string()));
        self
    }
}

/// The three services. When it is dropped they are killed, and a complaint in their logs that was not expected
/// fails the test.
#[derive(Debug)]
pub struct Cluster {
    /// The settings that all services share.
    pub environment: Vec<Variable>,
    /// Where they listen.
    pub addresses: Addresses,
    /// Not started until [`Cluster::start_data_engine`].
    pub data_engine: Service,
    /// Not started until [`Cluster::start_trading_engine`].
    pub trading_engine: Service,
    /// Not started until [`Cluster::start_gateway`].
    pub gateway: Service,
    /// What they write.
    pub directory: TempDir,
    expected: Vec<String>,
    _turn: SemaphorePermit<'static>,
}

impl Cluster {
    /// A cluster whose services are not running yet, once there is room for it.
    pub async fn prepare(world: World) -> Self {
        Self::on(world, turn::take().await)
    }

    /// The same, with nothing else running beside it.
    pub async fn prepare_alone(world: World) -> Self {
        Self::on(world, turn::take_alone().await)
    }

    fn on(world: World, turn: SemaphorePermit<'static>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let addresses = Addresses::free();
        let mut environment = world.0;
        environment.push(("GOAT_DATA_DIR".to_owned(), directory.path().join("data").display().to_string()));
        environment.extend(addresses.variables());
        let service = |name| Service::new(name, directory.path(), environment.clone());
        Self {
            data_engine: service("data-engine"),
            trading_engine: service("trading-engine"),
            gateway: service("gateway"),
            environment,
            addresses,
            directory,
            // Recorded trades are old whenever they are posted.
            expected: vec!["the feed is stale; its posts come to us".to_owned()],
            _turn: turn,
        }
    }

    /// All three, started and ready.
    pub async fn start(world: World) -> Self {
        let mut cluster = Self::prepare(world).await;
        cluster.start_all().await;
        cluster
    }

    /// All three, with trades in the tables.
    pub async fn start_with_trades(world: World) -> Self {
        let cluster = Self::start(world).await;
        let rest = cluster.rest();
        until_true("trades are recorded", PATIENCE, async || {
            rows_of(&rest.json("/tables").await, "sol_stablecoin_trades") > 0
        })
        .await;
        cluster
    }

    /// Starts all three.
    pub async fn start_all(&mut self) {
        self.start_data_engine().await;
        self.start_trading_engine().await;
        self.start_gateway().await;
    }

    /// Lines with this text are no fault in this test.
    pub fn expect(&mut self, text: &str) {
        self.expected.push(text.to_owned());
    }

    /// What must be expected where the data-engine is killed.
    pub fn expect_losses_of_the_data_engine(&mut self) {
        self.expect("a write that was cut short, and never acknowledged, has been removed");
        self.expect("the stream from the data-engine");
        self.expect("recent rows could not be fetched into the workspace");
    }

    /// Starts the data-engine and waits until it answers.
    pub async fn start_data_engine(&mut self) -> market::GetStatusResponse {
        self.data_engine.start();
        self.market_status().await
    }

    /// Starts the trading-engine and waits until it has reached the log's end.
    pub async fn start_trading_engine(&mut self) -> trading::GetStatusResponse {
        self.trading_engine.start();
        self.trading_status(|status| status.caught_up).await
    }

    /// Starts the gateway and waits until it answers.
    pub async fn start_gateway(&mut self) {
        self.gateway.start();
        let rest = self.rest();
        until("the gateway answers", PATIENCE, async || rest.try_get("/health").await.ok()).await;
    }

    /// A client of the data-engine.
    #[must_use]
    pub fn market(&self) -> MarketDataServiceClient<Channel> {
        MarketDataServiceClient::new(goat::service::channel(self.addresses.market))
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// A client of the trading-engine.
    #[must_use]
    pub fn trading(&self) -> TradingServiceClient<Channel> {
        TradingServiceClient::new(goat::service::channel(self.addresses.trading))
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// A client of the gateway.
    #[must_use]
    pub fn rest(&self) -> Rest {
        Rest::new(self.addresses.gateway)
    }

    /// The data-engine's status, as soon as it answers.
    pub async fn market_status(&self) -> market::GetStatusResponse {
        self.market_status_when("the data-engine answers", PATIENCE, |_| true).await
    }

    /// How many trades, movements and unreadable items of posts are in the log.
    ///
    /// # Panics
    ///
    /// When the log cannot be read to its end.
    pub async fn posted(&self) -> u64 {
        let kinds = [market::EventKind::Trade, market::EventKind::Whale, market::EventKind::DeadLetter];
        let request = market::SubscribeRequest {
            kinds: kinds.map(Into::into).into(),
            start: Some(market::subscribe_request::Start::AfterSeq(0)),
            ..market::SubscribeRequest::default()
        };
        let mut stream = self.market().subscribe(request).await.unwrap().into_inner();
        let mut posted = 0;
        while let Some(frame) = stream.message().await.unwrap() {
            match frame.parse().unwrap() {
                market::subscribe_response::Message::Batch(batch) => posted += batch.events.len() as u64,
                market::subscribe_response::Message::CaughtUp(_) => break,
                _ => {}
            }
        }
        posted
    }

    /// The data-engine's status, as soon as it is as wanted.
    pub async fn market_status_when(
        &self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&market::GetStatusResponse) -> bool,
    ) -> market::GetStatusResponse {
        let mut client = self.market();
        until(what, patience, async || {
            let status = client.get_status(market::GetStatusRequest {}).await.ok()?.into_inner();
            wanted(&status).then_some(status)
        })
        .await
    }

    /// The trading-engine's status, as soon as it is as wanted.
    pub async fn trading_status(
        &self,
        wanted: impl Fn(&trading::GetStatusResponse) -> bool,
    ) -> trading::GetStatusResponse {
        trading_status_of(self.trading(), wanted).await
    }

    /// The newest position, once the tables contain everything and nothing is added any more.
    pub async fn quiet_head(&self) -> u64 {
        let folded = |status: &market::GetStatusResponse| {
            let feeds_ended = status.feeds.iter().all(|feed| feed.state() == market::feed::State::Off);
            let applied = status.hot_store.as_ref().map_or(0, |store| store.applied_seq);
            feeds_ended && applied == status.head_seq
        };
        self.market_status_when("the recording ends", Duration::from_mins(2), folded).await.head_seq
    }

    fn services(&mut self) -> [&mut Service; 3] {
        [&mut self.gateway, &mut self.trading_engine, &mut self.data_engine]
    }

    /// What one of the services said.
    #[must_use]
    pub fn logs(&self) -> [(&'static str, &Logs); 3] {
        [&self.data_engine, &self.trading_engine, &self.gateway]
            .map(|service| (service.name(), &service.logs))
    }
}

/// The status of a trading-engine, as soon as it is as wanted.
pub async fn trading_status_of(
    mut client: TradingServiceClient<Channel>,
    wanted: impl Fn(&trading::GetStatusResponse) -> bool,
) -> trading::GetStatusResponse {
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < STATUS_PATIENCE {
        if let Ok(status) = client.get_status(trading::GetStatusRequest {}).await {
            let status = status.into_inner();
            if wanted(&status) {
                return status;
            }
            last = Some(status);
        }
        tokio::time::sleep(BETWEEN_QUESTIONS).await;
    }
    panic!("the trading-engine's status did not become as wanted; it is {last:?}");
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for service in self.services() {
                println!("--- the threads of {} ---\n{}", service.name(), service.threads());
            }
        }
        for service in self.services() {
            service.kill();
        }
        if std::thread::panicking() {
            for (name, logs) in self.logs() {
                println!("--- the last lines of {name} ---\n{}", logs.tail(40));
            }
            return;
        }
        let complaints: Vec<String> = self
            .logs()
            .into_iter()
            .flat_map(|(name, logs)| {
                logs.complaints(&self.expected).into_iter().map(move |line| format!("{name}: {line}"))
            })
            .collect();
        assert!(complaints.is_empty(), "the services complained:\n{}", complaints.join("\n"));
    }
}
