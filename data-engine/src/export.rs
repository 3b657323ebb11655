//! `data-engine export`: a stretch of a table as a parquet file, from the journal and, for what it no longer has,
//! from the archive. The service may run meanwhile.

mod table;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use goat::service::{Failure, Options};
use goat::settings::Settings;
use goat::values::UnixMicros;

use crate::archive::{ArchiveError, History, Range, Target};
use crate::instance::journal_directory;
use crate::journal::{Directory, Inspection, JournalError, inspect};
use crate::journal_tool::as_failure;
use table::Table;

/// A running service may delete a segment while it is read; then it is read again.
const READS_MAX: usize = 3;

/// What is exported, and where to.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The table, such as prices
    #[arg(long)]
    table: String,
    /// The first event time, such as 2026-01-03T22:00:00Z
    #[arg(long, value_parser = moment)]
    from: UnixMicros,
    /// The event time before which it ends
    #[arg(long, value_parser = moment)]
    to: UnixMicros,
    /// The parquet file; an existing one is replaced once the new one is whole
    #[arg(long)]
    out: PathBuf,
}

fn moment(text: &str) -> Result<UnixMicros, String> {
    UnixMicros::parse(text).map_err(|error| error.to_string())
}

/// Exports, says how far it is, and returns the exit code.
#[must_use]
pub fn run(options: &Options, arguments: &Arguments) -> ExitCode {
    let settings =
        Settings::load(options.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()));
    match settings.and_then(|settings| export(&settings, arguments, &mut io::stderr())) {
        Ok(rows) => {
            say(&mut io::stderr(), &format!("{}: {rows} rows", arguments.out.display()));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            say(&mut io::stderr(), &failure.to_string());
            failure.exit_code()
        }
    }
}

fn say(out: &mut dyn Write, sentence: &str) {
    // Nobody is left to tell when the output is gone.
    let _ = writeln!(out, "{sentence}");
}

/// Returns how many rows the file has.
fn export(settings: &Settings, arguments: &Arguments, progress: &mut dyn Write) -> Result<u64, Failure> {
    if arguments.from >= arguments.to {
        let Arguments { from, to, .. } = arguments;
        return Err(Failure::Usage(format!("--from must be before --to, got {from} and {to}")));
    }
    let target = Target::of(&settings.archive).map_err(|error| Failure::Usage(error.to_string()))?;
    let span = (arguments.from, arguments.to);
    let mut table = Table::begin(settings, &arguments.table, span, &arguments.out)?;
    let path = journal_directory(settings);
    let journal = read_journal(&path, &mut table, progress)?;
    let oldest_seq = journal.oldest_seq();
    match target {
        Some(target)
            if oldest_seq > 1
                && let Some(log_id) = journal.log_id =>
        {
            say(progress, &format!("positions before {oldest_seq} are read from the archive"));
            let range =
                Range { before_seq: Some(oldest_seq), from: Some(span.0), to: Some(span.1), after_seq: 0 };
            read_archive(&History::new(target, log_id), &range, &mut table)?;
        }
        None if oldest_seq > 1 => say(
            progress,
            &format!(
                "positions before {oldest_seq} are no longer in the journal, and archive.url is not set"
            ),
        ),
        _ => {}
    }
    say(progress, &format!("writing {}", arguments.out.display()));
    let (rows, written) = table.finish()?;
    replace(&written.path, &arguments.out)
        .map_err(|error| Failure::Io(format!("{}: {error}", arguments.out.display())))?;
    Ok(rows)
}

fn read_journal(path: &Path, table: &mut Table, progress: &mut dyn Write) -> Result<Inspection, Failure> {
    if !path.is_dir() {
        return Err(Failure::Io(format!("there is no journal at {}", path.display())));
    }
    let disk = Directory::create(path.to_owned())
        .map_err(|error| Failure::Io(format!("the journal {}: {error}", path.display())))?;
    let mut reads = 1;
    loop {
        let found = inspect(&disk, &mut |payload| {
            if let Some(seq) = table.take_payload(payload) {
                say(progress, &format!("read up to position {seq}, {} rows", table.rows()));
            }
        });
        table.flush()?;
        match found {
            Ok(found) => return Ok(found),
            Err(JournalError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && reads < READS_MAX =>
            {
                reads += 1;
                table.clear()?;
            }
            Err(error) => return Err(as_failure(&error)),
        }
    }
}

fn read_archive(history: &History, range: &Range, table: &mut Table) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Unavailable(error.to_string());
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    let name = table.name();
    let mut take = |row| {
        table.push(row);
        table.flush_when_due().map_err(|failure| ArchiveError::Internal(failure.to_string()))
    };
    runtime.block_on(history.each(name, range, &mut take)).map_err(|error| failed(&error))?;
    table.flush()
}

/// After a crash there is the old file or the new one.
fn replace(written: &Path, out: &Path) -> io::Result<()> {
    File::open(written)?.sync_all()?;
    std::fs::rename(written, out)?;
    let directory = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests;
