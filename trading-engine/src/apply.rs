//! `trading-engine plays apply`: the plays in files become those of the running engine.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use goat::service::{Failure, Options};
use goat::settings::Settings;
use goat::wire::trading as wire;
use serde_json::Value;
use tonic::{Code, Status};

use crate::backtest::{ended, say, trading};
use crate::plays::{document, file};

/// What is done with plays.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Save the plays in files, and say what changes
    Apply {
        /// A play, in TOML or JSON
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// Carries the command out and returns the exit code.
#[must_use]
pub fn run(options: &Options, command: &Command) -> ExitCode {
    ended(options, async |settings| {
        let Command::Apply { files } = command;
        for path in files {
            say(&apply(&settings, path).await?)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn apply(settings: &Settings, path: &Path) -> Result<String, Failure> {
    let (_, play) = file::read(path).map_err(|error| Failure::Usage(error.to_string()))?;
    let (id, wanted) = (play.id.to_string(), document(&play));
    let mut client = trading(settings);
    let failed = |status: Status| refused(path, &status);
    let present = present(settings, &id).await.map_err(failed)?;
    let Some(present) = present else {
        let request = wire::CreatePlayRequest { play: Some(wanted) };
        let created = client.create_play(request).await.map_err(failed)?.into_inner().play;
        let version = created.map_or(0, |play| play.version);
        return Ok(format!("{id}: created, version {version}\n"));
    };
    let changes = differences(&present, &wanted).map_err(Failure::Internal)?;
    if changes.is_empty() {
        return Ok(format!("{id}: unchanged, version {}\n", present.version));
    }
    let request = wire::UpdatePlayRequest {
        id: id.clone(),
        play: Some(wanted),
        expected_version: Some(present.version),
    };
    let updated = client.update_play(request).await.map_err(failed)?.into_inner().play;
    let version = updated.map_or(0, |play| play.version);
    let mut text = format!("{id}: version {} becomes {version}\n", present.version);
    for change in changes {
        let _ = writeln!(text, "  {change}");
    }
    Ok(text)
}

/// The play as the running engine has it; none when it has none of that id.
///
/// # Errors
///
/// When the engine does not answer.
pub async fn present(settings: &Settings, id: &str) -> Result<Option<wire::Play>, Status> {
    match trading(settings).get_play(wire::GetPlayRequest { id: id.to_owned() }).await {
        Ok(answer) => Ok(answer.into_inner().play),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

fn refused(path: &Path, status: &Status) -> Failure {
    let text = format!("{}: {}", path.display(), status.message());
    match status.code() {
        Code::InvalidArgument | Code::FailedPrecondition | Code::Aborted => Failure::Usage(text),
        _ => Failure::Unavailable(text),
    }
}

/// What differs between two plays, a line each: `size_usd: 100.0 → 250.0`. Versions and their times do not count.
///
/// # Errors
///
/// When a play has no JSON.
pub fn differences(present: &wire::Play, wanted: &wire::Play) -> Result<Vec<String>, String> {
    let plain = |play: &wire::Play| wire::Play { version: 0, changed_at: None, ..play.clone() };
    let (before, after) = (file::to_json(&plain(present))?, file::to_json(&plain(wanted))?);
    let mut found = Vec::new();
    compare("", &before, &after, &mut found);
    Ok(found)
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            found.push(format!("{path}: {before} → {after}"));
        }
        return;
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
        compare(&inner, &value(old), &value(new), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_with_both_values() {
        let present = wire::Play { version: 3, size_usd: Some(100.0), ..wire::Play::default() };
        let bundle = Some(wire::Bundle { wallets: 2, seconds: 30 });
        let wanted = wire::Play { size_usd: Some(250.0), bundle, ..wire::Play::default() };

        let found = differences(&present, &wanted).unwrap();

        assert_eq!(found[1], "size_usd: 100.0 → 250.0");
        assert!(found[0].starts_with("bundle: null → {"), "{found:?}");
        assert_eq!(found.len(), 2);
        assert!(differences(&present, &present).unwrap().is_empty());
    }
}
