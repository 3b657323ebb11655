//! What the desk reports, to where it belongs; and whom its plays follow, asked of the workspace.
//!
//! A query is answered as the workspace is at the position where it was asked: the rows up to there are handed over
//! first, and the answer is found on a snapshot of them. It enters as a command, right before the first event that
//! reached us after it is due, so wherever the log is read again it enters at the same place.

use std::time::Instant;

use goat::values::{Seq, UnixMicros};
use goat::wire::market::Mode;

use super::{Runner, RunnerError};
use crate::core::Due;
use crate::core::command::Order;
use crate::core::decision::DecisionId;
use crate::core::desk::{Limits, Report};
use crate::core::filters::automatic::{Consequence, FilterAnalysis, FilterQuestion};
use crate::core::play::Play;
use crate::core::position::Stage;
use crate::core::wallets::WalletQuery;
use crate::tables::{DecidedLate, Late, MomentRow, PlayVersion, PriceCheck, ProjectRow, Tracking, Trail};

/// What is decided so long after its event reached us is late.
const LATE_AFTER_MS: i32 = 5_000;

/// What is decided late, and by how much.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lateness {
    /// None when only that it is late is known.
    pub(super) ms: Option<i32>,
}

impl Runner {
    pub(super) fn report(&mut self, seq: Seq, report: Report) {
        self.desk_changed = true;
        match report {
            Report::Decision(decision) => {
                let verdict = if decision.enters() { "enter" } else { "reject" };
                metrics::counter!("goat_trading_decisions_total", "verdict" => verdict).increment(1);
                if let Some(failed) = decision.failed() {
                    let gate = failed.gate.as_str();
                    metrics::counter!("goat_trading_refusals_total", "gate" => gate).increment(1);
                }
                self.note_lateness(&decision.id, Late::Decision);
                self.chain_decision(seq, &decision);
                self.outbox.put(decision.as_ref());
                self.changes.decided(seq, *decision);
            }
            Report::Position(position) => {
                // It is told again when it learns what could have been; its exit is decided once.
                if let Stage::Closing { order, .. } = &position.stage
                    && order.decided_time == self.engine.now()
                {
                    self.note_lateness(&position.id, Late::Exit);
                }
                self.chain_position(seq, &position);
                self.outbox.put(position.as_ref());
                self.changes.moved(seq, *position);
            }
            Report::StopRaised(id, raise) => self.outbox.put(&PriceCheck(id, raise)),
            Report::Entered(ids) => {
                let features = self.engine.features_now();
                for id in ids {
                    self.outbox.put(&Trail(id, features.clone()));
                }
            }
            Report::Play(play) => self.outbox.put(&PlayVersion { play: *play, deleted: false }),
            Report::PlayDeleted(play) => self.outbox.put(&PlayVersion { play: *play, deleted: true }),
            Report::Project(saved) => self.outbox.put(&ProjectRow { saved: *saved, deleted: false }),
            Report::ProjectDeleted(saved) => self.outbox.put(&ProjectRow { saved: *saved, deleted: true }),
            Report::Wallets(play, list) => self.outbox.put(&Tracking(play, *list)),
            Report::Analysis(analysis) => {
                tell(&analysis);
                self.outbox.put(analysis.as_ref());
            }
            Report::Shadow(shadow) => self.outbox.put(shadow.as_ref()),
            Report::ShadowsBegan(seq) => self.outbox.put(&MomentRow::of(seq, &self.engine)),
        }
    }

    /// Writes down what is decided after its time: before the log's end was reached since the start, or long after the
    /// event reached us. In a replay the log is the clock.
    fn note_lateness(&mut self, id: &DecisionId, what: Late) {
        if let Some(Lateness { ms: late_ms }) = self.lateness() {
            self.outbox.put(&DecidedLate { id: id.clone(), what, late_ms });
        }
    }

    /// How late it is for what follows from the event that is folded, where that is known; none when it is on time.
    pub(super) fn lateness(&self) -> Option<Lateness> {
        if !matches!(self.session.mode, Mode::Live | Mode::Simulated) {
            return None;
        }
        let behind_ms = UnixMicros::now().millis_since(self.engine.now());
        let is_late = !self.caught_up || behind_ms > LATE_AFTER_MS;
        is_late.then(|| Lateness { ms: (behind_ms > 0).then_some(behind_ms) })
    }

