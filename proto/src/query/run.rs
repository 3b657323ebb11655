//! One query on a thread and a connection of its own, watched from another thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use duckdb::core::{LogicalTypeHandle, LogicalTypeId};
use duckdb::{Connection, InterruptHandle, Statement};
use prost::Message;
use prost_types::{ListValue, Value, value::Kind};

use super::{Database, QueryError, as_kind, memory_bytes};
use crate::settings::Query as Limits;
use crate::sql::{Dialect, admit};
use crate::wire::market::{Column, QueryResponse};

/// Parsing and printing recurse as deep as a statement is nested or long; untouched pages cost nothing.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// An interrupt that comes while a statement is being prepared is lost, so it is repeated.
const WATCH_EVERY: Duration = Duration::from_millis(10);
const MB: u64 = 1024 * 1024;

/// A query and what it may cost.
#[derive(Debug)]
pub(super) struct Query<D> {
    pub(super) database: D,
    pub(super) limits: Limits,
    pub(super) sql: String,
}

/// Why a query was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    TooLong,
    TooMuchMemory,
}

impl<D: Database> Query<D> {
    /// Answers, or stops what takes too long or too much. Blocks its thread until the database has let go.
    pub(super) fn watched(self) -> Result<QueryResponse, QueryError> {
        let failed =
            |what: &str, error: &dyn std::fmt::Display| QueryError::Failed(format!("{what}: {error}"));
        let limits = self.limits.clone();
        let measured = self.database.connect().map_err(QueryError::Failed)?;
        let (handle_sender, handle) = sync_channel(1);
        let (answer_sender, answer) = sync_channel(1);
        let thread = std::thread::Builder::new().name("query".to_owned()).stack_size(STACK_BYTES);
        let running = thread
            .spawn(move || {
                let answered = self.answer(&handle_sender);
                // The watch waits for it, and ends only after it.
                let _ = answer_sender.send(answered);
            })
            .map_err(|error| failed("the thread of a query did not start", &error))?;
        let stopped = match handle.recv() {
            Ok(interrupt) => Watch { measured, limits: limits.clone(), interrupt }.until_answered(&answer),
            // It ended before it reached the database.
            Err(_) => (answer.recv().ok(), None),
        };
        let ended = running.join();
        match stopped {
            (Some(Err(QueryError::NotUnderstood(_))), Some(Stopped::TooLong)) => {
                Err(QueryError::TooLong(limits.timeout_ms))
            }
            (Some(Err(QueryError::NotUnderstood(_))), Some(Stopped::TooMuchMemory)) => {
                Err(QueryError::TooMuchMemory(limits.memory_mb_max))
            }
            (Some(answered), _) => answered,
            (None, _) => Err(QueryError::Failed(format!("the thread of a query ended: {ended:?}"))),
        }
    }

    fn answer(&self, handle: &SyncSender<Arc<InterruptHandle>>) -> Result<QueryResponse, QueryError> {
        let tables = self.database.tables();
        let bytes_max = usize::try_from(self.limits.text_bytes_max).unwrap_or(usize::MAX);
        let admitted = admit(&self.sql, &tables, bytes_max, Dialect::DuckDb)?;
        let connection = self.database.connect().map_err(QueryError::Failed)?;
        // The receiver is there until the answer has come.
        let _ = handle.send(connection.interrupt_handle());
        let begun = Instant::now();
        let applied_seq = self.database.applied_seq();
        let mut answer = self.ask(&connection, &admitted).map_err(|error| self.as_query_error(&error))?;
        answer.applied_seq = applied_seq;
        answer.took_ms = begun.elapsed().as_secs_f64() * 1000.0;
        Ok(answer)
    }

    /// Nothing is committed, and the connection is not used again.
    fn ask(&self, connection: &Connection, admitted: &str) -> Result<QueryResponse, duckdb::Error> {
        connection.execute_batch("BEGIN TRANSACTION READ ONLY")?;
        // The line ends before the bracket: nothing in the statement can take it in.
        let framed = format!(
            "SELECT * FROM (\n{admitted}\n) LIMIT {}",
            u64::from(self.limits.rows_max).saturating_add(1)
        );
        let mut statement = connection.prepare(&framed)?;
        let answer = self.read(&mut statement)?;
        drop(statement);
        connection.execute_batch("ROLLBACK")?;
        Ok(answer)
    }

