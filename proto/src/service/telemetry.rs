//! Logs to standard error.

use std::io::stderr;

use tracing_subscriber::EnvFilter;

use crate::access::AUDIT;
use crate::settings::{Log, LogFormat};

/// Starts logging.
///
/// # Errors
///
/// When the filter cannot be read.
pub(super) fn init(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(&log.filter)
        .map_err(|error| format!("log.filter is {:?}: {error}", log.filter))?;
    // Who changed what is told whatever else is left out.
    let audit = format!("{AUDIT}=info").parse().map_err(|error| format!("the audit: {error}"))?;
    let filter = filter.add_directive(audit);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let started = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&stderr())).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| format!("logging did not start: {error}"))
}
