//! The queries of plays, run beside the core on the workspace as it was when they were asked; and the way of answers to
//! the core.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};

use duckdb::Connection;
use goat::query::memory_bytes;

use super::filter_search::Searches;
use super::wallet_query::{STACK_BYTES, admitted};
use crate::core::filters::automatic::{FilterAnswer, FilterQuestion};
use crate::core::play::PlayId;
use crate::core::wallets::{WalletAnswer, WalletQuery};
use crate::jobs::{JobName, Jobs};

/// What a query may take; less than passes until its answer is due.
pub const QUERY_TIME_MAX: Duration = Duration::from_millis(1_500);

/// What a query may have in memory. The workspace has room for two of them beside its tables.
const QUERY_MEMORY_MB_MAX: u64 = 256;

/// So often a running query is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Wallets of one list.
const WALLETS_MAX: usize = 10_000;

/// Answers on their way to the core: each asked once, so bounded by the plays.
const ANSWERS_QUEUED_MAX: usize = 256;

/// The core's end: answers as they come.
#[derive(Debug)]
pub struct Discovery {
    answers: std_mpsc::Receiver<WalletAnswer>,
    there: BTreeMap<(PlayId, u64), WalletAnswer>,
    filters: std_mpsc::Receiver<FilterAnswer>,
    filters_there: BTreeMap<(PlayId, u64), FilterAnswer>,
}

/// The workspace's end.
#[derive(Debug, Clone)]
pub struct Questions {
    jobs: Jobs,
    wallets: std_mpsc::SyncSender<WalletAnswer>,
    searches: Searches,
}

/// A way for answers from the workspace to the core. What is done for them is told to `jobs`.
#[must_use]
pub fn discovery(jobs: &Jobs) -> (Questions, Discovery) {
    let (wallets, answers) = std_mpsc::sync_channel(ANSWERS_QUEUED_MAX);
    let (told, filters) = std_mpsc::sync_channel(ANSWERS_QUEUED_MAX);
    let (there, filters_there) = (BTreeMap::new(), BTreeMap::new());
    let questions = Questions { jobs: jobs.clone(), wallets, searches: Searches::new(told, jobs.clone()) };
    (questions, Discovery { answers, there, filters, filters_there })
}

impl Discovery {
    /// The answer to a query; waits until it is there. None when the workspace has ended.
    pub fn answer_to(&mut self, query: &WalletQuery) -> Option<WalletAnswer> {
        let key = (query.play.clone(), query.asked_seq.get());
        loop {
            if let Some(answer) = self.there.remove(&key) {
                return Some(answer);
            }
            let answer = self.answers.recv().ok()?;
            self.there.insert((answer.play.clone(), answer.asked_seq.get()), answer);
        }
    }

    /// What a search found; waits until it is there. None when the workspace has ended.
    pub fn filters_for(&mut self, question: &FilterQuestion) -> Option<FilterAnswer> {
        let key = (question.play.clone(), question.asked_seq.get());
        loop {
            if let Some(answer) = self.filters_there.remove(&key) {
                return Some(answer);
            }
            let answer = self.filters.recv().ok()?;
            // One to a question that was void before it came is never asked for again.
            self.filters_there.retain(|(play, _), _| *play != answer.play);
            self.filters_there.insert((answer.play.clone(), answer.asked_seq.get()), answer);
        }
    }
}

impl Questions {
    /// Where what is done is told.
    pub(super) fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Has a play's filters searched.
    pub(super) fn search(&self, writer: &Connection, question: FilterQuestion) {
        self.searches.begin(writer, question);
    }

