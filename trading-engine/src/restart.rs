//! Whether what the ledger has can be gone on with.

use std::collections::BTreeMap;

use goat::wire::market::Mode;

use crate::chain::Link;
use crate::core::controls::Controls;
use crate::core::play::PlayId;
use crate::core::{self, Engine, Plan};
use crate::ledger::{self, Ledger, LedgerError, Saved, Taken, documents, recorded};
use crate::snapshot;
use crate::tables::{Batch, Carried, PlayVersion, ProjectRow, Record, Row, StrategyState, Table, kept};

/// Where the process begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// With the ledger's state and the events after its cursor.
    Warm(Box<Warm>),
    /// With nothing, and why.
    Cold(String),
}

/// What a warm start goes on with.
#[derive(Debug, Clone, PartialEq)]
pub struct Warm {
    /// The log that the state's cursor belongs to.
    pub log_id: String,
    /// The state.
    pub engine: Engine,
    /// The ledger's rows, with the snapshot they belong to.
    pub saved: Saved,
}

/// Judges what the ledger has.
///
/// # Errors
///
/// When its snapshot and its rows contradict one another: part of the file is lost.
pub fn origin(saved: Option<Saved>, plan: &Plan, cold: bool) -> Result<Origin, LedgerError> {
    let begin = |reason: String| Ok(Origin::Cold(reason));
    if cold {
        return begin("asked for with --cold".to_owned());
    }
    let Some(saved) = saved else { return begin("the ledger is empty".to_owned()) };
    let version = saved.snapshot.version;
    if version != snapshot::VERSION {
        return begin(format!("the snapshot has version {version}, not {}", snapshot::VERSION));
    }
    let engine = match snapshot::decode(&saved.snapshot.state) {
        Ok(engine) => engine,
        Err(error) => return begin(format!("the snapshot cannot be read: {error}")),
    };
    if engine.plan() != plan {
        return begin("the settings of the cycles have changed".to_owned());
    }
    match contradiction(&engine, &saved) {
        Some(problem) => Err(LedgerError::Damaged(problem)),
        None => Ok(Origin::Warm(Box::new(Warm { log_id: saved.snapshot.log_id.clone(), engine, saved }))),
    }
}

/// Whether a cold start takes a table over. `same_log`: what the ledger has belongs to the log that is begun on.
#[must_use]
pub fn is_carried(carried: Carried, mode: Mode, same_log: bool) -> bool {
    match carried {
        Carried::Never => false,
        Carried::Always => true,
        Carried::SameMarket => same_log || mode == Mode::Live,
        Carried::SameLog => same_log && mode != Mode::Replay,
    }
}

/// What a cold start on the log `log_id` takes over of what was committed.
///
/// # Errors
///
/// When it cannot be read.
pub fn take(ledger: &mut dyn Ledger, log_id: &str, mode: Mode) -> Result<Taken, LedgerError> {
    let Some(snapshot) = ledger.snapshot()? else { return Ok(Taken::default()) };
    let same_log = snapshot.log_id == log_id;
    let mut carried = core::Carried::default();
    if is_carried_table(Controls::TABLE, mode, same_log) {
        for document in documents(ledger, Controls::TABLE, &snapshot.log_id)? {
            carried.controls = Some(rebuilt(Controls::TABLE, &document)?);
        }
    }
    for newest in newest_plays(recorded(&ledger.rows(PlayVersion::TABLE, &snapshot.log_id, None)?)?) {
        if newest.deleted {
            carried.deleted_plays.push((newest.play.id, newest.play.version));
        } else {
            carried.plays.push(newest.play);
        }
    }
    let projects: Vec<ProjectRow> = recorded(&ledger.rows(ProjectRow::TABLE, &snapshot.log_id, None)?)?;
    carried.projects = projects.into_iter().filter(|row| !row.deleted).map(|row| row.saved).collect();
    let commands: Vec<_> = recorded(&ledger.commands_after(snapshot.command)?)?;
    let last_command =
        commands.last().map_or(snapshot.command, |logged: &crate::ledger::Logged| logged.command.ordinal);
    let mut rows = Batch::default();
    for (table, kept) in kept().filter(|(_, kept)| kept.carried == Carried::SameLog) {
        if is_carried(kept.carried, mode, same_log) {
            ledger.rows(table, log_id, None)?.into_iter().for_each(|row| rows.put_row(table, row));
        }
    }
    if is_carried_table(StrategyState::TABLE, mode, same_log) {
        let states: Vec<StrategyState> = recorded(&ledger.rows(StrategyState::TABLE, log_id, None)?)?;
        let configured = states.into_iter().filter(|state| state.configured);
        carried.strategies = configured.map(|state| state.instance).collect();
    }
    let chain = ledger::chain(ledger)?;
    // The chain goes on, and the bundle of a day has all of it.
    let since = chain.time.minus(Link::SHOWN);
    for row in ledger.rows(Link::TABLE, log_id, Some(since))? {
        rows.put_row(Link::TABLE, row);
    }
    Ok(Taken { carried, rows, commands, last_command, chain })
}

