//! Which log of an archive, from which position to which.

use std::time::SystemTime;

use goat::service::Failure;
use goat::values::UnixMicros;
use tokio_postgres::Client;

use super::rows::TABLES;
use super::{Span, as_bigint, position, refused};

/// The first look goes this far beyond the time that was asked for, each further one several times as far: a log that
/// pauses is looked through, and one that does not is not read to its end.
const LOOK_MICROS: i64 = 3_600_000_000;
const LOOK_FACTOR: i64 = 4;

/// A part of an archived log.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Its number in the archive.
    pub(super) log: i32,
    /// Its id.
    pub(super) log_id: String,
    /// The first position at or after the time that was asked for.
    pub(super) first_seq: u64,
    /// Everything up to here is archived.
    pub(super) last_seq: u64,
    /// The next positions that are missing for good.
    pub(super) gap: Option<(u64, u64)>,
    /// Where the archive of the log begins, when that is later than what was asked for.
    pub(super) begins_late: Option<UnixMicros>,
}

/// How far the archive of a log has got.
#[derive(Debug)]
struct Progress {
    log: i32,
    log_id: String,
    last_seq: u64,
    last_time: Option<UnixMicros>,
}

/// Finds the log that has events of the span.
pub(super) async fn choose(client: &Client, from: UnixMicros, span: &Span) -> Result<Chosen, Failure> {
    let archived = archived(client).await?;
    let mut found = Vec::new();
    for progress in &archived {
        if span.log.as_ref().is_none_or(|wanted| *wanted == progress.log_id)
            && let Some(first_seq) = first_seq(client, progress, from, span.to).await?
        {
            found.push((progress, first_seq));
        }
    }
    let (progress, first_seq) = match found.as_slice() {
        [one] => *one,
        [] => return Err(nothing(&archived, from, span)),
        several => {
            let ids: Vec<&str> = several.iter().map(|(progress, _)| progress.log_id.as_str()).collect();
            return Err(Failure::Usage(format!(
                "the archive has several logs with events of this time; choose one with --log: {}",
                ids.join(", ")
            )));
        }
    };
    let (log, last_seq) = (progress.log, progress.last_seq);
    let gap =
        "SELECT from_seq, to_seq FROM archive_gaps WHERE log = $1 AND to_seq >= $2 ORDER BY from_seq LIMIT 1";
    let gap = client.query_opt(gap, &[&log, &as_bigint(first_seq)]).await.map_err(refused)?;
    let gap = match gap {
        Some(row) => Some((column(&row, 0)?, column(&row, 1)?)),
        None => None,
    };
    let begins_late = begins_late(client, log, first_seq, from).await?;
    Ok(Chosen { log, log_id: progress.log_id.clone(), first_seq, last_seq, gap, begins_late })
}

async fn archived(client: &Client) -> Result<Vec<Progress>, Failure> {
    let progress = "SELECT log, log_id, last_seq, last_time FROM archive_progress ORDER BY log";
    let rows = client.query(progress, &[]).await.map_err(refused)?;
    let read = |row: &tokio_postgres::Row| {
        let last_time: Option<SystemTime> = row.try_get(3).map_err(refused)?;
        Ok(Progress {
            log: row.try_get(0).map_err(refused)?,
            log_id: row.try_get(1).map_err(refused)?,
            last_seq: column(row, 2)?,
            last_time: last_time.and_then(micros),
        })
    };
    rows.iter().map(read).collect()
}

/// The first position at or after a time and not after another; none when there is none.
async fn first_seq(
    client: &Client,
    progress: &Progress,
    from: UnixMicros,
    to: Option<UnixMicros>,
) -> Result<Option<u64>, Failure> {
    let Some(newest) = progress.last_time.filter(|newest| *newest >= from) else { return Ok(None) };
    let end = to.map_or(newest, |to| to.min(newest)).get();
    let within = of_all_tables("min(seq)", "log = $1 AND event_time >= $2 AND event_time <= $3");
    let (mut begin, mut look) = (from.get(), LOOK_MICROS);
    while begin <= end {
        let until = begin.saturating_add(look).min(end);
        let (one, other) = (moment(begin), moment(until));
        if let Some(seq) = position(client, &within, &[&progress.log, &one, &other]).await? {
            // An event of a much later time may have come before.
            let earlier = of_all_tables("min(seq)", "log = $1 AND event_time >= $2 AND seq < $3");
            let asked = moment(from.get());
            let found = position(client, &earlier, &[&progress.log, &asked, &as_bigint(seq)]).await?;
            return Ok(found.or(Some(seq)));
        }
        (begin, look) = (until.saturating_add(1), look.saturating_mul(LOOK_FACTOR));
    }
    Ok(None)
}

/// The time of the first event, when it is the first of all and later than what was asked for.
async fn begins_late(
    client: &Client,
    log: i32,
    first_seq: u64,
    from: UnixMicros,
) -> Result<Option<UnixMicros>, Failure> {
    let before = of_all_tables("min(seq)", "log = $1 AND seq < $2");
    if position(client, &before, &[&log, &as_bigint(first_seq)]).await?.is_some() {
        return Ok(None);
    }
    let time = of_all_tables("min(event_time)", "log = $1 AND seq = $2");
    let row = client.query_one(&time, &[&log, &as_bigint(first_seq)]).await.map_err(refused)?;
    let time: Option<SystemTime> = row.try_get(0).map_err(refused)?;
    Ok(time.and_then(micros).filter(|begins| *begins > from))
}

/// The least of what each table says.
fn of_all_tables(least: &str, condition: &str) -> String {
    let parts =
        TABLES.iter().map(|table| format!("SELECT {least} AS least FROM {} WHERE {condition}", table.name));
    format!("SELECT min(least) FROM ({}) AS found", parts.collect::<Vec<_>>().join(" UNION ALL "))
}

fn nothing(archived: &[Progress], from: UnixMicros, span: &Span) -> Failure {
    let until = span.to.map_or_else(|| "now".to_owned(), |to| to.to_string());
    let of = |progress: &Progress| match progress.last_time {
        Some(time) => format!("log {} up to {time}", progress.log_id),
        None => format!("log {} without events", progress.log_id),
    };
    let has: Vec<String> = archived.iter().map(of).collect();
    let has = if has.is_empty() { "no log".to_owned() } else { has.join(", ") };
    let log = span.log.as_ref().map_or_else(String::new, |log| format!(" of log {log}"));
    Failure::Unavailable(format!("the archive has no events{log} from {from} to {until}; it has {has}"))
}

fn column(row: &tokio_postgres::Row, at: usize) -> Result<u64, Failure> {
    let number: i64 = row.try_get(at).map_err(refused)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

fn moment(micros: i64) -> SystemTime {
    let away = std::time::Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { SystemTime::UNIX_EPOCH - away } else { SystemTime::UNIX_EPOCH + away }
}

fn micros(time: SystemTime) -> Option<UnixMicros> {
    UnixMicros::try_from(goat::prost_types::Timestamp::from(time)).ok()
}