    /// Answers a query from a snapshot of the tables that is taken before this returns.
    pub(super) fn ask(&self, writer: &Connection, query: WalletQuery) {
        let told = self.wallets.clone();
        let run = self.jobs.begin(JobName::Wallets(query.play.clone()));
        let answer_as = {
            let query = query.clone();
            move |found| WalletAnswer {
                play: query.play,
                version: query.version,
                asked_seq: query.asked_seq,
                found,
            }
        };
        let connections = snapshot(writer).and_then(|snapshot| Ok((snapshot, writer.try_clone()?)));
        let (snapshot, watch) = match connections {
            Ok(connections) => connections,
            Err(error) => {
                run.end(Err(error.to_string()));
                return tell(&told, answer_as(Err(error.to_string())));
            }
        };
        let fallback = (told.clone(), answer_as.clone());
        let thread = std::thread::Builder::new().name("discovery".to_owned());
        let started = thread.spawn(move || {
            let found = run_within_bounds(snapshot, &watch, query);
            run.end(found.as_ref().map(|wallets| format!("{} wallets", wallets.len())).map_err(Clone::clone));
            tell(&told, answer_as(found));
        });
        if let Err(error) = started {
            let (told, answer_as) = fallback;
            tell(&told, answer_as(Err(format!("no thread for the query: {error}"))));
        }
    }
}

fn tell(told: &std_mpsc::SyncSender<WalletAnswer>, answer: WalletAnswer) {
    // The core is gone only when the process is ending.
    let _ = told.send(answer);
}

/// A connection whose reads see what is committed now, and nothing that comes later.
fn snapshot(writer: &Connection) -> Result<Connection, duckdb::Error> {
    let connection = writer.try_clone()?;
    connection.execute_batch("BEGIN TRANSACTION READ ONLY")?;
    // The first read fixes what the transaction sees.
    connection.query_row("SELECT count(*) FROM wallet_profiles WHERE false", [], |_| Ok(()))?;
    Ok(connection)
}

/// Runs a query on a thread that can be waited for, and stops it when it takes too long or too much.
fn run_within_bounds(
    connection: Connection,
    watch: &Connection,
    query: WalletQuery,
) -> Result<BTreeSet<String>, String> {
    let interrupt = connection.interrupt_handle();
    let (done, ended) = std_mpsc::channel();
    let (began, before) = (Instant::now(), used_bytes(watch)?);
    let thread = std::thread::Builder::new().name("wallet-query".to_owned()).stack_size(STACK_BYTES);
    let started = thread.spawn(move || {
        // The one who waits is gone only after the time is over.
        let _ = done.send(admitted(&query.sql, query.asked_at).and_then(|sql| run(&connection, &sql)));
    });
    started.map_err(|error| format!("no thread for the query: {error}"))?;
    loop {
        if let Ok(found) = ended.recv_timeout(LOOK_EVERY) {
            return found;
        }
        if began.elapsed() >= QUERY_TIME_MAX {
            interrupt.interrupt();
            let limit = QUERY_TIME_MAX.as_secs_f64();
            return Err(format!("the query took longer than {limit} s and was stopped"));
        }
        let used = used_bytes(watch).inspect_err(|_| interrupt.interrupt())?;
        if used.saturating_sub(before) > QUERY_MEMORY_MB_MAX * 1024 * 1024 {
            interrupt.interrupt();
            return Err(format!("the query took more than {QUERY_MEMORY_MB_MAX} MB and was stopped"));
        }
    }
}

/// What queries have in memory at the moment, all together.
fn used_bytes(connection: &Connection) -> Result<u64, String> {
    memory_bytes(connection).map_err(|error| format!("the query's memory cannot be measured: {error}"))
}

fn run(connection: &Connection, sql: &str) -> Result<BTreeSet<String>, String> {
    let failed = |error: duckdb::Error| format!("the query failed: {error}");
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let column = wallet_column(&rows.as_ref().map(duckdb::Statement::column_names).unwrap_or_default())?;
    let mut wallets = BTreeSet::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let wallet: Option<String> =
            row.get(column).map_err(|error| format!("wallet_address is not text: {error}"))?;
        wallets.extend(wallet);
        if wallets.len() > WALLETS_MAX {
            return Err(format!("the query found more than {WALLETS_MAX} wallets"));
        }
    }
    Ok(wallets)
}

fn wallet_column(columns: &[String]) -> Result<usize, String> {
    let found = columns.iter().position(|column| column == "wallet_address");
    found.ok_or_else(|| format!("the query has no column wallet_address; it has {}", columns.join(", ")))
}
