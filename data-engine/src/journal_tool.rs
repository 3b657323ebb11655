//! `data-engine journal verify` and `… repair`.

use std::io::Write;
use std::process::ExitCode;

use goat::service::{Failure, Options};
use goat::settings::Settings;

use crate::instance::{Instance, journal_directory};
use crate::journal::{Directory, JournalError, inspect, repair};

/// What can be done to a journal.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check every block; changes nothing
    Verify,
    /// Cut the journal at the damage; what follows it is given up
    Repair {
        /// Say that events after the damage may be lost
        #[arg(long)]
        yes: bool,
    },
}

/// Does it, says what was found, and returns the exit code.
#[must_use]
pub fn run(options: &Options, command: &Command) -> ExitCode {
    match try_run(options, command) {
        Ok(sentence) => say(&mut std::io::stdout(), &sentence, ExitCode::SUCCESS),
        Err(failure) => say(&mut std::io::stderr(), &failure.to_string(), failure.exit_code()),
    }
}

fn say(out: &mut dyn Write, sentence: &str, code: ExitCode) -> ExitCode {
    // Nobody is left to tell when the output is gone.
    let _ = writeln!(out, "{sentence}");
    code
}

fn try_run(options: &Options, command: &Command) -> Result<String, Failure> {
    let settings =
        Settings::load(options.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    let path = journal_directory(&settings);
    let missing = |error| Failure::Io(format!("the journal {}: {error}", path.display()));
    if !path.try_exists().map_err(missing)? {
        return Err(Failure::Io(format!("there is no journal at {}", path.display())));
    }
    let disk = Directory::create(path.clone()).map_err(missing)?;
    match command {
        Command::Verify => {
            let found = inspect(&disk, &mut |_| {}).map_err(|error| as_failure(&error))?;
            let torn = found.torn_tail.as_ref().map_or_else(String::new, |torn| {
                format!("; {} bytes of a write that was cut short follow in {}", torn.bytes, torn.file)
            });
            Ok(format!(
                "{}: whole, {} files, positions {} to {}{torn}",
                path.display(),
                found.segment_count(),
                found.oldest_seq(),
                found.head.seq
            ))
        }
        Command::Repair { yes: false } => {
            Err(Failure::Usage("repair gives up what follows the damage; say so with --yes".to_owned()))
        }
        Command::Repair { yes: true } => {
            // Keeps a running data-engine away while the files are changed.
            let _instance = Instance::hold(&settings)?;
            let given_up = repair(&disk).map_err(|error| as_failure(&error))?;
            let sentence = given_up.map(|damage| format!("cut; {damage}"));
            Ok(sentence.unwrap_or_else(|| "there was nothing to repair".to_owned()))
        }
    }
}

/// Damage has an exit code of its own.
pub(crate) fn as_failure(error: &JournalError) -> Failure {
    match error {
        JournalError::Damaged { .. } => {
            Failure::Damage(format!("{error}; see `data-engine journal verify` and `… repair --yes`"))
        }
        JournalError::Io { .. } | JournalError::TooOld { .. } => Failure::Io(error.to_string()),
    }
}
