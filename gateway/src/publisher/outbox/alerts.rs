//! Alerts, and how each of their messages fared.

use goat::values::UnixMicros;
use rusqlite::{OptionalExtension, Row, params};

use super::{Books, OutboxError, time};

const HOUR_MICROS: i64 = 3_600_000_000;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    fn parse(text: &str) -> Result<Self, OutboxError> {
        let found = Self::ALL.into_iter().find(|severity| severity.as_str() == text);
        found.ok_or_else(|| OutboxError::Damaged(format!("an alert has the severity {text:?}")))
    }
}

/// Something that the operator is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    /// Of what it tells: the same event has the same.
    pub(crate) id: String,
    pub(crate) severity: Severity,
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) raised_at: UnixMicros,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageState {
    Waiting,
    Sent,
    Failed,
}

impl MessageState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Result<Self, OutboxError> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| OutboxError::Damaged(format!("a message has the state {text:?}")))
    }
}

/// An alert at one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) alert: i64,
    pub(crate) channel: String,
    pub(crate) state: MessageState,
    pub(crate) attempts: u32,
    pub(crate) not_before: Option<UnixMicros>,
    pub(crate) trouble: String,
    pub(crate) sent_at: Option<UnixMicros>,
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) number: i64,
    pub(crate) alert: Alert,
    pub(crate) messages: Vec<Message>,
}

/// The kinds that there are.
pub(crate) const KINDS: [&str; 10] =
    ["entry", "exit", "paused", "feed", "engine", "archive", "disk", "drawdown", "silence", "test"];

impl Books<'_> {
    /// Keeps an alert with a message for each channel, unless there is one of its id. Whether it was kept.
    pub(crate) fn raise(&self, alert: &Alert, channels: &[&'static str]) -> Result<bool, OutboxError> {
        let kept = self.0.execute(
            "INSERT INTO alerts (id, severity, kind, title, text, raised_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
            params![
                alert.id,
                alert.severity.as_str(),
                alert.kind,
                alert.title,
                alert.text,
                alert.raised_at.get()
            ],
        )?;
        if kept == 0 {
            return Ok(false);
        }
        let number = self.0.last_insert_rowid();
        for channel in channels {
            self.0.execute(
                "INSERT INTO messages (alert, channel, state, attempts, trouble) VALUES (?1, ?2, 'waiting', 0, '')",
                params![number, channel],
            )?;
        }
        Ok(true)
    }

    /// The oldest message of a channel that may be sent now: in quiet hours only what is critical.
    pub(crate) fn next_message(
        &self,
        channel: &str,
        is_quiet: bool,
        now: UnixMicros,
    ) -> Result<Option<(Alert, Message)>, OutboxError> {
        let mut statement = self.0.prepare(
            "SELECT alert, channel, state, attempts, not_before, trouble, messages.sent_at,
                    id, severity, kind, title, text, raised_at
             FROM messages JOIN alerts ON alerts.number = messages.alert
             WHERE channel = ?1 AND state = 'waiting' AND coalesce(not_before, 0) <= ?2
               AND (NOT ?3 OR severity = 'critical')
             ORDER BY alert LIMIT 1",
        )?;
        let mut rows = statement.query(params![channel, now.get(), is_quiet])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some((alert(row, 7)?, message(row)?)))
    }

    /// Keeps how a message fared.
    pub(crate) fn update_message(&self, message: &Message) -> Result<(), OutboxError> {
        self.0.execute(
            "UPDATE messages SET state = ?3, attempts = ?4, not_before = ?5, trouble = ?6, sent_at = ?7
             WHERE alert = ?1 AND channel = ?2",
            params![
                message.alert,
                message.channel,
                message.state.as_str(),
                message.attempts,
                message.not_before.map(UnixMicros::get),
                message.trouble,
                message.sent_at.map(UnixMicros::get)
            ],
        )?;
        Ok(())
    }

    /// Messages of a channel that were sent within the last hour.
    pub(crate) fn sent_within_hour(&self, channel: &str, now: UnixMicros) -> Result<u32, OutboxError> {
        let since = now.get().saturating_sub(HOUR_MICROS);
        let sql = "SELECT count(*) FROM messages WHERE channel = ?1 AND sent_at > ?2";
        Ok(self.0.query_row(sql, params![channel, since], |row| row.get(0))?)
    }

    /// Messages that wait.
    pub(crate) fn messages_waiting(&self) -> Result<u32, OutboxError> {
        let sql = "SELECT count(*) FROM messages WHERE state = 'waiting'";
        Ok(self.0.query_row(sql, [], |row| row.get(0))?)
    }

    /// Alerts below a number, newest first.
    pub(crate) fn alerts(
        &self,
        below: Option<i64>,
        kind: &str,
        limit: u32,
    ) -> Result<Vec<Kept>, OutboxError> {
        let mut statement = self.0.prepare(
            "SELECT id, severity, kind, title, text, raised_at, number FROM alerts
             WHERE number < ?1 AND (?2 = '' OR kind = ?2) ORDER BY number DESC LIMIT ?3",
        )?;
        let mut rows = statement.query(params![below.unwrap_or(i64::MAX), kind, limit])?;
        let mut alerts = Vec::new();
        while let Some(row) = rows.next()? {
            let number = row.get(6)?;
            alerts.push(Kept { number, alert: alert(row, 0)?, messages: self.messages(number)? });
        }
        Ok(alerts)
    }

    /// The alert of an id.
    pub(crate) fn alert(&self, id: &str) -> Result<Option<Kept>, OutboxError> {
        let found: Option<i64> =
            self.0.query_row("SELECT number FROM alerts WHERE id = ?1", [id], |row| row.get(0)).optional()?;
        let Some(number) = found else { return Ok(None) };
        Ok(self.alerts(number.checked_add(1), "", 1)?.pop())
    }

    fn messages(&self, alert: i64) -> Result<Vec<Message>, OutboxError> {
        let mut statement = self.0.prepare(
            "SELECT alert, channel, state, attempts, not_before, trouble, sent_at FROM messages
             WHERE alert = ?1 ORDER BY channel",
        )?;
        let mut rows = statement.query([alert])?;
        let mut messages = Vec::new();
        while let Some(row) = rows.next()? {
            messages.push(message(row)?);
        }
        Ok(messages)
    }
}

/// Reads an alert from six columns.
fn alert(row: &Row<'_>, from: usize) -> Result<Alert, OutboxError> {
    let (severity, kind): (String, String) = (row.get(from + 1)?, row.get(from + 2)?);
    let kind = KINDS.into_iter().find(|known| *known == kind);
    Ok(Alert {
        id: row.get(from)?,
        severity: Severity::parse(&severity)?,
        kind: kind.ok_or_else(|| OutboxError::Damaged("an alert has an unknown kind".to_owned()))?,
        title: row.get(from + 3)?,
        text: row.get(from + 4)?,
        raised_at: time(row.get(from + 5)?)?,
    })
}

/// Reads a message from the first seven columns.
fn message(row: &Row<'_>) -> Result<Message, OutboxError> {
    let state: String = row.get(2)?;
    let (not_before, sent_at): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(6)?);
    Ok(Message {
        alert: row.get(0)?,
        channel: row.get(1)?,
        state: MessageState::parse(&state)?,
        attempts: row.get(3)?,
        not_before: not_before.map(time).transpose()?,
        trouble: row.get(5)?,
        sent_at: sent_at.map(time).transpose()?,
    })
}
