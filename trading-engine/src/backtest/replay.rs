//! One engine over recorded events, as if they came now: the very fold that runs live, without serving.
//!
//! Commands enter before the first event. Wallet queries and searches for filters are answered as live: from tables that
//! hold what was known where they were asked, with the answer entering before the first event that reached us after it
//! is due. Without either there is nobody to read tables, so none are filled.

use goat::event::Observation;
use goat::service::Failure;
use goat::values::{Seq, UnixMicros};

use super::record::Record;
use crate::Outcome;
use crate::core::command::{Command, Order};
use crate::core::desk::{Limits, Report, SavedProject};
use crate::core::play::{Play, WalletSelection};
use crate::core::{Due, Effect, Engine, Plan};
use crate::jobs::Jobs;
use crate::tables::{
    BookPace, MomentRow, PlayVersion, PriceCheck, PriceRow, ProjectRow, Tracking, Trail, raw_row,
};
use crate::workspace::{self, Discovery, Rows, WorkspaceError, Writer};

/// Rows that are handed over at a time.
const ROWS_DUE: usize = 20_000;

/// What is tried.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What is computed.
    pub plan: Plan,
    /// The bounds and costs of paper trading.
    pub limits: Limits,
    /// The filter projects that the plays name.
    pub projects: Vec<SavedProject>,
    /// The plays.
    pub plays: Vec<Play>,
}

impl Setup {
    /// What an engine with these limits is told before the first event.
    pub(super) fn orders(&self, present: &Limits) -> Vec<Order> {
        let mut orders = Vec::new();
        if self.limits != *present {
            orders.push(Order::SetLimits(Box::new(self.limits.clone())));
        }
        orders.extend(self.projects.iter().map(|project| Order::SaveProject(Box::new(project.clone()))));
        orders.extend(self.plays.iter().map(|play| Order::SavePlay(Box::new(play.clone()))));
        orders
    }
}

/// An engine at work.
#[derive(Debug)]
pub struct Replay {
    engine: Engine,
    effects: Vec<Effect>,
    tables: Option<Tables>,
    commands: u64,
    /// What came of it.
    pub record: Record,
}

impl Replay {
    /// An engine that has read nothing, right after a position, with its plays.
    ///
    /// # Errors
    ///
    /// When the tables for a play's query cannot be made.
    pub fn begin(setup: &Setup, after_seq: Seq) -> Result<Self, Failure> {
        let reads = |play: &Play| play.auto_update || matches!(play.wallets, WalletSelection::Query { .. });
        let queries = setup.plays.iter().any(reads);
        let mut replay = Self {
            engine: Engine::new(setup.plan.clone(), after_seq),
            effects: Vec::new(),
            tables: if queries { Some(Tables::open()?) } else { None },
            commands: 0,
            record: Record::new(setup.plan.cycle_token, setup.limits.start),
        };
        for order in setup.orders(replay.engine.desk().limits()) {
            replay.order(order)?;
        }
        Ok(replay)
    }

    /// Folds one event.
    ///
    /// # Errors
    ///
    /// When the tables break off.
    pub fn fold(&mut self, seq: Seq, observation: &Observation) -> Result<(), Failure> {
        self.fold_answers(observation.received_time)?;
        if let Some(tables) = &mut self.tables {
            tables.copy(seq, observation);
        }
        self.engine.handle(seq, observation, &mut self.effects);
        self.perform()?;
        self.record.observe(observation, &self.engine);
        match &mut self.tables {
            Some(tables) if tables.rows.len() >= ROWS_DUE => tables.deliver(&self.engine),
            _ => Ok(()),
        }
    }

    /// Reads on, past an event that nothing follows from.
    pub fn pass(&mut self, seq: Seq, event_time: Option<UnixMicros>) {
        self.engine.pass(seq, event_time);
    }

