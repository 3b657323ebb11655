//! Reads the command line and hands over to [`data_engine::run`]; nothing else happens here.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use data_engine::{backup, export, journal_tool};
use goat::service::{Options, start};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records crypto markets and the wallets that trade them.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look after the log while the service is stopped
    #[command(subcommand)]
    Journal(journal_tool::Command),
    /// Write a stretch of a table to a parquet file
    Export(export::Arguments),
    /// Copy the log, also while the service runs; `goat backup` asks for it
    Backup(backup::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Journal(command)) => journal_tool::run(&arguments.options, &command),
        Some(Command::Export(wanted)) => export::run(&arguments.options, &wanted),
        Some(Command::Backup(wanted)) => backup::run(&arguments.options, &wanted),
        None => start("data-engine", &arguments.options, data_engine::check, data_engine::run),
    }
}
