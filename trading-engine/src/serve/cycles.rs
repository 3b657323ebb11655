//! Cycles, and the position of ticks in them.

use goat::error::internal;
use goat::wire::trading as wire;
use tonic::Status;

use super::{Trading, checked_limit, count, message};

impl Trading {
    pub(super) fn cycles(
        &self,
        request: &wire::ListCyclesRequest,
    ) -> Result<wire::ListCyclesResponse, Status> {
        let threshold = request.threshold.map(|percent| self.threshold(percent)).transpose()?;
        let limit = checked_limit(request.limit)?;
        let view = self.view.read();
        let cycles = view.cycles(threshold, request.active_only, limit as usize);
        Ok(wire::ListCyclesResponse {
            count: count(cycles.len()),
            cycles: cycles.iter().map(wire::Cycle::from).collect(),
            closed: message::closed_counts(&view),
        })
    }

    pub(super) async fn price_analysis(
        &self,
        request: &wire::ListPriceAnalysisRequest,
    ) -> Result<wire::ListPriceAnalysisResponse, Status> {
        let threshold = request.threshold.map(|percent| self.threshold(percent)).transpose()?;
        let limit = checked_limit(request.limit)?;
        let found = self.readers.price_analysis(threshold, limit).await;
        let rows = found.map_err(|error| internal("reading price_analysis", &error))?;
        Ok(wire::ListPriceAnalysisResponse {
            count: count(rows.len()),
            rows: rows.iter().map(wire::PriceAnalysis::from).collect(),
        })
    }
}
