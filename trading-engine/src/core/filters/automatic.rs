//! When a play's filters are searched, and what a search leads to.
//!
//! A search may apply filters by itself, so it has to be right about luck over all the times it is repeated. Each
//! cycle is judged on once: once a search has come to a verdict, the next one judges on cycles that began later. So
//! every verdict is a test of its own, and one in forty is fooled by noise, however often it is repeated. While the
//! cycles since then are too few there is no search, and one that finds too few among them to judge on has no verdict:
//! whether it has depends on their number, never on their gains.
//!
//! The work is done beside the core on what was known where it was asked, and its answer enters as a command.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::search::{Judgement, Parameters, Suggestion};
use crate::core::micros;
use crate::core::play::{Play, PlayId};

/// From one look at a play's entries to the next, by the core's clock.
pub const LOOK_EVERY: Duration = Duration::from_mins(5);

/// How long after it is asked an answer enters, by the core's clock.
pub const ANSWER_DUE: Duration = Duration::from_mins(1);

/// How far back entries are looked at. Their features are kept for longer than this and [`ANSWER_DUE`] together, so
/// that a question asked again after a restart finds the same.
pub const LOOK_BACK: Duration = Duration::from_hours(71);

/// Cycles that have to come about after a search without a verdict, before there is another.
const FRESH_CYCLES_MORE: u32 = 10;

/// A search that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterQuestion {
    /// Whose entries are searched.
    pub play: PlayId,
    /// The version that they began to leave by the rules of now.
    pub version_min: u32,
    /// The last cycle that was judged on before, by its first event.
    pub judged_until: Option<Seq>,
    /// With fewer cycles since then there is no search.
    pub fresh_cycles_min: u32,
    /// Where the log was.
    pub asked_seq: Seq,
    /// When, by the core's clock; only what was over before it counts.
    #[serde(with = "micros")]
    pub asked_at: UnixMicros,
}

impl FilterQuestion {
    /// When the answer enters.
    #[must_use]
    pub fn due_at(&self) -> UnixMicros {
        self.asked_at.plus(ANSWER_DUE)
    }
}

/// What a look at a play's entries found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FiltersFound {
    /// Entries, made or not, that are over.
    pub entries: u32,
    /// Entries at random.
    pub random_entries: u32,
    /// Cycles with entries, and with entries at random, that no verdict was about: the fewer of both.
    pub fresh_cycles: u32,
    /// The last cycle that it is judged on, by its first event.
    pub judged_until: Option<Seq>,
    /// What was found; none when the fresh cycles were too few to search.
    pub suggestion: Option<Suggestion>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterAnswer {
    /// Whose entries were searched.
    pub play: PlayId,
    /// Where the log was when it was asked.
    pub asked_seq: Seq,
    /// What was found, or why the search failed.
    pub found: Result<FiltersFound, String>,
}

/// What follows from a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consequence {
    /// The play filters by what was found from now on.
    Applied,
    /// It does already.
    Unchanged,
    /// Nothing is changed.
    NotApplied,
    /// There was no search: the cycles that no verdict was about are too few.
    NotSearched,
    /// The search failed.
    Failed,
}

impl Consequence {
    /// As it is written in tables and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::NotApplied => "not_applied",
            Self::NotSearched => "not_searched",
            Self::Failed => "failed",
        }
    }
}

/// A search and what followed from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterAnalysis {
    /// What was asked.
    pub question: FilterQuestion,
    /// What was found, or why the search failed.
    pub found: Result<FiltersFound, String>,
    /// When the answer entered, by the core's clock.
    #[serde(with = "micros")]
    pub answered_at: UnixMicros,
    /// What followed.
    pub consequence: Consequence,
    /// Why, in one sentence.
    pub reason: String,
    /// The filter project with its version, and the play's version with it, when it was applied.
    pub applied: Option<Applied>,
}

/// Where applied filters are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The filter project.
    pub project_id: String,
    /// Its version.
    pub project_version: u32,
    /// The play's version that asks it.
    pub play_version: u32,
}

/// The id of a play's automatic filter project.
#[must_use]
pub fn project_of(play: &PlayId) -> String {
    format!("auto-{play}")
}

