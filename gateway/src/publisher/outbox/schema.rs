//! The tables, by numbered steps: a step that was released is never changed.

use rusqlite::Connection;

use super::OutboxError;

const STEPS: [&str; 1] = ["
    CREATE TABLE memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE posts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        ended INTEGER NOT NULL,
        preview INTEGER NOT NULL,
        worded INTEGER NOT NULL,
        composed_at INTEGER NOT NULL,
        sent_at INTEGER,
        failures INTEGER NOT NULL,
        not_before INTEGER,
        trouble TEXT NOT NULL
    ) STRICT;
    CREATE INDEX posts_that_wait ON posts (number) WHERE ended = 0;
    CREATE INDEX posts_sent ON posts (sent_at);
    CREATE TABLE parts (
        post INTEGER NOT NULL REFERENCES posts (number),
        part INTEGER NOT NULL,
        text TEXT NOT NULL,
        state TEXT NOT NULL,
        tweet_id TEXT NOT NULL,
        since INTEGER,
        is_there INTEGER NOT NULL,
        look_ups INTEGER NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (post, part)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alerts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        severity TEXT NOT NULL,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        raised_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE messages (
        alert INTEGER NOT NULL REFERENCES alerts (number),
        channel TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        not_before INTEGER,
        trouble TEXT NOT NULL,
        sent_at INTEGER,
        PRIMARY KEY (alert, channel)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX messages_that_wait ON messages (channel, alert) WHERE state = 'waiting';
    CREATE INDEX messages_sent ON messages (channel, sent_at);
"];

/// Makes the steps that are missing, each in a transaction with its number.
///
/// # Errors
///
/// When a newer program wrote the file.
pub(super) fn bring_up_to_date(connection: &mut Connection) -> Result<(), OutboxError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OutboxError::Newer { found, known });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for (at, step) in STEPS.iter().enumerate().skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}
