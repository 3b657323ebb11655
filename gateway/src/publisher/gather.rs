//! Facts, from the engines. Where one of them does not answer, what it knows is absent.

use std::time::Duration;

use goat::service::{Reach, ServiceChannel};
use goat::settings::Settings;
use goat::values::UnixMicros;
use goat::wire::{MarketDataServiceClient, TradingServiceClient, market, trading};
use tonic::Status;

use super::facts::{Benchmark, ChainHead, Exchanges, Facts, Pause, Percent, Quote, TraderKind, Window};
use super::text;

mod from_wire;
mod strategies;

pub(crate) use from_wire::closed_trade;
pub(crate) use strategies::{closed_trade as strategy_trade, cool_offs, trade_id, trader};

const DEADLINE: Duration = Duration::from_secs(5);
const TOKENS: [&str; 3] = ["SOL", "BTC", "ETH"];
/// Positions of one page.
const PAGE: u32 = 500;
/// Points of a history: only the first and the last are told.
const POINTS: u32 = 96;
/// Of the comparison of both exchanges: a week.
const COMPARED_HOURS: u32 = 168;
/// Open positions that are told apart.
const OPEN_MAX: u32 = 1000;

/// Both engines, asked of the gateway's own accord.
#[derive(Debug, Clone)]
pub(crate) struct Engines {
    market: MarketDataServiceClient<ServiceChannel>,
    trading: TradingServiceClient<ServiceChannel>,
}

/// What both engines say of themselves.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) market: Result<market::GetStatusResponse, String>,
    pub(crate) trading: Result<trading::GetStatusResponse, String>,
}

impl Engines {
    /// The engines that the settings name; connected when they are first asked.
    pub(crate) fn new(settings: &Settings, reach: &Reach) -> Self {
        let most = settings.limits.response_bytes_max as usize;
        let market = reach.service_channel(settings.data_engine.listen);
        let trading = reach.service_channel(settings.trading_engine.listen);
        Self {
            market: MarketDataServiceClient::new(market).max_decoding_message_size(most),
            trading: TradingServiceClient::new(trading).max_decoding_message_size(most),
        }
    }

    /// Asks both how they are.
    pub(crate) async fn condition(&self) -> Condition {
        let (mut market, mut trading) = (self.market.clone(), self.trading.clone());
        let (market, trading) = tokio::join!(
            within("the data-engine", market.get_status(market::GetStatusRequest {})),
            within("the trading-engine", trading.get_status(trading::GetStatusRequest {})),
        );
        Condition { market, trading }
    }

    /// Why candidates did not become positions.
    pub(crate) async fn funnel(&self, hours: f64) -> Result<trading::GetFunnelResponse, String> {
        let request =
            trading::GetFunnelRequest { hours: Some(hours), ..trading::GetFunnelRequest::default() };
        within("the trading-engine", self.trading.clone().get_funnel(request)).await
    }

    /// The paper account.
    pub(crate) async fn account(&self) -> Result<trading::Account, String> {
        let mut trading = self.trading.clone();
        let answer = within("the trading-engine", trading.get_account(trading::GetAccountRequest {})).await?;
        answer.account.ok_or_else(|| "there is no account".to_owned())
    }

    /// Positions, newest first, down to those decided at `down_to` and at least one page.
    pub(crate) async fn positions(&self, down_to: u64) -> Result<Vec<trading::Position>, String> {
        let (mut positions, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = trading::ListPositionsRequest {
                limit: Some(PAGE),
                page_token,
                ..trading::ListPositionsRequest::default()
            };
            let answer = within("the trading-engine", self.trading.clone().list_positions(request)).await?;
            let oldest = answer.positions.last().and_then(|position| decided_seq(&position.id));
            positions.extend(answer.positions);
            page_token = answer.next_page_token;
            if page_token.is_empty() || oldest.is_some_and(|oldest| oldest < down_to) {
                return Ok(positions);
            }
        }
    }

    /// The paper strategies.
    pub(crate) async fn strategies(&self) -> Result<Vec<trading::Strategy>, String> {
        let asked = trading::ListStrategiesRequest {};
        let answer = within("the trading-engine", self.trading.clone().list_strategies(asked)).await?;
        Ok(answer.strategies)
    }

    /// Trades of strategies that are over, newest first, at least one page, and on until one of them is `old`.
    pub(crate) async fn strategy_trades(
        &self,
        old: impl Fn(&trading::StrategyTrade) -> bool,
    ) -> Result<Vec<trading::StrategyTrade>, String> {
        let (mut trades, mut page_token) = (Vec::new(), String::new());
        loop {
            let request =
                trading::ListStrategyTradesRequest { limit: Some(PAGE), page_token, ..Default::default() };
            let mut trading = self.trading.clone();
            let answer = within("the trading-engine", trading.list_strategy_trades(request)).await?;
            let is_last = answer.next_page_token.is_empty() || answer.trades.last().is_some_and(&old);
            trades.extend(answer.trades);
            page_token = answer.next_page_token;
            if is_last {
                return Ok(trades);
            }
        }
    }

    /// The comparison of both exchanges and the head of the chain, each absent when it cannot be had.
    async fn compared(&self) -> (Option<Exchanges>, Option<ChainHead>) {
        let (mut one, mut other) = (self.trading.clone(), self.trading.clone());
        let compare = trading::CompareStatsRequest { hours: Some(COMPARED_HOURS), ..Default::default() };
        let (compared, chain) = tokio::join!(
            within("the trading-engine", one.compare_stats(compare)),
            within("the trading-engine", other.get_result_chain(trading::GetResultChainRequest {})),
        );
        (
            compared.ok().as_ref().and_then(strategies::exchanges),
            chain.ok().as_ref().and_then(strategies::chain),
        )
    }

