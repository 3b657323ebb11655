//! The looks for automatic filters, as they were recorded.

use duckdb::ToSql;
use goat::wire::trading as wire;
use tonic::Status;

use super::suggestions::suggestion;
use super::{Trading, checked_limit, count};
use crate::core::filters::automatic::{Consequence, FilterAnalysis};

impl Trading {
    pub(super) async fn pattern_analysis(
        &self,
        request: wire::ListPatternAnalysisRequest,
    ) -> Result<wire::ListPatternAnalysisResponse, Status> {
        let wire::ListPatternAnalysisRequest { play_id, searched_only, limit } = request;
        let limit = checked_limit(limit)?;
        let condition = "WHERE ($1 = '' OR play_id = $1) AND (NOT $2 OR consequence <> 'not_searched') \
                         ORDER BY asked_seq DESC, play_id LIMIT $3";
        let parameters: Vec<Box<dyn ToSql + Send>> =
            vec![Box::new(play_id), Box::new(searched_only), Box::new(limit)];
        let found: Vec<FilterAnalysis> = self.records(condition, parameters).await?;
        let analyses: Vec<_> = found.iter().map(message).collect();
        Ok(wire::ListPatternAnalysisResponse { count: count(analyses.len()), analyses })
    }
}

fn message(analysis: &FilterAnalysis) -> wire::PatternAnalysis {
    let question = &analysis.question;
    let found = analysis.found.as_ref().ok();
    let suggested = found.and_then(|found| {
        let mut suggested = suggestion(question.play.as_str(), question.asked_at, found.suggestion.as_ref()?);
        (suggested.entries, suggested.random_entries) = (found.entries, found.random_entries);
        Some(suggested)
    });
    let applied = analysis.applied.as_ref();
    wire::PatternAnalysis {
        play_id: question.play.to_string(),
        asked_seq: question.asked_seq.get(),
        searched_at: Some(question.asked_at.into()),
        answered_at: Some(analysis.answered_at.into()),
        consequence: consequence(analysis.consequence).into(),
        reason: analysis.reason.clone(),
        fresh_cycles: found.map_or(0, |found| found.fresh_cycles),
        fresh_cycles_min: question.fresh_cycles_min,
        suggestion: suggested,
        project_id: applied.map_or_else(String::new, |applied| applied.project_id.clone()),
        project_version: applied.map_or(0, |applied| applied.project_version),
        play_version: applied.map_or(0, |applied| applied.play_version),
    }
}

fn consequence(consequence: Consequence) -> wire::pattern_analysis::Consequence {
    match consequence {
        Consequence::Applied => wire::pattern_analysis::Consequence::Applied,
        Consequence::Unchanged => wire::pattern_analysis::Consequence::Unchanged,
        Consequence::NotApplied => wire::pattern_analysis::Consequence::NotApplied,
        Consequence::NotSearched => wire::pattern_analysis::Consequence::NotSearched,
        Consequence::Failed => wire::pattern_analysis::Consequence::Failed,
    }
}
