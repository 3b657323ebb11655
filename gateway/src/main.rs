//! Serves REST, server-sent events, `OpenAPI` and the dashboard.
//!
//! Reads its settings and hands over to [`gateway::run`]; nothing else happens here.

use std::process::ExitCode;

use clap::Parser;
use goat::service::{Options, start};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// REST, server-sent events, `OpenAPI` and the dashboard of Follow The Goat.
#[derive(Debug, Parser)]
#[command(
    name = "gateway",
    version,
    about = "REST, server-sent events, OpenAPI and the dashboard of Follow The Goat"
)]
struct CommandLine {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let options = CommandLine::parse().options;
    start("gateway", &options, gateway::check, gateway::run)
}
