//! The filters that a play's past suggests.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::UnixMicros;
use goat::wire::trading as wire;
use tonic::Status;

use super::shadows::estimate;
use super::{Trading, count};
use crate::core::filters::automatic::LOOK_BACK;
use crate::core::filters::{Contrast, Judgement, Parameters, Range, Suggestion, search};
use crate::workspace::{Asked, Samples};

/// From one search for a play to its next, in the log's time.
const EVERY: Duration = Duration::from_mins(5);

/// The newest suggestion of each play that was asked for, and when it was searched.
pub type Suggestions = BTreeMap<String, (UnixMicros, wire::FilterSuggestion)>;

impl Trading {
    pub(super) async fn filter_suggestions(&self, play: &str) -> Result<wire::FilterSuggestion, Status> {
        if play.is_empty() {
            return Err(Kind::Invalid.status("play_id is missing"));
        }
        self.play(play)?;
        // One search at a time: whoever comes meanwhile waits and is answered from what it found.
        let mut known = self.suggestions.lock().await;
        let now = self.now();
        if let Some((searched_at, suggestion)) = known.get(play)
            && (*searched_at..searched_at.plus(EVERY)).contains(&now)
        {
            return Ok(suggestion.clone());
        }
        let asked = Asked { play: play.to_owned(), version_min: 0, since: now.minus(LOOK_BACK), before: now };
        let found = self.readers.samples(asked).await;
        let samples = found.map_err(|error| internal("reading shadows", &error))?;
        let (entries, random) = (count(samples.entries.len()), count(samples.random.len()));
        let searched = tokio::task::spawn_blocking(move || {
            let Samples { columns, entries, random } = samples;
            search(&columns, &entries, &random, &Parameters::default())
        });
        let suggestion = searched.await.map_err(|error| internal("searching filters", &error))?;
        let mut suggestion = self::suggestion(play, now, &suggestion);
        (suggestion.entries, suggestion.random_entries) = (entries, random);
        let desk = self.view.read().desk.clone();
        known.retain(|id, _| desk.plays.iter().any(|play| play.id.as_str() == id));
        known.insert(play.to_owned(), (now, suggestion.clone()));
        Ok(suggestion)
    }
}

pub(super) fn suggestion(play: &str, now: UnixMicros, suggestion: &Suggestion) -> wire::FilterSuggestion {
    let judgement = match suggestion.judgement {
        Judgement::NothingFound => wire::filter_suggestion::Judgement::NothingFound,
        Judgement::TooFewCycles => wire::filter_suggestion::Judgement::TooFewCycles,
        Judgement::NotClear => wire::filter_suggestion::Judgement::NotClear,
        Judgement::Clears => wire::filter_suggestion::Judgement::Clears,
    };
    let filter = |range: &Range| wire::Filter {
        feature: range.feature.to_string(),
        minute: range.minute.into(),
        from: range.from,
        to: range.to,
        ..wire::Filter::default()
    };
    wire::FilterSuggestion {
        play_id: play.to_owned(),
        filters: suggestion.ranges.iter().map(filter).collect(),
        judgement: judgement.into(),
        tried: suggestion.tried,
        learned: suggestion.learned.as_ref().map(figures),
        walk_forward: suggestion.walk_forward.as_ref().map(figures),
        judged: suggestion.judged.as_ref().map(figures),
        judged_from: suggestion.judged_from.map(Into::into),
        searched_at: Some(now.into()),
        ..wire::FilterSuggestion::default()
    }
}

fn figures(contrast: &Contrast) -> wire::FilterFigures {
    wire::FilterFigures {
        entries: contrast.count,
        cycles: contrast.cycles,
        random_entries: contrast.against_count,
        random_cycles: contrast.against_cycles,
        gain: Some(estimate(contrast.gain)),
        random: Some(estimate(contrast.against)),
        difference: Some(estimate(contrast.difference)),
    }
}
