//! The gRPC service: what the core has published, and the workspace's rows.

mod asked;
mod command;
mod decisions;
mod message;
mod patterns;
mod performance;
mod plays;
mod positions;
mod profiles;
mod shadows;
mod stream;
mod suggestions;

use std::pin::Pin;
use std::sync::Arc;

use goat::error::internal;
use goat::service::Stop;
use goat::values::{Symbol, UnixMicros};
use goat::wire::TradingService;
use goat::wire::trading as wire;
use tokio::sync::{Mutex, broadcast, mpsc};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

pub use suggestions::Suggestions;

use asked::{checked_limit, count};

use crate::changes::Change;
use crate::core::command::Order;
use crate::core::cycles::Threshold;
use crate::runner::Ask;
use crate::view::Shared;
use crate::workspace::Readers;
pub(crate) use patterns::parse as parse_project;
#[cfg(test)]
pub(crate) use positions::fill as fill_message;

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
    /// One change of plays and projects at a time: what was checked is still so when it is done.
    pub changes_of_plays: Arc<Mutex<()>>,
    /// The filters that were suggested last.
    pub suggestions: Arc<Mutex<Suggestions>>,
    /// What positions are in.
    pub token: Symbol,
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
        let wire::PauseTradingRequest { reason, requested_by, request_id, close_positions } =
            request.into_inner();
        let request = command::request(reason, requested_by)?;
        let order = if close_positions { Order::HaltTrading(request) } else { Order::PauseTrading(request) };
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

    async fn list_plays(
        &self,
        request: Request<wire::ListPlaysRequest>,
    ) -> Result<Response<wire::ListPlaysResponse>, Status> {
        let request = request.into_inner();
        let plays = self.plays(request.active_only);
        let count = count(plays.len());
        Ok(Response::new(wire::ListPlaysResponse { plays, count }))
    }

    async fn get_play(
        &self,
        request: Request<wire::GetPlayRequest>,
    ) -> Result<Response<wire::GetPlayResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::GetPlayResponse {
            play: Some(crate::plays::document(&self.play(&request.id)?)),
        }))
    }

    async fn create_play(
        &self,
        request: Request<wire::CreatePlayRequest>,
    ) -> Result<Response<wire::CreatePlayResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::CreatePlayResponse { play: Some(self.create_play(request.play).await?) }))
    }

    async fn update_play(
        &self,
        request: Request<wire::UpdatePlayRequest>,
    ) -> Result<Response<wire::UpdatePlayResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::UpdatePlayResponse { play: Some(self.update_play(request).await?) }))
    }

    async fn delete_play(
        &self,
        request: Request<wire::DeletePlayRequest>,
    ) -> Result<Response<wire::DeletePlayResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.delete_play(&request.id).await?))
    }

    async fn duplicate_play(
        &self,
        request: Request<wire::DuplicatePlayRequest>,
    ) -> Result<Response<wire::DuplicatePlayResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::DuplicatePlayResponse { play: Some(self.duplicate_play(request).await?) }))
    }

    async fn list_play_versions(
        &self,
        request: Request<wire::ListPlayVersionsRequest>,
    ) -> Result<Response<wire::ListPlayVersionsResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::ListPlayVersionsResponse { versions: self.play_versions(&request.id).await? }))
    }

    async fn get_plays_performance(
        &self,
        request: Request<wire::GetPlaysPerformanceRequest>,
    ) -> Result<Response<wire::GetPlaysPerformanceResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.plays_performance(request).await?))
    }

    async fn list_positions(
        &self,
        request: Request<wire::ListPositionsRequest>,
    ) -> Result<Response<wire::ListPositionsResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.list_positions(request).await?))
    }

    async fn get_position(
        &self,
        request: Request<wire::GetPositionRequest>,
    ) -> Result<Response<wire::GetPositionResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::GetPositionResponse { position: Some(self.position(&request.id).await?) }))
    }

    async fn list_price_checks(
        &self,
        request: Request<wire::ListPriceChecksRequest>,
    ) -> Result<Response<wire::ListPriceChecksResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::ListPriceChecksResponse { checks: self.price_checks(&request.id).await? }))
    }

    async fn get_trail(
        &self,
        request: Request<wire::GetTrailRequest>,
    ) -> Result<Response<wire::GetTrailResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.trail(&request.id).await?))
    }

    async fn close_position(
        &self,
        request: Request<wire::ClosePositionRequest>,
    ) -> Result<Response<wire::ClosePositionResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::ClosePositionResponse { position: Some(self.close_position(request).await?) }))
    }

    async fn get_account(
        &self,
        request: Request<wire::GetAccountRequest>,
    ) -> Result<Response<wire::GetAccountResponse>, Status> {
        let wire::GetAccountRequest {} = request.into_inner();
        Ok(Response::new(wire::GetAccountResponse { account: Some(self.account()) }))
    }

    async fn list_decisions(
        &self,
        request: Request<wire::ListDecisionsRequest>,
    ) -> Result<Response<wire::ListDecisionsResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.list_decisions(request).await?))
    }

    async fn explain_decision(
        &self,
        request: Request<wire::ExplainDecisionRequest>,
    ) -> Result<Response<wire::ExplainDecisionResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::ExplainDecisionResponse { decision: Some(self.decision(&request.id).await?) }))
    }

    async fn why_not(
        &self,
        request: Request<wire::WhyNotRequest>,
    ) -> Result<Response<wire::WhyNotResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.why_not(request).await?))
    }

    async fn get_funnel(
        &self,
        request: Request<wire::GetFunnelRequest>,
    ) -> Result<Response<wire::GetFunnelResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.funnel(request).await?))
    }

    async fn list_profiles(
        &self,
        request: Request<wire::ListProfilesRequest>,
    ) -> Result<Response<wire::ListProfilesResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.list_profiles(request).await?))
    }

    async fn get_profile_stats(
        &self,
        request: Request<wire::GetProfileStatsRequest>,
    ) -> Result<Response<wire::GetProfileStatsResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.profile_stats(request).await?))
    }

    async fn rank_wallets(
        &self,
        request: Request<wire::RankWalletsRequest>,
    ) -> Result<Response<wire::RankWalletsResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.rank_wallets(request).await?))
    }

    async fn list_filter_projects(
        &self,
        request: Request<wire::ListFilterProjectsRequest>,
    ) -> Result<Response<wire::ListFilterProjectsResponse>, Status> {
        let wire::ListFilterProjectsRequest {} = request.into_inner();
        let projects = self.filter_projects();
        let count = count(projects.len());
        Ok(Response::new(wire::ListFilterProjectsResponse { projects, count }))
    }

    async fn get_filter_project(
        &self,
        request: Request<wire::GetFilterProjectRequest>,
    ) -> Result<Response<wire::GetFilterProjectResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::GetFilterProjectResponse { project: Some(self.filter_project(&request.id)?) }))
    }

    async fn create_filter_project(
        &self,
        request: Request<wire::CreateFilterProjectRequest>,
    ) -> Result<Response<wire::CreateFilterProjectResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::CreateFilterProjectResponse {
            project: Some(self.create_filter_project(request.project).await?),
        }))
    }

    async fn update_filter_project(
        &self,
        request: Request<wire::UpdateFilterProjectRequest>,
    ) -> Result<Response<wire::UpdateFilterProjectResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(wire::UpdateFilterProjectResponse {
            project: Some(self.update_filter_project(request).await?),
        }))
    }

    async fn delete_filter_project(
        &self,
        request: Request<wire::DeleteFilterProjectRequest>,
    ) -> Result<Response<wire::DeleteFilterProjectResponse>, Status> {
        let request = request.into_inner();
        self.delete_filter_project(&request.id).await?;
        Ok(Response::new(wire::DeleteFilterProjectResponse {}))
    }

    async fn list_features(
        &self,
        request: Request<wire::ListFeaturesRequest>,
    ) -> Result<Response<wire::ListFeaturesResponse>, Status> {
        let request = request.into_inner();
        let features = patterns::features(&request.group)?;
        let count = count(features.len());
        Ok(Response::new(wire::ListFeaturesResponse { features, count }))
    }

    async fn list_shadows(
        &self,
        request: Request<wire::ListShadowsRequest>,
    ) -> Result<Response<wire::ListShadowsResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.list_shadows(request).await?))
    }

    async fn get_gate_attribution(
        &self,
        request: Request<wire::GetGateAttributionRequest>,
    ) -> Result<Response<wire::GetGateAttributionResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(self.gate_attribution(request).await?))
    }

    async fn list_filter_suggestions(
        &self,
        request: Request<wire::ListFilterSuggestionsRequest>,
    ) -> Result<Response<wire::ListFilterSuggestionsResponse>, Status> {
        let request = request.into_inner();
        let suggestions = vec![self.filter_suggestions(&request.play_id).await?];
        let count = count(suggestions.len());
        Ok(Response::new(wire::ListFilterSuggestionsResponse { suggestions, count }))
    }

    type StreamTradingStream =
        Pin<Box<dyn Stream<Item = Result<wire::StreamTradingResponse, Status>> + Send>>;

    async fn stream_trading(
        &self,
        _request: Request<wire::StreamTradingRequest>,
    ) -> Result<Response<Self::StreamTradingStream>, Status> {
        Ok(Response::new(Box::pin(self.changes())))
    }
}