    /// Hands a query over with the rows up to where it was asked.
    pub(super) fn ask_workspace(&mut self, query: WalletQuery) -> Result<(), RunnerError> {
        self.outbox.rows.queries.push(query);
        self.outbox.deliver_rows_now(&self.engine)
    }

    /// Hands a search over with the rows up to where it was asked. What comes later does not count for it, so commits
    /// go on meanwhile, and after a restart it is asked again and finds the same.
    pub(super) fn ask_for_search(&mut self, question: FilterQuestion) -> Result<(), RunnerError> {
        self.outbox.rows.searches.push(question);
        // When it is looked next is shown.
        self.desk_changed = true;
        self.outbox.deliver_rows_now(&self.engine)
    }

    /// Bounds and costs are configured, and count from a place of the log like any command.
    pub(super) fn set_limits(&mut self) -> Result<(), RunnerError> {
        let wanted = &self.surroundings.limits;
        let have = self.engine.desk().limits();
        // A used account keeps what it began with, so that alone is no difference.
        let same = Limits { start: have.start, ..wanted.clone() } == *have;
        let unused = self.engine.desk().account().is_untouched() && wanted.start != have.start;
        if self.log_id.is_none() || !self.logged.is_empty() || (same && !unused) {
            return Ok(());
        }
        let order = Order::SetLimits(Box::new(wanted.clone()));
        // Refused only where it was checked before.
        self.carry_out(order, None).map(|_| ())
    }

    /// Saves the configured plays that there never were, at a place of the log like any command.
    pub(super) fn save_configured_plays(&mut self) -> Result<(), RunnerError> {
        if self.log_id.is_none() || !self.logged.is_empty() {
            return Ok(());
        }
        let plays = self.engine.desk().plays();
        let missing = self.surroundings.plays.iter().filter(|play| !plays.knows(&play.id));
        let missing: Vec<Play> = missing.cloned().collect();
        for play in missing {
            tracing::info!(play = play.id.as_str(), "a configured play is saved");
            // Refused only where it was checked before.
            self.carry_out(Order::SavePlay(Box::new(play)), None).map(|_| ())?;
        }
        Ok(())
    }

    /// Asks again what the state waits for: the process that asked is gone.
    pub(super) fn ask_again(&mut self) -> Result<(), RunnerError> {
        let asked: Vec<WalletQuery> = self.engine.desk().lists().asked().cloned().collect();
        asked.into_iter().try_for_each(|query| self.ask_workspace(query))?;
        let searches: Vec<FilterQuestion> = self.engine.desk().searches().asked().cloned().collect();
        searches.into_iter().try_for_each(|question| self.ask_for_search(question))
    }

    /// Folds the answers that are due before an event that reached us at `received_time`. Waits for those that
    /// are not there yet: a query is given less time than passes until its answer is due.
    pub(super) fn fold_answers(&mut self, received_time: UnixMicros) -> Result<(), RunnerError> {
        while let Some(due) = Due::next(&self.engine, received_time) {
            let began = Instant::now();
            let gone = || RunnerError::Gone("discovery");
            let discovery = &mut self.surroundings.discovery;
            let order = match due {
                Due::Wallets(query) => Order::WalletsFound(discovery.answer_to(&query).ok_or_else(gone)?),
                Due::Filters(question) => {
                    Order::FiltersFound(Box::new(discovery.filters_for(&question).ok_or_else(gone)?))
                }
            };
            metrics::histogram!("goat_trading_wallet_answer_wait_seconds").record(began.elapsed());
            if self.carry_out(order, None)?.is_err() {
                // Commands from before the restart come first; the answer to this question is among them.
                break;
            }
        }
        Ok(())
    }
}

/// Says what a search changed, and that one failed; that nothing is changed is in the table.
fn tell(analysis: &FilterAnalysis) {
    let FilterAnalysis { question, consequence, reason, .. } = analysis;
    let play = question.play.as_str();
    metrics::counter!("goat_trading_filter_searches_total", "consequence" => consequence.as_str())
        .increment(1);
    match consequence {
        Consequence::Applied => tracing::info!(play, reason, "automatic filters are applied"),
        Consequence::Failed => tracing::warn!(play, reason, "a search for filters failed"),
        Consequence::Unchanged | Consequence::NotApplied | Consequence::NotSearched => {}
    }
}
