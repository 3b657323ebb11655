//! The gRPC service: what the core has published, and the workspace's rows.

mod analysis;
mod asked;
mod backup;
mod chain;
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
mod results;
mod scheduler;
mod shadows;
mod stats;
mod strategies;
mod stream;
mod suggestions;
mod trading;

use std::pin::Pin;

use goat::error::internal;
use goat::wire::TradingService;
use goat::wire::trading as wire;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

pub use backup::Backups;
pub use suggestions::Suggestions;
pub use trading::{Trading, WhatIf};

use asked::{checked_limit, count};

pub(crate) use patterns::parse as parse_project;
#[cfg(test)]
pub(crate) use positions::fill as fill_message;

type Answered<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl TradingService for Trading {
    async fn get_status(
        &self,
        _request: Request<wire::GetStatusRequest>,
    ) -> Answered<wire::GetStatusResponse> {
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
    ) -> Answered<wire::ListCyclesResponse> {
        Ok(Response::new(self.cycles(request.into_inner())?))
    }

    async fn list_price_analysis(
        &self,
        request: Request<wire::ListPriceAnalysisRequest>,
    ) -> Answered<wire::ListPriceAnalysisResponse> {
        Ok(Response::new(self.price_analysis(request.into_inner()).await?))
    }

    async fn pause_trading(
        &self,
        request: Request<wire::PauseTradingRequest>,
    ) -> Answered<wire::PauseTradingResponse> {
        Ok(Response::new(self.pause(request.into_inner()).await?))
    }

    async fn resume_trading(
        &self,
        request: Request<wire::ResumeTradingRequest>,
    ) -> Answered<wire::ResumeTradingResponse> {
        Ok(Response::new(self.resume(request.into_inner()).await?))
    }

    async fn list_plays(
        &self,
        request: Request<wire::ListPlaysRequest>,
    ) -> Answered<wire::ListPlaysResponse> {
        let plays = self.plays(request.into_inner().active_only);
        let count = count(plays.len());
        Ok(Response::new(wire::ListPlaysResponse { plays, count }))
    }

    async fn get_play(&self, request: Request<wire::GetPlayRequest>) -> Answered<wire::GetPlayResponse> {
        Ok(Response::new(wire::GetPlayResponse {
            play: Some(crate::plays::document(&self.play(&request.into_inner().id)?)),
        }))
    }

    async fn create_play(
        &self,
        request: Request<wire::CreatePlayRequest>,
    ) -> Answered<wire::CreatePlayResponse> {
        Ok(Response::new(wire::CreatePlayResponse {
            play: Some(self.create_play(request.into_inner().play).await?),
        }))
    }

    async fn update_play(
        &self,
        request: Request<wire::UpdatePlayRequest>,
    ) -> Answered<wire::UpdatePlayResponse> {
        Ok(Response::new(wire::UpdatePlayResponse {
            play: Some(self.update_play(request.into_inner()).await?),
        }))
    }

    async fn delete_play(
        &self,
        request: Request<wire::DeletePlayRequest>,
    ) -> Answered<wire::DeletePlayResponse> {
        Ok(Response::new(self.delete_play(&request.into_inner().id).await?))
    }

    async fn duplicate_play(
        &self,
        request: Request<wire::DuplicatePlayRequest>,
    ) -> Answered<wire::DuplicatePlayResponse> {
        Ok(Response::new(wire::DuplicatePlayResponse {
            play: Some(self.duplicate_play(request.into_inner()).await?),
        }))
    }

    async fn list_play_versions(
        &self,
        request: Request<wire::ListPlayVersionsRequest>,
    ) -> Answered<wire::ListPlayVersionsResponse> {
        Ok(Response::new(wire::ListPlayVersionsResponse {
            versions: self.play_versions(&request.into_inner().id).await?,
        }))
    }

    async fn get_plays_performance(
        &self,
        request: Request<wire::GetPlaysPerformanceRequest>,
    ) -> Answered<wire::GetPlaysPerformanceResponse> {
        Ok(Response::new(self.plays_performance(request.into_inner()).await?))
    }

    async fn list_positions(
        &self,
        request: Request<wire::ListPositionsRequest>,
    ) -> Answered<wire::ListPositionsResponse> {
        Ok(Response::new(self.list_positions(request.into_inner()).await?))
    }

    async fn get_position(
        &self,
        request: Request<wire::GetPositionRequest>,
    ) -> Answered<wire::GetPositionResponse> {
        Ok(Response::new(wire::GetPositionResponse {
            position: Some(self.position(&request.into_inner().id).await?),
        }))
    }

    async fn list_price_checks(
        &self,
        request: Request<wire::ListPriceChecksRequest>,
    ) -> Answered<wire::ListPriceChecksResponse> {
        Ok(Response::new(wire::ListPriceChecksResponse {
            checks: self.price_checks(&request.into_inner().id).await?,
        }))
    }

    async fn get_trail(&self, request: Request<wire::GetTrailRequest>) -> Answered<wire::GetTrailResponse> {
        Ok(Response::new(self.trail(&request.into_inner().id).await?))
    }

    async fn close_position(
        &self,
        request: Request<wire::ClosePositionRequest>,
    ) -> Answered<wire::ClosePositionResponse> {
        Ok(Response::new(wire::ClosePositionResponse {
            position: Some(self.close_position(request.into_inner()).await?),
        }))
    }

    async fn get_account(
        &self,
        request: Request<wire::GetAccountRequest>,
    ) -> Answered<wire::GetAccountResponse> {
        let wire::GetAccountRequest {} = request.into_inner();
        Ok(Response::new(wire::GetAccountResponse { account: Some(self.account()) }))
    }

    async fn list_decisions(
        &self,
        request: Request<wire::ListDecisionsRequest>,
    ) -> Answered<wire::ListDecisionsResponse> {
        Ok(Response::new(self.list_decisions(request.into_inner()).await?))
    }

    async fn explain_decision(
        &self,
        request: Request<wire::ExplainDecisionRequest>,
    ) -> Answered<wire::ExplainDecisionResponse> {
        Ok(Response::new(wire::ExplainDecisionResponse {
            decision: Some(self.decision(&request.into_inner().id).await?),
        }))
    }

    async fn why_not(&self, request: Request<wire::WhyNotRequest>) -> Answered<wire::WhyNotResponse> {
        Ok(Response::new(self.why_not(request.into_inner()).await?))
    }

    async fn get_funnel(
        &self,
        request: Request<wire::GetFunnelRequest>,
    ) -> Answered<wire::GetFunnelResponse> {
        Ok(Response::new(self.funnel(request.into_inner()).await?))
    }

    async fn list_profiles(
        &self,
        request: Request<wire::ListProfilesRequest>,
    ) -> Answered<wire::ListProfilesResponse> {
        Ok(Response::new(self.list_profiles(request.into_inner()).await?))
    }

    async fn get_profile_stats(
        &self,
        request: Request<wire::GetProfileStatsRequest>,
    ) -> Answered<wire::GetProfileStatsResponse> {
        Ok(Response::new(self.profile_stats(request.into_inner()).await?))
    }

    async fn rank_wallets(
        &self,
        request: Request<wire::RankWalletsRequest>,
    ) -> Answered<wire::RankWalletsResponse> {
        Ok(Response::new(self.rank_wallets(request.into_inner()).await?))
    }

    async fn list_filter_projects(
        &self,
        request: Request<wire::ListFilterProjectsRequest>,
    ) -> Answered<wire::ListFilterProjectsResponse> {
        let wire::ListFilterProjectsRequest {} = request.into_inner();
        let projects = self.filter_projects();
        let count = count(projects.len());
        Ok(Response::new(wire::ListFilterProjectsResponse { projects, count }))
    }

    async fn get_filter_project(
        &self,
        request: Request<wire::GetFilterProjectRequest>,
    ) -> Answered<wire::GetFilterProjectResponse> {
        Ok(Response::new(wire::GetFilterProjectResponse {
            project: Some(self.filter_project(&request.into_inner().id)?),
        }))
    }

    async fn create_filter_project(
        &self,
        request: Request<wire::CreateFilterProjectRequest>,
    ) -> Answered<wire::CreateFilterProjectResponse> {
        Ok(Response::new(wire::CreateFilterProjectResponse {
            project: Some(self.create_filter_project(request.into_inner().project).await?),
        }))
    }

    async fn update_filter_project(
        &self,
        request: Request<wire::UpdateFilterProjectRequest>,
    ) -> Answered<wire::UpdateFilterProjectResponse> {
        Ok(Response::new(wire::UpdateFilterProjectResponse {
            project: Some(self.update_filter_project(request.into_inner()).await?),
        }))
    }

    async fn delete_filter_project(
        &self,
        request: Request<wire::DeleteFilterProjectRequest>,
    ) -> Answered<wire::DeleteFilterProjectResponse> {
        self.delete_filter_project(&request.into_inner().id).await?;
        Ok(Response::new(wire::DeleteFilterProjectResponse {}))
    }

    async fn list_features(
        &self,
        request: Request<wire::ListFeaturesRequest>,
    ) -> Answered<wire::ListFeaturesResponse> {
        let features = patterns::features(&request.into_inner().group)?;
        let count = count(features.len());
        Ok(Response::new(wire::ListFeaturesResponse { features, count }))
    }

    async fn list_shadows(
        &self,
        request: Request<wire::ListShadowsRequest>,
    ) -> Answered<wire::ListShadowsResponse> {
        Ok(Response::new(self.list_shadows(request.into_inner()).await?))
    }

    async fn get_gate_attribution(
        &self,
        request: Request<wire::GetGateAttributionRequest>,
    ) -> Answered<wire::GetGateAttributionResponse> {
        Ok(Response::new(self.gate_attribution(request.into_inner()).await?))
    }

    async fn list_filter_suggestions(
        &self,
        request: Request<wire::ListFilterSuggestionsRequest>,
    ) -> Answered<wire::ListFilterSuggestionsResponse> {
        let suggestions = vec![self.filter_suggestions(&request.into_inner().play_id).await?];
        let count = count(suggestions.len());
        Ok(Response::new(wire::ListFilterSuggestionsResponse { suggestions, count }))
    }

    async fn list_strategies(
        &self,
        _request: Request<wire::ListStrategiesRequest>,
    ) -> Answered<wire::ListStrategiesResponse> {
        let strategies = self.strategies();
        let count = count(strategies.len());
        Ok(Response::new(wire::ListStrategiesResponse { strategies, count }))
    }

    async fn get_strategy(
        &self,
        request: Request<wire::GetStrategyRequest>,
    ) -> Answered<wire::GetStrategyResponse> {
        Ok(Response::new(wire::GetStrategyResponse {
            strategy: Some(self.strategy(&request.into_inner().name)?),
        }))
    }

    async fn list_strategy_trades(
        &self,
        request: Request<wire::ListStrategyTradesRequest>,
    ) -> Answered<wire::ListStrategyTradesResponse> {
        Ok(Response::new(self.strategy_trades(request.into_inner()).await?))
    }

    async fn get_strategy_equity(
        &self,
        request: Request<wire::GetStrategyEquityRequest>,
    ) -> Answered<wire::GetStrategyEquityResponse> {
        Ok(Response::new(self.strategy_equity(request.into_inner()).await?))
    }

    async fn resume_strategy(
        &self,
        request: Request<wire::ResumeStrategyRequest>,
    ) -> Answered<wire::ResumeStrategyResponse> {
        Ok(Response::new(wire::ResumeStrategyResponse {
            strategy: Some(self.resume_strategy(request.into_inner()).await?),
        }))
    }

    async fn get_results(
        &self,
        request: Request<wire::GetResultsRequest>,
    ) -> Answered<wire::GetResultsResponse> {
        Ok(Response::new(self.results(request.into_inner()).await?))
    }

    async fn get_stats(&self, request: Request<wire::GetStatsRequest>) -> Answered<wire::GetStatsResponse> {
        Ok(Response::new(self.stats(request.into_inner()).await?))
    }

    async fn compare_stats(
        &self,
        request: Request<wire::CompareStatsRequest>,
    ) -> Answered<wire::CompareStatsResponse> {
        Ok(Response::new(self.comparison(request.into_inner()).await?))
    }

    async fn get_result_chain(
        &self,
        _request: Request<wire::GetResultChainRequest>,
    ) -> Answered<wire::GetResultChainResponse> {
        Ok(Response::new(self.result_chain().await?))
    }

    async fn get_bundle(
        &self,
        request: Request<wire::GetBundleRequest>,
    ) -> Answered<wire::GetBundleResponse> {
        Ok(Response::new(self.bundle(request.into_inner()).await?))
    }

    async fn list_pattern_analysis(
        &self,
        request: Request<wire::ListPatternAnalysisRequest>,
    ) -> Answered<wire::ListPatternAnalysisResponse> {
        self.pattern_analysis(request.into_inner()).await.map(Response::new)
    }

    async fn plan_play(&self, request: Request<wire::PlanPlayRequest>) -> Answered<wire::PlanPlayResponse> {
        self.plan_play(request.into_inner()).await.map(Response::new)
    }

    async fn get_scheduler(
        &self,
        _request: Request<wire::GetSchedulerRequest>,
    ) -> Answered<wire::GetSchedulerResponse> {
        Ok(Response::new(self.scheduler()))
    }

    async fn check_parity(
        &self,
        request: Request<wire::CheckParityRequest>,
    ) -> Answered<wire::CheckParityResponse> {
        self.check_parity(request.into_inner()).await.map(Response::new)
    }

    async fn query_sql(&self, request: Request<wire::QuerySqlRequest>) -> Answered<wire::QuerySqlResponse> {
        self.query_sql(request.into_inner()).await.map(Response::new)
    }

    async fn back_up_ledger(
        &self,
        _request: Request<wire::BackUpLedgerRequest>,
    ) -> Answered<wire::BackUpLedgerResponse> {
        self.back_up_ledger().await.map(Response::new)
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
