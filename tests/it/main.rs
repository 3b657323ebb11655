//! What the running services promise, one module a topic.

// A failed assumption is a failed test, and what was measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod backtest;
mod bad_input;
mod commands;
mod crash;
mod dashboard;
mod exchanges;
mod golden;
mod journal;
mod reflection;
mod refused_start;
mod rest;
mod settings;
mod shutdown;
mod stream;
mod supervision;
mod tidy;
mod webhook;
