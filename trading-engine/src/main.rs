//! The trading-engine's process: reads the command line and hands over to [`trading_engine::run`].

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use goat::service::{Options, start};
use mimalloc::MiMalloc;
use trading_engine::{apply, backtest, chain, plan, verify};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Computes what follows from the recorded market.
#[derive(Debug, Parser)]
#[command(name = "trading-engine", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Begin with nothing instead of the ledger's state
    #[arg(long)]
    cold: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try plays on what was recorded, with the code that runs live
    Backtest(backtest::Arguments),
    /// Say what a changed play would have decided otherwise
    Plan(plan::Arguments),
    /// Look after the plays of the running engine
    #[command(subcommand)]
    Plays(apply::Command),
    /// Compute the fills of a position again from the recorded events
    VerifyFill(verify::Arguments),
    /// Check a bundle of results: hashes, figures, signature
    VerifyStats(chain::Arguments),
}

fn main() -> ExitCode {
    let Arguments { options, cold, command } = Arguments::parse();
    match command {
        Some(Command::Backtest(wanted)) => backtest::run(&options, &wanted),
        Some(Command::Plan(wanted)) => plan::run(&options, &wanted),
        Some(Command::Plays(command)) => apply::run(&options, &command),
        Some(Command::VerifyFill(wanted)) => verify::run(&options, &wanted),
        Some(Command::VerifyStats(wanted)) => chain::run(&wanted),
        None => start("trading-engine", &options, trading_engine::check, move |settings, stop| {
            trading_engine::run(settings, cold, stop)
        }),
    }
}
