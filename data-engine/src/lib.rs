//! Records the market; never stops, never computes.
//!
//! ```text
//! feeds → ingest (bounded) → sequencer (one thread: seq, duplicates) → journal (truth)
//!                                                     journal ─┬→ hot store (SQL, rebuilt from it)
//!                                                              ├→ archive (PostgreSQL, each row once)
//!                                                              └→ serve (one subscription = one cursor)
//! ```
//!
//! - [`book`]: what an order book looks like in numbers.
//! - [`feeds`]: one module a source; parsers are pure and stand apart from their sockets.
//! - [`ingest`]: the one way into the log; [`sequencer`] owns positions and refuses duplicates.
//! - [`publish`]: what the operator's own feeds may put in.
//! - [`journal`]: the append-only log. Its file format is the wire format of the stream.
//! - [`hot`]: `DuckDB` in memory: a fold of the journal.
//! - [`query`]: read-only SQL: what is let through, and what it may cost.
//! - [`archive`]: the same tables in `PostgreSQL`, for as long as there is room.
//! - [`serve`]: the gRPC service.
//! - [`backup`], [`export`], [`journal_tool`]: the commands that end by themselves.
//! - [`measure`]: every number that `/metrics` shows.

// Tests compare what must be equal to the last bit, and count in whatever integer is at hand.
#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss
    )
)]

pub mod archive;
pub mod backup;
pub mod book;
mod check;
pub mod export;
pub mod feeds;
pub mod hot;
pub mod ingest;
pub mod instance;
pub mod journal;
pub mod journal_tool;
pub mod latest;
pub mod measure;
pub mod publish;
pub mod query;
mod run;
pub mod sequencer;
pub mod serve;

pub use check::check;
pub use run::run;
