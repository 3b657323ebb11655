//! The gRPC service: what the core has published, and the workspace's rows.

mod analysis;
mod asked;
mod command;
mod cycles;
mod decisions;
mod message;
mod patterns;
mod performance;
mod plan;
mod plays;
mod positions;
mod profiles;
mod query_sql;
mod scheduler;
mod shadows;
mod stream;
mod suggestions;
mod trading;

use std::pin::Pin;

use goat::error::internal;
use goat::wire::TradingService;
use goat::wire::trading as wire;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

pub use suggestions::Suggestions;
pub use trading::{Trading, WhatIf};

use asked::{checked_limit, count};

pub(crate) use patterns::parse as parse_project;
pub(crate) use positions::fill as fill_message;

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
        status.parity = self.checks.newest().as_ref().map(message::parity);
        Ok(Response::new(status))
    }

    async fn list_cycles(
        &self,
        request: Request<wire::ListCyclesRequest>,
    ) -> Result<Response<wire::ListCyclesResponse>, Status> {
        self.cycles(&request.into_inner()).map(Response::new)
    }

    async fn list_price_analysis(
        &self,
        request: Request<wire::ListPriceAnalysisRequest>,
    ) -> Result<Response<wire::ListPriceAnalysisResponse>, Status> {
        self.price_analysis(&request.into_inner()).await.map(Response::new)
    }

    async fn pause_trading(
        &self,
        request: Request<wire::PauseTradingRequest>,
    ) -> Result<Response<wire::PauseTradingResponse>, Status> {
        self.pause(request.into_inner()).await.map(Response::new)
    }

    async fn resume_trading(
        &self,
        request: Request<wire::ResumeTradingRequest>,
    ) -> Result<Response<wire::ResumeTradingResponse>, Status> {
        self.resume(request.into_inner()).await.map(Response::new)
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
        self.plays_performance(request.into_inner()).await.map(Response::new)
    }

    async fn list_positions(
        &self,
        request: Request<wire::ListPositionsRequest>,
    ) -> Result<Response<wire::ListPositionsResponse>, Status> {
        self.list_positions(request.into_inner()).await.map(Response::new)
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
        self.list_decisions(request.into_inner()).await.map(Response::new)
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
        self.why_not(request.into_inner()).await.map(Response::new)
    }

    async fn get_funnel(
        &self,
        request: Request<wire::GetFunnelRequest>,
    ) -> Result<Response<wire::GetFunnelResponse>, Status> {
        self.funnel(request.into_inner()).await.map(Response::new)
    }

    async fn list_profiles(
        &self,
        request: Request<wire::ListProfilesRequest>,
    ) -> Result<Response<wire::ListProfilesResponse>, Status> {
        self.list_profiles(request.into_inner()).await.map(Response::new)
    }

    async fn get_profile_stats(
        &self,
        request: Request<wire::GetProfileStatsRequest>,
    ) -> Result<Response<wire::GetProfileStatsResponse>, Status> {
        self.profile_stats(request.into_inner()).await.map(Response::new)
    }

    async fn rank_wallets(
        &self,
        request: Request<wire::RankWalletsRequest>,
    ) -> Result<Response<wire::RankWalletsResponse>, Status> {
        self.rank_wallets(request.into_inner()).await.map(Response::new)
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
        self.list_shadows(request.into_inner()).await.map(Response::new)
    }

    async fn get_gate_attribution(
        &self,
        request: Request<wire::GetGateAttributionRequest>,
    ) -> Result<Response<wire::GetGateAttributionResponse>, Status> {
        self.gate_attribution(request.into_inner()).await.map(Response::new)
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

    async fn list_pattern_analysis(
        &self,
        request: Request<wire::ListPatternAnalysisRequest>,
    ) -> Result<Response<wire::ListPatternAnalysisResponse>, Status> {
        self.pattern_analysis(request.into_inner()).await.map(Response::new)
    }

    async fn plan_play(
        &self,
        request: Request<wire::PlanPlayRequest>,
    ) -> Result<Response<wire::PlanPlayResponse>, Status> {
        self.plan_play(request.into_inner()).await.map(Response::new)
    }

    async fn get_scheduler(
        &self,
        _request: Request<wire::GetSchedulerRequest>,
    ) -> Result<Response<wire::GetSchedulerResponse>, Status> {
        Ok(Response::new(self.scheduler()))
    }

    async fn check_parity(
        &self,
        request: Request<wire::CheckParityRequest>,
    ) -> Result<Response<wire::CheckParityResponse>, Status> {
        self.check_parity(request.into_inner()).await.map(Response::new)
    }

    async fn query_sql(
        &self,
        request: Request<wire::QuerySqlRequest>,
    ) -> Result<Response<wire::QuerySqlResponse>, Status> {
        self.query_sql(request.into_inner()).await.map(Response::new)
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
