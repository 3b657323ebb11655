//! The trading-engine's process: reads the command line and hands over to [`trading_engine::run`].

use std::process::ExitCode;

use clap::Parser;
use goat::service::{Options, start};
use mimalloc::MiMalloc;

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
}

fn main() -> ExitCode {
    let Arguments { options, cold } = Arguments::parse();
    start("trading-engine", &options, trading_engine::check, move |settings, stop| {
        trading_engine::run(settings, cold, stop)
    })
}
