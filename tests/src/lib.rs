//! Runs the real binaries as children of a test, and watches what they promise.
//!
//! - [`cluster`]: the three services on ports and in a directory of their own; [`service`]: one of them.
//! - [`logs`]: what they said; a warning that a test did not expect fails it.
//! - [`checker`]: what always holds, said once; [`reader`]: a reader that resumes by its cursor.
//! - [`rest`], [`event_stream`], [`webhook`]: the outside, as a user's program reaches it; [`signer`]: how posts are signed.
//! - [`fakes`]: venues on loopback that speak the real protocols, and err as told.
//! - [`authority`]: certificates for loopback.
//! - [`recordings`]: real market data, when it is at hand; [`turn`]: how many clusters run at once.

// A harness is part of the tests: a failed assumption is a failed test, and what it measures is printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout
)]

pub mod authority;
pub mod checker;
pub mod cluster;
pub mod event_stream;
pub mod fakes;
pub mod logs;
pub mod ports;
pub mod reader;
pub mod recordings;
pub mod rest;
pub mod service;
pub mod signer;
pub mod turn;
pub mod until;
pub mod webhook;
