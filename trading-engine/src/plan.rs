//! `trading-engine plan`: what a changed play would have decided otherwise, over the same recorded events.
//!
//! Two engines fold the same events side by side: one with the plays as they are, one with the changed ones in their
//! place. All plays share one account, so a change of one shows in the others too.

mod difference;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use goat::service::{Failure, Options};
use goat::settings::Settings;
use goat::wire::trading as wire;

use crate::backtest::{Source, Span, ended, read_play, say, setup, trading, write};
use crate::core::play::Play;
use crate::feed::KINDS;
use crate::plays::parse;

pub use difference::Difference;

/// What is changed, and on what it is tried.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A changed or new play, in TOML or JSON
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    span: Span,
    /// A play as it is now; again for each. Without one, those of the running trading-engine
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// Write the difference as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Tries both, tells the difference, and returns the exit code.
#[must_use]
pub fn run(options: &Options, arguments: &Arguments) -> ExitCode {
    ended(options, async |settings| plan(&settings, arguments).await)
}

async fn plan(settings: &Settings, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let read = |paths: &[PathBuf]| {
        paths.iter().map(|path: &PathBuf| read_play(Path::new(path))).collect::<Result<Vec<Play>, _>>()
    };
    let changed = read(&arguments.files)?;
    let present =
        if arguments.against.is_empty() { running(settings).await? } else { read(&arguments.against)? };
    let mut wanted: Vec<Play> =
        present.iter().filter(|play| changed.iter().all(|one| one.id != play.id)).cloned().collect();
    wanted.extend(changed);
    wanted.sort_by(|one, other| one.id.cmp(&other.id));
    let setups = vec![setup(settings, present).await?, setup(settings, wanted).await?];
    let (origin, replays) = Source::open(settings, &arguments.span, &KINDS).await?.fold(setups, ()).await?;
    let [before, after] = replays.as_slice() else {
        return Err(Failure::Internal("an engine is gone".to_owned()));
    };
    let difference = Difference::between(before, after);
    let (from, until) = (before.record.period().from, before.record.period().until);
    say(&format!("log {}, {from} to {until}\n{}", origin.log_id, difference.text()))?;
    if let Some(path) = &arguments.json {
        write(path, &format!("{:#}\n", difference.json()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The plays of the running engine.
async fn running(settings: &Settings) -> Result<Vec<Play>, Failure> {
    let address = settings.trading_engine.listen;
    let answer = trading(settings).list_plays(wire::ListPlaysRequest::default()).await;
    let listed = answer.map_err(|status| {
        Failure::Unavailable(format!(
            "the present plays are asked of the trading-engine at {address} (or give --against): {}",
            status.message()
        ))
    })?;
    let plays = listed.into_inner().plays.into_iter().map(parse);
    plays.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::Internal(error.to_string()))
}