/// Why a suggestion is not applied, whatever the play allows; none when it may be.
#[must_use]
pub fn objection(suggestion: &Suggestion) -> Option<String> {
    let judged = suggestion.judged.as_ref();
    match suggestion.judgement {
        Judgement::Clears => None,
        Judgement::NothingFound => {
            Some("no range of any feature keeps enough good entries of enough cycles".to_owned())
        }
        Judgement::TooFewCycles => {
            let passed = judged.map_or(0, |judged| judged.cycles.min(judged.against_cycles));
            let needed = Parameters::default().judged_cycles_min;
            Some(format!("it passes entries of {passed} of the cycles it is judged on; {needed} are needed"))
        }
        Judgement::NotClear => {
            let low = |low: Option<f64>| low.map_or("unknown".to_owned(), |low| format!("{low:.3} %"));
            let (gain, difference) =
                judged.map_or((None, None), |judged| (judged.gain.low, judged.difference.low));
            Some(format!(
                "out of sample the lower bound of its gain is {}, of its advantage over entering at random {}; \
                 both must be above 0",
                low(gain),
                low(difference)
            ))
        }
    }
}

/// The state of one play's searches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OfPlay {
    version_min: u32,
    judged_until: Option<Seq>,
    fresh_cycles_min: u32,
    #[serde(with = "micros")]
    looked_at: UnixMicros,
    asked: Option<FilterQuestion>,
}

/// The searches of all plays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FilterSearches(BTreeMap<PlayId, OfPlay>);

impl FilterSearches {
    /// The searches that are to be answered, by play.
    pub fn asked(&self) -> impl Iterator<Item = &FilterQuestion> {
        self.0.values().filter_map(|of_play| of_play.asked.as_ref())
    }

    /// The earliest moment at which an answer has to be there.
    #[must_use]
    pub fn next_due_at(&self) -> Option<UnixMicros> {
        self.asked().map(FilterQuestion::due_at).min()
    }

    /// When a play's entries are looked at next; none when there is no such play.
    #[must_use]
    pub fn next_look_at(&self, play: &PlayId) -> Option<UnixMicros> {
        self.0.get(play).map(|of_play| of_play.looked_at.plus(LOOK_EVERY))
    }

    /// A play was saved. Entries that left by other rules than those of now teach nothing, and what is being searched
    /// for another version is void.
    pub(in crate::core) fn saved(&mut self, before: Option<&Play>, play: &Play, now: UnixMicros) {
        let same_rules = before.is_some_and(|before| before.exit == play.exit && before.side == play.side);
        let anew = OfPlay {
            version_min: play.version,
            judged_until: None,
            fresh_cycles_min: Parameters::default().judged_cycles_min,
            looked_at: now,
            asked: None,
        };
        let of_play = self.0.entry(play.id.clone()).or_insert_with(|| anew.clone());
        of_play.asked = None;
        if before.is_some() && !same_rules {
            *of_play = anew;
        }
    }

    /// A play is gone.
    pub(in crate::core) fn forget(&mut self, play: &PlayId) {
        self.0.remove(play);
    }

    /// Asks for the searches of those plays that allow it and whose time has come.
    pub(in crate::core) fn ask<'a>(
        &mut self,
        plays: impl Iterator<Item = &'a Play>,
        seq: Seq,
        now: UnixMicros,
    ) -> Vec<FilterQuestion> {
        let mut questions = Vec::new();
        for play in plays.filter(|play| play.active && play.auto_update) {
            let Some(of_play) = self.0.get_mut(&play.id) else { continue };
            if of_play.asked.is_some() || now < of_play.looked_at.plus(LOOK_EVERY) {
                continue;
            }
            let question = FilterQuestion {
                play: play.id.clone(),
                version_min: of_play.version_min,
                judged_until: of_play.judged_until,
                fresh_cycles_min: of_play.fresh_cycles_min,
                asked_seq: seq,
                asked_at: now,
            };
            of_play.looked_at = now;
            of_play.asked = Some(question.clone());
            questions.push(question);
        }
        questions
    }

    /// Takes an answer in; none when its question is no longer open. What a verdict was about is not judged on again.
    pub(in crate::core) fn answer(&mut self, answer: &FilterAnswer) -> Option<FilterQuestion> {
        let of_play = self.0.get_mut(&answer.play)?;
        let question = of_play.asked.take_if(|question| question.asked_seq == answer.asked_seq)?;
        if let Ok(found) = &answer.found
            && let Some(suggestion) = &found.suggestion
        {
            match suggestion.judgement {
                Judgement::Clears | Judgement::NotClear => {
                    of_play.judged_until = of_play.judged_until.max(found.judged_until);
                    of_play.fresh_cycles_min = Parameters::default().judged_cycles_min;
                }
                Judgement::NothingFound | Judgement::TooFewCycles => {
                    of_play.fresh_cycles_min = found.fresh_cycles.saturating_add(FRESH_CYCLES_MORE);
                }
            }
        }
        Some(question)
    }
}
