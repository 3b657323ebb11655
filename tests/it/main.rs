//! What the running services promise, one module a topic.

// A failed assumption is a failed test, and what was measured is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod access;
mod alerts;
mod backtest;
mod backup;
mod bad_input;
mod commands;
mod copy_trading;
mod crash;
mod dashboard;
mod described;
mod exchanges;
mod fanout;
mod golden;
mod guide;
mod journal;
mod mcp;
mod metrics;
mod operation;
mod posts;
mod prices;
mod publish;
mod reflection;
mod refused_start;
mod rest;
mod settings;
mod shadows;
mod shutdown;
mod signed_posts;
mod slow_senders;
mod stall;
mod strategies;
mod stream;
mod supervision;
mod tidy;
mod webhook;