/// Of every play the newest version; of equal versions the one that says it was deleted is the newer.
fn newest_plays(versions: Vec<PlayVersion>) -> Vec<PlayVersion> {
    let mut newest: BTreeMap<PlayId, PlayVersion> = BTreeMap::new();
    for version in versions {
        let known = newest.get(&version.play.id).map(|known| (known.play.version, known.deleted));
        if known.is_none_or(|known| known < (version.play.version, version.deleted)) {
            newest.insert(version.play.id.clone(), version);
        }
    }
    newest.into_values().collect()
}

fn is_carried_table(table: &Table, mode: Mode, same_log: bool) -> bool {
    table.kept.is_some_and(|kept| is_carried(kept.carried, mode, same_log))
}

fn rebuilt<T: serde::de::DeserializeOwned>(table: &'static Table, document: &str) -> Result<T, LedgerError> {
    let unreadable = |error: serde_json::Error| {
        LedgerError::Unreadable(Row::new(table, &[]).invalid(Table::DOCUMENT, &format!("not its: {error}")))
    };
    serde_json::from_str(document).map_err(unreadable)
}

fn contradiction(engine: &Engine, saved: &Saved) -> Option<String> {
    let (cursor, committed) = (engine.cursor().seq, saved.snapshot.cursor_seq);
    if cursor != committed {
        return Some(format!("its cursor is {committed}, that of its state {cursor}"));
    }
    engine.cycles().tracks().iter().find_map(|track| {
        let rows = saved.closed.iter().filter(|cycle| cycle.id.threshold == track.threshold).count();
        (u32::try_from(rows) != Ok(track.closed)).then(|| {
            let percent = track.threshold.percent();
            format!("it has {rows} closed cycles of {percent} %, its state has closed {}", track.closed)
        })
    })
}

#[cfg(test)]
mod tests {
    use goat::event::Venue;
    use goat::values::{Seq, Symbol};

    use super::*;
    use crate::chain::Head;
    use crate::core::cycles::Threshold;
    use crate::core::market::PricingBook;
    use crate::ledger::Snapshot;

    fn plan(hundredths: u32) -> Plan {
        let threshold = Threshold::from_hundredths(hundredths);
        Plan {
            cycle_token: Symbol::parse("SOL").unwrap(),
            cycle_thresholds: vec![threshold],
            entry_threshold: threshold,
            book: PricingBook { venue: Venue::Binance, symbol: Symbol::parse("SOLUSDT").unwrap() },
        }
    }

    fn saved() -> Saved {
        let state = snapshot::encode(&Engine::new(plan(20), Seq::new(7))).unwrap();
        let snapshot = Snapshot {
            log_id: "log".into(),
            version: snapshot::VERSION,
            cursor_seq: Seq::new(7),
            command: 0,
            state,
        };
        Saved { snapshot, closed: vec![], commands: vec![], chain: Head::default() }
    }

    fn reason(saved: Option<Saved>, plan: &Plan, cold: bool) -> String {
        match origin(saved, plan, cold).unwrap() {
            Origin::Cold(reason) => reason,
            Origin::Warm(_) => String::new(),
        }
    }

    #[test]
    fn a_state_that_fits_is_gone_on_with_and_anything_else_says_why_not() {
        assert_eq!(reason(Some(saved()), &plan(20), false), "");
        assert_eq!(reason(Some(saved()), &plan(20), true), "asked for with --cold");
        assert_eq!(reason(None, &plan(20), false), "the ledger is empty");
        assert_eq!(reason(Some(saved()), &plan(25), false), "the settings of the cycles have changed");
        let mut other = saved();
        other.snapshot.version = 0;
        assert_eq!(
            reason(Some(other), &plan(20), false),
            format!("the snapshot has version 0, not {}", snapshot::VERSION)
        );
        let mut torn = saved();
        torn.snapshot.state.truncate(3);
        assert!(reason(Some(torn), &plan(20), false).starts_with("the snapshot cannot be read"));
    }

    #[test]
    fn what_the_user_decided_is_always_carried_and_positions_only_where_the_market_goes_on() {
        for mode in [Mode::Live, Mode::Simulated, Mode::Replay] {
            for same_log in [false, true] {
                assert!(is_carried(Carried::Always, mode, same_log));
                assert!(!is_carried(Carried::Never, mode, same_log));
                let goes_on = mode == Mode::Live || same_log;
                assert_eq!(is_carried(Carried::SameMarket, mode, same_log), goes_on);
                let not_read_whole = same_log && mode != Mode::Replay;
                assert_eq!(is_carried(Carried::SameLog, mode, same_log), not_read_whole);
            }
        }
    }

    #[test]
    fn a_ledger_that_contradicts_itself_is_damaged() {
        let mut behind = saved();
        behind.snapshot.cursor_seq = Seq::new(6);

        let error = origin(Some(behind), &plan(20), false).unwrap_err().to_string();
        assert!(error.starts_with("the ledger is damaged: its cursor is 6, that of its state 7"), "{error}");
    }
}
