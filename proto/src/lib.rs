//! The shared language of the three services.
//!
//! - [`wire`]: what travels: generated from the schema under `goat/`.
//! - [`event`] and [`values`]: what the services think in. A value that exists is right.
//! - [`convert`]: between the two. Into the wire never fails, out of it may.
//! - [`error`]: the one table of error kinds with their gRPC codes and HTTP statuses.
//! - [`access`]: who may call what: the scope of each RPC, and the tokens.
//! - [`settings`]: what can be configured: defaults < `goat.toml` < `GOAT_…` environment.
//! - `postgres`: how a server of it is reached, with TLS where the way is long; a feature of that name.
//! - `query`: bounded, read-only SQL on a `DuckDB`; a feature of that name.
//! - [`service`]: how every service of ours starts, serves, connects and stops.

// Tests compare what must be equal to the last bit, and figment's jail has large errors.
#![cfg_attr(test, allow(clippy::float_cmp, clippy::result_large_err))]

pub mod access;
pub mod convert;
pub mod error;
pub mod event;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "query")]
pub mod query;
pub mod service;
pub mod settings;
pub mod sql;
pub mod values;
pub mod wire;

pub use prost;
pub use prost_types;
pub use tonic;