    /// The engine as it is.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn order(&mut self, order: Order) -> Result<(), Failure> {
        self.commands += 1;
        let after_seq = self.engine.cursor().seq;
        // Nobody asked at any time: the same plays lead to the same state whenever they are tried.
        let time = UnixMicros::default();
        self.engine.command(&Command { ordinal: self.commands, after_seq, time, order }, &mut self.effects);
        self.perform()
    }

    fn fold_answers(&mut self, received_time: UnixMicros) -> Result<(), Failure> {
        while let Some(due) = Due::next(&self.engine, received_time) {
            let discovery = &mut self.tables.as_mut().ok_or_else(broken_off)?.discovery;
            let order = match due {
                Due::Wallets(query) => {
                    Order::WalletsFound(discovery.answer_to(&query).ok_or_else(broken_off)?)
                }
                Due::Filters(question) => {
                    Order::FiltersFound(Box::new(discovery.filters_for(&question).ok_or_else(broken_off)?))
                }
            };
            self.order(order)?;
        }
        Ok(())
    }

    fn perform(&mut self) -> Result<(), Failure> {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::WalletsWanted(query) => {
                    let tables = self.tables.as_mut().ok_or_else(broken_off)?;
                    tables.rows.queries.push(*query);
                    tables.deliver(&self.engine)?;
                }
                Effect::FiltersWanted(question) => {
                    let tables = self.tables.as_mut().ok_or_else(broken_off)?;
                    tables.rows.searches.push(*question);
                    tables.deliver(&self.engine)?;
                }
                effect => {
                    if let Some(tables) = &mut self.tables {
                        tables.take(&effect, &self.engine);
                    }
                    self.record.take(effect, &self.engine);
                }
            }
        }
        self.effects = effects;
        Ok(())
    }
}

fn broken_off() -> Failure {
    Failure::Internal("the tables for the plays' queries broke off".to_owned())
}

/// The tables that queries read, and the way to their answers.
#[derive(Debug)]
struct Tables {
    rows: Rows,
    pace: BookPace,
    writer: Writer,
    discovery: Discovery,
    /// Kept so that the writing thread has somebody to tell how it ended.
    _outcome: Outcome<WorkspaceError>,
}

impl Tables {
    fn open() -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Internal(format!("the workspace: {error}"));
        let connection = workspace::open().map_err(|error| failed(&error))?;
        let (questions, discovery) = workspace::discovery(&Jobs::default());
        let (writer, outcome) =
            workspace::write_on_a_thread(connection, questions).map_err(|error| failed(&error))?;
        let (rows, pace) = (Rows::default(), BookPace::default());
        Ok(Self { rows, pace, writer, discovery, _outcome: outcome })
    }

    fn copy(&mut self, seq: Seq, observation: &Observation) {
        if let Some(row) = PriceRow::of(seq, observation) {
            self.rows.prices.push(row);
        } else if self.pace.admits(observation)
            && let Some((table, row)) = raw_row(seq, observation)
        {
            self.rows.put_raw(table, row);
        }
    }

    fn take(&mut self, effect: &Effect, engine: &Engine) {
        let batch = &mut self.rows.batch;
        match effect {
            Effect::CycleClosed(cycle) => batch.put(cycle),
            Effect::PriceAnalyzed(analysis) => self.rows.analysis.push(*analysis),
            Effect::HourBegan(hour) => self.rows.hour = Some(*hour),
            Effect::Profiled(profile) => batch.put(profile.as_ref()),
            Effect::Desk(report) => match report.clone() {
                Report::Decision(decision) => batch.put(decision.as_ref()),
                Report::Position(position) => batch.put(position.as_ref()),
                Report::StopRaised(id, raise) => batch.put(&PriceCheck(id, raise)),
                Report::Entered(ids) => {
                    let features = engine.features_now();
                    for id in ids {
                        batch.put(&Trail(id, features.clone()));
                    }
                }
                Report::Play(play) => batch.put(&PlayVersion { play: *play, deleted: false }),
                Report::PlayDeleted(play) => batch.put(&PlayVersion { play: *play, deleted: true }),
                Report::Project(saved) => batch.put(&ProjectRow { saved: *saved, deleted: false }),
                Report::ProjectDeleted(saved) => batch.put(&ProjectRow { saved: *saved, deleted: true }),
                Report::Wallets(play, list) => batch.put(&Tracking(play, *list)),
                Report::Analysis(analysis) => batch.put(analysis.as_ref()),
                Report::Shadow(shadow) => batch.put(shadow.as_ref()),
                Report::ShadowsBegan(seq) => batch.put(&MomentRow::of(seq, engine)),
            },
            Effect::PriceMarked(mark) => batch.put(mark),
            Effect::CycleOpened(_)
            | Effect::CycleChanged(_)
            | Effect::ControlsChanged(_)
            | Effect::WalletsWanted(_)
            | Effect::FiltersWanted(_)
            | Effect::Strategy(_) => {}
        }
    }

    /// Hands the rows over, and what is asked with them.
    fn deliver(&mut self, engine: &Engine) -> Result<(), Failure> {
        engine.cycles().active().for_each(|cycle| self.rows.batch.put(cycle));
        self.writer.blocking_send(std::mem::take(&mut self.rows).into()).map_err(|_| broken_off())
    }
}
