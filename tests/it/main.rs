//! What the running services promise, one module a topic.

mod bad_input;
mod crash;
mod dashboard;
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