    fn read(&self, statement: &mut Statement<'_>) -> Result<QueryResponse, duckdb::Error> {
        let mut rows = statement.query([])?;
        let columns = rows.as_ref().map(columns).unwrap_or_default();
        let bytes_max = usize::try_from(self.limits.result_bytes_max).unwrap_or(usize::MAX);
        let mut bytes: usize =
            columns.iter().map(|column| column.name.len() + column.r#type.len() + 32).sum();
        let mut answer = QueryResponse::default();
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(columns.len());
            for place in 0..columns.len() {
                values.push(Value { kind: Some(as_kind(row.get_ref(place)?)) });
            }
            let list = ListValue { values };
            // Four bytes of tag and length for each row.
            let sent = list.encoded_len().saturating_add(4);
            bytes = bytes.saturating_add(sent.max(list.values.iter().map(json_bytes).sum()));
            if bytes > bytes_max || answer.count >= self.limits.rows_max {
                answer.truncated = true;
                break;
            }
            answer.rows.push(list);
            answer.count = answer.count.saturating_add(1);
        }
        answer.columns = columns;
        Ok(answer)
    }

    fn as_query_error(&self, error: &duckdb::Error) -> QueryError {
        let text = error.to_string();
        let first_line = text.lines().next().unwrap_or_default();
        if text.starts_with("Out of Memory Error") {
            return QueryError::TooMuchMemory(self.limits.memory_mb_max);
        }
        if text.starts_with("INTERNAL Error") || text.starts_with("FATAL Error") {
            return QueryError::Failed(text);
        }
        QueryError::NotUnderstood(first_line.to_owned())
    }
}

fn columns(statement: &Statement<'_>) -> Vec<Column> {
    let names = statement.column_names().into_iter().enumerate();
    names
        .map(|(place, name)| Column { name, r#type: type_name(&statement.column_logical_type(place)) })
        .collect()
}

/// The type as SQL writes it.
fn type_name(logical: &LogicalTypeHandle) -> String {
    match logical.try_id() {
        Ok(LogicalTypeId::Decimal) => {
            format!("DECIMAL({},{})", logical.decimal_width(), logical.decimal_scale())
        }
        Ok(LogicalTypeId::List) => format!("{}[]", type_name(&logical.child(0))),
        Ok(LogicalTypeId::TimestampTZ) => "TIMESTAMP WITH TIME ZONE".to_owned(),
        Ok(id) => format!("{id:?}").to_ascii_uppercase(),
        Err(number) => format!("TYPE {number}"),
    }
}

/// How long a value is as JSON, with its comma; an estimate for texts that need escapes.
#[must_use]
pub fn json_bytes(value: &Value) -> usize {
    match &value.kind {
        Some(Kind::StringValue(text)) => text.len().saturating_add(3),
        Some(Kind::ListValue(list)) => list.values.iter().map(json_bytes).sum::<usize>().saturating_add(3),
        Some(Kind::NumberValue(_) | Kind::BoolValue(_) | Kind::NullValue(_) | Kind::StructValue(_))
        | None => 12,
    }
}

/// Looks at a running query until it has ended.
struct Watch {
    /// To the same database.
    measured: Connection,
    limits: Limits,
    interrupt: Arc<InterruptHandle>,
}

type Answered = Result<QueryResponse, QueryError>;

impl Watch {
    fn until_answered(&self, answer: &Receiver<Answered>) -> (Option<Answered>, Option<Stopped>) {
        let deadline = Instant::now() + Duration::from_millis(self.limits.timeout_ms.into());
        let before = memory_bytes(&self.measured).unwrap_or_default();
        let memory_max = u64::from(self.limits.memory_mb_max).saturating_mul(MB);
        let mut stopped = None;
        loop {
            match answer.recv_timeout(WATCH_EVERY) {
                Ok(answered) => return (Some(answered), stopped),
                Err(RecvTimeoutError::Disconnected) => return (None, stopped),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stopped.is_none() && Instant::now() >= deadline {
                stopped = Some(Stopped::TooLong);
            }
            if stopped.is_none() {
                // Two queries at a time are measured together: the one that began later is measured too high.
                let now = memory_bytes(&self.measured).unwrap_or_default();
                stopped = (now.saturating_sub(before) > memory_max).then_some(Stopped::TooMuchMemory);
            }
            if stopped.is_some() {
                self.interrupt.interrupt();
            }
        }
    }
}