    /// Puts in what is known of the strategies.
    async fn add_strategies(&self, facts: &mut Facts) -> Result<(), String> {
        let from = facts.as_of.minus(Duration::from_hours(Window::Month.hours().into()));
        let is_old = |trade: &trading::StrategyTrade| {
            trade.closed_at.and_then(|time| UnixMicros::try_from(time).ok()).is_some_and(|time| time < from)
        };
        let (known, trades, compared) =
            tokio::join!(self.strategies(), self.strategy_trades(is_old), self.compared());
        let (known, trades) = (known?, trades?);
        for (window, results) in &mut facts.results {
            results.extend(strategies::results(*window, facts.as_of, &trades, &known));
        }
        facts.open.extend(strategies::open_trades(&known, facts.as_of));
        facts.strategies = strategies::accounts(&known);
        facts.cool_offs = cool_offs(&known);
        (facts.exchanges, facts.chain) = compared;
        Ok(())
    }

    /// Everything that posts may tell.
    ///
    /// # Errors
    ///
    /// When the trading-engine does not answer: without it nothing is known of the world.
    pub(crate) async fn facts(&self, condition: &Condition) -> Result<Facts, String> {
        let status = condition.trading.as_ref().map_err(Clone::clone)?;
        // Seven calls at once are a large future.
        let asked = Box::pin(async {
            tokio::join!(
                self.account(),
                self.open(),
                self.performance(Window::Day),
                self.performance(Window::Week),
                self.performance(Window::Month),
                self.cycles(),
                self.quotes(),
            )
        });
        let (account, open, day, week, month, cycles, quotes) = asked.await;
        let mut facts = from_wire::frame(status).map_err(|error| error.to_string())?;
        facts.account = account.ok().as_ref().and_then(from_wire::account);
        facts.open = open?;
        facts.quotes = quotes;
        facts.cycle = cycles.ok().and_then(|cycles| from_wire::cycle(&cycles));
        for (window, performance) in [(Window::Day, day), (Window::Week, week), (Window::Month, month)] {
            facts.results.push((window, from_wire::results(&performance?)));
        }
        facts.pause = pause(status);
        Box::pin(self.add_strategies(&mut facts)).await?;
        facts.benchmark = self.benchmark(&facts).await;
        Ok(facts)
    }

    async fn open(&self) -> Result<Vec<super::facts::OpenTrade>, String> {
        let request = trading::ListPositionsRequest {
            status: "open".to_owned(),
            limit: Some(OPEN_MAX),
            ..trading::ListPositionsRequest::default()
        };
        let answer = within("the trading-engine", self.trading.clone().list_positions(request)).await?;
        Ok(answer.positions.iter().filter_map(|position| from_wire::open_trade(position).ok()).collect())
    }

    async fn performance(&self, window: Window) -> Result<trading::GetPlaysPerformanceResponse, String> {
        let request = trading::GetPlaysPerformanceRequest { hours: Some(window.hours()) };
        within("the trading-engine", self.trading.clone().get_plays_performance(request)).await
    }

    async fn cycles(&self) -> Result<trading::ListCyclesResponse, String> {
        let request =
            trading::ListCyclesRequest { active_only: true, ..trading::ListCyclesRequest::default() };
        within("the trading-engine", self.trading.clone().list_cycles(request)).await
    }

    async fn quotes(&self) -> Vec<Quote> {
        let mut quotes = Vec::new();
        for token in TOKENS {
            let request = market::GetPriceRequest { token: token.to_owned() };
            let Ok(price) = within("the data-engine", self.market.clone().get_price(request)).await else {
                continue;
            };
            let change =
                self.ends(token, Window::Day).await.and_then(|(from, to)| from_wire::change(from, to));
            quotes.extend(from_wire::quote(&price, change));
        }
        quotes
    }

    /// The prices at both ends of a window; none where the history does not reach its beginning.
    async fn ends(&self, token: &str, window: Window) -> Option<(f64, f64)> {
        let request = market::GetPriceHistoryRequest {
            token: token.to_owned(),
            hours: Some(window.hours().into()),
            max_points: Some(POINTS),
        };
        let history = within("the data-engine", self.market.clone().get_price_history(request)).await.ok()?;
        from_wire::ends(&history, window)
    }

    /// Over the longest window that both the prices and the trades reach.
    async fn benchmark(&self, facts: &Facts) -> Option<Benchmark> {
        let start = facts.account.as_ref().map(|account| account.start)?;
        for window in [Window::Week, Window::Day] {
            let Some(totals) = facts.totals_of(TraderKind::Play, window) else { continue };
            let Some((from, to)) = self.ends("SOL", window).await else { continue };
            #[allow(clippy::cast_precision_loss)] // Cents of a paper account.
            let traded = totals.profit.get() as f64 / start.get() as f64 * 100.0;
            return from_wire::benchmark(window, (from, to), Percent::of(traded)?);
        }
        None
    }
}

/// The place in the log of the trade that a position follows: its id begins with it.
pub(crate) fn decided_seq(id: &str) -> Option<u64> {
    id.split_once('.').and_then(|(seq, _)| seq.parse().ok())
}

/// Whether nothing new is opened, since when and why.
pub(crate) fn pause(status: &trading::GetStatusResponse) -> Option<Pause> {
    let controls = status.controls.as_ref().filter(|controls| controls.paused)?;
    let since = controls.paused_since.and_then(|time| time.try_into().ok())?;
    Some(Pause { since, reason: text::reason(&controls.reason) })
}

async fn within<T>(
    who: &str,
    asked: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, String> {
    match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => Err(format!("{who} does not answer: {}", status.message())),
        Err(_) => Err(format!("{who} did not answer within {} s", DEADLINE.as_secs())),
    }
}
