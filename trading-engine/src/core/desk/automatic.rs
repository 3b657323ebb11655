//! Automatic filters: what a search for a play's filters leads to.

use super::{Desk, Now, Report, SavedProject};
use crate::core::filters::automatic::{
    Applied, Consequence, FilterAnalysis, FilterAnswer, FilterQuestion, FiltersFound, objection, project_of,
};
use crate::core::filters::{Range, Suggestion};
use crate::core::play::{Play, Validator};
use crate::core::validator::{Filter, FilterFields, Project};

impl Desk {
    pub(in crate::core) fn ask_for_filters(&mut self, now: Now) -> Vec<FilterQuestion> {
        self.searches.ask(self.plays.iter(), now.seq, now.time)
    }

    /// Takes the answer to a search in, and applies what it found when the play allows it and the evidence is there.
    pub(in crate::core) fn filters_found(
        &mut self,
        now: Now,
        answer: &FilterAnswer,
        reports: &mut Vec<Report>,
    ) {
        let Some(question) = self.searches.answer(answer) else { return };
        let Some(play) = self.plays.get(&answer.play).cloned() else { return };
        let (consequence, reason, applied) = match self.judged(&play, &question, answer) {
            Ok((filters, found, suggestion)) => {
                let applied = self.apply(now, &play, filters, evidence(found, suggestion), reports);
                (Consequence::Applied, evidence(found, suggestion), Some(applied))
            }
            Err((consequence, reason)) => (consequence, reason, None),
        };
        let analysis = FilterAnalysis {
            question,
            found: answer.found.clone(),
            answered_at: now.time,
            consequence,
            reason,
            applied,
        };
        reports.push(Report::Analysis(Box::new(analysis)));
    }

    /// The filters that are to be applied, or why nothing is.
    fn judged<'a>(
        &self,
        play: &Play,
        question: &FilterQuestion,
        answer: &'a FilterAnswer,
    ) -> Result<(Vec<Filter>, &'a FiltersFound, &'a Suggestion), (Consequence, String)> {
        let found = answer.found.as_ref().map_err(|problem| (Consequence::Failed, problem.clone()))?;
        let Some(suggestion) = &found.suggestion else {
            let (fresh, needed) = (found.fresh_cycles, question.fresh_cycles_min);
            let reason = format!(
                "{fresh} cycles have entries and entries at random that no verdict was about; {needed} are needed"
            );
            return Err((Consequence::NotSearched, reason));
        };
        if let Some(objection) = objection(suggestion) {
            return Err((Consequence::NotApplied, objection));
        }
        if matches!(play.validator, Some(Validator::Stages(_))) {
            let reason = "the play's validator has stages, which automatic filters do not replace";
            return Err((Consequence::NotApplied, reason.to_owned()));
        }
        let filters = suggestion.ranges.iter().map(filter).collect::<Result<Vec<_>, _>>();
        let filters = filters.map_err(|problem| (Consequence::Failed, problem))?;
        let project = self.projects.get(&project_of(&play.id));
        let is_same = project.is_some_and(|saved| saved.project.filters == filters);
        if is_same && play.validator == Some(Validator::Projects(vec![project_of(&play.id)])) {
            return Err((Consequence::Unchanged, "the play filters by it already".to_owned()));
        }
        Ok((filters, found, suggestion))
    }

    fn apply(
        &mut self,
        now: Now,
        play: &Play,
        filters: Vec<Filter>,
        description: String,
        reports: &mut Vec<Report>,
    ) -> Applied {
        let project_id = project_of(&play.id);
        let project =
            Project { id: project_id.clone(), name: format!("Automatic filters of {}", play.id), filters };
        let saved =
            SavedProject { project, description, automatic: true, version: 0, changed_at: play.changed_at };
        self.save_project(now, &saved, reports);
        let validator = Some(Validator::Projects(vec![project_id.clone()]));
        self.save_play(now, &Play { validator, ..play.clone() }, reports);
        let project_version = self.projects.get(&project_id).map_or(0, |saved| saved.version);
        let play_version = self.plays.get(&play.id).map_or(0, |play| play.version);
        Applied { project_id, project_version, play_version }
    }
}

fn filter(range: &Range) -> Result<Filter, String> {
    let fields = FilterFields {
        feature: range.feature.to_string(),
        minute: range.minute,
        from: range.from,
        to: range.to,
        include_null: false,
        exclude: false,
        active: true,
    };
    Filter::try_from(fields).map_err(|invalid| invalid.to_string())
}

/// What speaks for a suggestion that clears, in one sentence.
fn evidence(found: &FiltersFound, suggestion: &Suggestion) -> String {
    let Some(judged) = &suggestion.judged else { return String::new() };
    let percent = |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.3}"));
    format!(
        "out of sample {} entries of {} cycles gained {:.3} % (at least {}), {:.3} % more (at least {}) than {} entries \
         at random; learned from {} entries",
        judged.count,
        judged.cycles,
        judged.gain.mean,
        percent(judged.gain.low),
        judged.difference.mean,
        percent(judged.difference.low),
        judged.against_count,
        found.entries
    )
}
