//! The searches for filters, made beside the core on what was over where they were asked.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duckdb::Connection;

use super::samples::{Asked, Samples, samples};
use crate::core::filters::automatic::{FilterAnswer, FilterQuestion, FiltersFound, LOOK_BACK};
use crate::core::filters::{Judged, Parameters, search};
use crate::jobs::{JobName, Jobs};

/// What a search may take; less than passes until its answer is due.
pub const SEARCH_TIME_MAX: Duration = Duration::from_secs(45);

/// Makes searches, one at a time.
#[derive(Debug, Clone)]
pub(super) struct Searches {
    told: SyncSender<FilterAnswer>,
    turn: Arc<Mutex<()>>,
    jobs: Jobs,
}

impl Searches {
    pub(super) fn new(told: SyncSender<FilterAnswer>, jobs: Jobs) -> Self {
        Self { told, turn: Arc::default(), jobs }
    }

    /// Answers a question from the tables. Rows that come later do not count, so it finds the same whenever it is
    /// asked.
    pub(super) fn begin(&self, writer: &Connection, question: FilterQuestion) {
        let answer_as = {
            let question = question.clone();
            move |found| FilterAnswer { play: question.play, asked_seq: question.asked_seq, found }
        };
        let run = self.jobs.begin(JobName::Filters(question.play.clone()));
        let connection = match writer.try_clone() {
            Ok(connection) => connection,
            Err(error) => {
                run.end(Err(error.to_string()));
                return tell(&self.told, answer_as(Err(error.to_string())));
            }
        };
        let (searches, fallback) = (self.clone(), (self.told.clone(), answer_as.clone()));
        let thread = std::thread::Builder::new().name("filters".to_owned());
        let started = thread.spawn(move || {
            let found = searches.within_time(connection, question);
            run.end(found.as_ref().map(sentence).map_err(Clone::clone));
            tell(&searches.told, answer_as(found));
        });
        if let Err(error) = started {
            let (told, answer_as) = fallback;
            tell(&told, answer_as(Err(format!("no thread for the search: {error}"))));
        }
    }

    /// A search that takes too long goes on without being heard, and the next one waits for it.
    fn within_time(&self, connection: Connection, question: FilterQuestion) -> Result<FiltersFound, String> {
        let (done, ended) = sync_channel(1);
        let turn = Arc::clone(&self.turn);
        let thread = std::thread::Builder::new().name("filter-search".to_owned());
        let started = thread.spawn(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            // The one who waits is gone only after the time is over.
            let _ = done.send(find(&connection, &question));
        });
        started.map_err(|error| format!("no thread for the search: {error}"))?;
        ended.recv_timeout(SEARCH_TIME_MAX).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => {
                Err(format!("the search took longer than {} s", SEARCH_TIME_MAX.as_secs()))
            }
            RecvTimeoutError::Disconnected => Err("the search broke off".to_owned()),
        })
    }
}

fn sentence(found: &FiltersFound) -> String {
    let FiltersFound { entries, fresh_cycles, suggestion, .. } = found;
    let searched = suggestion.as_ref().map_or_else(
        || "not searched".to_owned(),
        |suggestion| format!("{} ranges tried, {} found", suggestion.tried, suggestion.ranges.len()),
    );
    format!("{entries} entries, {fresh_cycles} cycles that no verdict was about: {searched}")
}

fn tell(told: &SyncSender<FilterAnswer>, answer: FilterAnswer) {
    // The core is gone only when the process is ending.
    let _ = told.send(answer);
}

fn find(connection: &Connection, question: &FilterQuestion) -> Result<FiltersFound, String> {
    let asked = Asked {
        play: question.play.to_string(),
        version_min: question.version_min,
        since: question.asked_at.minus(LOOK_BACK),
        before: question.asked_at,
    };
    let Samples { columns, entries, random } =
        samples(connection, &asked).map_err(|error| format!("reading the entries: {error}"))?;
    let parameters = Parameters { judged_after: question.judged_until, ..Parameters::default() };
    let judged = Judged::of(&entries, &random, &parameters);
    let enough = judged.cycles >= question.fresh_cycles_min;
    let suggestion = enough.then(|| search(&columns, &entries, &random, &parameters));
    Ok(FiltersFound {
        entries: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        random_entries: u32::try_from(random.len()).unwrap_or(u32::MAX),
        fresh_cycles: judged.cycles,
        judged_until: judged.until,
        suggestion,
    })
}
