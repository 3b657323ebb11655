//! `data-engine backup`: a copy of what the data-engine must not lose, while it runs or not.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use goat::service::{Failure, Options};
use goat::settings::Settings;
use serde::Serialize;

use crate::instance::{copy_identity, journal_directory, nonces_directory};
use crate::journal::{Directory, copy};
use crate::journal_tool::as_failure;

/// Where the copy goes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A folder that is not there yet
    folder: PathBuf,
}

/// What a copy holds, as a line of JSON for whoever asked.
#[derive(Debug, Serialize)]
struct Copied {
    /// None while nothing was recorded.
    log_id: Option<String>,
    oldest_seq: u64,
    head_seq: u64,
}

/// Copies, says what the copy holds, and returns the exit code.
#[must_use]
pub fn run(options: &Options, arguments: &Arguments) -> ExitCode {
    let said = back_up(options, &arguments.folder);
    let (written, code) = match said {
        Ok(line) => (writeln!(io::stdout(), "{line}"), ExitCode::SUCCESS),
        Err(failure) => (writeln!(io::stderr(), "{failure}"), failure.exit_code()),
    };
    // A copy that nobody heard of was not made.
    if written.is_err() { ExitCode::FAILURE } else { code }
}

fn back_up(options: &Options, folder: &Path) -> Result<String, Failure> {
    let settings =
        Settings::load(options.config.as_deref()).map_err(|error| Failure::Usage(error.to_string()))?;
    let path = journal_directory(&settings);
    if !path.is_dir() {
        return Err(Failure::Io(format!("there is no journal at {}", path.display())));
    }
    let io = |error: io::Error| Failure::Io(format!("{}: {error}", folder.display()));
    std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(io)?;
    copy_identity(&settings, folder).map_err(io)?;
    let from = Directory::create(path).map_err(io)?;
    let to = Directory::create(folder.join("journal")).map_err(io)?;
    let found = copy(&from, &to).map_err(|error| as_failure(&error))?;
    // After the journal: a nonce counts once its post is recorded, so each that the copy needs is there.
    copy_nonces(&nonces_directory(&settings), &folder.join("nonces")).map_err(io)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    let copied = Copied {
        log_id: found.log_id.map(|log_id| log_id.to_string()),
        oldest_seq: found.oldest_seq(),
        head_seq: found.head.seq,
    };
    serde_json::to_string(&copied).map_err(|error| Failure::Internal(error.to_string()))
}

/// A nonce that is cut short was never answered; a file that goes meanwhile has expired.
fn copy_nonces(from: &Path, to: &Path) -> io::Result<()> {
    let names = match std::fs::read_dir(from) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    std::fs::DirBuilder::new().mode(0o700).create(to)?;
    for name in names {
        let name = name?.file_name();
        let bytes = match std::fs::read(from.join(&name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut file = File::create_new(to.join(&name))?;
        file.write_all(&bytes)?;
        file.sync_all()?;
    }
    File::open(to)?.sync_all()
}
