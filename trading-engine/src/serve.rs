//! The gRPC service: what the core has published, and the workspace's rows.

mod command;
mod message;

use std::pin::Pin;

use goat::error::{Kind, internal};
use goat::service::Stop;
use goat::values::UnixMicros;
use goat::wire::TradingService;
use goat::wire::trading as wire;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::changes::{CHANGES_QUEUED_MAX, Change};
use crate::core::command::Order;
use crate::core::cycles::Threshold;
use crate::runner::Ask;
use crate::view::Shared;
use crate::workspace::Readers;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 10_000;

/// Answers for the engine.
#[derive(Debug, Clone)]
pub struct Trading {
    /// When the process started.
    pub started_at: UnixMicros,
    /// What is computed.
    pub thresholds: Vec<Threshold>,
    /// What the core has published.
    pub view: Shared,
    /// The tables.
    pub readers: Readers,
    /// To the core.
    pub commands: mpsc::Sender<Ask>,
    /// Where changes are told.
    pub watchers: broadcast::Sender<Change>,
    /// Ends the streams.
    pub stop: Stop,
}

#[tonic::async_trait]
impl TradingService for Trading {
    async fn get_status(
        &self,
        _request: Request<wire::GetStatusRequest>,
    ) -> Result<Response<wire::GetStatusResponse>, Status> {
        let counts = self.readers.counts().await.map_err(|error| internal("counting rows", &error))?;
        let mut status = message::status(&self.view.read());
        status.tables = counts.into_iter().map(message::table).collect();
        status.started_at = Some(self.started_at.into());
        Ok(Response::new(status))
    }

    async fn list_cycles(
        &self,
        request: Request<wire::ListCyclesRequest>,
    ) -> Result<Response<wire::ListCyclesResponse>, Status> {
        let wire::ListCyclesRequest { threshold, active_only, limit } = request.into_inner();
        let threshold = threshold.map(|percent| self.threshold(percent)).transpose()?;
        let limit = checked_limit(limit)?;
        let view = self.view.read();
        let cycles = view.cycles(threshold, active_only, limit as usize);
        let response = wire::ListCyclesResponse {
            count: u32::try_from(cycles.len()).unwrap_or(u32::MAX),
            cycles: cycles.iter().map(wire::Cycle::from).collect(),
            closed: message::closed_counts(&view),
        };
        Ok(Response::new(response))
    }

    async fn list_price_analysis(
        &self,
        request: Request<wire::ListPriceAnalysisRequest>,
    ) -> Result<Response<wire::ListPriceAnalysisResponse>, Status> {
        let wire::ListPriceAnalysisRequest { threshold, limit } = request.into_inner();
        let threshold = threshold.map(|percent| self.threshold(percent)).transpose()?;
        let limit = checked_limit(limit)?;
        let found = self.readers.price_analysis(threshold, limit).await;
        let rows = found.map_err(|error| internal("reading price_analysis", &error))?;
        let response = wire::ListPriceAnalysisResponse {
            count: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            rows: rows.iter().map(wire::PriceAnalysis::from).collect(),
        };
        Ok(Response::new(response))
    }

    async fn pause_trading(
        &self,
        request: Request<wire::PauseTradingRequest>,
    ) -> Result<Response<wire::PauseTradingResponse>, Status> {
        let wire::PauseTradingRequest { reason, requested_by, request_id } = request.into_inner();
        let order = Order::PauseTrading(command::request(reason, requested_by)?);
        let answer = command::carry_out(&self.commands, order, request_id).await?;
        Ok(Response::new(wire::PauseTradingResponse { controls: Some((&answer.controls).into()) }))
    }

    async fn resume_trading(
        &self,
        request: Request<wire::ResumeTradingRequest>,
    ) -> Result<Response<wire::ResumeTradingResponse>, Status> {
        let wire::ResumeTradingRequest { reason, requested_by, request_id } = request.into_inner();
        let order = Order::ResumeTrading(command::request(reason, requested_by)?);
        let answer = command::carry_out(&self.commands, order, request_id).await?;
        Ok(Response::new(wire::ResumeTradingResponse { controls: Some((&answer.controls).into()) }))
    }

    type StreamTradingStream =
        Pin<Box<dyn Stream<Item = Result<wire::StreamTradingResponse, Status>> + Send>>;

    async fn stream_trading(
        &self,
        _request: Request<wire::StreamTradingRequest>,
    ) -> Result<Response<Self::StreamTradingStream>, Status> {
        // Watching begins before the view is read, so nothing falls between the two.
        let mut changes = self.watchers.subscribe();
        let (active, shown_seq) = {
            let view = self.view.read();
            (view.active.clone(), view.cursor.seq)
        };
        let stop = self.stop.clone();
        Ok(Response::new(Box::pin(async_stream::try_stream! {
            for cycle in &active {
                yield message::change(shown_seq, cycle);
            }
            loop {
                let change = tokio::select! {
                    biased;
                    () = stop.cancelled() => Err(Kind::Unavailable.status("the trading-engine is stopping")),
                    change = changes.recv() => heard(change),
                };
                match change? {
                    Change::Cycle { seq, cycle } if seq > shown_seq => yield message::change(seq, &cycle),
                    // Contained in what was shown at the beginning.
                    Change::Cycle { .. } => {}
                    Change::Anew => Err(Kind::Unavailable.status("the state began anew; subscribe again"))?,
                }
            }
        })))
    }
}

impl Trading {
    fn threshold(&self, percent: f64) -> Result<Threshold, Status> {
        let known = Threshold::from_percent(percent).filter(|threshold| self.thresholds.contains(threshold));
        known.ok_or_else(|| {
            let known: Vec<String> = self.thresholds.iter().map(|one| one.percent().to_string()).collect();
            Kind::Invalid.status(format!("threshold is {percent}; computed are {}", known.join(", ")))
        })
    }
}

fn checked_limit(limit: Option<u32>) -> Result<u32, Status> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Kind::Invalid.status(format!("limit is {limit}; it must be 1 to {LIMIT_MAX}")))
}

fn heard(change: Result<Change, RecvError>) -> Result<Change, Status> {
    change.map_err(|error| match error {
        RecvError::Closed => Kind::Unavailable.status("the trading-engine is stopping"),
        RecvError::Lagged(missed) => Kind::Exhausted.status(format!(
            "read too slowly: {missed} changes were missed, {CHANGES_QUEUED_MAX} are kept; subscribe again"
        )),
    })
}
